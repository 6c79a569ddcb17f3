/** What a program did not find is named as its registry names it. */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { missingModule } from '../../server/src/packages/missing/missing.ts';
import { packageOf } from '../../server/src/packages/missing/python.ts';
import { pip } from '../../server/src/packages/managers/pip.ts';
import type { LanguageId } from '../../server/src/protocol/index.ts';
import { need, program } from '../require.ts';

/** The packages, or undefined. */
const found = (language: LanguageId, text: string) => missingModule(language, text)?.packages;

describe('a missing module', () => {
  const traceback = (module: string) => `Traceback (most recent call last):\n  File "/workspace/a.py", line 1, in <module>\n    import ${module}\nModuleNotFoundError: No module named '${module}'\n`;

  it('of Python is found at the end of a traceback, under the name of its package', () => {
    const cases: Record<string, string | undefined> = {
      cv2: 'opencv-python', yaml: 'PyYAML', PIL: 'Pillow', sklearn: 'scikit-learn', bs4: 'beautifulsoup4', dotenv: 'python-dotenv', Crypto: 'pycryptodome', 'Crypto.Cipher': 'pycryptodome', serial: 'pyserial', usb: 'pyusb',
      git: 'GitPython', dateutil: 'python-dateutil', jwt: 'PyJWT', attr: 'attrs', OpenSSL: 'pyOpenSSL', MySQLdb: 'mysqlclient', psycopg2: 'psycopg2-binary', 'google.protobuf': 'protobuf', 'google.cloud.storage.blob': 'google-cloud-storage',
      requests: 'requests', 'requests.adapters': 'requests', numpy: 'numpy', flask_cors: 'Flask-Cors', utils: undefined, _ctypes: undefined, tkinter: undefined, 'distutils.core': undefined, constructor: 'constructor',
    };
    for (const [module, name] of Object.entries(cases)) expect(found('python', traceback(module)), module).to.deep.equal(name === undefined ? undefined : [name]);
    expect(missingModule('python', traceback('yaml'))).to.deep.equal({ manager: 'pip', module: 'yaml', packages: ['PyYAML'] });
    expect(found('python', '\u001b[1;35mModuleNotFoundError\u001b[0m: \u001b[35mNo module named \'yaml\'\u001b[0m\n')).to.deep.equal(['PyYAML']);
    const line = (code: string, module: string) => `Traceback (most recent call last):\n  File "/workspace/a.py", line 1, in <module>\n    ${code}\n    ^^^^^^\nModuleNotFoundError: No module named '${module}'\n`;
    expect(found('python', line('from google.cloud import storage', 'google'))).to.deep.equal(['google-cloud-storage']);
    expect(found('python', line('import google.protobuf.message', 'google'))).to.deep.equal(['protobuf']);
    expect(found('python', line('from other.thing import storage', 'google'))).to.deep.equal(['google']);
    expect(found('python', "ModuleNotFoundError: No module named 'a.b'; 'a' is not a package\n")).to.deep.equal(['a']);
    expect(found('python', `${traceback('yaml')}\nDuring handling of the above exception, another exception occurred:\n\nValueError: no\n`)).to.equal(undefined);
    expect(found('python', "ModuleNotFoundError: No module named '../evil'\n")).to.equal(undefined);
    for (const name of Object.values(packageOf)) expect(() => pip.checkNames([name]), name).not.to.throw();
  });

  it('of Node, Bun and Deno is found, with scopes and without what lies below it', () => {
    const cases: Record<string, string[] | undefined> = {
      "node:internal/modules/cjs/loader:1210\n  throw err;\n  ^\n\nError: Cannot find module 'left-pad'\nRequire stack:\n- /workspace/a.js\n    at x {\n  code: 'MODULE_NOT_FOUND'": ['left-pad'],
      "Error [ERR_MODULE_NOT_FOUND]: Cannot find package '@team/thing' imported from /workspace/a.mjs": ['@team/thing'],
      "Error: Cannot find module 'lodash/fp'\nRequire stack:": ['lodash'],
      "Error: Cannot find module '@a/b/c'\n": ['@a/b'],
      "error: Cannot find package 'zod' from '/workspace/a.ts'": ['zod'],
      'error: Cannot find module "zod" from "/workspace/a.ts"': ['zod'],
      'error: Relative import path "zod" not prefixed with / or ./ or ../': ['zod'],
      'error: Import "chalk" not a dependency': ['chalk'],
      "Error: Cannot find module './b'\n": undefined, "Error: Cannot find module '/workspace/b.js'\n": undefined, "Error: Cannot find module 'node:x'\n": undefined, "Error: Cannot find module '#a'\n": undefined,
      "Error: Cannot find module 'https://x.example/a'": undefined, "Error: Cannot find module 'a b'": undefined, 'all is well': undefined, "Error: Cannot find module '@a'": undefined, "Error: Cannot find module 'utils'": undefined,
    };
    for (const [text, names] of Object.entries(cases)) expect(found('javascript', text), text).to.deep.equal(names);
  });

  it('of Ruby is found, under the name of its gem', () => {
    const error = (name: string) => `<internal:/usr/lib/ruby/rubygems/core_ext/kernel_require.rb>:85:in \`require': cannot load such file -- ${name} (LoadError)\n\tfrom a.rb:1:in \`<main>'\n`;
    const cases: Record<string, string | undefined> = { nokogiri: 'nokogiri', 'active_support/all': 'activesupport', 'google/protobuf': 'google-protobuf', 'net/ssh': 'net-ssh', 'rspec/core': 'rspec', './b': undefined, '/workspace/b': undefined, spec_helper: undefined, helpers: undefined };
    for (const [module, name] of Object.entries(cases)) expect(found('ruby', error(module)), module).to.deep.equal(name === undefined ? undefined : [name]);
  });

  it('of Go is found, all at once', () => {
    const text = 'main.go:4:2: no required module provides package github.com/a/b; to add it:\n\tgo get github.com/a/b\nmain.go:5:2: no required module provides package rsc.io/quote: go.mod file not found in current directory\nmain.go:6:2: cannot find module providing package golang.org/x/text: module lookup disabled by GOPROXY=off\nmain.go:7:2: package foo is not in GOROOT';
    expect(missingModule('go', text)).to.deep.equal({ manager: 'go', module: 'github.com/a/b', packages: ['github.com/a/b', 'rsc.io/quote', 'golang.org/x/text'] });
    expect(found('go', 'main.go:3:8: cannot find package "foo" in any of')).to.equal(undefined);
  });

  it('is told only if its name can be shown as it is, and not too many at once', () => {
    for (const name of ['lodash/\u001b]0;title\u0007', 'lodash/\u202eevil', `lodash/${'x'.repeat(400)}`]) expect(found('javascript', `Error: Cannot find module '${name}'\n`), name).to.equal(undefined);
    const many = Array.from({ length: 100 }, (_, at) => `main.go:4:2: no required module provides package example.com/a/b${at}; to add it:\n`).join('');
    expect(found('go', many)).to.have.lengthOf(20);
  });

  it('of no other language', () => expect(found('csharp', traceback('yaml'))).to.equal(undefined));

  it('takes time in proportion to the text', () => {
    for (const part of ['Cannot find module ', "Error: Cannot find module '", 'cannot load such file -- ', 'no required module provides package ', "ModuleNotFoundError: No module named 'a", '\n', ' ', 'a.', '\u001b[']) {
      for (const language of ['python', 'javascript', 'ruby', 'go'] as const) missingModule(language, part.repeat(1_000_000 / part.length));
    }
  });

  /** What each language really says. */
  const programs: Record<string, { language: LanguageId; file: string; text: string; name: string }> = {
    python3: { language: 'python', file: 'a.py', text: 'import no_such_thing_here', name: 'no_such_thing_here' },
    node: { language: 'javascript', file: 'a.mjs', text: "import 'no-such-thing-here'", name: 'no-such-thing-here' },
    ruby: { language: 'ruby', file: 'a.rb', text: "require 'no_such_thing_here/more'", name: 'no_such_thing_here' },
    go: { language: 'go', file: 'a.go', text: 'package main\n\nimport _ "example.com/no/such"\n\nfunc main() {}\n', name: 'example.com/no/such' },
  };
  for (const [command, { language, file, text, name }] of Object.entries(programs)) {
    describe(`as ${command} says it`, () => {
      before(need(command, program(command)));
      it('is found', async () => {
        const folder = mkdtempSync(join(tmpdir(), 'codebeaker-missing-'));
        writeFileSync(join(folder, file), text);
        const args = command === 'go' ? ['run', file] : [file];
        const printed = await new Promise<string>((resolve) => void execFile(command, args, { cwd: folder, env: { ...process.env, GOPROXY: 'off', GOFLAGS: '-mod=mod' } }, (...results) => resolve(results[2])));
        rmSync(folder, { recursive: true });
        expect(found(language, printed), printed).to.deep.equal([name]);
      });
    });
  }
});
