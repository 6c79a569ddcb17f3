/**
 * Takes each layer of the defence out once, in a copy of the project, and demands that its test fails: `npm run test:layers --
 * FILTER...`. A FILTER is a part of the name of a layer, of its file or of its test; without one, all layers are tried. It
 * prints a table, and ends with 1 where a layer can be taken out and nobody notices.
 */
import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Layer } from './layer.ts';
import { layers } from './table.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const TEST_MS = 600_000;

/** A copy of what git knows or would take, with the packages. Nothing that is done there reaches the project. */
function copyOfProject(): string {
  const copy = mkdtempSync(join(tmpdir(), 'layers-'));
  // Other users run tests in it, too.
  chmodSync(copy, 0o755);
  const { stdout } = run('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], root);
  for (const path of stdout.split('\0').filter((each) => each !== '' && existsSync(join(root, each)))) {
    mkdirSync(dirname(join(copy, path)), { recursive: true });
    cpSync(join(root, path), join(copy, path));
  }
  // The links of the workspace in it are relative, so they lead into the copy.
  run('cp', ['--archive', '--link', 'node_modules', copy], root).status === 0 || cpSync(join(root, 'node_modules'), join(copy, 'node_modules'), { recursive: true, verbatimSymlinks: true });
  if (existsSync(join(root, '.cache'))) symlinkSync(join(root, '.cache'), join(copy, '.cache'));
  return copy;
}

function run(command: string, args: readonly string[], cwd: string) {
  return spawnSync(command, args, { cwd, encoding: 'utf8', maxBuffer: 2 ** 28, timeout: TEST_MS });
}

interface Run {
  readonly passed: number;
  /** The titles of the tests that failed. */
  readonly failures: readonly string[];
  readonly text: string;
}

function runTest({ test, title }: Layer, copy: string): Run {
  const grep = title === undefined ? [] : ['--fgrep', title];
  const { stdout, stderr } = run(process.execPath, ['node_modules/mocha/bin/mocha.js', '--node-option', 'conditions=@codebeaker/source', '--bail', ...grep, test], copy);
  const text = `${stdout}${stderr}`;
  const [, passed = '0'] = /^(\d+) passed, \d+ failed/m.exec(text) ?? [];
  const [, told = ''] = /\n +\d+ failing\n([^]*)/.exec(text) ?? [];
  const failures = [...told.matchAll(/^ +\d+\) ([^]*?):\n(?:\n| +(?:\w*Error|[+-]))/gm)].map(([, words = '']) => words.replaceAll(/\s+/g, ' '));
  return { passed: Number(passed), failures: told !== '' && failures.length === 0 ? ['a test'] : failures, text };
}

/** What has to be made of the sources before the test sees the change. Returns what went wrong. */
function build({ file, built }: Layer, copy: string): string | undefined {
  const steps = [
    ...(file.startsWith('server/agent/') ? [['bash', 'server/agent/build.sh']] : []),
    ...(built ? [[process.execPath, 'server/build.mjs']] : []),
  ];
  for (const [command = '', ...args] of steps) {
    const { status, stderr } = run(command, args, copy);
    if (status !== 0) return `what it changes can't be built: ${stderr.trim().split('\n').at(-1)}`;
  }
  return undefined;
}

function takeOut(layer: Layer, copy: string): { readonly fine: boolean; readonly words: string } {
  const { file, from, to } = layer;
  const path = join(copy, file);
  const text = readFileSync(path, 'utf8');
  const found = text.split(from).length - 1;
  if (found !== 1) return { fine: false, words: `its text is ${found} times in ${file}: ${from}` };
  writeFileSync(path, text.replace(from, () => to));
  try {
    const fault = build(layer, copy);
    if (fault !== undefined) return { fine: false, words: fault };
    const { failures, passed, text: printed } = runTest(layer, copy);
    if (failures.length > 0) return { fine: true, words: failures[0] ?? '' };
    return { fine: false, words: passed > 0 ? 'NOBODY NOTICES: its tests pass without it' : `no test ran: ${printed.trim().split('\n').slice(-4).join(' / ')}` };
  } finally {
    writeFileSync(path, text);
    build(layer, copy);
  }
}

const filters = process.argv.slice(2);
const chosen = layers.filter(({ name, file, test }) => filters.length === 0 || filters.some((part) => [name, file, test].some((text) => text.includes(part))));
const copy = copyOfProject();
try {
  run(process.execPath, ['server/build.mjs'], copy);
  const whole = new Map<string, Run>();
  const missed: string[] = [];
  process.stdout.write('| layer | taken out in | the test that fails |\n| --- | --- | --- |\n');
  for (const layer of chosen) {
    const key = `${layer.test} ${layer.title}`;
    const before = whole.get(key) ?? runTest(layer, copy);
    whole.set(key, before);
    const isSound = before.passed > 0 && before.failures.length === 0;
    const { fine, words } = isSound ? takeOut(layer, copy) : { fine: false, words: `its tests do not pass as it is: ${before.failures[0] ?? before.text.trim().split('\n').slice(-4).join(' / ')}` };
    if (!fine) missed.push(layer.name);
    process.stdout.write(`| ${layer.name} | ${layer.file} | ${fine ? `${layer.test}: ` : '**'}${words.replaceAll('|', '\\|')}${fine ? '' : '**'} |\n`);
  }
  process.stdout.write(`\nFor ${chosen.length - missed.length} of ${chosen.length} layers a test fails when they are taken out.${missed.length > 0 ? ` These are left: ${missed.join('; ')}` : ''}\n`);
  process.exitCode = missed.length > 0 || chosen.length === 0 ? 1 : 0;
} finally {
  rmSync(copy, { recursive: true, force: true });
}
