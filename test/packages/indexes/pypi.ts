/** Makes packages of Python, and the pages of an index that has them (PEP 503 and PEP 691). */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Files } from './serve.ts';
import { targz } from './tar.ts';
import { zip } from './zip.ts';

export interface Distribution {
  readonly project: string;
  readonly file: string;
  readonly body: Buffer;
}

const sha256 = (body: Buffer | string, encoding: 'hex' | 'base64url') => createHash('sha256').update(body).digest(encoding);

export interface WheelParts {
  readonly requires?: readonly string[];
  readonly files?: Readonly<Record<string, string | Buffer>>;
  /** Default: py3-none-any. */
  readonly tag?: string;
}

/** A wheel. Without `files` it has one module of the name of the project, with `answer = 42`. */
export function wheel(project: string, version: string, { requires = [], files, tag = 'py3-none-any' }: WheelParts = {}): Distribution {
  const name = project.replaceAll('-', '_');
  const info = `${name}-${version}.dist-info`;
  const contents: Record<string, string | Buffer> = {
    ...(files ?? { [`${name}.py`]: 'answer = 42\n' }),
    [`${info}/METADATA`]: `Metadata-Version: 2.1\nName: ${project}\nVersion: ${version}\n${requires.map((each) => `Requires-Dist: ${each}\n`).join('')}`,
    [`${info}/WHEEL`]: `Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: ${tag === 'py3-none-any'}\nTag: ${tag}\n`,
  };
  const record = Object.entries(contents).map(([path, body]) => `${path},sha256=${sha256(Buffer.from(body), 'base64url')},${Buffer.byteLength(body)}\n`);
  contents[`${info}/RECORD`] = `${record.join('')}${info}/RECORD,,\n`;
  return { project, file: `${name}-${version}-${tag}.whl`, body: zip(contents) };
}

const EXTENSION = `
typedef long ssize; typedef struct { ssize count; void *type; } Object;
typedef struct { Object base; Object *(*init)(void); ssize index; Object *copy; } Base;
typedef struct { const char *name; Object *(*call)(Object *, Object *); int flags; const char *doc; } Method;
typedef struct { Base base; const char *name, *doc; ssize size; Method *methods; void *slots, *traverse, *clear, *free; } Definition;
extern Object *PyModule_Create2(Definition *, int); extern Object *PyLong_FromLong(long);
static Object *answer(Object *self, Object *none) { return PyLong_FromLong(42); }
static Method methods[] = {{"answer", answer, 4, 0}, {0, 0, 0, 0}};
static Definition module = {{{1, 0}, 0, 0, 0}, "NAME", 0, -1, methods, 0, 0, 0, 0};
Object *PyInit_NAME(void) { return PyModule_Create2(&module, 1013); }
`;

/** A wheel with a compiled module of the name of the project: `answer()` is 42. It is for CPython on this processor. */
export function compiledWheel(project: string, version: string): Distribution {
  const folder = mkdtempSync(join(tmpdir(), 'codebeaker-wheel-'));
  try {
    writeFileSync(join(folder, 'm.c'), EXTENSION.replaceAll('NAME', project));
    execFileSync('cc', ['-shared', '-fPIC', '-o', 'm.so', 'm.c'], { cwd: folder });
    const machine = process.arch === 'arm64' ? 'aarch64' : 'x86_64';
    return wheel(project, version, { tag: `py3-none-linux_${machine}`, files: { [`${project}.abi3.so`]: readFileSync(join(folder, 'm.so')) } });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Builds a wheel without any other package. What `code` does is done during the installation. */
const backend = (wheelFile: string, code: string) => `
import base64
${code}
def build_wheel(folder, config_settings=None, metadata_directory=None):
    with open(folder + '/${wheelFile}', 'wb') as file: file.write(open('made.whl', 'rb').read())
    return '${wheelFile}'
`;

/** A source distribution that builds itself. */
export function sdist(project: string, version: string, code = ''): Distribution {
  const made = wheel(project, version);
  const name = `${project.replaceAll('-', '_')}-${version}`;
  return {
    project, file: `${name}.tar.gz`,
    body: targz({
      [`${name}/PKG-INFO`]: `Metadata-Version: 2.1\nName: ${project}\nVersion: ${version}\n`,
      [`${name}/pyproject.toml`]: `[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n[project]\nname = "${project}"\nversion = "${version}"\n`,
      [`${name}/backend.py`]: backend(made.file, code),
      [`${name}/made.whl`]: made.body,
    }),
  };
}

/** A source distribution that is built with setuptools and wheel, as most are. It has one module of its name, with `answer = 42`. */
export function setuptoolsSdist(project: string, version: string): Distribution {
  const name = `${project}-${version}`;
  return {
    project, file: `${name}.tar.gz`,
    body: targz({
      [`${name}/PKG-INFO`]: `Metadata-Version: 2.1\nName: ${project}\nVersion: ${version}\n`,
      [`${name}/pyproject.toml`]: `[build-system]\nrequires = ["setuptools>=61", "wheel"]\nbuild-backend = "setuptools.build_meta"\n[project]\nname = "${project}"\nversion = "${version}"\n[tool.setuptools]\npy-modules = ["${project}"]\n`,
      [`${name}/${project}.py`]: 'answer = 42\n',
    }),
  };
}

export interface IndexParts {
  /** What stands before the names of files in links. Default: /files/. */
  readonly files?: string;
  readonly json?: boolean;
  readonly wrongHash?: boolean;
}

/** The pages below /simple/, and the files below /files/. */
export function pypi(distributions: readonly Distribution[], { files = '/files/', json = false, wrongHash = false }: IndexParts = {}): Files {
  const made: Files = new Map();
  for (const project of new Set(distributions.map((each) => each.project))) {
    const own = distributions.filter((each) => each.project === project);
    const hashOf = (body: Buffer) => (wrongHash ? 'f'.repeat(64) : sha256(body, 'hex'));
    const page = json
      ? JSON.stringify({ meta: { 'api-version': '1.0' }, name: project, files: own.map(({ file, body }) => ({ filename: file, url: files + file, hashes: { sha256: hashOf(body) } })) })
      : `<!DOCTYPE html><html><body>${own.map(({ file, body }) => `<a href="${files}${file}#sha256=${hashOf(body)}">${file}</a><br/>`).join('\n')}</body></html>`;
    made.set(`/simple/${project}/`, { type: json ? 'application/vnd.pypi.simple.v1+json' : 'text/html; charset=utf-8', body: page });
    for (const { file, body } of own) made.set(`/files/${file}`, { type: 'application/octet-stream', body });
  }
  return made;
}
