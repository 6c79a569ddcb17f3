/** What happens when a daemon ends while the editor runs, and when the editor ends while its daemons run. */
import { expect } from 'chai';
import { containers, folders, image, processes, until } from '../e2e/environment.ts';
import { dockerImage, need, npmPackage } from '../require.ts';
import type { Editor } from './editor.ts';
import { docker, inNeovim } from './neovims.ts';

/** Kills the only daemon, and waits until the person has been told. */
async function crash(editor: Editor): Promise<void> {
  await until('a daemon runs', () => editor.daemons().length === 1);
  const [daemon] = editor.daemons();
  const before = (await editor.messages()).length;
  process.kill(daemon as number, 'SIGKILL');
  await until('a message is shown', async () => (await editor.messages()).length > before);
}

const lastMessage = async (editor: Editor) => (await editor.messages()).at(-1);

inNeovim('a daemon that is killed', (editor) => {
  before(need('docker', dockerImage(image)));

  it('is reported in the output of the program that ran, and started again', async () => {
    await editor().buffer('print("up")\nwhile True: pass', { file: 'a.py' });
    await editor().command('SandboxRun');
    await editor().shows('up');
    await crash(editor());
    expect((await editor().ended()).text).to.match(/^up\n✗ the daemon ended by signal 9; its log is \/.*lsp\.log/);
    expect(await lastMessage(editor())).to.include('started again');
    await until('another daemon runs', () => editor().daemons().length === 1);
  });

  it('does not keep the next program from running', async () => {
    await editor().buffer('print("again")', { file: 'b.py' });
    await editor().command('SandboxRun');
    expect((await editor().ended()).text).to.match(/^again\n/);
  });

  it('is not started again after the fifth crash within three minutes', async () => {
    for (let times = 1; times < 5; times += 1) await crash(editor());
    expect(await lastMessage(editor())).to.match(/crashed 5 times within 3 minutes .*its log is \/.*lsp\.log/);
    expect(editor().daemons()).to.deep.equal([]);
  });

  it('is started when a command needs it, even after that', async () => {
    await editor().command('SandboxRun');
    expect((await editor().ended()).text).to.match(/^again\n/);
  });
}, docker);

inNeovim('crashes of a daemon', (editor) => {
  it('do not count for longer than three minutes', async () => {
    await editor().lua(`
      now = 0
      one = require('codebeaker.daemon').new(nil, function() return now end)
      one:when_ready(function() end)`);
    await until('it has started', async () => (await editor().lua('return one.state')) === 'ready');
    for (let times = 0; times < 4; times += 1) await crash(editor());
    await editor().lua('now = 3 * 60 * 1000');
    await crash(editor());
    expect(await lastMessage(editor())).to.include('started again');
    await until('a daemon runs', () => editor().daemons().length === 1);
  });
});

inNeovim('a daemon that ends while requests are pending', (editor) => {
  /** A daemon is held while a request is sent to it, and then killed. Whoever hears that asks again at once. */
  const askThroughDeath = async () => {
    await editor().lua(`
      one = one or require('codebeaker.daemon').new(nil)
      answers = {}
      one:when_ready(function() end)`);
    await until('it has started', async () => (await editor().lua('return one.state')) === 'ready');
    const [daemon] = editor().daemons() as [number];
    process.kill(daemon, 'SIGSTOP');
    await editor().lua(`
      for _ = 1, 3 do
        require('codebeaker.async').go(function()
          local fault = one:call('session/list', vim.empty_dict())
          local again, result = one:call('session/list', vim.empty_dict())
          table.insert(answers, { fault = fault and fault.data.kind, again = again and again.message, sessions = result and #result.sessions })
        end)
      end`);
    process.kill(daemon, 'SIGKILL');
    await until('all have answers', async () => (await editor().lua('return #answers')) === 3);
    return editor().lua('return answers');
  };

  it('is started again once, although whoever hears of its end asks at once', async () => {
    expect(await askThroughDeath()).to.deep.equal(Array.from({ length: 3 }, () => ({ fault: 'DaemonGone', sessions: 0 })));
    expect(editor().daemons()).to.have.length(1);
  });

  it('is started once for them, even if it has crashed too often', async () => {
    await editor().lua('one.add_crash = function() return true end');
    expect(await askThroughDeath()).to.deep.equal(Array.from({ length: 3 }, () => ({ fault: 'DaemonGone', sessions: 0 })));
    expect(editor().daemons()).to.have.length(1);
    expect(await lastMessage(editor())).to.include('crashed 5 times');
  });

  it('is started once, although whoever hears that it did not start asks at once', async () => {
    await editor().lua(`
      starts, faults = 0, {}
      local rpc, config = require('codebeaker.rpc'), require('codebeaker.config')
      local start, command = rpc.start, config.command
      rpc.start = function(...)
        starts = starts + 1
        return start(...)
      end
      config.command = function()
        return starts == 0 and { 'sh', '-c', 'exit 7' } or command()
      end
      other = require('codebeaker.daemon').new(nil)
      other:when_ready(function(first)
        other:when_ready(function(second)
          table.insert(faults, { first = first.message, second = second and second.message })
        end)
      end)`);
    await until('it is heard', async () => (await editor().lua('return #faults')) === 1);
    expect(await editor().lua('return { starts, faults[1].first:match("^[^;]*"), faults[1].second or "none" }')).to.deep.equal([2, 'the daemon ended with code 7', 'none']);
    expect(await editor().lua('return other.state')).to.equal('ready');
  });
});

inNeovim('a daemon that cannot be started', (editor) => {
  const commands = {
    'is missing': { command: ['no-such-program'], says: 'no-such-program cannot be started' },
    'ends at once': { command: ['sh', '-c', 'exit 7'], says: 'the daemon ended with code 7; its log is /' },
  };
  for (const [what, { command, says }] of Object.entries(commands)) {
    it(`because its program ${what} is reported in the output, and nowhere else`, async () => {
      await editor().setup({ command });
      await editor().buffer('print(1)', { file: 'a.py' });
      await editor().command('SandboxRun');
      expect((await editor().ended()).text.replaceAll('\n', '')).to.include(says);
      expect(await editor().messages()).to.deep.equal([]);
    });
  }
});

const ends: Record<string, (editor: Editor) => unknown> = {
  ':qa!': (editor) => Promise.race([editor.exited, editor.type('<C-\\><C-n>:qa!<CR>')]),
  'kill -9': (editor) => editor.process.kill('SIGKILL'),
};

for (const [name, end] of Object.entries(ends)) {
  inNeovim(`an editor that ends by ${name}`, (editor) => {
    before(need('docker', dockerImage(image)));
    before(need('deno', npmPackage('deno')));

    it('leaves no container, process or folder behind', async () => {
      await editor().buffer('sleep 98771 & setsid sleep 98772 & while :; do :; done', { file: 'busy.sh' });
      await editor().command('SandboxRun');
      await until('the program runs', () => processes('sleep 98772').length > 0);
      await editor().setup({ runtime: 'deno' });
      await editor().buffer('console.log("up"); for (;;);', { file: 'busy.ts' });
      await editor().command('SandboxRun');
      await editor().shows('up');
      await editor().setup();
      await editor().command('SandboxShell');
      await editor().shows(/[$#] *$/);
      const [daemon] = editor().daemons() as [number];
      expect(containers(daemon)).to.have.length(2);
      await end(editor());
      await editor().exited;
      const left = () => [...containers(daemon), ...processes('sleep 9877'), ...processes(`/codebeaker-${daemon}-`), ...folders(daemon), ...editor().daemons()];
      await until('nothing is left', () => left().length === 0).catch((fault: Error) => {
        throw new Error(`${fault.message}: ${left().join(' ')}`);
      });
      await until('the daemon is gone', () => !processes('codebeaker.js').includes(daemon));
    });
  }, docker);
}
