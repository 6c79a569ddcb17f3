/** Parsing the command line. */
import { expect } from 'chai';
import { parseArguments, usage, UsageError } from '../../server/src/cli/arguments.ts';

const run = { command: 'run', file: 'a.py', args: [], runtime: undefined, language: undefined, timeoutMs: undefined, memoryBytes: undefined, json: false, config: undefined };
const serve = { command: 'serve', transport: { kind: 'stdio' }, clientProcessId: undefined, config: undefined };

/** A command line is split at spaces. */
const taken: Record<string, object> = {
  '': serve,
  '--stdio': serve,
  '--pipe=/tmp/s': { ...serve, transport: { kind: 'pipe', path: '/tmp/s' } },
  '--pipe /tmp/s': { ...serve, transport: { kind: 'pipe', path: '/tmp/s' } },
  '--socket=65535': { ...serve, transport: { kind: 'socket', port: 65535 } },
  '--clientProcessId=42 --stdio': { ...serve, clientProcessId: 42 },
  '--config c.json': { ...serve, config: 'c.json' },
  '--sweep=id': { command: 'sweep', daemonId: 'id', config: undefined },
  '--sweep=id --config c.json': { command: 'sweep', daemonId: 'id', config: 'c.json' },
  '--help': { command: 'help' },
  '-h': { command: 'help' },
  'run --help': { command: 'help' },
  '--version': { command: 'version' },
  '-v': { command: 'version' },
  'doctor': { command: 'doctor', json: false, config: undefined },
  'doctor --json --config=c': { command: 'doctor', json: true, config: 'c' },
  'run a.py': run,
  'run a.py --': run,
  'run a.py -- -x -- --json': { ...run, args: ['-x', '--', '--json'] },
  'run --json a.py': { ...run, json: true },
  'run a.py --runtime docker --language ruby': { ...run, runtime: 'docker', language: 'ruby' },
  'run a.py --config c': { ...run, config: 'c' },
  'run ./-x.py': { ...run, file: './-x.py' },
};

const refused: Record<string, string> = {
  'help': 'there is no command help',
  'serve': 'there is no command serve',
  'sweep': 'there is no command sweep',
  'constructor': 'there is no command constructor',
  'run': 'run needs the name of a file',
  'run -- a.py': 'run needs the name of a file',
  'run a.py b c': 'arguments for the program must come after --: codebeaker run a.py -- b c',
  'doctor now': 'there are unexpected arguments: now',
  'doctor -- now': 'there are unexpected arguments: now',
  '-- now': 'there are unexpected arguments: now',
  '--nonsense': "Unknown option '--nonsense'",
  'run a.py --nonsense': "Unknown option '--nonsense'",
  'run a.py -x': "Unknown option '-x'",
  '--json': '--json is an option of codebeaker run',
  '--timeout 5s': '--timeout is an option of codebeaker run',
  'doctor --timeout 5s': '--timeout is an option of codebeaker run',
  'run a.py --pipe=x': '--pipe is an option of codebeaker without a command',
  'run a.py --sweep=x': '--sweep is an option of codebeaker sweep',
  '--stdio --socket=1': 'only one of --stdio, --pipe and --socket can be given',
  '--pipe=x --socket=1': 'only one of --stdio, --pipe and --socket can be given',
  '--pipe=': '--pipe needs a path',
  '--pipe': "Option '--pipe <value>' argument missing",
  '--socket=0': '--socket needs a number from 1 to 65535',
  '--socket=65536': '--socket needs a number from 1 to 65535',
  '--socket=http': '--socket needs a number from 1 to 65535',
  '--socket=': '--socket needs a number from 1 to 65535',
  '--clientProcessId=0': '--clientProcessId needs a number from 1 to',
  '--clientProcessId=-1': '--clientProcessId needs a number from 1 to',
  '--clientProcessId=1e3': '--clientProcessId needs a number from 1 to',
  'run a.py --language cobol': '--language must be one of python, javascript',
  'run a.py --json=yes': "Option '--json' does not take an argument",
};

const times: Record<string, number | undefined> = {
  '0': 0, '10': 10_000, '500ms': 500, '10s': 10_000, '2m': 120_000, '1h': 3_600_000, '1.5s': 1500, '0.4ms': 1, '2M': 120_000,
  '': undefined, 's': undefined, '5d': undefined, '5mb': undefined, '-5': undefined, '1e3': undefined, '5 s': undefined, '.5s': undefined, ['9'.repeat(40)]: undefined,
};

const KiB = 1024;
const sizes: Record<string, number | undefined> = {
  '1': 1, '512b': 512, '256k': 256 * KiB, '256kb': 256 * KiB, '256KiB': 256 * KiB, '256m': 256 * KiB ** 2, '256MB': 256 * KiB ** 2, '2g': 2 * KiB ** 3, '1.5G': 1.5 * KiB ** 3,
  '0': undefined, '0m': undefined, '': undefined, 'm': undefined, '5t': undefined, '5ms': undefined, '5i': undefined, '-1m': undefined, '9999999999g': undefined,
};

describe('the command line', () => {
  const words = (line: string) => line.split(' ').filter(Boolean);

  for (const [line, result] of Object.entries(taken)) {
    it(`codebeaker ${line}`, () => expect(parseArguments(words(line))).to.deep.equal(result));
  }
  for (const [line, message] of Object.entries(refused)) {
    it(`codebeaker ${line}: ${message}`, () => expect(() => parseArguments(words(line))).to.throw(UsageError, message));
  }
  it('needs a file with a name', () => expect(() => parseArguments(['run', ''])).to.throw(UsageError, 'run needs the name of a file'));

  const quantity = (option: string, text: string, value: number | undefined, key: string, help: string) =>
    it(`${option} ${text || "''"} is ${value ?? 'refused'}`, () => {
      const parse = () => parseArguments(['run', 'a.py', `${option}=${text}`]);
      if (value === undefined) expect(parse).to.throw(UsageError, help);
      else expect(parse()).to.have.property(key, value);
    });
  for (const [text, value] of Object.entries(times)) quantity('--timeout', text, value, 'timeoutMs', '--timeout needs a time such as 500ms');
  for (const [text, value] of Object.entries(sizes)) quantity('--memory', text, value, 'memoryBytes', '--memory needs a size such as 256m');

  it('has a help text of at most 120 columns, with every option', () => {
    for (const line of usage.split('\n')) expect(line.length, line).to.be.at.most(120);
    for (const option of ['stdio', 'pipe', 'socket', 'clientProcessId', 'runtime', 'language', 'timeout', 'memory', 'json', 'config', 'help', 'version']) {
      expect(usage).to.contain(`--${option}`);
    }
  });
});
