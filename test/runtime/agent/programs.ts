/** Programs that run in a sandbox whose agent a test plays. */
import { ProtocolError } from '../../../server/src/protocol/index.ts';
import { Writer } from '../../../server/src/runtime/agent/frames.ts';
import { AgentProcess } from '../../../server/src/runtime/agent/process.ts';
import type { Program, Sink } from '../../../server/src/runtime/ports.ts';
import { connected, type Sent, settled, textsIn } from './scripted.ts';

/** Asks the agent to start a program, or to hold it at a path, and leaves it without an answer. */
export function begin(change: Partial<Program>, sink: Sink = () => undefined, heldAt?: string, stop?: AbortSignal) {
  const { agent, connection, clock } = connected();
  const gaveUp: string[] = [];
  const context = {
    connection, clock,
    lostExit: () => Promise.resolve({ kind: 'lost', reason: 'gone' } as const),
    giveUp: (why: string) => void gaveUp.push(why),
    hasten: () => undefined,
  };
  const program: Program = { command: ['tool'], cwd: '/workspace', env: {}, stdin: 'none', pty: undefined, ...change };
  const starting = heldAt === undefined ? AgentProcess.start(context, program, sink, stop) : AgentProcess.hold(context, program, heldAt, sink);
  return {
    agent, connection, clock, gaveUp,
    process: starting.catch(() => undefined),
    /** Why it was not started. undefined: it was. */
    failure: starting.then(() => undefined, (fault: unknown) => (fault instanceof ProtocolError ? fault : Promise.reject(fault))),
  };
}

/** A program that has started. */
export async function started(change: Partial<Program>, sink?: Sink) {
  const { process: starting, ...held } = begin(change, sink);
  await settled();
  const channel = held.agent.of('start')[0]?.channel as number;
  held.agent.say('started', channel, new Writer().u32(77).bytes);
  const process = await starting;
  if (!process) throw new Error('it did not start');
  return {
    ...held, channel, process,
    /** The agent tells that the program has ended, after 1.5 ms of processor time. */
    exits: ({ signaled = false, value, outOfMemory = false }: { signaled?: boolean; value: number; outOfMemory?: boolean }) =>
      held.agent.say('exit', channel, new Writer().u8(Number(signaled)).u32(value).u8(Number(outOfMemory)).u64(1500).u64(4096).bytes),
    /** The agent tells that the program has taken so many bytes of its input. */
    takes: (bytes: number) => held.agent.say('taken', channel, new Writer().u32(bytes).bytes),
    /** The input that has come to the agent. */
    input: () => Buffer.concat(held.agent.of('data').map(({ payload }) => payload)),
  };
}

/** What the agent was asked to start. */
export function programOf(sent: Sent | undefined) {
  if (!sent) throw new Error('no program was started');
  const { payload } = sent;
  const flags = payload.readUInt8(0);
  const [words, variables] = [payload.readUInt32LE(9), payload.readUInt32LE(13)];
  const [cwd, ...rest] = textsIn(payload, 17);
  const held = (flags & 4) !== 0;
  const texts = held ? rest.slice(1) : rest;
  if (texts.length !== words + variables) throw new Error('it does not have as many texts as it says');
  return {
    input: (flags & 1) !== 0, terminal: (flags & 2) !== 0, cols: payload.readUInt16LE(1), rows: payload.readUInt16LE(3),
    credit: payload.readUInt32LE(5), cwd, words: texts.slice(0, words), env: texts.slice(words),
    ...(held ? { heldAt: rest[0] } : {}),
  };
}
