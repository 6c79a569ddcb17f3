/** How a made-up adapter takes the place of the debugger of each language, by nothing but files and variables of its session. */
import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { dockerImage, type Probe, program } from '../../require.ts';
import { image } from '../environment.ts';

export const runtimes: Record<string, Probe> = { docker: dockerImage(image), native: program('bwrap') };

/** What exists when something was started on this machine. */
export const canary = join(tmpdir(), `codebeaker-canary-${process.pid}`);

/** Where it lies. */
export const EVIL = '/workspace/evil';
const ADAPTER = `${EVIL}/adapter.py`;
const SEARCHED = `${EVIL}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin`;

export interface Place {
  /** The program that is to be debugged. */
  readonly main: string;
  readonly env: Readonly<Record<string, string>>;
  /** Files of the folder `evil`. Those that begin with `#!` are executable. */
  readonly files: Readonly<Record<string, string>>;
  /** Whether the adapter connects. */
  readonly connects: boolean;
}

const script = (text: string) => `#!/usr/bin/python3\nimport os, sys\n${text}`;

export const places: Readonly<Record<string, Place>> = {
  // A package debugpy that Python finds first.
  python: {
    main: 'main.py',
    env: { PYTHONPATH: EVIL },
    files: { 'debugpy/__init__.py': '', 'debugpy/_version.py': 'version = "9.9.9"\n', 'debugpy/adapter/__init__.py': '', 'debugpy/adapter/__main__.py': `import os\nos.execv("/usr/bin/python3", ["python3", "${ADAPTER}"])\n` },
    connects: false,
  },
  // A program that is taken for Node, since the bridge itself is written anew for each debugger.
  javascript: {
    main: 'main.js',
    env: { PATH: SEARCHED },
    files: { node: script(`if sys.argv[1:] == ["--version"]:\n    print("v22.0.0")\nelse:\n    os.execv("/usr/bin/python3", ["python3", "${ADAPTER}"])\n`) },
    connects: false,
  },
  // A dlv that is found first; and a compiler which makes nothing, and is quick.
  go: {
    main: 'main.go',
    env: { PATH: SEARCHED },
    files: {
      dlv: script(`if sys.argv[1] == "version":\n    print("Delve Debugger\\nVersion: 9.9.9")\nelse:\n    os.execv("/usr/bin/python3", ["python3", "${ADAPTER}", sys.argv[sys.argv.index("--client-addr") + 1].split(":")[1]])\n`),
      go: script('if "-o" in sys.argv:\n    open(sys.argv[sys.argv.index("-o") + 1], "w").close()\n'),
    },
    connects: true,
  },
  // A library of the gem's name that Ruby finds first.
  ruby: {
    main: 'main.rb',
    env: { RUBYLIB: `${EVIL}/ruby` },
    files: {
      'ruby/debug/version.rb': 'module DEBUGGER__\n  VERSION = "9.9.9"\nend\n',
      'ruby/debug/session.rb': `exec "/usr/bin/python3", "${ADAPTER}", $LOAD_PATH.grep(%r{/debug/(\\d+)}) { $1 }.first\n`,
    },
    connects: true,
  },
};

export const adapterText = readFileSync(new URL('adapter.py', import.meta.url), 'utf8');
