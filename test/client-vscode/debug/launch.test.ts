/** What launch configurations say, and documents that are no files. */
import { expect } from 'chai';
import { settle } from '../../fakes/connection.ts';
import { debugBench } from './bench.ts';

interface Circumstances {
  readonly settings?: object;
  readonly language?: string;
  readonly path?: string;
  prepare?(bench: ReturnType<typeof debugBench>): unknown;
}

/** Launches with this configuration, and resolves with what the daemon was asked. */
async function launched(configuration: object, { settings = {}, language = 'python', path = '/w/src/a.py', prepare = () => undefined }: Circumstances = {}) {
  const bench = debugBench();
  await prepare(bench);
  for (const [name, value] of Object.entries(settings)) bench.editor.settings.set(name, value);
  await bench.open(path, language);
  const session = await bench.editor.debug.begin({ type: 'codebeaker', request: 'launch', name: 'n', program: path, ...configuration });
  const answer = await session?.ask('initialize');
  await settle();
  return { ...bench, answer, created: bench.connection().calls('session/create')[0], started: bench.connection().calls('debug/start')[0] };
}

describe('a launch configuration', () => {
  it('says with what the program runs', async () => {
    const { created, started } = await launched({
      args: ['one', 'two'], env: { A: 'b' }, cwd: '/w/src', runtime: 'native', image: 'i', stopOnEntry: true, justMyCode: false,
      limits: { timeoutMs: 5_000, cpus: 2 }, network: { mode: 'full' }, packages: ['numpy'],
    }, { settings: { 'codebeaker.limits': { cpus: 1, pids: 9, timeoutMs: 7 } } });
    expect(created).to.deep.include({ runtime: 'native', image: 'i', limits: { cpus: 2, pids: 9, timeoutMs: 5_000 }, network: { mode: 'full' }, env: { TERM: 'xterm-256color', A: 'b' }, packages: { names: ['numpy'] } });
    expect(started).to.deep.include({ args: ['one', 'two'], stopOnEntry: true, justMyCode: false, timeoutMs: 5_000, cwd: '.' });
  });

  it('without a time limit has none, whatever runs have', async () => {
    expect((await launched({}, { settings: { 'codebeaker.limits': { timeoutMs: 7 } } })).started.timeoutMs).to.equal(0);
  });

  const folders: Record<string, [configuration: object, workspace: string, path: string, cwd: string]> = {
    'by the setting': [{}, 'file:///w/src', 'a.py', '.'],
    folder: [{ folder: '/w' }, 'file:///w', 'src/a.py', '.'],
    'folder and cwd': [{ folder: '/w', cwd: '/w/src' }, 'file:///w', 'src/a.py', 'src'],
    cwd: [{ cwd: '/w' }, 'file:///w', 'src/a.py', '.'],
    'a cwd beside it': [{ cwd: '/x' }, 'file:///w/src', 'a.py', '.'],
    'a cwd that ends with a slash': [{ cwd: '/w/src/' }, 'file:///w/src/', 'a.py', '.'],
    'what is null or empty is not there': [{ folder: null, cwd: '', args: null, env: null, limits: null, packages: null, language: '', stopOnEntry: null }, 'file:///w/src', 'a.py', '.'],
  };
  for (const [name, [configuration, uri, path, cwd]] of Object.entries(folders)) {
    it(`says which folder goes along: ${name}`, async () => {
      const { created, started } = await launched(configuration);
      expect([created.workspace?.uri, started.path, started.cwd]).to.deep.equal([uri, path, cwd]);
      expect(started.pathMappings).to.deep.equal([{ client: '/w/src/a.py', sandbox: `/workspace/${path}` }, { client: uri.slice('file://'.length), sandbox: '/workspace' }]);
    });
  }

  it('may say that no folder goes along', async () => {
    const { created, started, editor } = await launched({ folder: false, cwd: '/w/src' });
    expect([created.workspace, started.path, started.cwd]).to.deep.equal([undefined, 'a.py', '.']);
    expect(started.pathMappings).to.deep.equal([{ client: '/w/src/a.py', sandbox: '/workspace/a.py' }]);
    expect(editor.debug.last.console, 'nobody is told what they have said').to.equal('');
  });

  it('may name a folder to start in that the sandbox does not have, and then that is said', async () => {
    for (const configuration of [{ cwd: '/x' }, { cwd: '/w', folder: '/w/src' }, { cwd: '/w', folder: false }, { cwd: '/w/src/sub', folder: false }]) {
      const { editor, started } = await launched(configuration);
      expect(started.cwd).to.equal('.');
      expect(editor.debug.last.console).to.equal(`the program does not start in ${configuration.cwd}, which does not go along into the sandbox\n`);
    }
    expect((await launched({ cwd: '/w' })).editor.debug.last.console).to.equal('');
  });

  it('may name the program as it is seen from cwd, or from the folder that is open', async () => {
    expect((await launched({ program: 'src/a.py' })).started).to.include({ path: 'a.py' });
    expect((await launched({ program: 'a.py', cwd: '/w/src' })).started).to.include({ path: 'a.py' });
  });

  it('may name packages, and a manifest, which is not asked about then', async () => {
    const prepare = ({ disk }: ReturnType<typeof debugBench>) => disk.files.set('needs.txt', 'idna');
    const { created, editor } = await launched({ packages: { names: ['numpy'], manifest: 'needs.txt' } }, { prepare, settings: { 'codebeaker.packages': 'ask' } });
    expect(created.packages).to.deep.equal({ names: ['numpy'], manifest: 'needs.txt' });
    expect(editor.messages).to.deep.equal([]);
    const missing = await launched({ packages: { manifest: 'none.txt' } });
    expect(missing.editor.messages.map(({ message }) => message)).to.deep.equal(['none.txt cannot be read']);
  });

  it('may have secrets, and names those that the editor keeps if the person allows it', async () => {
    const { created } = await launched({ secrets: { TOKEN: 'x' } }, { settings: { 'codebeaker.secrets': [] } });
    expect(created).to.deep.include({ secrets: { TOKEN: 'x' } });
    expect(created).not.to.have.property('secretNames');
    const asked = await launched({ secretNames: ['KEY', 'TOKEN'], secrets: { TOKEN: 'x' } }, { prepare: ({ editor }) => (editor.press = 'Give Them to Programs Here') });
    expect(asked.editor.messages.map(({ message }) => message).join()).to.include('KEY');
    expect(asked.created).to.deep.include({ secrets: { TOKEN: 'x' }, secretNames: ['KEY'] });
    const refused = await launched({ secretNames: ['KEY'] }, { prepare: ({ editor }) => (editor.press = 'Don’t Give Them') });
    expect(refused.created).not.to.have.property('secretNames');
  });

  const wrong: Record<string, [configuration: object, message: RegExp]> = {
    'no program': [{ program: '' }, /names no program/],
    'a relative program that is not there': [{ program: 'a.py' }, /^a\.py cannot be read$/],
    'a program that is no text': [{ program: 1 }, /^program in the launch configuration must be a text\.$/],
    'a manifest without a folder': [{ folder: false, packages: { manifest: 'requirements.txt' } }, /no folder goes along/],
    'a file that is not there': [{ program: '/w/none.py' }, /\/w\/none\.py cannot be read/],
    'a folder elsewhere': [{ folder: '/x' }, /a folder in which the program lies/],
    'arguments in one text': [{ args: 'one two' }, /args in the launch configuration must be a list of texts/],
    'a variable that is no text': [{ env: { A: 1 } }, /env in the launch configuration/],
    'a language that nobody runs': [{ language: 'cobol' }, /language cobol can’t be run/],
  };
  const wrongKinds: Record<string, readonly unknown[]> = {
    args: [[1], {}], env: ['A=1', ['A=1'], true], cwd: ['.', 'sub', 1], folder: ['.', true, 1], language: [1, {}], runtime: [1], image: [true], stopOnEntry: ['yes', 1], justMyCode: ['no'],
    limits: [[], 5, 'x'], network: ['full', [], true], packages: ['idna', [1], true, { names: 'idna' }, { manifest: 1 }], secrets: [[], 'TOKEN', { TOKEN: 1 }], secretNames: [{}, 'TOKEN'],
  };
  for (const [name, values] of Object.entries(wrongKinds)) {
    values.forEach((value, i) => (wrong[`${name} of a wrong kind (${i + 1})`] = [{ [name]: value }, new RegExp(`^${name} in the launch configuration must be `)]));
  }
  for (const [name, [configuration, message]] of Object.entries(wrong)) {
    it(`is refused in words: ${name}`, async () => {
      const { answer, editor, connection } = await launched(configuration);
      expect(answer).to.deep.include({ success: false });
      expect(editor.messages.map((each) => each.message).join()).to.match(message);
      expect(connection().calls('session/create')).to.deep.equal([]);
      expect(editor.context.get('codebeaker.running')).to.equal(false);
    });
  }

  it('can not name a program by a relative path where no folder is open', async () => {
    const { editor } = await launched({ program: 'src/a.py' }, { prepare: (bench) => bench.editor.folders.splice(0) });
    expect(editor.messages.map(({ message }) => message)).to.deep.equal(['program in the launch configuration must be an absolute path where no folder is open.']);
  });

  it('need not say what is remembered for the file', async () => {
    const bench = debugBench();
    await bench.open('/w/a.py');
    bench.editor.inputs.push("1 'two words'", 'A=b', 'typed');
    await bench.command('codebeaker.runWith');
    await bench.command('codebeaker.debug');
    expect(bench.connection().calls('debug/start')[0].args).to.deep.equal(['1', 'two words']);
    expect(bench.connection().calls('session/create').at(-1).env).to.include({ A: 'b' });
  });

  it('is not needed: the file in the editor is debugged', async () => {
    const { editor, open } = debugBench();
    await open('/w/a.py');
    const session = await editor.debug.begin({});
    expect(session?.configuration).to.deep.include({ type: 'codebeaker', request: 'launch', program: '/w/a.py' });
    const dynamic = editor.debug.providers.find(({ trigger }) => trigger === 2)?.provider;
    expect(await dynamic?.provideDebugConfigurations?.(undefined)).to.deep.equal([{ ...session?.configuration, name: 'Debug a.py in Sandbox' }]);
    await open('/w/a.sh', 'shellscript');
    expect(await dynamic?.provideDebugConfigurations?.(undefined)).to.deep.equal([]);
    expect(await editor.debug.begin({})).to.equal(undefined);
    expect(editor.messages.map(({ message }) => message)).to.deep.equal(['a.sh can’t be debugged: CodeBeaker has no debugger for shellscript.']);
  });

  it('has the daemon choose a runtime in which the program can be debugged', async () => {
    const { created } = await launched({}, { language: 'javascript', path: '/w/a.js' });
    expect(created).to.deep.include({ debug: true, program: { path: 'a.js', code: 'code' } });
  });
});

describe('a document that is no file', () => {
  it('keeps its name in breakpoints and in the stack', async () => {
    const { editor, open, command, connection, asked, says } = debugBench();
    await open('untitled:Untitled-1', 'python', 'x = 1');
    await command('codebeaker.debug');
    const { last } = editor.debug;
    expect(last.configuration.program).to.equal('untitled:Untitled-1');
    const { pathMappings, path } = connection().calls('debug/start')[0];
    expect([path, pathMappings]).to.deep.equal(['Untitled-1.py', [{ client: '/Untitled-1.py', sandbox: '/workspace/Untitled-1.py' }]]);
    void last.ask('setBreakpoints', { source: { path: 'untitled:Untitled-1' }, breakpoints: [{ line: 1 }] });
    void last.ask('setBreakpoints', { source: { path: '/w/other.py' }, breakpoints: [] });
    expect(asked('setBreakpoints').map(({ arguments: { source } }) => source.path)).to.deep.equal(['/Untitled-1.py', '/w/other.py']);
    says({ type: 'event', event: 'breakpoint', body: { reason: 'changed', breakpoint: { verified: true, source: { path: '/Untitled-1.py' } } } });
    expect(last.events('breakpoint')[0]?.breakpoint.source.path).to.equal('untitled:Untitled-1');
    says({ type: 'event', event: 'output', body: { output: 'path: /Untitled-1.py', source: { path: '/workspace/x.py' } } });
    expect(last.events('output')[0]).to.deep.equal({ output: 'path: /Untitled-1.py', source: { path: '/workspace/x.py' } });
  });
});
