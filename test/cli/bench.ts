/** `codebeaker run` over a fake runtime and streams in memory. */
import { PassThrough } from 'node:stream';
import type { RunArguments } from '../../server/src/cli/arguments.ts';
import type { EndSignal } from '../../server/src/cli/interrupts.ts';
import type { Daemon } from '../../server/src/cli/daemon.ts';
import type { Surroundings } from '../../server/src/cli/surroundings.ts';
import { run } from '../../server/src/cli/run.ts';
import type { Terminal } from '../../server/src/cli/streams.ts';
import { packagesPolicy } from '../../server/src/policy/packages.ts';
import { defaultSizes } from '../../server/src/policy/sizes.ts';
import type { Ways } from '../../server/src/network/dial.ts';
import type { Config } from '../../server/src/protocol/index.ts';
import type { TextScanner } from '../../server/src/scan/scanner.ts';
import { type Line, recordingLog } from '../wire/server.ts';
import { FakeClock } from '../fakes/clock.ts';
import { fakeHouse } from '../fakes/house.ts';
import { type FakeOptions, FakeRuntime } from '../fakes/runtime.ts';

export interface RunOptions extends Partial<FakeOptions> {
  readonly config?: Config;
  readonly ways?: Ways;
  readonly isTTY?: boolean;
  /** Whether its stdout and its stderr are the same file. */
  readonly oneOutput?: boolean;
  readonly env?: Record<string, string>;
  /** Absent: nothing is scanned. */
  readonly scanner?: TextScanner;
}

export class RunBench {
  readonly clock = new FakeClock();
  readonly runtime: FakeRuntime;
  readonly daemon: Daemon;
  readonly surroundings: Surroundings;
  readonly terminal: Terminal & { readonly stdin: PassThrough };
  readonly lines: Line[] = [];
  readonly shown = { stdout: '', stderr: '' };
  /** Presses Ctrl-C, or sends another signal. */
  interrupt: (signal?: EndSignal) => void = () => undefined;
  listening = 0;
  /** How the keys of the terminal were switched, in order. */
  readonly raw: (boolean | 'unchanged')[] = [];
  closes = 0;

  constructor({ config = {}, ways, isTTY = false, oneOutput = false, env = {}, scanner, ...options }: RunOptions = {}) {
    const { clock } = this;
    const log = recordingLog(this.lines);
    this.runtime = new FakeRuntime({ clock, languages: ['python'], ...options });
    const runtimes = [this.runtime];
    const { open, openSole, catalog } = fakeHouse({ runtimes, config, secret: async (name) => `configured ${name}`, ...(ways && { ways }), ...(scanner && { scanner: async () => scanner }), clock, log });
    this.daemon = { open, openSole, runtimes, catalog, packages: packagesPolicy(config), sizes: defaultSizes, secrets: Object.keys(config.secrets ?? {}), scans: scanner !== undefined, log, watch: () => undefined, refused: () => undefined, unread: () => undefined, lowerLog: () => () => undefined, debuggers: async () => ({ report: async () => [] }), close: async () => void (this.closes += 1) };
    this.surroundings = { clock, version: '1', env, home: '/nowhere' } as unknown as Surroundings;
    this.terminal = {
      stdin: Object.assign(new PassThrough(), { isTTY, isRaw: false, setRawMode: (raw: boolean) => void this.raw.push(raw) }),
      stdout: this.#stream('stdout', isTTY),
      stderr: this.#stream('stderr', isTTY),
      oneOutput,
      showUnchanged: async () => void this.raw.push('unchanged'),
      onSignal: (callback) => {
        this.interrupt = (signal = 'SIGINT') => callback(signal);
        this.listening += 1;
        let stopped = false;
        return () => {
          if (!stopped) this.listening -= 1;
          stopped = true;
        };
      },
    };
  }

  run(file: string, args: Partial<RunArguments> = {}): Promise<number> {
    const all: RunArguments = { command: 'run', file, args: [], runtime: undefined, language: undefined, env: {}, secrets: {}, folder: undefined, with: [], save: undefined, publish: [], package: [], packages: undefined, reach: { network: { mode: 'none' }, ask: false }, tty: undefined, limits: {}, log: {}, json: false, config: undefined, ...args };
    return run(this.daemon, this.surroundings, all, this.terminal);
  }

  #stream(name: 'stdout' | 'stderr', isTTY: boolean): NodeJS.WriteStream {
    const stream = Object.assign(new PassThrough(), { isTTY, columns: 80 });
    stream.on('data', (chunk: Buffer) => void (this.shown[name] += chunk.toString()));
    return stream as unknown as NodeJS.WriteStream;
  }
}
