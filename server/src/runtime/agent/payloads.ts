/** How a program is described when it is started, and how its end is told. */
import { constants } from 'node:os';
import { type Exit, type Program, TERMINAL_TYPE, type Usage } from '../ports.ts';
import { namesOf, SHELL } from './errors.ts';
import { Writer } from './frames.ts';
import { bytesOf } from './names.ts';

const signalNames = namesOf(constants.signals);

/** Marks of a start: its stdin is open; it runs on a terminal; it is to be held; its stderr is its stdout. */
const WITH_INPUT = 1;
const ON_TERMINAL = 2;
const TO_BE_HELD = 4;
const MERGED = 8;

/** What a `start` frame says. `windowBytes`: so much output may come before any of it was credited. */
export function startPayload({ command, cwd, env, stdin, pty, stderrToStdout }: Program, windowBytes: number, heldAt: string | undefined): Buffer {
  const words = typeof command === 'string' ? [SHELL, '-c', command] : command;
  const variables = Object.entries(pty ? { TERM: TERMINAL_TYPE, ...env } : env);
  const writer = new Writer()
    .u8((stdin === 'none' && !pty ? 0 : WITH_INPUT) | (pty ? ON_TERMINAL : 0) | (heldAt === undefined ? 0 : TO_BE_HELD) | (stderrToStdout ? MERGED : 0))
    .u16(pty?.cols ?? 0).u16(pty?.rows ?? 0)
    .u32(windowBytes)
    .u32(words.length).u32(variables.length)
    .text(bytesOf(cwd));
  if (heldAt !== undefined) writer.text(bytesOf(heldAt));
  for (const word of words) writer.text(bytesOf(word));
  for (const [name, value] of variables) writer.text(bytesOf(`${name}=${value}`));
  return writer.bytes;
}

/** What an `exit` frame says. */
export function exitOf(payload: Buffer): Exit {
  const signaled = payload[0] === 1;
  const value = payload.readUInt32LE(1);
  const usage: Usage = { cpuMs: Number(payload.readBigUInt64LE(6)) / 1000, peakMemoryBytes: Number(payload.readBigUInt64LE(14)) };
  const signal = signaled ? (signalNames.get(value) ?? `SIG${value}`) : undefined;
  if (payload[5] === 1) return { kind: 'memoryLimit', signal: signal ?? null, code: signal ? null : value, usage };
  return signal ? { kind: 'signaled', signal, usage } : { kind: 'exited', code: value, usage };
}
