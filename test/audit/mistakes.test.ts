/** The record of calls that reach nothing: it says that they came, and of which kind, and no client can fill the log with it. */
import { expect } from 'chai';
import type { Entry } from '../../server/src/audit/entry.ts';
import { Mistakes } from '../../server/src/audit/mistakes.ts';
import { ProtocolError } from '../../server/src/protocol/index.ts';

describe('the record of calls that reach nothing', () => {
  const bench = () => {
    const entries: Entry[] = [];
    const mistakes = new Mistakes({ record: (entry) => entries.push(entry) });
    const unknown = new ProtocolError('MethodNotFound', 'no');
    const make = (method: string, fault = unknown) => mistakes.record(method, fault);
    return { mistakes, make, told: () => entries.map(({ kind, event, fields }) => { expect([kind, event]).to.deep.equal(['denial', 'refused']); return fields; }) };
  };

  it('tells the first one at once, and how many they were in the end', () => {
    const { mistakes, make, told } = bench();
    make('none');
    make('command/executeShell', new ProtocolError('InvalidParams', 'no'));
    make('session/create', new ProtocolError('ServerNotInitialized', 'no'));
    const first = [{ method: 'none', error: 'MethodNotFound' }, { method: 'command/executeShell', error: 'InvalidParams' }, { method: 'session/create', error: 'ServerNotInitialized' }];
    expect(told()).to.deep.equal(first);
    make('none');
    mistakes.close();
    expect(told()).to.deep.equal([...first, { method: 'none', error: 'MethodNotFound', times: 2 }]);
  });

  it('fills few records, whatever a client sends a million times', () => {
    const { mistakes, make, told } = bench();
    for (let at = 0; at < 500_000; at++) make('none');
    for (let at = 0; at < 500_000; at++) make(`none ${at} ${'x'.repeat(200)}`);
    mistakes.close();
    expect(told().length).to.be.below(70);
    expect(told().at(-1)).to.deep.equal({ method: undefined, error: 'MethodNotFound', times: 500_000 - 49 });
    expect(Math.max(...told().map((fields) => JSON.stringify(fields).length))).to.be.below(200);
  });

  it('leaves alone what others record', () => {
    const { mistakes, make, told } = bench();
    make('session/create', new ProtocolError('PolicyDenied', 'no'));
    mistakes.record('session/create', new Error('internal'));
    expect(told()).to.deep.equal([]);
  });
});
