/** A program in Node: the bundle is loaded before it, and a socket pair carries the messages of its inspector. */
import { CHANNEL } from './channel.ts';
import { frame, FrameReader } from './frames.ts';
import { environmentFor, type Host, type Launch, type Program, type ProgramEvents } from './program.ts';
import { Spawned } from './spawned.ts';

export async function startInNode(launch: Launch, host: Parts, events: ProgramEvents): Promise<Program> {
  const { cwd, program, args = [] } = launch;
  return conversing(await Spawned.start({ command: commandOf(launch, host, [program, ...args]), cwd, env: environmentFor(launch, host), channel: true, terminal: host.terminal }, host.process, events), events);
}

/** What a program is started with, but for what starts it. */
export type Parts = Pick<Host, 'file' | 'process' | 'terminal'>;

export function commandOf({ runtimeExecutable, runtimeArgs = [] }: Pick<Launch, 'runtimeExecutable' | 'runtimeArgs'>, { file, process }: Parts, rest: readonly string[]): readonly string[] {
  return [runtimeExecutable ?? process.execPath, '--require', file, ...runtimeArgs, ...rest];
}

/** The program whose inspector's messages come over the channel of the process. */
export function conversing(spawned: Spawned, events: Pick<ProgramEvents, 'message'>): Program {
  const channel = spawned.stream(CHANNEL);
  const reader = new FrameReader((text) => events.message(text));
  channel.on('data', (chunk: Buffer) => {
    try {
      reader.push(chunk);
    } catch {
      // Only a program that writes into the channel itself sends what is no message.
      spawned.kill();
    }
  });
  channel.on('error', () => undefined);
  return Object.assign(spawned, {
    send: (text: string) => {
      if (channel.writable) channel.write(frame(text));
    },
  });
}
