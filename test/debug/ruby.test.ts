/** Where the gem debug is looked for, and what is made good of what it lacks. What can only be done in Ruby is tried in e2e/debug-ruby.test.ts. */
import { expect } from 'chai';
import type { DebugPlace, LaunchRequest } from '../../server/src/debug/adapter.ts';
import { ruby } from '../../server/src/debug/adapters/ruby.ts';
import { MendBench } from './mend-bench.ts';

const launch: LaunchRequest = { program: '/workspace/main.rb', args: ['x'], cwd: '/workspace', env: {}, stopOnEntry: false, justMyCode: true, terminal: false, interpreter: 'ruby', options: ['-r', '/tmp/s/unbuffered.rb'] };

function place(stdout: string, code = 0): { made: DebugPlace; written: string[] } {
  const written: string[] = [];
  const host = { folder: undefined, exists: async () => false, file: async () => undefined, own: async () => undefined, pack: async () => Buffer.alloc(0) };
  return { written, made: { host, files: { write: async (path) => void written.push(path) }, isolation: { score: 7, layers: [] }, interpreter: 'ruby', options: [], terminal: false, program: '/workspace/main.rb', args: [], version: async () => '3.1.2', scratch: '/tmp/s', env: {}, run: async () => ({ code, stdout }) } };
}

describe('the gem debug', () => {
  it('is required before the program, and told where to connect by the name of a folder', async () => {
    const { made, written } = place('debug 1.4.0 3.1.2\n');
    const found = await ruby.find(made);
    if (found.missing !== undefined || typeof found.command !== 'function') return expect.fail('it was not found');
    expect(found).to.include({ name: 'debug', version: '1.4.0' });
    const command = (more: Partial<LaunchRequest>) => (typeof found.command === 'function' ? found.command(4000, { ...launch, ...more }) : []);
    expect(command({})).to.deep.equal(['ruby', '-r', '/tmp/s/unbuffered.rb', '-I', '/tmp/s/debug/4000-mine', '-r', '/tmp/s/ruby-debug.rb', '/workspace/main.rb', 'x']);
    expect(command({ stopOnEntry: true, justMyCode: false })[4]).to.equal('/tmp/s/debug/4000-entry');
    expect(written).to.deep.equal(['/tmp/s/ruby-debug.rb', '/tmp/s/ruby-values.rb']);
  });

  it('is missing where Ruby does not find it', async () => {
    expect(await ruby.find(place('', 1).made)).to.have.property('missing').that.contains('no gem debug');
    expect(await ruby.find(place('debug 1.4.0 \u001b[31m\n').made)).to.have.property('missing');
  });
});

describe('what the gem debug lacks', () => {
  const bench = (stopOnEntry = false) => new MendBench(ruby.mends?.({ ...launch, stopOnEntry }) ?? expect.fail('Ruby has no mend'));

  /** Stopped in a frame with a list, whose elements and parts were looked at. */
  async function stopped(): Promise<MendBench> {
    const all = bench();
    all.client('scopes', { frameId: 7 });
    await all.answers('scopes', { body: { scopes: [{ name: 'Local variables', variablesReference: 2 }, { name: 'Global variables', variablesReference: 1 }] } });
    all.client('variables', { variablesReference: 2 });
    await all.answers('variables', { body: { variables: [{ name: '%self', value: 'main', variablesReference: 0 }, { name: 'list', type: 'Array', value: '[1]', variablesReference: 3, indexedVariables: 1 }, { name: 'it', type: 'Thing', value: '#<Thing>', variablesReference: 4, indexedVariables: 0 }] } });
    return all;
  }
  const values = (all: MendBench) => {
    const last = all.told.at(-1);
    return last?.type === 'response' ? (last.body?.variables as { name: string }[]).map(({ name }) => name) : [];
  };

  it('is to be ready when the program is there, and not before', async () => {
    const all = bench();
    all.client('initialize');
    await all.answers('initialize', { body: { supportsFunctionBreakpoints: true } });
    await all.says('initialized');
    expect(all.events).to.deep.equal([]);
    all.client('launch');
    await all.answers('launch', {});
    expect(all.told.map((message) => (message.type === 'event' ? message.event : message.type === 'response' ? message.command : ''))).to.deep.equal(['initialize', 'launch', 'initialized']);
    expect(all.told[0]).to.have.nested.property('body.supportsSetVariable', true);
  });

  it('is to live on after a request that it does not know', () => {
    const all = bench();
    all.client('loadedSources');
    expect(all.asked).to.deep.equal([]);
    expect(all.told.at(-1)).to.include({ success: false, command: 'loadedSources' });
    all.client('evaluate', { expression: 'x', context: 'clipboard', frameId: 1 });
    expect(all.asked.at(-1)?.arguments).to.deep.equal({ expression: 'x', context: 'watch', frameId: 1 });
    all.client('evaluate', { expression: 'x', context: 'repl' });
    expect(all.told.at(-1)).to.include({ success: false, message: 'Ruby evaluates an expression in a frame of a program that stands still' });
  });

  it('is values of global variables, which are not told, and names of threads without paths', async () => {
    const all = await stopped();
    expect(all.told[0]).to.have.nested.property('body.scopes').that.has.length(1);
    all.client('threads');
    await all.answers('threads', { body: { threads: [{ id: 1, name: "#1 /workspace/main.rb:12:in `<main>'" }, { id: 2, name: '#2 worker' }] } });
    expect(all.told.at(-1)).to.deep.nested.include({ 'body.threads': [{ id: 1, name: '#1' }, { id: 2, name: '#2 worker' }] });
  });

  it('is the elements of a list for who asks for no pages', async () => {
    const all = await stopped();
    all.client('variables', { variablesReference: 3 });
    await all.answers('variables', { body: { variables: [{ name: '#class', value: 'Array', variablesReference: 0 }] } });
    expect(all.asked.at(-1)?.arguments).to.deep.equal({ variablesReference: 3, filter: 'indexed', start: 0, count: 1 });
    await all.answers('variables', { body: { variables: [{ name: '0', value: '1', variablesReference: 0 }] } });
    expect(values(all)).to.deep.equal(['0', '#class']);
    all.client('variables', { variablesReference: 3, filter: 'named' });
    await all.answers('variables', { body: { variables: [{ name: '#class', value: 'Array', variablesReference: 0 }] } });
    expect(values(all)).to.deep.equal(['#class']);
  });

  const missing = (name: string) => `There is no variable "${name}" here.`;
  const checked = (name: string) => `defined?(${name}) or raise(::NameError, '${missing(name)}'); `;
  const changes: Record<string, [number, string, string, string]> = {
    'a variable of a frame': [2, 'total', `${checked('total')}total = (40 + 2\n); nil`, 'total'],
    'a global variable': [2, '$stderr', `${checked('$stderr')}$stderr = (40 + 2\n); nil`, '$stderr'],
    'an element of a list': [3, '0', 'list[0] = (40 + 2\n); nil', 'list[0]'],
    'a part of an object': [4, '@size', '(it).instance_variable_set(:@size, (40 + 2\n)); nil', '(it).instance_variable_get(:@size)'],
  };
  for (const [what, [variablesReference, name, assignment, expression]] of Object.entries(changes)) {
    it(`is to change ${what}`, async () => {
      const all = await stopped();
      all.client('setVariable', { variablesReference, name, value: '40 + 2' });
      expect(all.asked.at(-1)?.arguments).to.deep.equal({ expression: assignment, value: '40 + 2', frameId: 7, context: 'repl' });
      await all.answers('evaluate', { body: { result: 'nil' } });
      expect(all.asked.at(-1)?.arguments).to.include({ expression });
      await all.answers('evaluate', { body: { result: '42', type: 'Integer', variablesReference: 0 } });
      expect(all.told.at(-1)).to.deep.include({ command: 'setVariable', success: true, body: { value: '42', type: 'Integer', variablesReference: 0 } });
    });
  }

  it('is no change of what has no name in Ruby, of what has gone on, and by what raises', async () => {
    const all = await stopped();
    const refused = () => expect(all.told.at(-1)).to.include({ command: 'setVariable', success: false });
    for (const [variablesReference, name] of [[2, '%self'], [2, 'x; exit'], [3, '#class'], [3, '0]; exit; list[0'], [4, '@a; exit'], [9, 'x']] as const) {
      all.client('setVariable', { variablesReference, name, value: '1' });
      refused();
    }
    all.client('setVariable', { variablesReference: 2, name: 'list', value: 'nothing' });
    await all.answers('evaluate', { success: false, message: 'NameError: undefined' });
    refused();
    expect(all.told.at(-1)).to.include({ message: 'NameError: undefined' });
    all.client('setVariable', { variablesReference: 2, name: 'nobody', value: '1' });
    await all.answers('evaluate', { success: false, message: `NameError: ${missing('nobody')}` });
    refused();
    expect(all.told.at(-1)).to.include({ message: missing('nobody') });
    await all.says('stopped', { reason: 'step', threadId: 1 });
    all.client('setVariable', { variablesReference: 2, name: 'list', value: '1' });
    refused();
  });

  it('is refused, and nothing else happens, where an answer to the daemon is none', async () => {
    const hostile: object[] = [{ body: { result: { toString: 1 } } }, { body: {} }, { body: { result: 42 } }, { command: 'next', body: { result: '42' } }, { success: false, message: 'no frame' }];
    for (const answer of hostile) {
      const all = await stopped();
      all.client('setVariable', { variablesReference: 2, name: 'list', value: '1' });
      await all.answers('evaluate', answer);
      expect(all.told.at(-1)).to.include({ command: 'setVariable', success: false });
      all.client('setExpression', { frameId: 7, expression: 'list', value: '1' });
      await all.answers('evaluate', { body: { result: 'nil' } });
      await all.answers('evaluate', answer);
      expect(all.told.at(-1)).to.include({ command: 'setExpression', success: false });
      all.client('variables', { variablesReference: 3 });
      await all.answers('variables', { body: { variables: [] } });
      await all.answers('variables', answer);
      expect(all.told.at(-1)).to.include({ command: 'variables', success: false });
    }
    const all = await stopped();
    all.client('variables', { variablesReference: 2 });
    await all.answers('variables', { body: { variables: [{ name: { toString: 1 }, value: 'x', variablesReference: { valueOf: 1 }, indexedVariables: { toString: 1 } }] } });
    all.client('threads');
    await all.answers('threads', { body: { threads: [{ id: 1, name: { toString: 1 } }] } });
    expect(all.told.at(-1)).to.include({ command: 'threads' });
    for (const args of [{ expression: { toString: 1 }, value: '1' }, { expression: 'x', value: { toString: 1 } }]) {
      all.client('setExpression', args);
      expect(all.told.at(-1)).to.include({ command: 'setExpression', success: false });
    }
  });

  it('says so where a list has more elements than are shown', async () => {
    const all = bench();
    all.client('scopes', { frameId: 7 });
    await all.answers('scopes', { body: { scopes: [{ name: 'Local variables', variablesReference: 2 }] } });
    all.client('variables', { variablesReference: 2 });
    await all.answers('variables', { body: { variables: [{ name: 'list', type: 'Array', value: '[1]', variablesReference: 3, indexedVariables: 10_500 }] } });
    all.client('variables', { variablesReference: 3 });
    await all.answers('variables', { body: { variables: [] } });
    expect(all.asked.at(-1)?.arguments).to.include({ start: 0, count: 10_000 });
    await all.answers('variables', { body: { variables: [{ name: '0', value: '1', variablesReference: 0 }] } });
    expect(values(all)).to.deep.equal(['0', '10000…10499']);
  });

  it('is the reason why there is nothing under the pointer', async () => {
    const all = bench();
    const why = async (expression: string) => {
      all.client('evaluate', { expression, context: 'hover', frameId: 1 });
      await all.answers('evaluate', { success: false, message: `Error: Can not evaluate: ${expression}` });
      return all.told.at(-1);
    };
    expect(await why('nothing')).to.include({ success: false, message: "NameError: undefined local variable or method `nothing'" });
    expect(await why('list.pop')).to.include({ success: false }).and.to.have.property('message').that.contains('only names');
  });

  it('is the reason of the stop at the entry, and only there', async () => {
    const all = bench(true);
    await all.says('stopped', { reason: 'breakpoint', threadId: 1, text: ' BP - Line' });
    await all.says('stopped', { reason: 'breakpoint', threadId: 1 });
    expect(all.events.map(([, body]) => body?.reason)).to.deep.equal(['entry', 'breakpoint']);
  });
});
