/**
 * A Node that is started before it is known which program it is to run. It has loaded the bundle and its inspector's messages
 * are carried, and it waits where every program waits until the bridge lets it begin.
 */
import { isDeepStrictEqual } from 'node:util';
import { BECOME } from './channel.ts';
import { commandOf, conversing, type Parts, startInNode } from './in-node.ts';
import { LateEvents } from './late-events.ts';
import { environmentFor, type Host, type Launch } from './program.ts';
import { Spawned } from './spawned.ts';

/** What is known of the program. */
export type Ahead = Pick<Launch, 'runtimeExecutable' | 'runtimeArgs' | 'env'>;

/** Stands for the program on the command line of such a Node. */
const UNKNOWN = 'codebeaker-program';

/** Starts such a Node, and returns what starts programs: the first one in it, if it was started for such a program. */
export function startingAhead(ahead: Ahead, parts: Parts): Host['start'] {
  const events = new LateEvents();
  let waiting: Promise<Spawned | undefined> | undefined = Spawned.start({ command: commandOf(ahead, parts, [UNKNOWN]), cwd: undefined, env: environmentFor(ahead, parts), channel: true, terminal: parts.terminal }, parts.process, events).catch(() => undefined);
  return async (launch, host, wanted) => {
    const spawned = await waiting;
    waiting = undefined;
    if (!spawned || events.over || !isFor(ahead, launch)) {
      if (!events.over) spawned?.kill();
      return startInNode(launch, host, wanted);
    }
    events.go(wanted);
    const { program: file, args = [], cwd } = launch;
    const program = conversing(spawned, events);
    program.send(JSON.stringify({ method: BECOME, params: { file, args, cwd } }));
    return program;
  };
}

function isFor({ runtimeExecutable, runtimeArgs = [], env = {} }: Ahead, launch: Launch): boolean {
  return runtimeExecutable === launch.runtimeExecutable && isDeepStrictEqual(runtimeArgs, launch.runtimeArgs ?? []) && isDeepStrictEqual(env, launch.env ?? {});
}
