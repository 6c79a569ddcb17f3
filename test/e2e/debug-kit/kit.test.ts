/**
 * The peer's test kit on `codebeaker dap`, for each language and runtime. Every message in both directions is held to the types
 * of the protocol, and names no file of the sandbox.
 */
import type { DebugProtocol } from '@vscode/debugprotocol';
import { expect } from 'chai';
import { delimiter, dirname } from 'node:path';
import { KitClient } from '../../debug/kit-client.ts';
import { newerNode } from '../../debug/node-bridge/session.ts';
import { bundles, dockerImage, need, program, type Probe } from '../../require.ts';
import { sourceFile } from '../command-line.ts';
import { image } from '../environment.ts';
import { type Row, rows } from './rows.ts';

interface Place {
  readonly runtime: string;
  readonly needs: Readonly<Record<string, Probe>>;
  readonly env?: Record<string, string>;
}

const docker: Place = { runtime: 'docker', needs: { docker: dockerImage(image) } };
const native: Place = { runtime: 'native', needs: { native: program('bwrap') } };
/** This machine's own Node may be too old for TypeScript. */
const nativeNode: Place = { runtime: 'native', needs: { ...native.needs, 'a newer Node': newerNode.probe }, env: { PATH: `${dirname(newerNode.path)}${delimiter}${process.env.PATH}` } };

const placesOf = ({ language }: Row): readonly Place[] => [docker, language === 'typescript' ? nativeNode : native];

/** The number of the first line that contains the text. */
const lineOf = ({ text }: Row, part: string) => {
  const at = text.split('\n').findIndex((line) => line.includes(part));
  if (at < 0) throw new Error(`the program has no line with ${part}`);
  return at + 1;
};

describe('the peer’s test kit on codebeaker dap', () => {
  before(need('the build', bundles));

  it('gets its capabilities before there is a program, and errors for what is not known', async () => {
    const client = new KitClient();
    await client.start();
    const { body } = await client.initializeRequest();
    expect(body).to.include({ supportsConfigurationDoneRequest: true, supportsConditionalBreakpoints: true });
    const fault = await client.send('threads').then(() => undefined, (error: Error) => error);
    expect(fault?.message).to.contain('no program');
    await client.disconnectRequest();
    await client.left();
  });

  for (const row of rows) {
    for (const { runtime, needs, env } of placesOf(row)) {
      describe(`${row.language}, ${runtime}`, () => {
        for (const [part, probe] of Object.entries(needs)) before(need(part, probe));

        let path = '';
        let client: KitClient;
        /** What the program printed. */
        let printed = '';

        beforeEach(async () => {
          path = sourceFile(row.file, row.text);
          client = new KitClient(env);
          printed = '';
          client.on('output', ({ body }: DebugProtocol.OutputEvent) => void (printed += body.category === 'stdout' ? body.output : ''));
          await client.start();
        });

        afterEach(() => client.stop());

        const launching = (more: object = {}) => ({ program: path, args: ['argument'], runtime, ...more });
        const at = (text: string) => ({ path, line: lineOf(row, text) });

        it('stops on entry, and ends when the client terminates it', async () => {
          const { entry } = row;
          await Promise.all([client.configurationSequence(), client.launch(launching({ stopOnEntry: true })), client.assertStoppedLocation(entry.reason, at(entry.at))]);
          await Promise.all([client.waitForEvent('terminated'), client.terminateRequest({})]);
          await client.disconnectRequest();
          expect(printed).to.equal('');
          await client.left();
        });

        it('stops at a breakpoint, steps into the function and out of it, tells values, prints, and ends with the program', async () => {
          const [{ breakpoints }] = await hit(client, launching(), [{ ...at(row.call), condition: row.condition }], at(row.call)) as [DebugProtocol.SetBreakpointsResponse['body']];
          expect(breakpoints[0]).to.include({ verified: true, line: lineOf(row, row.call) });
          const { threads } = (await client.threadsRequest()).body;
          const threadId = client.stopped.threadId as number;
          expect(threads.map(({ id }) => id)).to.include(threadId);
          const [frame] = (await client.stackTraceRequest({ threadId })).body.stackFrames;
          const { scopes } = (await client.scopesRequest({ frameId: frame?.id as number })).body;
          const variables = (await Promise.all(scopes.filter(({ expensive }) => !expensive).map(({ variablesReference }) => client.variablesRequest({ variablesReference })))).flatMap(({ body }) => body.variables);
          expect(variables.find(({ name }) => name === 'i')).to.include({ value: '3' });
          const [expression, value] = row.expression;
          expect((await client.evaluateRequest({ expression, frameId: frame?.id, context: 'watch' })).body.result).to.equal(value);
          await Promise.all([client.assertStoppedLocation('step', at(row.inside)), client.stepInRequest({ threadId })]);
          await Promise.all([client.assertStoppedLocation('step', { path }), client.nextRequest({ threadId })]);
          await Promise.all([client.assertStoppedLocation('step', { path }), client.stepOutRequest({ threadId })]);
          const [exited] = await Promise.all([client.waitForEvent('exited'), client.waitForEvent('terminated'), client.continueRequest({ threadId })]);
          expect((exited as DebugProtocol.ExitedEvent).body.exitCode).to.equal(3);
          await client.disconnectRequest();
          expect(printed).to.equal('sum 30 argument\n');
          await client.left();
        });

        it('stops where something is thrown, and tells what it was', async () => {
          await Promise.all([
            client.waitForEvent('initialized').then(async () => {
              if (row.filter !== undefined) await client.setExceptionBreakpointsRequest({ filters: [row.filter] });
              await client.configurationDoneRequest();
            }),
            client.launch(launching({ args: ['fail'] })),
            client.assertStoppedLocation('exception', row.above ? {} : at(row.throws)),
            client.assertOutput('stdout', 'sum 30 fail\n'),
          ]);
          const threadId = client.stopped.threadId as number;
          const { stackFrames } = (await client.stackTraceRequest({ threadId })).body;
          expect(stackFrames.find(({ source }) => source?.path === path)?.line).to.equal(lineOf(row, row.throws));
          const { body } = await client.exceptionInfoRequest({ threadId });
          expect(body.exceptionId).to.match(row.exception);
          expect(body.description).to.contain('this is wrong');
          const [exited] = await Promise.all([client.waitForEvent('exited'), client.continueRequest({ threadId })]);
          expect((exited as DebugProtocol.ExitedEvent).body.exitCode).to.equal(row.failed);
          await client.disconnectRequest();
          await client.left();
        });

        it('ends the program when the client disconnects while it is stopped', async () => {
          await client.hitBreakpoint(launching(), at(row.call));
          await client.disconnectRequest();
          await client.left();
          expect(printed).to.equal('');
        });
      });
    }
  }
});

/** Launches with these breakpoints, until it has stopped. Resolves first with what was answered about them. */
async function hit(client: KitClient, launch: object, breakpoints: readonly (DebugProtocol.SourceBreakpoint & { path: string })[], location: { path: string; line: number }): Promise<unknown[]> {
  return Promise.all([
    client.waitForEvent('initialized').then(async () => {
      const { body } = await client.setBreakpointsRequest({ source: { path: location.path }, breakpoints: breakpoints.map(({ path: _, ...each }) => each) });
      await client.configurationDoneRequest();
      return body;
    }),
    client.launch(launch),
    client.assertStoppedLocation('breakpoint', location),
  ]);
}
