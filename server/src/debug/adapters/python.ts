/** Python, with debugpy: that of the sandbox, else one of this machine, of which the sandbox gets a copy. */
import { posix } from 'node:path';
import type { DebugHost, DebugLanguage, DebugPlace } from '../adapter.ts';
import { isObject } from '../dap.ts';
import ahead from './python-ahead.py' with { type: 'text' };
import changes from './python-changes.py' with { type: 'text' };
import ends from './python-ends.py' with { type: 'text' };
import mend from './python-mend.py' with { type: 'text' };
import nodelay from './python-nodelay.py' with { type: 'text' };
import prepare from './python-prepare.py' with { type: 'text' };

/** Where Debian and Ubuntu put the package python3-debugpy. A native sandbox sees it there. */
const DEBIAN = '/usr/lib/python3/dist-packages';
/** Starts the processes of debugpy at once. What has this name is left out of stacks by debugpy. */
const AHEAD = 'debugpy_launcher.py';
/** What belongs to debugpy. Debian has taken its parts apart. */
const PARTS = /^(?:debugpy|bytecode|_?pydev)/;

export const python: DebugLanguage = {
  language: 'python',
  waits: () => 'forAny',
  capabilities: [
    'supportsConfigurationDoneRequest', 'supportsConditionalBreakpoints', 'supportsHitConditionalBreakpoints', 'supportsLogPoints', 'supportsFunctionBreakpoints',
    'supportsExceptionInfoRequest', 'supportsSetVariable', 'supportsSetExpression', 'supportsEvaluateForHovers', 'supportsCompletionsRequest', 'supportsDelayedStackTraceLoading',
    'supportsTerminateRequest',
  ],
  // Its adapter, its launcher and the program, with the threads of debugpy in each.
  leastPids: 32,
  hint: 'install debugpy: in the session (command/installPackages with debugpy), in its image (pip install debugpy), or on this machine: apt-get install python3-debugpy, or pip install --target FOLDER debugpy and debug.adapters.python in the configuration',
  offered: async (host) => (await folderOf(host)) !== undefined,

  async find(place) {
    const { interpreter, scratch, terminal } = place;
    const files = { 'prepare.py': prepare, 'site/sitecustomize.py': nodelay, 'ends.py': ends, 'pydevd_mend.py': `${mend}\n\n${changes}`, [AHEAD]: ahead };
    for (const [name, text] of Object.entries(files)) await place.files.write(`${scratch}/${name}`, Buffer.from(text), { mode: 'create', executable: undefined });
    const known = [`${scratch}/copy`, DEBIAN];
    const said = (await look(place, known)) ?? ((await copy(place)) ? await look(place, known) : undefined);
    if (said === undefined) return { missing: `Python in this sandbox (${posix.basename(interpreter)}) has no debugpy that works with it` };
    return {
      name: 'debugpy',
      version: said,
      // In a terminal its processes are started one after the other: the launcher is what the adapter asks for there.
      ...(terminal ? { command: [interpreter, '-m', 'debugpy.adapter'] } : { command: [interpreter, `${scratch}/${AHEAD}`, 'debugpy.adapter', interpreter], wake: '\n' }),
      env: ({ PYTHONPATH = '' }) => ({ PYTHONPATH: [`${scratch}/site`, ...(PYTHONPATH === '' ? [] : [PYTHONPATH])].join(':'), PYDEVD_DISABLE_FILE_VALIDATION: '1' }),
    };
  },

  launch: ({ program, args, cwd, stopOnEntry, justMyCode, interpreter, terminal }) => ({
    type: 'python', request: 'launch', name: 'codebeaker', program, args, cwd, stopOnEntry, justMyCode, python: [interpreter],
    ...(terminal ? { console: 'integratedTerminal', redirectOutput: false } : { console: 'internalConsole', redirectOutput: true }), subProcess: true,
  }),

  // What it says of how to attach is what it was told itself, but for the number of the process.
  child: ({ event, body = {} }, { justMyCode, terminal }) => {
    const port = isObject(body.connect) ? body.connect.port : undefined;
    if (event !== 'debugpyAttach' || !isPort(port) || !Number.isSafeInteger(body.subProcessId)) return undefined;
    // What it prints goes the way of what the program prints.
    return { port, attach: { type: 'python', request: 'attach', name: 'codebeaker', subProcessId: body.subProcessId, justMyCode, redirectOutput: false, isOutputRedirected: !terminal, subProcess: true } };
  },
};

function isPort(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) > 0 && (value as number) < 65_536;
}

/** Has Python look for debugpy, in its own folders and then in `folders`. Resolves with the version; undefined: there is none. */
async function look({ interpreter, scratch, run }: DebugPlace, folders: readonly string[]): Promise<string | undefined> {
  const { code, stdout } = await run([interpreter, `${scratch}/prepare.py`, `${scratch}/site`, ...folders]);
  const version = /^debugpy (\S{1,60})\n$/.exec(stdout)?.[1];
  return code === 0 ? version : undefined;
}

/** Copies the debugpy of this machine into the sandbox. Resolves with whether there is one. */
async function copy({ host, files, scratch, interpreter, run }: DebugPlace): Promise<boolean> {
  const folder = await folderOf(host);
  if (folder === undefined) return false;
  const archive = await host.pack(folder, (path) => PARTS.test(path) && !/(?:^|\/)(?:__pycache__|tests?)(?:\/|$)|\.(?:so|pyd|dll|dylib|pyc|exe)$/.test(path));
  await files.write(`${scratch}/copy.tar`, archive, { mode: 'create', executable: undefined });
  const { code } = await run([interpreter, '-I', '-c', 'import sys, tarfile; tarfile.open(sys.argv[1]).extractall(sys.argv[2])', `${scratch}/copy.tar`, `${scratch}/copy`]);
  return code === 0;
}

async function folderOf({ folder, exists }: DebugHost): Promise<string | undefined> {
  for (const each of [folder, DEBIAN]) {
    if (each !== undefined && (await exists(`${each}/debugpy/adapter/__main__.py`))) return each;
  }
  return undefined;
}
