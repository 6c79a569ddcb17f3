/** Programs that start processes, and how those end with the program. The tests look at the host's process list. */
import { expect } from 'chai';
import { dockerImage, need } from '../require.ts';
import { daemonEnvironment, image, processes, until } from './environment.ts';
import { RawClient } from './raw-client.ts';

describe('a tree of processes', () => {
  before(need('docker', dockerImage(image)));

  let client: RawClient;
  let sessionId: string;

  before(async () => {
    client = new RawClient({ env: daemonEnvironment() });
    await client.initialize();
    ({ sessionId } = await client.request('session/create', { language: 'python', runtime: 'docker' }));
  });
  after(() => client.end());

  const trees: Record<string, string> = {
    'two sleeps': 'sleep 87651 & sleep 87652',
    'one that ignores TERM': 'trap "" TERM INT HUP; sleep 87651 & sleep 87652; sleep 87653',
    'one in a session of its own': 'setsid sleep 87651 & sleep 87652',
    'a double fork': '(setsid sh -c "sleep 87651 & sleep 87653" &) ; sleep 87652',
    'one that hides its environment': '(env -i setsid sleep 87651 &) ; sleep 87652',
    'one that hides everything and forks on': '(env -i setsid sh -c "while :; do sleep 87651 & sleep 0.05; done" &) ; sleep 87652',
  };

  for (const [name, command] of Object.entries(trees)) {
    it(`is gone after its command was cancelled (F-C1, F-C2): ${name}`, async () => {
      const running = client.call('command/executeShell', { sessionId, command });
      await until('the tree runs', () => processes('sleep 87651').length > 0 && processes('sleep 87652').length > 0);
      client.notify('$/cancelRequest', { id: running.id });
      const { result } = await running;
      expect(result).to.include({ outcome: 'cancelled', exitCode: null });
      await until('the tree is gone', () => processes('sleep 8765').length === 0);
    });

    it(`is gone after its command timed out (F-C1, F-C2): ${name}`, async () => {
      const { outcome } = await client.request('command/executeShell', { sessionId, command, timeoutMs: 400 });
      expect(outcome).to.equal('timedOut');
      await until('the tree is gone', () => processes('sleep 8765').length === 0);
    });
  }

  it('is gone with its session', async () => {
    const other = await client.request('session/create', { language: 'python', runtime: 'docker' });
    const running = client.call('command/executeShell', { sessionId: other.sessionId, command: trees['a double fork'] });
    await until('the tree runs', () => processes('sleep 87652').length > 0);
    await client.request('session/close', { sessionId: other.sessionId });
    expect((await running).result).to.include({ outcome: 'cancelled' });
    await until('the tree is gone', () => processes('sleep 8765').length === 0);
  });

  it('does not delay a result when a grandchild holds the output open (F-C2)', async () => {
    const result = await client.request('command/executeShell', { sessionId, command: 'echo first; sleep 87654 & setsid sleep 87655 & exit 3', timeoutMs: 15_000 });
    expect(result).to.include({ outcome: 'exited', exitCode: 3, stdout: 'first\n' });
    await until('both of them run', () => processes('sleep 8765').length === 2);
    const next = await client.request('command/executeShell', { sessionId, command: 'echo second' });
    expect(next).to.include({ outcome: 'exited', stdout: 'second\n' });
    await client.request('command/executeShell', { sessionId, command: 'pkill sleep || kill $(grep -l sleep /proc/[0-9]*/comm | tr -dc "0-9\\n")' });
    await until('they are gone', () => processes('sleep 8765').length === 0);
  });

  it('ends with an outcome that tells a signal, an exit code, and a cancelled command that had ended by itself apart', async () => {
    const outcome = async (command: string) => {
      const { outcome, exitCode, signal } = await client.request('command/executeShell', { sessionId, command });
      return { outcome, exitCode, signal };
    };
    expect(await outcome('exit 137')).to.deep.equal({ outcome: 'exited', exitCode: 137, signal: null });
    expect(await outcome('kill -KILL $$')).to.deep.equal({ outcome: 'signaled', exitCode: null, signal: 'SIGKILL' });
    expect(await outcome('kill -SEGV $$')).to.deep.equal({ outcome: 'signaled', exitCode: null, signal: 'SIGSEGV' });
    expect(await outcome('kill -INT $$')).to.deep.equal({ outcome: 'signaled', exitCode: null, signal: 'SIGINT' });
    const ended = client.call('command/executeShell', { sessionId, command: 'exit 4' });
    const { result } = await ended;
    client.notify('$/cancelRequest', { id: ended.id });
    expect(result).to.include({ outcome: 'exited', exitCode: 4 });
  });

  it('that is a fork bomb is held to its limit and killed, and the session goes on (F-F9)', async () => {
    const other = await client.request('session/create', { language: 'python', runtime: 'docker', limits: { pids: 64 } });
    // A shell that can't fork ends, and its bomb with it. This one goes on.
    const program = '# sleep 87652\nimport os\nwhile True:\n  try: os.fork()\n  except OSError: pass';
    const bomb = `python3 -c '${program}' & exec sleep 87652`;
    const running = client.call('command/executeShell', { sessionId: other.sessionId, command: bomb });
    await until('the fork bomb runs', () => processes('sleep 87652').length > 8);
    client.notify('$/cancelRequest', { id: running.id });
    expect((await running).result).to.include({ outcome: 'cancelled' });
    const alive = await client.request('command/executeShell', { sessionId: other.sessionId, command: 'echo alive' });
    expect(alive).to.include({ stdout: 'alive\n' });
    await client.request('session/close', { sessionId: other.sessionId });
  });

  it('receives signals as a whole, and is resized with its terminal', async () => {
    const command = 'trap "echo got; exit 5" USR1; echo ready; while :; do sleep 0.05; done';
    const running = client.request('command/executeShell', { sessionId, command, commandId: 'signals' });
    const text = () => client.notifications.filter(({ params }) => params?.commandId === 'signals').map(({ params }) => params.data).join('');
    await until('it is ready', () => text().includes('ready'));
    await client.request('command/signal', { commandId: 'signals', signal: 'SIGUSR1' });
    expect(await running).to.include({ outcome: 'exited', exitCode: 5 });
    expect(text()).to.contain('got');

    const size = 'stty size; while [ "$(stty size)" = "24 80" ]; do read go; done; stty size; read line; echo "line: $line"';
    const terminal = client.request('command/executeShell', { sessionId, command: size, pty: { cols: 80, rows: 24 }, commandId: 'terminal' });
    const shown = () => client.notifications.filter(({ params }) => params?.commandId === 'terminal').map(({ params }) => params.data).join('');
    await until('it has its size', () => shown().includes('24 80'));
    client.notify('command/resize', { commandId: 'terminal', cols: 100, rows: 30 });
    // Resizing and typing reach the sandbox on different ways. Only the output shows when the new size has arrived.
    await until('it has its new size', async () => {
      client.notify('command/input', { commandId: 'terminal', data: '\r' });
      await new Promise((resolve) => setTimeout(resolve, 50));
      return shown().includes('30 100');
    });
    client.notify('command/input', { commandId: 'terminal', data: 'typed\r' });
    expect(await terminal).to.include({ outcome: 'exited', exitCode: 0 });
    expect(shown()).to.match(/line: /);
    expect(client.notifications.find(({ params }) => params?.commandId === 'terminal')?.params.stream).to.equal('pty');
  });
});
