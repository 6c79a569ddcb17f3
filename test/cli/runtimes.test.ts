/** The runtimes that a configuration gives. */
import { expect } from 'chai';
import { createRuntimes } from '../../server/src/cli/runtimes.ts';
import type { Surroundings } from '../../server/src/cli/surroundings.ts';
import { ConfigError } from '../../server/src/policy/config-file.ts';
import { runtimeKinds } from '../../server/src/runtime/kinds/table.ts';
import type { Config } from '../../server/src/protocol/index.ts';
import { recordingLog } from '../wire/server.ts';

const runtimesOf = (config: Config) =>
  createRuntimes({ surroundings: {} as Surroundings, config, path: 'c.json', images: {}, log: recordingLog([]), entries: () => expect.fail('nothing is loaded') });

describe('the runtimes of a daemon', () => {
  it('are those of the table, with those of the configuration behind the engine’s own', () => {
    const docker = { runtimes: { kata: { isolation: 9 } } };
    expect(runtimesOf({ docker }).all.map(({ id }) => id)).to.deep.equal(runtimeKinds(docker).map(({ id }) => id)).and.to.include('kata');
  });

  it('are the only ones that the pool can name (L19)', () => {
    expect(() => runtimesOf({ pool: { deno: { python: 1 }, dokcer: { python: 1 } } })).to.throw(ConfigError, 'c.json: pool.dokcer: there is no such runtime; there are docker, gvisor, native');
  });

  for (const id of ['docker', 'gvisor', 'bun']) {
    it(`refuse a configured runtime that is called ${id}`, () => {
      const config = { docker: { runtimes: { [id]: { isolation: 9 } } } };
      expect(() => runtimesOf(config)).to.throw(ConfigError, `docker.runtimes.${id}: a built-in runtime has this id; choose another one`);
    });
  }
});
