/** Makes gems with `gem build`, and the index of a registry that has them: the one of `gem generate_index`, and the compact one. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import type { Files } from './serve.ts';

export interface Gem {
  readonly name: string;
  readonly version: string;
  /** Name → requirement. */
  readonly requires?: Readonly<Record<string, string>>;
}

/** Each gem has one file of its name, which defines `ANSWER_NAME = 42`. */
export function gemIndex(gems: readonly Gem[], { compact = true } = {}): Files {
  const folder = mkdtempSync(join(tmpdir(), 'codebeaker-gems-'));
  try {
    mkdirSync(join(folder, 'index/gems'), { recursive: true });
    for (const each of gems) build(join(folder, `${each.name}-${each.version}`), each, join(folder, 'index/gems'));
    const index = join(folder, 'index');
    execFileSync('gem', ['generate_index', '--silent', '-d', index], { stdio: 'ignore' });
    const made: Files = new Map(filesBelow(index).map((path) => [`/${relative(index, path)}`, { type: 'application/octet-stream', body: readFileSync(path) }]));
    if (compact) for (const [path, text] of compactIndex(gems, made)) made.set(path, { type: 'text/plain', body: text });
    return made;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function build(folder: string, { name, version, requires = {} }: Gem, to: string): void {
  const file = join(folder, `lib/${name}.rb`);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `ANSWER_${name.toUpperCase()} = 42\n`);
  const needs = Object.entries(requires).map(([other, version]) => `s.add_runtime_dependency '${other}', '${version}'\n`);
  writeFileSync(join(folder, 'x.gemspec'), `Gem::Specification.new { |s|\ns.name = '${name}'\ns.version = '${version}'\ns.summary = 'test'\ns.author = 'test'\ns.files = ['lib/${name}.rb']\n${needs.join('')}}\n`);
  execFileSync('gem', ['build', '--silent', '--force', '-o', join(to, `${name}-${version}.gem`), 'x.gemspec'], { cwd: folder, stdio: 'ignore' });
}

function compactIndex(gems: readonly Gem[], made: Files): [string, string][] {
  const infos = [...new Set(gems.map(({ name }) => name))].map((name): [string, string] => {
    const lines = gems.filter((each) => each.name === name).map(({ version, requires = {} }) => {
      const body = made.get(`/gems/${name}-${version}.gem`)?.body ?? '';
      return `${version} ${Object.entries(requires).map(([other, wanted]) => `${other}:${wanted}`).join(',')}|checksum:${createHash('sha256').update(body).digest('hex')}\n`;
    });
    return [name, `---\n${lines.join('')}`];
  });
  const versions = infos.map(([name, info]) => `${name} ${gems.filter((each) => each.name === name).map(({ version }) => version).join(',')} ${createHash('md5').update(info).digest('hex')}\n`);
  return [...infos.map(([name, info]): [string, string] => [`/info/${name}`, info]), ['/versions', `created_at: 2026-01-01T00:00:00Z\n---\n${versions.join('')}`], ['/names', `---\n${infos.map(([name]) => `${name}\n`).join('')}`]];
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((each) => (each.isDirectory() ? filesBelow(join(folder, each.name)) : [join(folder, each.name)]));
}
