/** The configuration of a daemon is read again: what is told of it, and that a file with faults changes nothing. */
import { expect } from 'chai';
import { readAgain } from '../../server/src/cli/reload.ts';
import { parseConfig } from '../../server/src/policy/config-file.ts';
import type { Config } from '../../server/src/protocol/index.ts';
import { type Line, recordingLog } from '../wire/server.ts';

function reload(text: string, { began = {}, current = began }: { began?: Config; current?: Config } = {}) {
  const lines: Line[] = [];
  const result = readAgain({ began, current, path: 'the file', log: recordingLog(lines), read: () => parseConfig(text, 'the file') });
  return { result, told: lines.map(({ level, message }) => `${level}: ${message}`) };
}

describe('a configuration that is read again', () => {
  it('is told by the keys that have changed', () => {
    const { result, told } = reload('{"limits": {"pids": 20}, "network": {"hosts": ["a.example"]}}', { began: { limits: { pids: 30, cpus: 1 } } });
    expect(told).to.deep.equal(['info: the configuration was read again; this has changed: limits.cpus, limits.pids, network.hosts']);
    expect(result?.policy.limits.pids).to.equal(20);
  });

  it('is told by the keys that count only after a new start, compared with the start', () => {
    const began: Config = { stateDir: '/a', images: { python: 'a:1' } };
    const { told, result } = reload('{"stateDir": "/b", "images": {"python": "b:1"}, "docker": {"host": "tcp://a:1"}, "audit": {"enabled": false, "fsync": true}, "sizes": {"messageBytes": 2000000}}', { began, current: { stateDir: '/b' } });
    expect(told).to.deep.equal([
      'info: the configuration was read again; this has changed: audit.fsync',
      'warn: this has changed in the file, and counts only when the daemon has been started anew: audit.enabled, docker.host, images.python, sizes.messageBytes, stateDir',
    ]);
    expect([result?.policy.images.python, result?.policy.sizes.messageBytes]).to.deep.equal(['a:1', 64 * 2 ** 20]);
    expect(reload('{"stateDir": "/a", "images": {"python": "a:1"}}', { began, current: { stateDir: '/b' } }).told).to.deep.equal(['info: the configuration was read again, and nothing has changed that a daemon takes over while it runs']);
  });

  for (const [what, text, fault] of [
    ['is not JSON', '{', 'it is not valid JSON'],
    ['has an unknown key', '{"limit": {}}', 'limit: no such key'],
    ['names a runtime that is not there', '{"pool": {"dokcer": {}}}', 'pool.dokcer: there is no such runtime'],
  ] as const) {
    it(`is refused where it ${what}`, () => {
      const { result, told } = reload(text);
      expect(result).to.equal(undefined);
      expect(told).to.have.length(1);
      expect(told[0]).to.match(/^error: the configuration was not read again, and the one before stays in force: /).and.contain(fault);
    });
  }
});
