/** `codebeaker serve --listen`: serves any number of clients over WebSocket and HTTP, until it is told to end. */
import { within } from '../base/clock.ts';
import type { AccessRules } from '../remote/access.ts';
import { CannotListen, listenAt } from '../remote/address.ts';
import { FrontDoor } from '../remote/front-door.ts';
import { answer } from '../remote/answer.ts';
import { connect } from '../wire/server.ts';
import { createDaemon } from './daemon.ts';
import { Exit } from './exit-codes.ts';
import type { ListenArguments } from './listening.ts';
import { relieve } from './relief.ts';
import type { Surroundings } from './surroundings.ts';
import { readToken } from './token-file.ts';

/** When it is told to end, it takes no longer. Then the leases remove what is left. */
const EXIT_DEADLINE_MS = 10_000;

/** `print` says where it listens. @throws UsageError if the token cannot be used */
export async function listen(surroundings: Surroundings, args: ListenArguments, process: NodeJS.Process, print: (text: string) => Promise<number>): Promise<number> {
  const { clock, version, uid } = surroundings;
  const rules = (): AccessRules => ({ hosts: args.hosts, origins: args.origins, token: args.tokenFile === undefined ? undefined : readToken(args.tokenFile, uid) });
  const first = rules();
  const daemon = await createDaemon(surroundings, args.config, args.networkModes);
  const log = daemon.log.child('remote');
  let clients = 0;
  const door = new FrontDoor({
    clock,
    log,
    maxConnections: args.maxConnections,
    maxMessageBytes: daemon.sizes.messageBytes,
    routes: { '/healthz': { method: 'GET', open: true, handle: (_request, response) => answer(response, 200, 'text/plain', 'ok\n') } },
    connect(transport, socket) {
      clients += 1;
      relieve(socket);
      return connect(transport, daemon.open, { log: daemon.log.child(`client-${clients}`), clock, version });
    },
  }, first);
  const ended = new Promise<number>((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      process.on(signal, () => {
        log.info(`the daemon is ending, because it received ${signal}`);
        resolve(0);
      });
    }
    process.on('uncaughtException', (fault) => {
      log.error('there is an error in CodeBeaker itself, so the daemon is ending', fault);
      resolve(Exit.fault);
    });
  });
  process.on('SIGHUP', () => {
    try {
      door.rules = rules();
      log.info('the token was read again');
    } catch (fault) {
      log.error('the token that was there before still counts', fault);
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
  const closed = door.close().then(() => daemon.close()).catch((fault: unknown) => log.error('closing the daemon failed', fault));
  if (!(await within(clock, EXIT_DEADLINE_MS, closed))) log.error('cleaning up takes too long: the leases will remove what is left');
  process.exit(code);
}
