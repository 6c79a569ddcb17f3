/** The gate before scripts where the inspector has one, on messages as an inspector sends them. */
import { expect } from 'chai';
import { ScriptGates } from '../../../server/src/debug/node-bridge/script-gates.ts';

const paused = (url: string, reason = 'instrumentation') => JSON.stringify({ method: 'Debugger.paused', params: { callFrames: [], reason, data: { scriptId: '1', url } } });
const fromWorker = (message: string, sessionId = '2') => JSON.stringify({ method: 'NodeWorker.receivedMessageFromWorker', params: { sessionId, message } });
const attached = JSON.stringify({ method: 'NodeWorker.attachedToWorker', params: { sessionId: '2', workerInfo: {}, waitingForDebugger: true } });

function gates() {
  const sent: any[] = [];
  const answered: any[] = [];
  const made = new ScriptGates((text) => sent.push(JSON.parse(text)), (text) => answered.push(JSON.parse(text)));
  /** What was sent to the inspector since this was asked last, and the number of the last message. */
  const take = () => sent.splice(0).map(({ method, params }) => [method, ...(params ? [params] : [])]);
  const ask = (method: string, params: object = {}) => made.asked(JSON.stringify({ id: 7, method, params }));
  const begin = () => {
    ask('Bridge.begin');
    const { id } = sent[0];
    made.answered(JSON.stringify({ id, result: { breakpointId: '8:gate' } }));
    sent.splice(0);
  };
  return { made, sent, answered, take, ask, begin };
}

describe('the gate before scripts in Deno', () => {
  it('is there before the program begins, and the answer that it begins is that of the inspector', () => {
    const { ask, sent, answered } = gates();
    expect(ask('Bridge.begin')).to.equal(true);
    expect(sent.map(({ method }) => method)).to.deep.equal(['Debugger.setInstrumentationBreakpoint', 'Runtime.addBinding', 'Runtime.removeBinding', 'Runtime.runIfWaitingForDebugger']);
    expect(sent.map(({ id }) => id === 7)).to.deep.equal([false, false, false, true]);
    expect(answered).to.deep.equal([]);
  });

  it('lets the inspector have every other message, and takes no answer to it', () => {
    const { made, ask } = gates();
    expect(ask('Debugger.resume')).to.equal(false);
    expect(made.answered('{"id":7,"result":{}}')).to.equal(false);
  });

  it('is for files of the program, and not for parts of the runtime', () => {
    const { made, begin, take } = gates();
    begin();
    expect(made.told(paused('file:///workspace/main.ts'), 'Debugger.paused')).to.equal(false);
    expect(take()).to.deep.equal([]);
    for (const url of ['ext:core/mod.js', 'node:path']) expect(made.told(paused(url), 'Debugger.paused'), url).to.equal(true);
    expect(take()).to.deep.equal([['Debugger.resume'], ['Debugger.resume']]);
    expect(made.told(paused('ext:core/mod.js', 'other'), 'Debugger.paused')).to.equal(false);
  });

  it('leaves packages out where only the own files of the program are asked for', () => {
    const { made, begin, ask, answered } = gates();
    begin();
    expect(made.told(paused('file:///workspace/node_modules/a/b.js'), 'Debugger.paused')).to.equal(false);
    expect(ask('Bridge.gate', { gate: 'own' })).to.equal(true);
    expect(answered).to.deep.equal([{ id: 7, result: {} }]);
    expect(made.told(paused('file:///workspace/node_modules/a/b.js'), 'Debugger.paused')).to.equal(true);
    expect(made.told(paused('file:///workspace/b.js'), 'Debugger.paused')).to.equal(false);
  });

  it('is taken away while nobody needs it, and set again', () => {
    const { begin, ask, take } = gates();
    begin();
    ask('Bridge.gate', { gate: 'none' });
    expect(take()).to.deep.equal([['Debugger.removeBreakpoint', { breakpointId: '8:gate' }]]);
    ask('Bridge.gate', { gate: 'none' });
    expect(take()).to.deep.equal([]);
    ask('Bridge.gate', { gate: 'every' });
    expect(take()).to.deep.equal([['Debugger.setInstrumentationBreakpoint', { instrumentation: 'beforeScriptExecution' }]]);
  });

  it('is taken away also when that is asked for before it is known that it is there', () => {
    const { made, ask, take, sent } = gates();
    ask('Bridge.begin');
    const { id } = sent[0];
    ask('Bridge.gate', { gate: 'none' });
    take();
    expect(made.answered(JSON.stringify({ id, result: { breakpointId: '8:gate' } }))).to.equal(true);
    expect(take()).to.deep.equal([['Debugger.removeBreakpoint', { breakpointId: '8:gate' }]]);
  });

  it('is in workers too, of which the bridge hears once', () => {
    const { made, begin, sent, take } = gates();
    begin();
    expect(made.told(attached, 'NodeWorker.attachedToWorker')).to.equal(false);
    expect(sent.map(({ params }) => JSON.parse(params.message).method)).to.deep.equal(['Debugger.enable', 'Debugger.setInstrumentationBreakpoint']);
    take();
    expect(made.told(attached, 'NodeWorker.attachedToWorker')).to.equal(true);
    expect(made.told(fromWorker(paused('ext:core/mod.js')), 'NodeWorker.receivedMessageFromWorker')).to.equal(true);
    expect(JSON.parse((sent[0].params as { message: string }).message).method).to.equal('Debugger.resume');
    expect(made.told(fromWorker(paused('file:///workspace/worker.ts')), 'NodeWorker.receivedMessageFromWorker')).to.equal(false);
    expect(made.told(fromWorker('{"id":3,"result":{}}'), 'NodeWorker.receivedMessageFromWorker')).to.equal(false);
  });
});
