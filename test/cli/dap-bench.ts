/** `codebeaker dap` over a fake runtime, with a fake debugger, and an editor at the other end of its streams. */
import { expect } from 'chai';
import { PassThrough } from 'node:stream';
import { dap } from '../../server/src/cli/dap.ts';
import { type DapDaemon, ownDaemon } from '../../server/src/cli/dap-daemon.ts';
import type { LanguageId } from '../../server/src/protocol/index.ts';
import { DapReader, framed } from '../../server/src/debug/codec.ts';
import { type Behaviour, fakeDebugpy } from '../fakes/adapter.ts';
import type { Json } from '../wire/wire.ts';
import { RunBench, type RunOptions } from './bench.ts';

export interface DapBenchOptions extends RunOptions {
  /** Default: the daemon of the bench. */
  readonly daemon?: Promise<DapDaemon>;
  /** Of the command line. */
  readonly language?: LanguageId;
}

/** Exit code of the bench where there is no daemon. */
export const NO_DAEMON = 78;

export function begin(behave: Behaviour, { daemon, language, ...options }: DapBenchOptions = {}) {
  const fake = fakeDebugpy(behave);
  const bench = new RunBench({ running: fake.running, ...options });
  const stdin = Object.assign(new PassThrough(), { isTTY: options.isTTY ?? false });
  const [stdout, stderr] = [new PassThrough(), new PassThrough()] as unknown as [NodeJS.WriteStream, NodeJS.WriteStream];
  const reader = new DapReader();
  const told: Json[] = [];
  let complaints = '';
  stdout.on('data', (chunk: Buffer) => void told.push(...reader.push(chunk)));
  stderr.on('data', (chunk: Buffer) => void (complaints += chunk.toString()));
  const surroundings = { ...bench.surroundings, platform: process.platform, self: ['codebeaker'] };
  const ended = dap(daemon ?? Promise.resolve(ownDaemon(bench.daemon, surroundings)), surroundings, language, { stdin, stdout, stderr: () => stderr }, () => NO_DAEMON);
  let seq = 0;
  const ask = (command: string, args: object = {}) => void stdin.write(framed({ seq: ++seq, type: 'request', command, arguments: { ...args } }));
  const until = async (check: () => boolean) => {
    for (let turn = 0; turn < 50_000 && !check(); turn += 1) await bench.clock.advance(0);
    expect(check(), `it never came to that: ${JSON.stringify(told)}`).to.equal(true);
  };
  const answer = (command: string) => told.find(({ type, command: to }) => type === 'response' && to === command);
  const respond = (request: Json, more: object) => void stdin.write(framed({ seq: ++seq, type: 'response', request_seq: request.seq, command: request.command, success: true, ...more }));
  /** What stands in the console of the debugger. */
  const said = () => told.filter(({ event, body }) => event === 'output' && body.category !== 'stdout').map(({ body }) => body.output as string);
  return { fake, bench, stdin, ended, ask, respond, until, answer, told, said, complaints: () => complaints };
}

export const expectNothingLeft = ({ clock, runtime, closes }: RunBench) => expect([clock.pending, runtime.open.length, closes]).to.deep.equal([0, 0, 1]);
