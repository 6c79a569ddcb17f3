/** Parsing the command line (L6, L18, L19, V9). */
import { expect } from 'chai';
import { parseArguments } from '../../server/src/cli/arguments.ts';
import { help } from '../../server/src/cli/help.ts';
import { UsageError } from '../../server/src/cli/quantities.ts';
import { commonOptions, optionsOf } from '../../server/src/cli/table.ts';

const run = {
  command: 'run', file: 'a.py', args: [], runtime: undefined, language: undefined, env: {}, secrets: {}, folder: undefined, with: [], save: undefined, publish: [], package: [], packages: undefined, tty: undefined,
  limits: {}, log: {}, json: false, config: undefined, reach: { network: { mode: 'none' }, ask: false },
};
const listen = { command: 'listen', at: { kind: 'tcp', host: '127.0.0.1', port: 0 }, tokenFile: undefined, tls: undefined, share: [], origins: [], hosts: [], maxConnections: 64, networkModes: [], log: {}, record: undefined, config: undefined };
const serve = { command: 'serve', transport: { kind: 'stdio' }, clientProcessId: undefined, networkModes: [], log: {}, record: undefined, config: undefined };

/** A command line is split at spaces. */
const taken: Record<string, object> = {
  '': serve,
  '--stdio': serve,
  'serve': serve,
  'serve --listen 127.0.0.1:0 --token-file=t': { ...listen, tokenFile: 't' },
  '--listen [::1]:7070 --token-file=t --allow-origin https://a.example/ --allow-host a.example --allow-host b --max-connections 2 --network full': { ...listen, at: { kind: 'tcp', host: '::1', port: 7070 }, tokenFile: 't', origins: ['https://a.example'], hosts: ['a.example', 'b'], maxConnections: 2, networkModes: ['allowlist', 'full'] },
  '--listen a:1 --token-file=t --tls-cert c --tls-key k --share /a --share b': { ...listen, at: { kind: 'tcp', host: 'a', port: 1 }, tokenFile: 't', tls: { cert: 'c', key: 'k' }, share: ['/a', 'b'] },
  'connect wss://box': { command: 'connect', url: 'wss://box', tokenFile: undefined, ca: undefined, sameMachine: false },
  'connect --token-file=t --ca c --same-machine -- unix:x': { command: 'connect', url: 'unix:x', tokenFile: 't', ca: 'c', sameMachine: true },
  '--listen unix:a/b --record r.jsonl': { ...listen, at: { kind: 'unix', path: 'a/b' }, record: 'r.jsonl' },
  'serve --listen unix:a/b': { ...listen, at: { kind: 'unix', path: 'a/b' } },
  '--pipe=/tmp/s': { ...serve, transport: { kind: 'pipe', path: '/tmp/s' } },
  '--pipe /tmp/s': { ...serve, transport: { kind: 'pipe', path: '/tmp/s' } },
  '--socket=65535': { ...serve, transport: { kind: 'socket', port: 65535 } },
  '--clientProcessId=42 --stdio': { ...serve, clientProcessId: 42 },
  '--stdio --network ask': { ...serve, networkModes: ['allowlist'] },
  '--network=full': { ...serve, networkModes: ['allowlist', 'full'] },
  '--log-level debug --log-file /tmp/l --log-format json': { ...serve, log: { level: 'debug', file: '/tmp/l', format: 'json' } },
  '--stdio --record r.jsonl': { ...serve, record: 'r.jsonl' },
  'run --log-level info a.py': { ...run, log: { level: 'info' } },
  'trace r.jsonl': { command: 'trace', file: 'r.jsonl', method: undefined, session: undefined, json: false },
  'trace r.jsonl --method command/* --session s --json': { command: 'trace', file: 'r.jsonl', method: 'command/*', session: 's', json: true },
  '--config c.json': { ...serve, config: 'c.json' },
  '--sweep=id': { command: 'bury', daemonId: 'id', config: undefined },
  'sweep': { command: 'sweep', dryRun: false, json: false, config: undefined },
  'sweep --dry-run --json --config c.json': { command: 'sweep', dryRun: true, json: true, config: 'c.json' },
  '--sweep=id --config c.json': { command: 'bury', daemonId: 'id', config: 'c.json' },
  '--help': { command: 'help', topic: undefined },
  '-h': { command: 'help', topic: undefined },
  'run --help': { command: 'help', topic: 'run' },
  'doctor -h': { command: 'help', topic: 'doctor' },
  '--version': { command: 'version' },
  '-v': { command: 'version' },
  'completion zsh': { command: 'completion', shell: 'zsh' },
  'man': { command: 'man' },
  'dap': { command: 'dap', terminal: undefined, elsewhere: undefined, language: undefined, networkModes: [], log: {}, config: undefined },
  'dap -l go --network=full': { command: 'dap', terminal: undefined, elsewhere: undefined, language: 'go', networkModes: ['allowlist', 'full'], log: {}, config: undefined },
  'dap --connect ssh://me@box?port=7070 --token-file=t --ca c': { command: 'dap', terminal: undefined, elsewhere: { url: 'ssh://me@box?port=7070', tokenFile: 't', ca: 'c', sameMachine: false }, language: undefined, networkModes: [], log: {}, config: undefined },
  'dap --connect unix:x --same-machine -l go': { command: 'dap', terminal: undefined, elsewhere: { url: 'unix:x', tokenFile: undefined, ca: undefined, sameMachine: true }, language: 'go', networkModes: [], log: {}, config: undefined },
  'dap --terminal /tmp/s': { command: 'dap', terminal: '/tmp/s', elsewhere: undefined, language: undefined, networkModes: [], log: {}, config: undefined },
  'doctor': { command: 'doctor', json: false, config: undefined },
  'doctor --json --config=c': { command: 'doctor', json: true, config: 'c' },
  'run --allow example.com:443 --allow *.b.example a.py': { ...run, reach: { network: { mode: 'allowlist', hosts: ['example.com:443', '*.b.example'] }, ask: undefined } },
  'run --network full a.py': { ...run, reach: { network: { mode: 'full' }, ask: false } },
  'run --network full --allow 10.0.0.0/8 a.py': { ...run, reach: { network: { mode: 'full', hosts: ['10.0.0.0/8'] }, ask: false } },
  'run --network ask a.py': { ...run, reach: { network: { mode: 'allowlist', hosts: [] }, ask: true } },
  'run --network none a.py': run,
  'run a.py': run,
  'run -p requests==2 --package yaml --packages=ask a.py': { ...run, package: ['requests==2', 'yaml'], packages: 'ask' },
  'run --package-limit 2g a.py': { ...run, limits: { packageBytes: 2 * 2 ** 30 } },
  'audit verify --json': { command: 'audit', action: 'verify', since: undefined, session: undefined, kind: undefined, json: true, config: undefined },
  'audit show --since 2h --session abc --kind network': { command: 'audit', action: 'show', since: '2h', session: 'abc', kind: 'network', json: false, config: undefined },
  'scan a.py b.js': { command: 'scan', files: ['a.py', 'b.js'], language: undefined, severity: 'warning', json: false, config: undefined },
  'scan --severity error --language python --json a': { command: 'scan', files: ['a'], language: 'python', severity: 'error', json: true, config: undefined },
  'cache ls': { command: 'cache', action: 'ls', names: [], json: false, config: undefined },
  'cache rm abc def --json': { command: 'cache', action: 'rm', names: ['abc', 'def'], json: true, config: undefined },
  'usage': { command: 'usage', file: undefined, language: undefined, runtime: undefined, since: 30, json: false, config: undefined },
  'usage --since 7 --json --config c': { command: 'usage', file: undefined, language: undefined, runtime: undefined, since: 7, json: true, config: 'c' },
  'usage estimate --runtime native -l ruby a.py': { command: 'usage', file: 'a.py', language: 'ruby', runtime: 'native', since: 30, json: false, config: undefined },
  'config schema': { command: 'config', action: 'schema', files: [], folder: '.', json: false, config: undefined },
  'config check a.json b.json --json': { command: 'config', action: 'check', files: ['a.json', 'b.json'], folder: '.', json: true, config: undefined },
  'config show --folder p --config c': { command: 'config', action: 'show', files: [], folder: 'p', json: false, config: 'c' },
  'run a.py -v': { ...run, args: ['-v'] },
  'run a.py --help --json b': { ...run, args: ['--help', '--json', 'b'] },
  'run a.py b -- c': { ...run, args: ['b', '--', 'c'] },
  'run a.py --': run,
  'run a.py -- -x -- --json': { ...run, args: ['-x', '--', '--json'] },
  'run --json a.py': { ...run, json: true },
  '--config c run a.py': { ...run, config: 'c' },
  'run --runtime docker --language ruby a.py --runtime x': { ...run, runtime: 'docker', language: 'ruby', args: ['--runtime', 'x'] },
  'run -l go --config c a.py': { ...run, language: 'go', config: 'c' },
  'run ./-x.py': { ...run, file: './-x.py' },
  'run -- -x.py -y': { ...run, file: '-x.py', args: ['-y'] },
  'run --json -- -x.py -- -y': { ...run, json: true, file: '-x.py', args: ['-y'] },
  'run - a': { ...run, file: '-', args: ['a'] },
  'run --secret A --secret B=@/f/b a.py': { ...run, secrets: { A: undefined, B: '/f/b' } },
  'run -e A=1 -eB=2=3 --env C --env=D= a.py': { ...run, env: { A: '1', B: '2=3', C: undefined, D: '' } },
  'run -t a.py': { ...run, tty: true },
  'run --no-tty a.py': { ...run, tty: false },
  'run --no-folder a.py': { ...run, folder: null },
  'run --folder .. --with x --with y a.py': { ...run, folder: '..', with: ['x', 'y'] },
  'run --save out/*.csv --save ./*.png a.py': { ...run, save: { patterns: ['out/*.csv', '*.png'], to: undefined, replace: false } },
  'run --save * --save-to .. --replace a.py': { ...run, save: { patterns: ['*'], to: '..', replace: true } },
  'run --publish 8000 --publish 8080:80 a.py': { ...run, publish: [{ port: 8000, hostPort: undefined }, { port: 80, hostPort: 8080 }] },
  'run --cpus 0.5 --pids 8 --disk 1m --output-limit 1k --memory 16m --timeout 1s a.py':
    { ...run, limits: { cpus: 0.5, pids: 8, diskBytes: 2 ** 20, outputBytes: 1024, memoryBytes: 2 ** 24, timeoutMs: 1000 } },
};

const refused: Record<string, string> = {
  'run --publish 1:2:3 a.py': '--publish needs PORT or PORT-HERE:PORT, such as 8000 or 8080:8000; 1:2:3 is not',
  'run --publish 0 a.py': '--publish needs a whole number from 1 to 65535',
  'run --publish 80: a.py': '--publish needs a whole number from 1 to 65535',
  'run --publish 80 --publish 8080:80 a.py': '--publish names port 80 twice',
  'help': 'there is no command help',
  'src/a.py -v': 'there is no command src/a.py: to run a file, type codebeaker run src/a.py',
  'bury': 'there is no command bury',
  'sweep now': 'there are unexpected arguments: now',
  'doctor --dry-run': '--dry-run is an option of codebeaker sweep',
  'constructor': 'there is no command constructor',
  'run': 'run needs the name of a file',
  'run --json --': 'run needs the name of a file',
  'audit': 'audit needs to know what to do: one of verify, show',
  'audit show it': 'there are unexpected arguments: it',
  'audit verify --since 2h': '--since is an option of codebeaker audit show',
  'cache': 'cache needs to know what to do: one of ls, rm, prune, verify',
  'scan': 'scan needs the names of files',
  'scan --severity bad a.py': '--severity',
  'config': 'config needs to know what to do: one of schema, check, show',
  'config show a': 'there are unexpected arguments: a',
  'cache rm': 'cache rm needs the names',
  'cache ls abc': 'there are unexpected arguments: abc',
  'usage now': 'usage knows no now: codebeaker usage, or codebeaker usage estimate FILE',
  'usage estimate': 'usage estimate needs the name of a file',
  'usage estimate a.py b': 'there are unexpected arguments: b',
  'usage --since 0': '--since needs a whole number from 1 to 400',
  'usage --since 7 estimate a.py': '--since is for codebeaker usage alone',
  'usage --runtime native': '--language and --runtime are for codebeaker usage estimate FILE',
  'run --packages=yes a.py': '--packages: one of auto, ask, never',
  'doctor now': 'there are unexpected arguments: now',
  'doctor -- now': 'there are unexpected arguments: now',
  '-- now': 'there is no command now',
  'completion': 'completion needs the name of a shell: one of bash, zsh, fish',
  'completion csh': 'one of bash, zsh, fish',
  '--nonsense': 'there is no option --nonsense',
  'run --nonsense a.py': 'there is no option --nonsense',
  'run -x a.py': 'there is no option -x',
  '--json': '--json is an option of codebeaker run',
  '--timeout 5s': '--timeout is an option of codebeaker run',
  'doctor --timeout 5s': '--timeout is an option of codebeaker run',
  'run --pipe=x a.py': '--pipe is an option of codebeaker serve',
  'run --sweep=x a.py': '--sweep is an option of codebeaker bury',
  'run --save-to x a.py': '--save-to needs --save PATTERN',
  'run --replace a.py': '--replace needs --save PATTERN',
  'run --save= a.py': '--save needs a pattern of paths below the folder of the program, such as out/*.csv; an empty value is not',
  'run --save /tmp/x a.py': '/tmp/x is not',
  'run --save a/../../x a.py': 'a/../../x is not',
  'run --with=x --no-folder a.py': 'only one of --with and --no-folder can be given',
  '--listen 127.0.0.1:1': 'who can reach a port may be anybody, so --listen HOST:PORT needs --token-file FILE',
  '--listen 7070 --token-file=t': '--listen needs HOST:PORT',
  '--listen ::1:7070 --token-file=t': '--listen needs HOST:PORT',
  '--listen unix:': '--listen needs HOST:PORT',
  '--listen localhost:65536 --token-file=t': '--listen needs a whole number from 0 to 65535',
  '--listen unix:x --stdio': 'only one of --stdio, --pipe, --socket and --listen can be given',
  '--listen unix:x --clientProcessId=1': '--clientProcessId is for a daemon with one client',
  '--listen unix:x --record=': '--record needs the name of a file',
  '--listen unix:x --allow-origin a.example': '--allow-origin needs an origin',
  '--listen unix:x --allow-origin https://a.example/x': '--allow-origin needs an origin',
  '--listen unix:x --tls-cert c': '--tls-cert and --tls-key need each other',
  '--listen unix:x --tls-cert c --tls-key k': '--tls-cert is for a port',
  connect: 'connect needs the address of a daemon: codebeaker connect URL',
  'connect a b': 'there are unexpected arguments: b',
  'connect unix:x --config c': '--config is for a daemon',
  'connect unix:x --share /': '--share is an option of codebeaker serve',
  'serve --ca c': '--ca is an option of codebeaker connect',
  'dap --ca c': '--ca needs --connect URL',
  'dap --same-machine': '--same-machine needs --connect URL',
  'dap --connect unix:x --network full': '--network is for a daemon, and the one elsewhere has its own',
  'dap --connect unix:x --config c': '--config is for a daemon, and the one elsewhere has its own',
  '--stdio --token-file=t': '--token-file needs --listen',
  '--allow-host=x': '--allow-host needs --listen',
  '--stdio --socket=1': 'only one of --stdio, --pipe, --socket and --listen can be given',
  '--pipe=x --socket=1': 'only one of --stdio, --pipe, --socket and --listen can be given',
  '--pipe=': '--pipe needs a path',
  '--pipe': '--pipe needs a value: --pipe PATH',
  '--socket=0': '--socket needs a whole number from 1 to 65535',
  '--socket=65536': '--socket needs a whole number from 1 to 65535',
  '--socket=http': '--socket needs a whole number from 1 to 65535',
  '--socket=': '--socket needs a whole number from 1 to 65535',
  '--clientProcessId=0': '--clientProcessId needs a whole number from 1 to',
  '--clientProcessId=-1': '--clientProcessId needs a whole number from 1 to',
  '--clientProcessId=1e3': '--clientProcessId needs a whole number from 1 to',
  'run --language cobol a.py': '--language: one of python, javascript',
  'run --json=yes a.py': '--json takes no value',
  'run --cpus 1000 a.py': '--cpus needs a number from 0.05 to 64',
  'run --cpus 0.0001 a.py': '--cpus needs a number from 0.05 to 64',
  'run --pids 1 a.py': '--pids needs a whole number from 8 to 16384',
  'run --pids 9.5 a.py': '--pids needs a whole number from 8 to 16384',
  'run --memory 64 a.py': '--memory needs a size from 16m to 16g, such as 256m or 2g; 64 is not',
  'run --memory 1m a.py': '--memory needs a size from 16m to 16g',
  'run --disk 17g a.py': '--disk needs a size from 1m to 16g',
  'run --output-limit 0 a.py': '--output-limit needs a size from 1 to 64g',
  'run -e 1A=2 a.py': '--env needs NAME=VALUE',
  'run --secret A=b a.py': '--secret needs NAME or NAME=@FILE',
  'run --secret A=@ a.py': '--secret needs NAME or NAME=@FILE',
  'run --folder x --no-folder a.py': 'only one of --folder and --no-folder can be given',
  'run -t --no-tty a.py': 'only one of --tty and --no-tty can be given',
  'run --network all a.py': '--network: one of none, ask, full; for some hosts alone, --allow HOST',
  'run --network none --allow a.example a.py': 'only one of --network none and --allow can be given',
  'run --allow https://a.example a.py': '--allow https://a.example: it must be a host alone, without https://',
  'run --allow * a.py': '--allow *: it allows everything; ask for the network mode full instead',
  'run -t --json a.py': 'only one of --tty and --json can be given',
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

  const quantity = (option: string, text: string, value: number | undefined, key: string, words: string) =>
    it(`${option} ${text || "''"} is ${value ?? 'refused'}`, () => {
      const parse = () => parseArguments(['run', `${option}=${text}`, 'a.py']);
      if (value === undefined) expect(parse).to.throw(UsageError, words);
      else expect(parse()).to.have.nested.property(`limits.${key}`, value);
    });
  for (const [text, value] of Object.entries(times)) quantity('--timeout', text, value, 'timeoutMs', '--timeout needs a time such as 500ms');
  for (const [text, value] of Object.entries(sizes)) quantity('--output-limit', text, value, 'outputBytes', '--output-limit needs a size from 1 to 64g, such as 256m');

  it('has a help of at most 80 columns, with every option and the codes of exits (L18)', () => {
    for (const line of help(undefined).split('\n')) expect(line.length, line).to.be.at.most(80);
    for (const option of [...optionsOf('run'), ...optionsOf('serve'), ...commonOptions]) expect(help(undefined)).to.contain(`--${option}`);
    for (const code of [64, 78, 124, 125, 129, 130, 137, 141, 143, 153]) expect(help('run')).to.match(new RegExp(`^ +${code} `, 'm'));
  });
});
