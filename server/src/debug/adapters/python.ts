/** Python, with debugpy: that of the sandbox, else one of this machine, of which the sandbox gets a copy. */
import { posix } from 'node:path';
import type { DebugHost, DebugLanguage, DebugPlace } from '../adapter.ts';
import nodelay from './python-nodelay.py' with { type: 'text' };
import prepare from './python-prepare.py' with { type: 'text' };

/** Where Debian and Ubuntu put the package python3-debugpy. A native sandbox sees it there. */
const DEBIAN = '/usr/lib/python3/dist-packages';
/** What belongs to debugpy. Debian has taken its parts apart. */
const PARTS = /^(?:debugpy|bytecode|_?pydev)/;

export const python: DebugLanguage = {
  language: 'python',
  capabilities: [
    'supportsConfigurationDoneRequest', 'supportsConditionalBreakpoints', 'supportsHitConditionalBreakpoints', 'supportsLogPoints', 'supportsFunctionBreakpoints',
    'supportsExceptionInfoRequest', 'supportsExceptionOptions', 'supportsSetVariable', 'supportsSetExpression', 'supportsEvaluateForHovers', 'supportsCompletionsRequest',
    'supportsModulesRequest', 'supportsGotoTargetsRequest', 'supportsStepInTargetsRequest', 'supportsDelayedStackTraceLoading', 'supportsValueFormattingOptions', 'supportsTerminateRequest',
  ],
  hint: 'install debugpy: in the session (command/installPackages with debugpy), in its image (pip install debugpy), or on this machine: apt-get install python3-debugpy, or pip install --target FOLDER debugpy and debug.adapters.python in the configuration',
  offered: async (host) => (await folderOf(host)) !== undefined,

  async find(place) {
    const { interpreter, scratch } = place;
    await place.files.write(`${scratch}/prepare.py`, Buffer.from(prepare), { mode: 'create', executable: undefined });
    await place.files.write(`${scratch}/site/sitecustomize.py`, Buffer.from(nodelay), { mode: 'create', executable: undefined });
    const known = [`${scratch}/copy`, DEBIAN];
    const said = (await look(place, known)) ?? ((await copy(place)) ? await look(place, known) : undefined);
    if (said === undefined) return { missing: `Python in this sandbox (${posix.basename(interpreter)}) has no debugpy that works with it` };
    return {
      name: 'debugpy',
      version: said,
      command: [interpreter, '-m', 'debugpy.adapter'],
      env: ({ PYTHONPATH = '' }) => ({ PYTHONPATH: [`${scratch}/site`, ...(PYTHONPATH === '' ? [] : [PYTHONPATH])].join(':'), PYDEVD_DISABLE_FILE_VALIDATION: '1' }),
    };
  },

  launch: ({ program, args, cwd, stopOnEntry, justMyCode, interpreter }) => ({
    type: 'python', request: 'launch', name: 'codebeaker', program, args, cwd, stopOnEntry, justMyCode, python: [interpreter],
    console: 'internalConsole', redirectOutput: true, subProcess: false,
  }),
};

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
  const { code } = await run([interpreter, '-c', 'import sys, tarfile; tarfile.open(sys.argv[1]).extractall(sys.argv[2])', `${scratch}/copy.tar`, `${scratch}/copy`]);
  return code === 0;
}

async function folderOf({ folder, exists }: DebugHost): Promise<string | undefined> {
  for (const each of [folder, DEBIAN]) {
    if (each !== undefined && (await exists(`${each}/debugpy/adapter/__main__.py`))) return each;
  }
  return undefined;
}
