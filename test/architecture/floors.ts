/** Who may import whom. */
import { posix } from 'node:path';
import ts from 'typescript';
import type { SourceFile } from './files.ts';

/** From the bottom up. */
const floors = ['protocol', 'base', 'wire', 'runtime', 'state', 'policy', 'session', 'command', 'serving', 'top'];
/** They import nothing of ours but themselves. */
const foundations = ['protocol', 'base'];

/** Package → the files that may import it. */
const homes: Readonly<Record<string, RegExp>> = {
  dockerode: /^runtime\/kinds\/docker\/engine\.ts$/,
  execa: /^runtime\/machine\/spawn\.ts$/,
  child_process: /^runtime\/(?:machine\/keeper|kinds\/docker\/ssh)\.ts$/,
  process: /^(?:main\.ts$|cli\/)/,
};

/** The VS Code extension, from the bottom up. */
const clientFloors = ['base', 'client', 'run', 'traces', 'sessions', 'view', 'top'];

/** The editor's API is a parameter everywhere but where the extension starts. */
const clientHomes: Readonly<Record<string, RegExp>> = {
  vscode: /^(?:extension|base\/code)\.ts$/,
  child_process: /^client\/process\.ts$/,
  process: /^extension\.ts$/,
};

const daemon = 'server/src/';
const client = 'client-vscode/src/';

export function importFaults(file: SourceFile): string[] {
  const imports = ts.preProcessFile(file.text, true, true).importedFiles.map(({ fileName }) => fileName);
  if (file.path.startsWith(daemon)) return imports.flatMap((name) => daemonFaults(file.path, name));
  if (file.path.startsWith(client)) return imports.flatMap((name) => clientFaults(file.path, name));
  return [];
}

function daemonFaults(path: string, name: string): string[] {
  if (name.startsWith('.')) {
    const from = floorOf(path);
    const to = floorOf(posix.join(posix.dirname(path), name));
    const known = foundations.includes(from) ? from === to : floors.indexOf(to) <= floors.indexOf(from);
    return known && floors.includes(to) ? [] : [`${path} imports ${name}: ${from} does not know ${to}`];
  }
  const home = homes[name.replace(/^node:/, '')];
  return home && !home.test(path.slice(daemon.length)) ? [`${path} imports ${name}, which has its own file`] : [];
}

/** A file beside the floors is at the top; one outside the daemon is on none. */
function floorOf(path: string): string {
  if (!path.startsWith(daemon)) return 'the outside';
  const [floor, ...rest] = path.slice(daemon.length).split('/');
  return floor === undefined || rest.length === 0 || floor === 'cli' ? 'top' : floor;
}

function clientFaults(path: string, name: string): string[] {
  if (!name.startsWith('.')) {
    const home = clientHomes[name.replace(/^node:/, '')];
    if (home && !home.test(path.slice(client.length))) return [`${path} imports ${name}, which has its own file`];
    return /^codebeaker(?:\/|$)/.test(name) && name !== 'codebeaker/protocol' ? [`${path} imports ${name}: it knows codebeaker/protocol alone`] : [];
  }
  const target = posix.join(posix.dirname(path), name);
  if (!target.startsWith(client)) return [`${path} imports ${name}: it knows codebeaker/protocol alone`];
  const from = clientFloorOf(path);
  const to = clientFloorOf(target);
  return clientFloors.includes(to) && clientFloors.indexOf(to) <= clientFloors.indexOf(from) ? [] : [`${path} imports ${name}: ${from} does not know ${to}`];
}

function clientFloorOf(path: string): string {
  const [floor, ...rest] = path.slice(client.length).split('/');
  return floor === undefined || rest.length === 0 ? 'top' : floor;
}
