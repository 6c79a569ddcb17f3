/** The test kit of the Debug Adapter Protocol, on the bridge to Node. */
import { DebugClient } from '@vscode/debugadapter-testsupport';
import { expect } from 'chai';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bundles, need } from '../../require.ts';
import { bridgeFile } from './session.ts';

const source = `let i = 0;
i += 1;
console.log('hello ' + i);
try { throw new Error('caught'); } catch {}
`;

describe('the kit on the bridge to Node', () => {
  before(need('the build', bundles));

  let folder = '';
  let program = '';
  let client: DebugClient;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'node-kit-'));
    program = join(folder, 'main.js');
    await writeFile(program, source);
    client = new DebugClient(process.execPath, bridgeFile, 'node');
    client.defaultTimeout = 30_000;
    await client.start();
  });

  afterEach(async () => {
    await client.stop();
    await rm(folder, { recursive: true });
  });

  it('answers to what it does not know with an error', async () => {
    const fault = await client.send('illegal_request').then(() => undefined, (error: Error) => error);
    expect(fault?.message).to.contain('not supported');
  });

  it('tells its capabilities', async () => {
    const { body } = await client.initializeRequest();
    expect(body?.supportsConfigurationDoneRequest).to.equal(true);
  });

  it('runs a program to its end', async () => {
    await Promise.all([client.configurationSequence(), client.launch({ program }), client.waitForEvent('terminated')]);
  });

  it('stops on entry', async () => {
    await Promise.all([client.configurationSequence(), client.launch({ program, stopOnEntry: true }), client.assertStoppedLocation('entry', { path: program, line: 1 })]);
  });

  it('stops on a breakpoint', () => client.hitBreakpoint({ program }, { path: program, line: 2 }));

  it('stops on a breakpoint in the first line', () => client.hitBreakpoint({ program }, { path: program, line: 1 }));

  it('tells what is printed', async () => {
    await Promise.all([client.configurationSequence(), client.launch({ program }), client.assertOutput('stdout', 'hello 1\n')]);
  });

  it('stops on exceptions, and steps', async () => {
    await Promise.all([
      client.waitForEvent('initialized').then(async () => {
        await client.setExceptionBreakpointsRequest({ filters: ['all'] });
        await client.configurationDoneRequest();
      }),
      client.launch({ program }),
      client.assertStoppedLocation('exception', { path: program, line: 4 }),
    ]);
    await Promise.all([client.nextRequest({ threadId: 1 }), client.waitForEvent('stopped')]);
    await Promise.all([client.continueRequest({ threadId: 1 }), client.waitForEvent('terminated')]);
  });
});
