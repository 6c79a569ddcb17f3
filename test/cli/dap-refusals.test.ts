/** What `launch` of `codebeaker dap` is refused with: an editor shows nothing but these words, so they name what stands in a launch configuration. */
import { expect } from 'chai';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Config } from '../../server/src/protocol/index.ts';
import { obedient } from '../fakes/adapter.ts';
import { temporaryFolder } from '../policy/folder.ts';
import { begin, expectNothingLeft } from './dap-bench.ts';

interface Refusal {
  /** What `launch` has beside the program. PLACE stands for the folder of the test. */
  readonly launch: object;
  readonly config?: Config;
  /** The texts of files in the folder. */
  readonly files?: Readonly<Record<string, string>>;
  /** The whole of what it says. PLACE stands for the folder. */
  readonly words: string;
}

/** Words of others: options of the command line, methods and errors of the protocol, paths of the sandbox, the words of a validator. */
const foreign = /--[a-z]|session\/|runtime\/|command\/|debug\/start|\/workspace|Invalid|expected|received|Too (?:big|small)|params|ENOENT/;

const limits = 'memoryBytes, cpus, pids, diskBytes, outputBytes, timeoutMs, packageBytes';
const refusals: Record<string, Refusal> = {
  'no program': { launch: { program: null }, words: 'launch: program is missing; it must be the path of the file that is to be debugged' },
  'a program that is not there': { launch: { program: 'PLACE/none.py' }, words: 'launch: program: PLACE/none.py: there is no such file' },
  'a program that is a folder': { launch: { program: 'PLACE' }, words: 'launch: program: PLACE: it is a folder; name a file in it' },
  'a program of no language': { launch: { program: 'PLACE/notes' }, files: { notes: 'x' }, words: 'launch: program: PLACE/notes: its extension and its first line do not say which language it is; language says it, one of python, javascript, typescript, go, csharp, ruby, shellscript' },
  'a language that there is not': { launch: { language: 'cobol' }, words: 'launch: language must be one of python, javascript, typescript, go, csharp, ruby, shellscript, and is "cobol"' },
  'a working directory that is not there': { launch: { cwd: 'PLACE/none' }, words: 'launch: cwd: there is no folder PLACE/none' },
  'a working directory that is a file': { launch: { cwd: 'PLACE/main.py' }, words: 'launch: cwd: PLACE/main.py is no folder' },
  'a relative working directory': { launch: { cwd: 'sub' }, words: 'launch: cwd must be an absolute path, and is "sub"' },
  'a folder that is not there': { launch: { folder: 'PLACE/none', program: 'PLACE/none/main.py' }, words: 'launch: folder: there is no folder PLACE/none' },
  'a folder without the program': { launch: { folder: 'PLACE/sub' }, words: 'launch: program must lie in folder, and PLACE/main.py does not lie in PLACE/sub' },
  'arguments that are no list': { launch: { args: 'a b' }, words: 'launch: args must be a list of texts, and is "a b"' },
  'a variable that is no text': { launch: { env: { A: 1 } }, words: 'launch: env must be an object of texts' },
  'a name of a variable that is none': { launch: { env: { 'A-B': '1' } }, words: 'launch: env.A-B: the name of a variable consists of letters, digits and _, and does not begin with a digit' },
  'a secret that is no text': { launch: { secrets: { TOKEN: 12345678 } }, words: 'launch: secrets must be an object of texts' },
  'a misspelt limit': { launch: { limits: { memoryByte: 2 ** 29 } }, words: `launch: limits has no member memoryByte; it can have ${limits}` },
  'a limit that is a text': { launch: { limits: { memoryBytes: '1g' } }, words: 'launch: limits.memoryBytes must be a whole number of bytes, at least 8388608 (8m), and is "1g"' },
  'a limit that is too low': { launch: { limits: { pids: 2 } }, words: 'launch: limits.pids must be a whole number of processes, at least 8, and is 2' },
  'a time that is below zero': { launch: { limits: { timeoutMs: -1 } }, words: 'launch: limits.timeoutMs must be a whole number of milliseconds; 0 means no limit, and is -1' },
  'no output': { launch: { limits: { outputBytes: 0 } }, words: 'launch: limits.outputBytes must be a whole number of bytes above 0, and is 0' },
  'a limit above the maximum': { launch: { limits: { memoryBytes: 2 ** 30 } }, config: { maxLimits: { memoryBytes: 2 ** 29 } }, words: 'launch: limits.memoryBytes may be at most 536870912 (512m) here; maxLimits.memoryBytes in the configuration file allows no more' },
  'a time above the maximum': { launch: { limits: { timeoutMs: 120_000 } }, config: { maxLimits: { timeoutMs: 60_000 } }, words: 'launch: limits.timeoutMs may be at most 60000 (1m) here; maxLimits.timeoutMs in the configuration file allows no more' },
  'a limit above that of the project': { launch: { limits: { pids: 200 } }, files: { '.codebeaker.json': '{"maxLimits": {"pids": 100}}' }, words: 'launch: limits.pids may be at most 100 here; maxLimits.pids in .codebeaker.json allows no more' },
  "a project's file that is wrong": { launch: {}, files: { '.codebeaker.json': '{"maxLimit": {}}' }, words: "no session can be made while .codebeaker.json can't be followed: maxLimit: no such key; mend the file or remove it; it is read when a client connects" },
  'a misspelt member of network': { launch: { network: { mode: 'none', host: [] } }, words: 'launch: network has no member host; it can have mode, hosts' },
  'a network without a mode': { launch: { network: { hosts: ['pypi.org:443'] } }, words: 'launch: network.mode is missing; it must be one of none, allowlist, full' },
  'a network with another mode': { launch: { network: { mode: 'ask' } }, words: 'launch: network.mode must be one of none, allowlist, full, and is "ask"' },
  'a host that is none': { launch: { network: { mode: 'allowlist', hosts: ['https://pypi.org/'] } }, config: { network: { modes: ['allowlist'] } }, words: 'launch: network.hosts.0: "https://pypi.org/" must be a host alone, without https:// and without a path' },
  'a network that is not allowed': { launch: { network: { mode: 'full' } }, words: 'the network mode full is not allowed here; allowed: none. To allow it, write {"network": {"modes": ["full"]}} into the configuration file' },
  'a network that the project does not allow': { launch: { network: { mode: 'full' } }, config: { network: { modes: ['full', 'allowlist'] } }, files: { '.codebeaker.json': '{"network": {"modes": ["allowlist"]}}' }, words: 'the network mode full is not allowed here; allowed: none, allowlist. To allow it, write {"network": {"modes": ["allowlist","full"]}} into .codebeaker.json' },
  'a host that the project does not allow': { launch: { network: { mode: 'allowlist', hosts: ['b.org.example:443'] } }, config: { network: { modes: ['allowlist'], hosts: ['*.org.example:443'] } }, files: { '.codebeaker.json': '{"network": {"hosts": ["a.org.example:443"]}}' }, words: 'b.org.example:443 is not allowed here; allowed: a.org.example:443. To allow it, add it to network.hosts in .codebeaker.json' },
  'an image that the project does not allow': { launch: { image: 'mine' }, config: { allowedImages: ['mine'] }, files: { '.codebeaker.json': '{"allowedImages": []}' }, words: 'the image mine is not allowed: add it to allowedImages in .codebeaker.json' },
  'an image that is not allowed': { launch: { image: 'mine' }, words: 'the image mine is not allowed: add it to allowedImages in the configuration file' },
  'a runtime that there is not': { launch: { runtime: 'dokcer' }, words: 'launch: runtime: dokcer: there is no runtime of this name; known: fake' },
  'a runtime that lacks something': { launch: { packages: ['idna'], runtime: 'fake' }, words: "launch: runtime: fake: its sandboxes can't have packages; ask for less" },
  'a preference that there is not': { launch: { preference: 'fast' }, words: 'launch: preference must be one of speed, security, memory, balanced, and is "fast"' },
  'a misspelt member of packages': { launch: { packages: { name: ['idna'] } }, words: 'launch: packages has no member name; it can have names, manifest, manager' },
  'packages that are a text': { launch: { packages: 'idna' }, words: 'launch: packages must be a list of names, or an object with names and manifest, and is "idna"' },
  'a manifest that is not there': { launch: { packages: { manifest: 'requirements.txt' } }, words: 'launch: packages.manifest: there is no file requirements.txt in PLACE, the folder that goes along' },
  'a manifest that lies elsewhere': { launch: { packages: { manifest: '../requirements.txt' } }, words: 'launch: packages.manifest must be a file in PLACE, the folder that goes along, and is ../requirements.txt' },
  'a manifest where no folder goes along': { launch: { packages: { manifest: 'requirements.txt' }, folder: false }, words: 'launch: packages.manifest is a file of the folder that goes along, and folder is false' },
  'a secret that the configuration does not have': { launch: { secretNames: ['TOKEN'] }, words: 'launch: secretNames.0: the configuration has no secret TOKEN; add it to secrets in the configuration file' },
  'a secret that is bound to a host which is not reached': { launch: { secretNames: ['TOKEN'], network: { mode: 'none' } }, config: { secrets: { TOKEN: { env: 'TOKEN', hosts: ['api.example:443'], header: 'Authorization' } } }, words: 'launch: secretNames.0: the secret TOKEN is bound to api.example:443, which this session does not reach; add api.example:443 to network.hosts' },
  'a program that is too large': { launch: {}, files: { 'main.py': 'x'.repeat(600_000) }, config: { limits: { diskBytes: 2 ** 20 } }, words: 'launch: program: PLACE/main.py: it has 600000 bytes, and the sandbox has room for 512k; limits.diskBytes and limits.memoryBytes make more room' },
  'a console that there is not': { launch: { console: 'terminal' }, words: 'launch: console must be one of internalConsole, integratedTerminal, externalTerminal, and is "terminal"' },
  'a language that cannot be debugged': { launch: { program: 'PLACE/main.sh' }, files: { 'main.sh': 'true' }, words: 'CodeBeaker has no debugger for shellscript; it debugs python, javascript, typescript, go, ruby' },
};

describe('codebeaker dap says what is wrong with a launch configuration, in its own words:', () => {
  const folder = temporaryFolder();

  for (const [what, { launch, config = {}, files = {}, words }] of Object.entries(refusals)) {
    it(what, async () => {
      const placed = JSON.parse(JSON.stringify({ program: 'PLACE/main.py', ...launch }).replaceAll('PLACE', folder())) as object;
      mkdirSync(join(folder(), 'sub'));
      for (const [name, text] of Object.entries({ 'main.py': '', ...files })) {
        mkdirSync(dirname(join(folder(), name)), { recursive: true });
        writeFileSync(join(folder(), name), text);
      }
      const { bench, stdin, ended, ask, until, answer, told } = begin(obedient, { config, languages: ['python', 'shellscript'] });
      ask('initialize');
      ask('launch', placed);
      await until(() => answer('launch') !== undefined);
      expect(answer('launch')).to.include({ success: false });
      const message = answer('launch').message.replaceAll(folder(), 'PLACE') as string;
      expect(message).to.equal(words);
      expect(message, 'words of others').not.to.match(foreign);
      expect(told.at(-1)).to.include({ event: 'terminated' });
      stdin.end();
      expect(await ended).to.equal(0);
      expectNothingLeft(bench);
    });
  }
});
