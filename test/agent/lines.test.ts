/** The beginning of a line waits a moment in the agent for the rest of the line, and nothing of it is ever lost or late (T15). */
import { expect } from 'chai';
import { systemClock } from '../../server/src/base/clock.ts';
import { AgentConnection } from '../../server/src/runtime/agent/connection.ts';
import { Origin, Type, Writer } from '../../server/src/runtime/agent/frames.ts';
import { startPayload } from '../../server/src/runtime/agent/payloads.ts';
import { useAgents } from './begin.ts';

const systemFolders = ['--ro-bind', '/usr', '/usr', '--symlink', 'usr/bin', '/bin', '--symlink', 'usr/lib', '/lib', '--symlink', 'usr/lib64', '/lib64', '--dev', '/dev'];
const streams: Readonly<Record<number, string>> = { [Origin.stdout]: 'out', [Origin.stderr]: 'err', [Origin.pty]: 'pty' };

/** What an agent tells of one program: pieces of its output, and its end. */
class Story {
  readonly told: string[] = [];
  readonly channel: number;
  readonly #connection: AgentConnection;
  #changed: () => void = () => undefined;

  constructor(connection: AgentConnection, command: readonly string[], credit: number, change: { readonly pty?: { cols: number; rows: number } } = {}) {
    this.#connection = connection;
    const tell = (what: string) => {
      this.told.push(what);
      this.#changed();
    };
    this.channel = connection.open({
      frame: (type) => void (type === Type.exit && tell('exit')),
      output: (origin, bytes) => tell(`${streams[origin] ?? '?'} ${bytes.toString('latin1')}`),
      closed: () => tell('closed'),
    });
    const program = { command, cwd: '/', env: { PATH: '/usr/bin' }, stdin: 'open', pty: change.pty } as const;
    void connection.send(Type.start, this.channel, startPayload(program, credit, undefined));
  }

  credit(bytes: number): void {
    void this.#connection.send(Type.credit, this.channel, new Writer().u32(bytes).bytes);
  }

  input(text: string): void {
    void this.#connection.send(Type.data, this.channel, Buffer.from(text));
  }

  kill(): void {
    void this.#connection.send(Type.kill, this.channel);
  }

  all(stream: string): string {
    return this.told.filter((each) => each.startsWith(`${stream} `)).map((each) => each.slice(4)).join('');
  }

  /** Resolves when what was told so far is enough. */
  async until(enough: () => boolean): Promise<void> {
    while (!enough()) await new Promise<void>((resolve) => (this.#changed = resolve));
  }

  get ended(): boolean {
    return this.told.at(-1) === 'exit';
  }
}

describe('the beginning of a line', () => {
  const agents = useAgents();

  async function story(command: readonly string[], credit = 65_536, change = {}): Promise<Story> {
    const { socket } = agents.start(['--descriptor', '4'], { options: systemFolders });
    const connection = new AgentConnection(socket, systemClock);
    await connection.hello;
    return new Story(connection, command, credit, change);
  }

  it('comes together with the rest, where that is written at once', async () => {
    const told = await story(['python3', '-u', '-c', 'import os, time\nwhile os.read(0, 1):\n  time.sleep(0.005)\n  print("hi", "there")']);
    // Somebody else can have the processor between two of its writes: most lines are whole, and not each one.
    let whole = 0;
    for (let line = 1; line <= 20; line++) {
      const before = told.told.length;
      told.input('x');
      await told.until(() => told.all('out').length === line * 'hi there\n'.length);
      if (told.told.length === before + 1) whole++;
    }
    expect(whole).to.be.greaterThan(5);
  });

  it('comes while the program waits for input', async () => {
    const told = await story(['sh', '-c', 'printf "name: "; read name; printf "hello $name"']);
    await told.until(() => told.all('out') === 'name: ');
    told.input('you\n');
    await told.until(() => told.ended);
    expect(told.all('out')).to.equal('name: hello you');
  });

  it('comes before the end of the program, together with all that was written', async () => {
    const told = await story(['sh', '-c', 'printf a; printf b >&2']);
    await told.until(() => told.ended);
    expect([...told.told].sort()).to.deep.equal(['err b', 'exit', 'out a']);
  });

  it('comes before what is written to the other stream after it', async () => {
    const told = await story(['sh', '-c', 'printf a; sleep 0.0001; printf "b\\n" >&2; sleep 600']);
    await told.until(() => told.told.length === 2);
    expect(told.told).to.deep.equal(['out a', 'err b\n']);
  });

  it('is told before a program that ends its supervisor costs the sandbox', async () => {
    const told = await story(['python3', '-c', 'import os, signal\nos.write(1, b"last words")\nos.kill(os.getppid(), signal.SIGKILL)']);
    await told.until(() => told.told.includes('closed'));
    expect(told.told).to.deep.equal(['out last words', 'closed']);
  });

  it('does not wait on a terminal', async () => {
    const told = await story(['sh', '-c', 'printf "name: "; read name'], 65_536, { pty: { cols: 80, rows: 24 } });
    await told.until(() => told.all('pty') === 'name: ');
  });

  it('does not wait where no more may be told', async () => {
    const told = await story(['sh', '-c', 'printf abcdef; read x'], 4);
    await told.until(() => told.all('out') === 'abcd');
    told.credit(1);
    await told.until(() => told.all('out') === 'abcde');
    told.credit(100);
    await told.until(() => told.all('out') === 'abcdef');
    told.input('\n');
    await told.until(() => told.ended);
  });

  it('holds up no kill, and nothing is told after the end', async () => {
    for (let run = 0; run < 20; run++) {
      const told = await story(['sh', '-c', 'while :; do printf abc; printf def >&2; done']);
      await told.until(() => told.told.length > 0);
      told.kill();
      await told.until(() => told.told.includes('exit'));
      await told.until(() => told.ended);
    }
  });

  it('never keeps a program from its end, whatever it writes and however much may be told', async () => {
    const pieces = 3000;
    const source = `
import os, random
random.seed(7)
for at in range(${pieces}):
  size = random.choice([1, 2, 3, 40, 5000])
  os.write(random.choice([1, 1, 2]), (chr(97 + at % 26) * size + random.choice(['', '', '\\n'])).encode())
`;
    const whole = await story(['python3', '-c', source], 2 ** 31);
    await whole.until(() => whole.ended);
    const slow = await story(['python3', '-c', source], 1);
    for (let step = 1; !slow.ended; step++) {
      const before = slow.told.length;
      slow.credit([1, 3, 5000, 2, 70_000][step % 5] ?? 1);
      await slow.until(() => slow.told.length > before);
    }
    expect([slow.all('out') === whole.all('out'), slow.all('err') === whole.all('err')]).to.deep.equal([true, true]);
    expect(whole.all('out').length).to.be.greaterThan(pieces);
  });
});
