/** Which runtime is taken for a program that is to be debugged. */
import { expect } from 'chai';
import { debugWish } from '../../server/src/debug/where.ts';
import type { LanguageId, RuntimeInfo } from '../../server/src/protocol/index.ts';
import { findHint, type Hint } from '../../server/src/runtime/choice/hints.ts';
import { withDaemon } from '../serving/daemon.ts';

const every: readonly LanguageId[] = ['python', 'javascript', 'typescript', 'go', 'ruby', 'csharp'];
const runtime = (id: string, { languages = every, available = true, kernel = '', network = 'enforced' } = {}): RuntimeInfo => ({
  id, available, languages: languages.map((each) => ({ id: each })), startup: { coldMs: 1, warmMs: 1, measured: false }, memoryBytes: 1,
  isolation: { score: 8, layers: [{ name: 'network', state: network as 'enforced' }, ...(kernel === '' ? [] : [{ name: 'kernel', state: 'enforced' as const, detail: kernel }])] },
});
const gvisor = runtime('gvisor', { kernel: 'system calls are answered by gVisor' });
const all = [runtime('docker'), gvisor, runtime('native'), runtime('deno', { languages: ['javascript', 'typescript'] }), runtime('bun', { languages: ['javascript', 'typescript'] })];

const wish = async (language: LanguageId, text = '', runtimes = all) => {
  const { debuggers, hint } = debugWish(language, runtimes, await findHint(language, { text, folder: undefined, path: undefined }));
  return [[...debuggers].join(' '), hint?.engine];
};

describe('a program that is to be debugged', () => {
  const cases: Record<string, [language: LanguageId, expected: unknown[], text?: string, runtimes?: RuntimeInfo[]]> = {
    'in Python, in all that have it': ['python', ['docker gvisor native', undefined]],
    'in Go, not under gVisor, whatever its runtime is called': ['go', ['docker native', undefined], '', [...all, runtime('default', { kernel: 'system calls are answered by gVisor' })]],
    'in JavaScript, with Node': ['javascript', ['docker gvisor native deno', 'node'], 'let x = 1;'],
    'in JavaScript, with Deno if it is written for that': ['javascript', ['docker gvisor native deno', 'deno'], 'Deno.exit();'],
    'in JavaScript, with Node if it is written for what cannot be debugged': ['javascript', ['docker gvisor native deno', 'node'], 'Bun.serve();'],
    'in JavaScript, not with a Deno that shares the network of the machine': ['javascript', ['docker', 'node'], '', [runtime('docker'), runtime('deno', { network: 'degraded' })]],
    'in C#, nowhere': ['csharp', ['', undefined]],
    'in what is not available, nowhere': ['ruby', ['', undefined], '', [runtime('docker', { available: false })]],
  };
  for (const [name, [language, expected, text, runtimes]] of Object.entries(cases)) {
    it(name, async () => expect(await wish(language, text, runtimes)).to.deep.equal(expected));
  }

  it('gets a runtime in which that is possible, and one that is run does not need it', () => withDaemon({ id: 'box', languages: ['javascript'], others: [{ id: 'bun', languages: ['javascript'] }] }, async (daemon) => {
    await daemon.initialize();
    const program = { code: 'Bun.serve();' };
    for (const [debug, expected] of [[false, 'bun'], [true, 'box']] as const) {
      expect((await daemon.result('runtime/select', { language: 'javascript', program, debug })).runtime).to.equal(expected);
      expect((await daemon.result('session/create', { language: 'javascript', program, debug })).runtime).to.equal(expected);
    }
  }));

  it('is told what would debug it where nothing does, and not what would only run it', () => withDaemon({ id: 'box', languages: ['python'] }, async (daemon) => {
    await daemon.initialize();
    const { message } = await daemon.fault('session/create', { language: 'typescript', debug: true });
    expect(message).to.contain('nothing here debugs typescript').and.to.contain('Node 22.18').and.not.to.contain('bun');
    expect((await daemon.fault('session/create', { language: 'typescript' })).message).not.to.contain('debug');
  }));

  it('keeps what the program tells where the engine is no matter', () => {
    const hint: Hint = { engine: 'node', why: 'it says so' };
    expect(debugWish('python', all, hint).hint).to.equal(hint);
  });
});
