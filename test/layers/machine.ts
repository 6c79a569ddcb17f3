/** The layers on this machine: the keeper, locks, files that are reached without links, the state and the cache of the daemon, and the editors. */
import type { Layer } from './layer.ts';

const keeper = 'server/src/runtime/machine/keeper.sh';
const keeperTest = 'test/runtime/machine/keeper.test.ts';
const strays = 'server/src/runtime/machine/strays.ts';
const files = 'test/runtime/machine/files.test.ts';
const cache = 'server/src/cli/code-cache.ts';
const cacheTest = 'test/cli/code-cache.test.ts';
const plain = 'client-vscode/src/base/plain-messages.ts';
const plainTest = 'test/client-vscode/base/plain-messages.test.ts';

export const machine: readonly Layer[] = [
  { name: 'the keeper kills process groups', file: keeper, from: 'for group in $groups; do kill -s KILL -- "-$group"; done\n', to: '', test: keeperTest },
  { name: 'the keeper removes the folder of its daemon', file: keeper, from: 'bury_own "$1" &\n', to: 'true &\n', test: keeperTest },
  { name: 'the keeper runs the command for a sudden death', file: keeper, from: 'eval "exec $command"\n', to: 'wait\n', test: keeperTest },
  { name: 'the keeper removes what dead daemons left', file: keeper, from: '    /*) bury "$line" & ;;\n', to: '', test: keeperTest },
  { name: 'the keeper removes control groups', file: keeper, from: '[ ! -f "$1/groups" ] || ungroupall <"$1/groups" || return', to: 'true', test: keeperTest },
  { name: 'the keeper empties folders in other places', file: keeper, from: 'while IFS= read -r line; do empty "$line"; done', to: 'true', test: keeperTest },
  { name: 'the keeper outlives the signals of a terminal', file: keeper, from: "trap '' HUP INT QUIT TERM PIPE TSTP\n", to: '', test: keeperTest },
  { name: 'a keeper that is killed is replaced', file: 'server/src/runtime/machine/keeper.ts', from: '      this.#running(folder);\n    } catch', to: '    } catch', test: keeperTest },
  { name: 'a program that the keeper does not know is not started', file: 'server/src/runtime/machine/spawn.sh', from: '  [ ${#n} -lt 100 ] || exit 126\n', to: '  [ ${#n} -lt 100 ] || break\n', test: keeperTest },
  { name: 'the lock: whoever holds it lives', file: strays, from: "if (lock === 'held') return { dead: false,", to: "if (lock === 'held') return { dead: true,", test: keeperTest },
  { name: 'the lock: a folder without one may be of another machine', file: strays, from: 'const UNUSED_MS = 30 * 24 * 3_600_000;', to: 'const UNUSED_MS = -1e15;', test: keeperTest },
  { name: 'folders of other users', file: strays, from: '!status?.isDirectory() || status.uid !== ours.uid', to: '!status?.isDirectory()', test: keeperTest },
  { name: 'the sweep: containers of living daemons', file: 'server/src/runtime/kinds/docker/leftovers.ts', from: 'if (!runs && clock.now() - createdAt > UNSTARTED_MS) return { dead: true,', to: 'if (clock.now() >= 0 || createdAt > UNSTARTED_MS) return { dead: true,', test: 'test/runtime/kinds/docker/runtime.test.ts' },
  { name: 'the sweep: containers of dead daemons', file: 'server/src/runtime/kinds/docker/leftovers.ts', from: 'if (known) return known;', to: 'if (known) return { ...known, dead: false };', test: 'test/runtime/kinds/docker/runtime.test.ts' },
  { name: 'the sweep is arranged before a container is made', file: 'server/src/runtime/kinds/docker/runtime.ts', from: '    await abortable(signal, this.#options.sweepOnDeath());\n', to: '', test: 'test/runtime/kinds/docker/runtime.test.ts' },
  { name: 'files: no link at the end', file: 'server/src/runtime/machine/contents.ts', from: 'flags | O_NOFOLLOW | O_NONBLOCK', to: 'flags | O_NONBLOCK', test: files },
  { name: 'files: no link on the way', file: 'server/src/runtime/machine/walk.ts', from: 'const DIRECTORY = O_PATH | constants.O_DIRECTORY | constants.O_NOFOLLOW;', to: 'const DIRECTORY = O_PATH | constants.O_DIRECTORY;', test: files },
  { name: 'files: no wait for a pipe', file: 'server/src/runtime/machine/contents.ts', from: 'flags | O_NOFOLLOW | O_NONBLOCK', to: 'flags | O_NOFOLLOW', test: files },
  { name: 'programs of the host inherit no variable', file: 'server/src/runtime/machine/spawn.ts', from: '    env: { ...env },\n', to: '    env: { ...process.env, ...env },\n', test: 'test/runtime/machine/process.test.ts' },
  { name: 'compiled code of others: the file', file: cache, from: 'isOwn(fstatSync(file), FILE_OF_OTHERS)', to: 'isOwn(fstatSync(file), 0)', test: cacheTest },
  { name: 'compiled code of others: the folder', file: cache, from: 'isOwn(statSync(dirname(path)), FOLDER_OF_OTHERS)', to: 'isOwn(statSync(dirname(path)), 0)', test: cacheTest },
  { name: 'compiled code of others: the owner', file: cache, from: 'owner === uid && (mode & others) === 0', to: '(mode & others) === 0', test: cacheTest },
  { name: 'compiled code that is damaged', file: cache, from: 'return bytes.subarray(0, code.length).equals(code) ? code : undefined;', to: 'return code;', test: cacheTest },
  { name: 'compiled code behind a link', file: cache, from: ' | (constants.O_NOFOLLOW ?? 0)', to: '', test: cacheTest },
  { name: 'the mode of compiled code', file: cache, from: "flag: 'wx', mode: 0o600", to: "flag: 'wx', mode: 0o644", test: cacheTest },
  { name: 'stray output goes to stderr', file: 'server/src/wire/stdout.ts', from: 'const stray = stderr();', to: 'const stray = { write };\n    void stderr;', test: 'test/wire/streams.test.ts' },
  { name: 'VS Code: no links in messages', file: plain, from: ".replaceAll('](', '] (')", to: '', test: plainTest },
  { name: 'VS Code: no control characters in messages', file: plain, from: ".replace(CONTROLS, ' ')", to: '', test: plainTest },
  { name: 'VS Code: plain prompts', file: plain, from: '{ prompt: plain(options.prompt) }', to: '{ prompt: options.prompt }', test: plainTest },
  { name: 'VS Code: plain titles of progress', file: plain, from: '{ title: plain(options.title) }', to: '{ title: options.title }', test: plainTest },
  { name: 'VS Code: plain reports of progress', file: plain, from: '{ ...rest, message: plain(message) }', to: '{ ...rest, message }', test: plainTest },
  { name: 'VS Code: every part has plain messages', file: 'client-vscode/src/parts.ts', from: 'const code = withPlainMessages(surroundings.code);', to: 'const { code } = surroundings; void withPlainMessages;', test: 'test/client-vscode/parts.test.ts' },
  { name: 'VS Code: settings that start programs have machine scope', file: 'client-vscode/package.json', from: '"codebeaker.server.path": { "type": "string", "default": "", "scope": "machine",', to: '"codebeaker.server.path": { "type": "string", "default": "", "scope": "resource",', test: 'test/client-vscode/manifest.test.ts' },
  { name: 'VS Code: sequences that a terminal must not get', file: 'client-vscode/src/run/terminal/escapes.ts', from: 'const allowedCommands = /^(?:[0-2]|4|8|', to: 'const allowedCommands = /^(?:[0-2]|4|8|52|633|', test: 'test/client-vscode/run/terminal/escapes.test.ts' },
];
