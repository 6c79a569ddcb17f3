/** A Node that is started before its program is known, in the bridge from the Debug Adapter Protocol to Node. */
import { expect } from 'chai';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { bundles, need } from '../../require.ts';
import { BridgeClient } from './bridge-client.ts';
import { bridgeFile, debug, type DebugSession, newerNode, type Options } from './session.ts';

/** What a program sees of how it was started. */
const seen = `[process.argv.slice(1), process.execArgv, process.cwd(), process.env.A, Object.keys(process.env).filter((name) => name.startsWith('CODEBEAKER'))]`;
const program = `const { seen } = require('./seen.js');
function work() {
  return seen(require.main === module, __filename); // here
}
console.log(JSON.stringify(work()));
process.exitCode = 3;
`;
const module = `import { seen } from './seen.js';
console.log(JSON.stringify(seen(import.meta.url))); // here
process.exitCode = 3;
`;
const files = {
  'main.js': program,
  'main.mjs': module,
  'seen.js': `exports.seen = (...more) => [...${seen}, ...more];\n`,
  'hook.cjs': `process.env.A = 'hook';\n`,
};

async function printed(session: DebugSession): Promise<string> {
  expect((await session.stopped()).text).to.match(/here$/);
  expect(await session.finish()).to.equal(3);
  return session.client.events.filter(({ event, body }) => event === 'output' && body.category === 'stdout').map(({ body }) => body.output).join('').replaceAll(session.folder, '');
}

/** What a program prints that was started when it was known, and one that was not. */
async function both(options: Options, ahead: object): Promise<[string, string]> {
  const texts: string[] = [];
  for (const each of [options, { ...options, ahead }]) await debug(files, each, async (session) => void texts.push(await printed(session)));
  return texts as [string, string];
}

describe('a Node that is started before its program', () => {
  before(need('the build', bundles));

  const nodes = { 'the Node of the tests': { path: process.execPath, probe: () => undefined }, 'a newer Node': newerNode };
  for (const [name, { path: node, probe }] of Object.entries(nodes)) {
    describe(name, () => {
      before(need(name, probe));

      for (const main of ['main.js', 'main.mjs']) {
        it(`runs ${main} as one that was started for it`, async () => {
          const [plain, ahead] = await both({ main, node, launch: { args: ['x', '-y'] }, breakpoints: { [main]: ['// here'] } }, {});
          expect(ahead).to.equal(plain);
          expect(plain).to.contain(`/${main}`);
        });
      }

      it('is not used for a program with other options or variables', async () => {
        for (const launch of [{ runtimeArgs: ['--no-warnings'] }, { env: { A: 'b' } }, { runtimeExecutable: node }]) {
          const [plain, ahead] = await both({ node, launch, breakpoints: { 'main.js': ['// here'] } }, {});
          expect(ahead).to.equal(plain);
        }
      });

      it('has the options and variables for which it was started', async () => {
        const launch = { runtimeArgs: ['--no-warnings', '--stack-trace-limit=3'], runtimeExecutable: node, env: { A: 'b' } };
        const [plain, ahead] = await both({ node, launch, breakpoints: { 'main.js': ['// here'] } }, launch);
        expect(ahead).to.equal(plain);
        expect(plain).to.contain('--no-warnings');
      });
    });
  }

  it('gives way to another one if it cannot be started', async () => {
    const [plain, ahead] = await both({ breakpoints: { 'main.js': ['// here'] } }, { runtimeArgs: ['--no-such-option'] });
    expect(ahead).to.equal(plain);
  });

  it('is another one when the program is run again', () => debug(files, { ahead: {}, breakpoints: { 'main.js': ['// here'] } }, async (session) => {
    const waited = async () => (await session.evaluate("require('fs').readFileSync('/proc/self/cmdline', 'utf8').includes('codebeaker-program')", await session.stopped())).result;
    expect(await waited()).to.equal('true');
    await session.client.get('restart', {});
    expect(await waited()).to.equal('false');
    expect(await session.finish()).to.equal(3);
  }));

  it('ends with its bridge, if there never was a program', async () => {
    const client = new BridgeClient([process.execPath, bridgeFile, '{}']);
    await client.get('initialize', { adapterID: 'test' });
    const { pid } = client.process;
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ');
    expect(children).to.have.length(1);
    client.process.kill('SIGKILL');
    await once(client.process, 'close');
    while (existsSync(`/proc/${children[0]}`)) await new Promise((resolve) => setTimeout(resolve, 5));
  });
});
