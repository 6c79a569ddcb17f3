/**
 * How the agent gets into a container, and how it speaks with the daemon. An engine on this machine mounts the program
 * file and a folder with a socket, so that nothing passes through the engine. Elsewhere the program file is put into a
 * volume, and the frames go over the connection to the container's stdin and stdout.
 */
import { randomBytes } from 'node:crypto';
import { chmod, mkdtemp, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { platform } from 'node:os';
import { join } from 'node:path';
import { deferred } from '../../../base/promises.ts';
import { type Undo, undoing } from '../../../base/undo.ts';
import { ProtocolError } from '../../../protocol/index.ts';
import { AGENT, agentFile, type Carrier, installAgent, type Machine, socketCarrier } from '../../agent/index.ts';
import type { Keeper } from '../../machine/keeper.ts';
import { MAX_SOCKET_PATH_BYTES } from '../../machine/lock.ts';
import { packageMounts, type PackageMounts } from '../../machine/packages.ts';
import { removeIfThere } from '../../machine/remove.ts';
import { walkerFor } from '../../machine/walk.ts';
import type { PackagePlace } from '../../packages.ts';
import { installTypeScript, readTypeScript, TYPESCRIPT } from '../../typescript.ts';
import type { Entrance } from './container.ts';
import type { Engine, MountSettings } from './engine.ts';

const FOLDER = '/.codebeaker';
const SOCKET_FOLDER = `${FOLDER}/socket`;
const HOSTS = '/etc/hosts';

export interface Door extends Entrance {
  /** Resolves with the connection of the agent, if it makes one. */
  readonly connected: Promise<Carrier>;
  /** To be called with the container before it is started. */
  fill(engine: Engine, id: string, signal: AbortSignal): Promise<void>;
  /** As in `PackageMounts`. */
  readonly shown?: PackageMounts['shown'];
  /** To be called when the container is gone. */
  remove(): Promise<void>;
}

const never = new Promise<never>(() => undefined);

/** Through the file system of this machine. The agent may be unable to connect to sockets of the host: then it speaks over its streams. */
export async function mountedDoor(machine: Machine, keeper: Pick<Keeper, 'folder'>, place: PackagePlace | undefined): Promise<Door> {
  return undoing(async (undo) => {
    const home = await keeper.folder();
    const [agent, typescript, names] = await Promise.all([installAgent(machine, home), installTypeScript(home), installHosts(home)]);
    const packages = await packageMounts(place, home, undo);
    const seen = [...packages.reads.map(([host, inside]) => bind(host, inside)), ...packages.writes.map(([host, inside]) => ({ ...bind(host, inside), ReadOnly: false }))];
    const mounts = [bind(agent, AGENT), bind(typescript, TYPESCRIPT), bind(names, HOSTS), ...seen];
    const rest = { shown: packages.shown, engineNames: false, fill: () => Promise.resolve(), remove: () => undo.all() };
    const socket = await listen(home, undo).catch(() => undefined);
    if (!socket) return { mounts, args: [], connected: never, ...rest };
    return { mounts: [...mounts, bind(socket.folder, SOCKET_FOLDER)], args: ['--socket', `${SOCKET_FOLDER}/s`], connected: socket.connected, ...rest };
  });
}

/** What `docker run --network none` has there. The engine would write it too, but it takes a tenth of a second for that. */
const hosts = `127.0.0.1\tlocalhost
::1\tlocalhost ip6-localhost ip6-loopback
fe00::0\tip6-localnet
ff00::0\tip6-mcastprefix
ff02::1\tip6-allnodes
ff02::2\tip6-allrouters
`;

/** Puts it into a folder, once for all containers. Resolves with its path there. */
async function installHosts(folder: string): Promise<string> {
  const path = join(folder, 'hosts');
  if (await stat(path).then(() => true, () => false)) return path;
  const part = `${path}-${randomBytes(4).toString('hex')}`;
  await writeFile(part, hosts);
  await chmod(part, 0o444);
  await rename(part, path);
  return path;
}

function bind(source: string, target: string): MountSettings {
  return { Type: 'bind', Source: source, Target: target, ReadOnly: true, BindOptions: { Propagation: 'rprivate', NonRecursive: true } };
}

/** Takes one connection: the agent makes it before any other program runs in the container. */
async function listen(parent: string, undo: Undo): Promise<{ folder: string; connected: Promise<Carrier> }> {
  const folder = await mkdtemp(join(parent, 'socket-'));
  undo.add(() => removeIfThere(walkerFor(platform()), folder));
  await chmod(folder, 0o755);
  const path = join(folder, 's');
  if (Buffer.byteLength(path) > MAX_SOCKET_PATH_BYTES) throw new Error('the path of the socket is too long');
  const { promise, resolve } = deferred<Carrier>();
  let connection: Socket | undefined;
  const server = createServer({ allowHalfOpen: false }, (socket) => {
    connection = socket;
    server.close();
    resolve(socketCarrier(socket));
  });
  server.maxConnections = 1;
  // Nobody has taken the connection if the container failed to start in another way.
  undo.add(() => {
    server.close();
    connection?.destroy();
  });
  await new Promise<void>((listening, failed) => {
    server.once('error', failed);
    server.listen({ path, readableAll: true, writableAll: true }, listening);
  });
  server.unref();
  return { folder, connected: promise };
}

/** Through the engine's own interface, wherever it runs. */
export function volumeDoor(machine: Machine): Door {
  return {
    // Without NoCopy it would get what the image has at this path, and its mode.
    mounts: [{ Type: 'volume', Source: '', Target: FOLDER, ReadOnly: false, VolumeOptions: { NoCopy: true, Labels: {}, DriverConfig: { Name: 'local', Options: {} } } }],
    args: [],
    engineNames: true,
    connected: never,
    fill: async (engine, id, signal) => {
      const loader = [...(await readTypeScript())].map(([name, content]) => ({ name: `typescript/${name}`, mode: 0o444, content }));
      await engine.put(id, FOLDER, [{ name: 'agent', mode: 0o555, content: await readFile(agentFile(machine)) }, ...loader], signal);
    },
    remove: () => Promise.resolve(),
  };
}

/**
 * Whether the engine refused a mount, or could not execute what was mounted. It may be the agent: an engine that runs in
 * another file system than the daemon, such as in a virtual machine, does not see it, and nothing can be executed in a
 * file system that is mounted with `noexec`.
 */
export function isMountRefused(fault: unknown): boolean {
  return fault instanceof ProtocolError && fault.data.status !== undefined && /mount|source path|statfs|exec: "\/\.codebeaker\/agent"/i.test(fault.message);
}
