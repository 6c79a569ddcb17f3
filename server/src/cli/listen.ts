/** `codebeaker serve --listen`: serves any number of clients over WebSocket and HTTP, until it is told to end. */
import { readFileSync, realpathSync } from 'node:fs';
import { within } from '../base/clock.ts';
import type { AccessRules } from '../remote/access.ts';
import { CannotListen, listenAt } from '../remote/address.ts';
import { FrontDoor, type Tls } from '../remote/front-door.ts';
import { routes } from '../remote/routes.ts';
import type { Connect } from '../remote/visitor.ts';
import { connect, type Connection } from '../wire/server.ts';
import { createDaemon } from './daemon.ts';
import { endOnSignals } from './ending.ts';
import { codeOf, Exit } from './exit-codes.ts';
import type { ListenArguments } from './listening.ts';
import { UsageError } from './quantities.ts';
import { relieve } from './relief.ts';
import type { Surroundings } from './surroundings.ts';
import { readToken } from './token-file.ts';

/** What runs when it is told to end has so long to end by itself, unless the configuration says otherwise (drain.deadlineMs). */
const DRAIN_MS = 10_000;
/** After that it takes no longer. Then the leases remove what is left. */
const EXIT_DEADLINE_MS = 10_000;
/** So long the sandboxes of a client that has gone may take to be removed, before that is an error. Nobody waits for it. */
const CLOSE_MS = 8_000;

/** `print` says where it listens. @throws UsageError if a file or a folder cannot be used */
export async function listen(surroundings: Surroundings, args: ListenArguments, process: NodeJS.Process, print: (text: string) => Promise<number>): Promise<number> {
  const { clock, version, uid } = surroundings;
  const rules = (): AccessRules => ({ hosts: args.hosts, origins: args.origins, token: args.tokenFile === undefined ? undefined : readToken(args.tokenFile, uid) });
  const tls = () => args.tls && readTls(args.tls);
  const [firstRules, firstTls] = [rules(), tls()];
  const record = args.record === undefined ? undefined : (await import('./record-file.ts')).recorder(args.record, surroundings);
  const daemon = await createDaemon(surroundings, args.config, { typed: args.networkModes, shared: args.share.map(realFolder), logging: args.log });
  const log = daemon.log.child('remote');
  let clients = 0;
  const connections = new Set<Connection>();
  const serve: Connect = (transport) => {
    clients += 1;
    const name = `client-${clients}`;
    const connection = connect(record?.transport(transport, clients) ?? transport, daemon.open, { log: daemon.log.child('client', { client: clients }), clock, version, closeMs: CLOSE_MS, refused: daemon.refused, unread: daemon.unread });
    connections.add(connection);
    void connection.done.then(() => {
      connections.delete(connection);
      log.info(`${name} has gone`);
    });
    log.info(`${name} has come`);
    return connection;
  };
  const maxBytes = daemon.sizes.messageBytes;
  const door = new FrontDoor({
    clock,
    log,
    maxConnections: args.maxConnections,
    maxMessageBytes: maxBytes,
    routes: routes({ clock, maxBytes, version, connect: serve, ready: () => daemon.ready(), metrics: () => daemon.metrics() }),
    connect(transport, socket) {
      relieve(socket);
      return serve(transport);
    },
  }, firstRules, firstTls);
  const ended = new Promise<number>((resolve) => {
    endOnSignals({
      process,
      drain: (hurry) => daemon.drain(DRAIN_MS, hurry),
      end: (signal, again) => {
        log.info(`the daemon is ending, because it received ${signal}${again === undefined ? '' : `, and then ${again}`}`);
        resolve(again === undefined ? 0 : codeOf(again));
      },
    });
    process.on('uncaughtException', (fault) => {
      log.error('there is an error in CodeBeaker itself, so the daemon is ending', fault);
      resolve(Exit.fault);
    });
  });
  process.on('SIGHUP', () => {
    void daemon.reload().catch((fault: unknown) => log.error('the configuration could not be read again', fault));
    if (args.tokenFile === undefined && !args.tls) return;
    try {
      door.renew(rules(), tls());
      log.info('the token and the certificate were read again');
    } catch (fault) {
      log.error('the token and the certificate that were there before still count', fault);
    }
  });
  try {
    await print(`codebeaker listens at ${await listenAt(door.server, args.at, uid)}\n`);
  } catch (fault) {
    await daemon.close();
    if (!(fault instanceof CannotListen)) throw fault;
    surroundings.writeLog(`codebeaker: ${fault.message}`);
    return Exit.fault;
  }
  daemon.watch();
  const code = await ended;
  door.close();
  const closing = async () => {
    await Promise.all([...connections].map((connection) => connection.close()));
    door.hangUp();
    await daemon.close();
  };
  const closed = closing().catch((fault: unknown) => log.error('closing the daemon failed', fault));
  if (!(await within(clock, EXIT_DEADLINE_MS, closed))) log.error('cleaning up takes too long: the leases will remove what is left');
  process.exit(code);
}

/** @throws UsageError */
function readTls({ cert, key }: NonNullable<ListenArguments['tls']>): Tls {
  const read = (file: string, option: string) => attempt(file, option, () => readFileSync(file));
  return { cert: read(cert, '--tls-cert'), key: read(key, '--tls-key') };
}

/** @throws UsageError */
function realFolder(folder: string): string {
  return attempt(folder, '--share', () => realpathSync(folder));
}

function attempt<T>(path: string, option: string, read: () => T): T {
  try {
    return read();
  } catch (fault) {
    throw new UsageError(`${option} ${path}: it cannot be read (${(fault as { code?: string }).code})`);
  }
}
