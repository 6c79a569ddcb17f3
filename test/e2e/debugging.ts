/** What tests of real debuggers share: a program that is debugged, as its client steps through it. */
import { expect } from 'chai';
import { dirname } from 'node:path';
import type { DapClient } from '../debug/dap-client.ts';

/** A parsed message, whose members are not typed. */
type Json = ReturnType<typeof JSON.parse>;

export class Steps {
  readonly client: DapClient;

  constructor(client: DapClient) {
    this.client = client;
  }

  /** Has the program launched up to where breakpoints can be set. Resolves with the capabilities, and with what lets the program begin. */
  async begin(launch: object = {}): Promise<{ readonly capabilities: Json; readonly go: () => Promise<void> }> {
    const { client } = this;
    const capabilities = await client.ask('initialize', { adapterID: 'codebeaker', linesStartAt1: true, columnsStartAt1: true, pathFormat: 'path' });
    const initialized = client.event('initialized');
    const launched = client.ask('launch', launch);
    // Nobody may wait for it.
    launched.catch(() => undefined);
    await initialized;
    return {
      capabilities,
      go: async () => {
        await client.ask('configurationDone');
        await launched;
      },
    };
  }

  /** Does what leads to a stop. Resolves with what is told of that. */
  async stop(doing: () => Promise<unknown>): Promise<Json> {
    const stopped = this.client.event('stopped');
    await doing();
    return stopped;
  }

  step(command: 'continue' | 'next' | 'stepIn' | 'stepOut', threadId: number): Promise<Json> {
    return this.stop(() => this.client.ask(command, { threadId }));
  }

  async frames(threadId: number): Promise<Json[]> {
    return (await this.client.ask('stackTrace', { threadId })).stackFrames;
  }

  async top(threadId: number): Promise<Json> {
    return (await this.frames(threadId))[0];
  }

  /** The variables of a frame that cost nothing to look at, each with the reference of what has it. */
  async variables(frameId: number): Promise<Json[]> {
    const { scopes } = await this.client.ask('scopes', { frameId });
    const cheap = scopes.filter(({ expensive }: Json) => !expensive);
    const each = await Promise.all(cheap.map(async ({ variablesReference: holder }: Json) => (await this.client.ask('variables', { variablesReference: holder })).variables.map((variable: Json) => ({ ...variable, holder }))));
    return each.flat();
  }

  async variable(frameId: number, name: string): Promise<Json> {
    const variables = await this.variables(frameId);
    return variables.find((each) => each.name === name) ?? expect.fail(`no ${name} in ${JSON.stringify(variables)}`);
  }

  /** Lets the program run to its end. Resolves with its exit code. */
  async finish(doing: () => Promise<unknown>): Promise<number> {
    const exited = this.client.event('exited');
    const terminated = this.client.event('terminated');
    await doing();
    const { exitCode } = await exited;
    await terminated;
    await this.client.ask('disconnect', {});
    return exitCode;
  }

  /** What was printed, on one stream or on all. */
  output(category?: string): string {
    return this.client.events('output').filter((body) => category === undefined || body.category === category).map((body) => body.output).join('');
  }
}

/** A conversation from the first message to the last: the program adds the squares of 0 to 4, which a function of another file makes, and is stopped at the fourth. */
export interface Conversation {
  /** The line of the call, and how the function in which it stands is called in the stack. */
  readonly line: number;
  readonly frame: string;
  /** The file of the function that is called, beside the program, and where a step into it ends. */
  readonly neighbour: { readonly file: string; readonly line: number; readonly frame: string };
  /** What stands in the text of a file that exists only inside and has called the program. undefined: nothing has. */
  readonly caller: string | undefined;
  readonly exitCode: number;
  readonly stdout: string;
  /** What else is tried, where the step out of the function has ended, and where the program goes on after that. */
  more?(steps: Steps, threadId: number, main: string): Promise<void>;
}

/** `launch`: the arguments of the client. */
export async function converse(client: DapClient, main: string, launch: object, { line, frame, neighbour, caller, exitCode, stdout, more }: Conversation): Promise<void> {
  const steps = new Steps(client);
  const { capabilities, go } = await steps.begin(launch);
  expect(capabilities).to.include({ supportsConfigurationDoneRequest: true });
  expect(capabilities).not.to.have.property('supportsRestartRequest');
  const set = await client.ask('setBreakpoints', { source: { path: main }, breakpoints: [{ line, condition: 'i == 3' }] });
  expect(set.breakpoints).to.have.length(1);
  expect(set.breakpoints[0]).to.include({ verified: true, line });
  expect(set.breakpoints[0].source?.path ?? main).to.equal(main);
  await client.ask('setExceptionBreakpoints', { filters: [] });
  const { threadId, reason } = await steps.stop(go);
  expect(reason).to.equal('breakpoint');
  expect((await client.ask('threads')).threads.map(({ id }: Json) => id)).to.include(threadId);
  const top = await steps.top(threadId);
  expect(top).to.include({ name: frame, line });
  expect(top.source.path).to.equal(main);
  expect(await steps.variable(top.id, 'i')).to.include({ value: '3' });
  expect((await client.ask('evaluate', { expression: 'total + 100', frameId: top.id, context: 'repl' })).result).to.equal('105');
  expect((await client.ask('setVariable', { variablesReference: (await steps.variable(top.id, 'total')).holder, name: 'total', value: '1000' })).value).to.equal('1000');
  await steps.step('stepIn', threadId);
  const inside = await steps.frames(threadId);
  expect(inside[0]).to.include({ name: neighbour.frame, line: neighbour.line });
  expect(inside[0].source.path).to.equal(`${dirname(main)}/${neighbour.file}`);
  const outside = inside.find(({ source }) => source?.sourceReference > 0);
  expect(outside !== undefined).to.equal(caller !== undefined);
  if (outside) expect((await client.ask('source', { source: outside.source, sourceReference: outside.source.sourceReference })).content).to.contain(caller);
  await steps.step('stepOut', threadId);
  expect((await steps.top(threadId)).name).to.equal(frame);
  await more?.(steps, threadId, main);
  expect(await steps.finish(() => client.ask('continue', { threadId }))).to.equal(exitCode);
  // 1000, instead of 0 + 1 + 4, then 9 and 16.
  expect(steps.output('stdout')).to.equal(stdout);
  expect(steps.output('stderr')).to.contain('to stderr\n');
  expect(client.events('terminated')).to.have.length(1);
  expect(client.faults).to.deep.equal([]);
  expect(JSON.stringify(client.received).replaceAll(dirname(main), '')).not.to.contain('/workspace');
}

/** The number of the line that ends with this comment, in whatever language. */
export function lineOf(text: string, mark: string): number {
  const at = text.split('\n').findIndex((line) => line.endsWith(`# ${mark}`) || line.endsWith(`// ${mark}`));
  if (at < 0) throw new Error(`the program has no line with the mark ${mark}`);
  return at + 1;
}
