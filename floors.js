/**
 * The map of the house: which room may import from which other rooms, and in which files certain packages may be imported.
 * eslint.config.js and test/architecture.test.ts both read it, so that it is written only once.
 */
import { posix } from 'node:path';

const foundations = ['protocol', 'base'];
const contract = [...foundations, 'runtime'];
const mechanics = [...contract, 'runtime/machine', 'runtime/agent', 'runtime/workspace'];

/**
 * Each room of the daemon → the other rooms from which its files may import; imports of types count. A room is a folder
 * in server/src. A folder that is not listed belongs to the room around it. `*` stands for every folder at that place
 * that is not listed by itself; each of them is a room of its own. The rooms are listed from the bottom up.
 */
const daemonRooms = {
  protocol: [],
  base: [],
  wire: foundations,
  remote: [...foundations, 'wire'],
  bridge: [...foundations, 'wire'],
  network: foundations,
  policy: [...foundations, 'network'],
  state: foundations,
  events: foundations,
  telemetry: foundations,
  metrics: [...foundations, 'events'],
  audit: [...foundations, 'events', 'policy'],
  usage: [...foundations, 'events', 'state', 'policy'],
  history: [...foundations, 'state', 'policy'],
  scan: foundations,
  runtime: foundations,
  'runtime/machine': contract,
  'runtime/agent': [...contract, 'runtime/machine'],
  'runtime/workspace': [...contract, 'runtime/machine', 'runtime/agent'],
  'runtime/choice': [...contract, 'events', 'state'],
  'runtime/kinds/docker': mechanics,
  'runtime/kinds/native': mechanics,
  'runtime/kinds/*': [...mechanics, 'runtime/kinds/native'],
  'runtime/kinds/deno': [...mechanics, 'state', 'runtime/kinds/native'],
  'runtime/kinds': [...mechanics, 'state', 'runtime/choice', 'runtime/kinds/*'],
  warm: [...contract, 'policy'],
  secrets: [...foundations, 'policy'],
  session: [...contract, 'events', 'network', 'secrets', 'warm'],
  command: [...contract, 'events', 'policy', 'secrets', 'warm', 'session'],
  'debug/node-bridge': ['wire'],
  packages: [...contract, 'runtime/machine', 'events', 'network', 'policy', 'warm', 'session', 'command'],
  debug: [...contract, 'runtime/choice', 'events', 'policy', 'secrets', 'wire', 'session', 'command'],
  serving: [...contract, 'events', 'telemetry', 'metrics', 'audit', 'wire', 'network', 'policy', 'scan', 'secrets', 'usage', 'history', 'runtime/choice', 'warm', 'session', 'command', 'packages', 'debug'],
};

/** Rooms with a door: other rooms may import only this file of them. */
const daemonDoors = { 'runtime/agent': 'index.ts' };

/** The rooms that put the parts together. They may import from every room, and no room may import from them. */
const daemonTop = ['', 'cli'];

/** Each of these packages → the only files of the daemon that may import it. `*` at the end stands for all files in a folder. */
const daemonHomes = {
  dockerode: ['runtime/kinds/docker/engine.ts'],
  child_process: ['runtime/machine/keeper.ts', 'runtime/machine/spawn.ts', 'base/ssh.ts', 'cli/unchanged.ts', 'debug/node-bridge/spawned.ts'],
  process: ['main.ts', 'cli/*', 'debug/node-bridge/main.ts'],
  ws: ['remote/front-door.ts', 'wire/websocket.ts', 'bridge/dial.ts'],
  worker_threads: ['scan/worker.ts', 'scan/thread.ts', 'base/sha256.ts', 'debug/node-bridge/main.ts', 'debug/node-bridge/preload.ts'],
  'prom-client': ['metrics/*'],
  '@opentelemetry': ['telemetry/otel.ts'],
  '@vscode/tree-sitter-wasm': ['scan/syntax.ts'],
};

/** The same for the VS Code extension, where each room may import from those before it. */
const clientFloors = ['base', 'client', 'run', 'traces', 'sessions', 'debug', 'view'];
const clientRooms = Object.fromEntries(clientFloors.map((floor, at) => [floor, clientFloors.slice(0, at)]));
const clientHomes = {
  vscode: ['extension.ts', 'base/code.ts'],
  child_process: ['client/process.ts'],
  process: ['extension.ts'],
};

const houses = [
  { root: 'server/src/', rooms: daemonRooms, doors: daemonDoors, top: daemonTop, homes: daemonHomes, packages: () => true },
  {
    root: 'client-vscode/src/', rooms: clientRooms, doors: {}, top: [''], homes: clientHomes,
    packages: (name) => !/^codebeaker(?:\/|$)/.test(name) || name === 'codebeaker/protocol',
  },
];

/**
 * Returns what is wrong with an import, as a message, or undefined if it is allowed.
 * @param {string} file the POSIX path of the importing file, relative to the root of the project
 * @param {string} name the module specifier, as it is written in the file
 * @returns {string | undefined}
 */
export function importFault(file, name) {
  const house = houses.find(({ root }) => file.startsWith(root));
  if (!house) return undefined;
  const { root, doors, homes, packages } = house;
  const path = file.slice(root.length);
  if (!name.startsWith('.')) {
    const home = homes[name.replace(/^node:/, '').split('/')[0]];
    if (home && !home.some((place) => covers(place, path))) return `${name} may be imported only in ${home.join(', ')} (see floors.js)`;
    return packages(name) ? undefined : `files in ${root} may import only codebeaker/protocol of the daemon (see floors.js)`;
  }
  const target = posix.join(posix.dirname(file), name);
  if (!target.startsWith(root)) return `${name} is outside ${root}`;
  const from = roomOf(house, path);
  const to = roomOf(house, target.slice(root.length));
  if (!mayKnow(house, from, to)) return `${from || 'the top'} may not import from ${to || 'the top'} (see floors.js)`;
  const door = from !== to && doors[to] && `${root}${to}/${doors[to]}`;
  return door && target !== door ? `only ${doors[to]} of ${to} may be imported by other rooms (see floors.js)` : undefined;
}

function covers(place, path) {
  return place.endsWith('*') ? path.startsWith(place.slice(0, -1)) : place === path;
}

/** The innermost room around a file, or undefined if the file is in no room that is listed. */
function roomOf({ rooms, top }, path) {
  const listed = [...Object.keys(rooms), ...top];
  for (let folder = posix.dirname(path); folder !== '.'; folder = posix.dirname(folder)) {
    if (listed.includes(folder) || listed.includes(anyBeside(folder))) return folder;
  }
  return path.includes('/') ? undefined : '';
}

function mayKnow({ rooms, top }, from, to) {
  if (from === undefined || to === undefined) return false;
  if (from === to) return true;
  if (top.includes(from)) return !top.includes(to) || top.indexOf(from) < top.indexOf(to);
  const known = rooms[from] ?? rooms[anyBeside(from)];
  return known.includes(to) || known.includes(anyBeside(to));
}

/** What stands in the map for a folder and those beside it. */
function anyBeside(folder) {
  return `${posix.dirname(folder)}/*`;
}

/** The only files of the daemon and of the extension that may import the package `name`, as globs relative to the root of the project. */
export function homesOf(name) {
  return houses.flatMap(({ root, homes }) => (homes[name] ?? []).map((place) => root + place.replace(/\*$/, '**/*.ts')));
}
