/** Params are validated once, and errors name the path of everything that is wrong. */
import { expect } from 'chai';
import { parseParams } from '../../server/src/wire/validate.ts';
import { ExecuteShell, type ProtocolError } from '../../server/src/protocol/index.ts';
import { type TestHandlers, withServer } from './server.ts';

describe('validation', () => {
  const shell = (members: object) => ({ sessionId: 's', command: 'true', ...members });
  const cases: Record<string, [method: string, params: unknown, issues: [path: string, message: RegExp][]]> = {
    'a missing member': ['session/close', {}, [['sessionId', /expected string, received undefined/]]],
    'absent params': ['session/close', undefined, [['sessionId', /expected string/]]],
    'a wrong type': ['session/close', { sessionId: 1 }, [['sessionId', /expected string, received number/]]],
    'positional params': ['session/close', ['s'], [['', /expected object, received array/]]],
    'a nested member': ['session/create', { limits: { pids: 0 } }, [['limits.pids', /expected number to be >0/]]],
    'an item of a list': ['session/create', { network: { mode: 'allowlist', hosts: ['a', 2] } }, [['network.hosts.1', /expected string/]]],
    'an unknown value of an enum': ['session/create', { preference: 'fast' }, [['preference', /"speed"\|"security"/]]],
    'several errors at once': ['session/create', { label: 5, strict: 'yes' }, [['label', /string/], ['strict', /boolean/]]],
    'an error with the schema’s own message': ['command/executeShell', shell({ env: { '1A': 'x' } }), [['env.1A', /Invalid key/]]],
    'a value that does not match its pattern': ['command/signal', { commandId: 'c', signal: 'INT' }, [['signal', /a POSIX name/]]],
    'a value with none of several types': ['command/executeShell', { sessionId: 's', command: 5 }, [['command', /expected string or array/]]],
    'an empty list in a union': ['command/executeShell', { sessionId: 's', command: [] }, [['command', /array/]]],
    'a variable that JavaScript would lose (C8)': ['command/executeShell', shell({ env: JSON.parse('{"__proto__":"x","A":"1"}') }), [['env.__proto__', /cannot be used/]]],
    'names that JavaScript would lose (C8)': ['session/create', JSON.parse('{"env":{"__proto__":"x"},"secrets":{"__proto__":"y"}}'), [['env.__proto__', /cannot be used/], ['secrets.__proto__', /cannot be used/]]],
    'NUL': ['command/executeShell', { sessionId: 's', command: ['a\0'] }, [['command.0', /NUL/]]],
  };
  const handlers: TestHandlers = Object.fromEntries(
    ['session/close', 'session/create', 'command/executeShell', 'command/signal'].map((name) => [name, expect.fail]),
  );
  for (const [name, [method, params, issues]] of Object.entries(cases)) {
    it(`names the path of ${name}`, () =>
      withServer({ handlers }, async (server) => {
        await server.initialize();
        const { error } = await server.wire.ask(1, method, params);
        expect([error?.code, error?.data.kind]).to.deep.equal([-32602, 'InvalidParams']);
        expect(error?.data.issues.map(({ path }: { path: string }) => path)).to.deep.equal(issues.map(([path]) => path));
        issues.forEach(([path, message], at) => {
          expect(error?.data.issues[at].message).to.match(message);
          expect(error?.message).to.contain(path);
        });
      }));
  }

  const lua: [params: unknown, expected: unknown][] = [
    [shell({ env: [] }), shell({ env: {} })],
    [{ ...shell({ env: [] }), pty: { cols: 1, rows: 1 } }, { ...shell({ env: {} }), pty: { cols: 1, rows: 1 } }],
    [shell({ command: ['ls'] }), shell({ command: ['ls'] })],
  ];
  for (const [params, expected] of lua) {
    it(`accepts ${JSON.stringify(params)} as ${JSON.stringify(expected)}`, () => {
      expect(parseParams(ExecuteShell.params, params)).to.deep.equal(expected);
    });
  }

  it('accepts [] as {} at any depth where an object is expected, and nowhere else', () => {
    const seen: unknown[] = [];
    return withServer({ handlers: { 'session/create': (params) => void seen.push(params) } }, async (server) => {
      expect((await server.initialize({ capabilities: [], initializationOptions: [] })).error).to.equal(undefined);
      expect(server.params).to.deep.include({ capabilities: {}, initializationOptions: {} });
      const { error } = await server.wire.ask(1, 'session/create', { env: [], limits: [], secrets: [], network: { mode: 'none', hosts: [] } });
      expect(error).to.equal(undefined);
      expect(seen).to.deep.equal([{ env: {}, limits: {}, secrets: {}, network: { mode: 'none', hosts: [] } }]);
      expect((await server.wire.ask(2, 'session/create', { env: [1], workspace: [] })).error?.data.issues.map(({ path }: { path: string }) => path)).to.deep.equal(['workspace.uri', 'workspace.access', 'env']);
    });
  });

  it('names the path from the top of the params, also if only a part of them is validated', () => {
    try {
      parseParams(ExecuteShell.params, { sessionId: 's' }, ['command']);
      expect.fail('accepted');
    } catch (fault) {
      expect((fault as ProtocolError).data['issues']).to.deep.equal([{ path: 'command.command', message: 'Invalid input: expected string or array' }]);
    }
  });
});
