/**
 * The map of the house: who may know whom, and which packages have a home of their own.
 * eslint.config.js and test/architecture.test.ts both read it, so that it is written once.
 */
import { posix } from 'node:path';

const foundations = ['protocol', 'base'];
const contract = [...foundations, 'runtime'];
const mechanics = [...contract, 'runtime/machine', 'runtime/shell', 'runtime/workspace'];

/**
 * Room of the daemon → the other rooms that its files may import, types included. A room is a folder below
 * server/src; a folder that is not listed belongs to the room around it. `*` stands for each folder there, which is a
 * room of its own. From the bottom up.
 */
const daemonRooms = {
  protocol: [],
  base: [],
  wire: foundations,
  policy: foundations,
  state: foundations,
  events: foundations,
  runtime: foundations,
  'runtime/machine': contract,
  'runtime/shell': [...contract, 'runtime/machine'],
  'runtime/workspace': [...contract, 'runtime/machine', 'runtime/shell'],
  'runtime/choice': [...contract, 'events', 'state'],
  'runtime/kinds/docker': mechanics,
  'runtime/kinds/native': mechanics,
  'runtime/kinds/*': [...mechanics, 'runtime/kinds/native'],
  'runtime/kinds/deno': [...mechanics, 'state', 'runtime/kinds/native'],
  'runtime/kinds': [...mechanics, 'state', 'runtime/choice', 'runtime/kinds/*'],
  warm: [...contract, 'policy'],
  session: [...contract, 'events', 'warm'],
  command: [...contract, 'events', 'policy', 'warm', 'session'],
  serving: [...contract, 'events', 'wire', 'policy', 'runtime/choice', 'warm', 'session', 'command'],
};

/** Rooms that are entered through one file alone: the rest of them is nobody else's business. */
const daemonDoors = { 'runtime/shell': 'index.ts' };

/** They put the parts together: they may know every room, and no room may know them. */
const daemonTop = ['', 'cli'];

/** Package → the files of the daemon that may import it. `*` at the end stands for everything below. */
const daemonHomes = {
  dockerode: ['runtime/kinds/docker/engine.ts'],
  execa: ['runtime/machine/spawn.ts'],
  child_process: ['runtime/machine/keeper.ts', 'runtime/kinds/docker/ssh.ts'],
  process: ['main.ts', 'cli/*'],
};

/** The same for the VS Code extension. */
const clientFloors = ['base', 'client', 'run', 'traces', 'sessions', 'view'];
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
 * What is wrong with an import, in words; undefined where nothing is.
 * @param {string} file POSIX, from the root of the project
 * @param {string} name what it imports, as it is written there
 * @returns {string | undefined}
 */
export function importFault(file, name) {
  const house = houses.find(({ root }) => file.startsWith(root));
  if (!house) return undefined;
  const { root, doors, homes, packages } = house;
  const path = file.slice(root.length);
  if (!name.startsWith('.')) {
    const home = homes[name.replace(/^node:/, '').split('/')[0]];
    if (home && !home.some((place) => covers(place, path))) return `${name} is imported in ${home.join(', ')} alone`;
    return packages(name) ? undefined : `${root} knows of the daemon codebeaker/protocol alone`;
  }
  const target = posix.join(posix.dirname(file), name);
  if (!target.startsWith(root)) return `${name} lies outside ${root}`;
  const from = roomOf(house, path);
  const to = roomOf(house, target.slice(root.length));
  if (!mayKnow(house, from, to)) return `${from || 'the top'} does not know ${to || 'the top'} (see floors.js)`;
  const door = from !== to && doors[to] && `${root}${to}/${doors[to]}`;
  return door && target !== door ? `${to} is entered through ${doors[to]} alone (see floors.js)` : undefined;
}

function covers(place, path) {
  return place.endsWith('*') ? path.startsWith(place.slice(0, -1)) : place === path;
}

/** The innermost room around a file; undefined for a folder that nobody has listed. */
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

/** The files of the daemon and of the extension in which the package `name` may be imported, from the root of the project. */
export function homesOf(name) {
  return houses.flatMap(({ root, homes }) => (homes[name] ?? []).map((place) => root + place.replace(/\*$/, '**/*.ts')));
}
