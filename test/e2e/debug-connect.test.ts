/** `codebeaker dap --connect`: a program is debugged by a daemon that runs already, with the real command, daemon and debugger. */
import { expect } from 'chai';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { DapCommand } from '../debug/dap-client.ts';
import { bundles, need, program } from '../require.ts';
import { sourceFile } from './command-line.ts';
import { Steps } from './debugging.ts';
import { until } from './environment.ts';
import { remoteDaemons, tokenFile } from './remote-daemon.ts';

describe('codebeaker dap --connect', function () {
  before(need('the build', bundles));
  before(need('bubblewrap', program('bwrap')));
  const start = remoteDaemons();

  const main = sourceFile('main.py', 'from beside import price\ntotal = price * 2\nprint("total", total)\n');
  writeFileSync(join(dirname(main), 'beside.py'), 'price = 21\n');
  const launch = { program: main, runtime: 'native' };

  it('debugs in a sandbox of that daemon, with the files of this machine, and leaves the daemon as it was', async () => {
    const daemon = await start();
    const command = new DapCommand(['--connect', `ws://${daemon.at}`, '--token-file', daemon.tokenPath]);
    const steps = new Steps(command.client);
    const { go } = await steps.begin(launch);
    await command.client.ask('setBreakpoints', { source: { path: main }, breakpoints: [{ line: 3 }] });
    const { threadId } = await steps.stop(go);
    const { id, source } = await steps.top(threadId);
    expect(source.path).to.equal(main);
    expect((await steps.variable(id, 'total')).value).to.equal('42');
    const other = daemon.client();
    await other.call('initialize', { processId: null, capabilities: {} });
    expect(await steps.finish(() => command.client.ask('continue', { threadId }))).to.equal(0);
    expect(steps.output('stdout')).to.equal('total 42\n');
    expect(await command.exited).to.equal(0);
    expect(command.stderr).to.equal('');
    expect(await other.end()).to.equal(1000);
    expect(await daemon.stop()).to.equal(0);
  });

  it('takes the files of the project into account where the daemon is on the same machine', async () => {
    const daemon = await start({ unix: true, args: ['--share', dirname(main)] });
    const project = join(dirname(main), 'project');
    mkdirSync(project, { recursive: true });
    writeFileSync(join(project, '.codebeaker.json'), '{"maxLimits": {"pids": 100}}');
    writeFileSync(join(project, 'main.py'), '');
    const command = new DapCommand(['--connect', `unix:${daemon.at}`, '--same-machine']);
    await command.client.ask('initialize');
    const { success, message } = await command.client.response('launch', { program: join(project, 'main.py'), limits: { pids: 200 } });
    expect([success, message]).to.deep.equal([false, 'launch: limits.pids may be at most 100 here; maxLimits.pids in .codebeaker.json allows no more']);
    await command.client.ask('disconnect');
    expect(await command.exited).to.equal(0);
  });

  it('says to the editor why there is no daemon', async () => {
    const daemon = await start();
    const wrong = tokenFile();
    const cases: readonly (readonly [readonly string[], RegExp])[] = [
      [['--connect', 'unix:/nowhere/daemon.sock'], /^the daemon at unix:\/nowhere\/daemon\.sock cannot be reached: there is no such socket: start codebeaker serve --listen$/],
      [['--connect', `ws://${daemon.at}`, '--token-file', wrong.path], /wants a token, and not this one/],
      [['--connect', `ws://${daemon.at}`], /wants a token: .*--token-file FILE, or in CODEBEAKER_TOKEN/],
      [['--connect', 'ftp://x'], /ftp/],
    ];
    for (const [args, words] of cases) {
      const command = new DapCommand(args);
      await command.client.ask('initialize');
      const { success, message } = await command.client.response('launch', launch);
      expect(success).to.equal(false);
      expect(message).to.match(words);
      await command.client.ask('disconnect');
      expect(await command.exited).to.equal(0);
    }
  });

  it('says that the daemon has gone while the program stood at a breakpoint', async () => {
    const daemon = await start();
    const command = new DapCommand(['--connect', `ws://${daemon.at}`, '--token-file', daemon.tokenPath]);
    const steps = new Steps(command.client);
    const { go } = await steps.begin(launch);
    await command.client.ask('setBreakpoints', { source: { path: main }, breakpoints: [{ line: 2 }] });
    const { threadId } = await steps.stop(go);
    daemon.process.kill('SIGKILL');
    await until('it is told', () => steps.output('important').includes('has ended the connection'));
    await until('its end', () => command.client.events('terminated').length > 0);
    const { success, message } = await command.client.response('continue', { threadId });
    expect([success, message]).to.deep.equal([false, 'the program has ended']);
    await command.client.ask('disconnect');
    expect(await command.exited).to.equal(0);
    expect(command.client.events('terminated')).to.have.length(1);
  });
});
