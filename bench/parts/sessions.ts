/** How long it takes to create a session in Docker, with a sandbox that was prepared in advance and without one. */
import { strict as assert } from 'node:assert';
import type { RawClient } from '../../test/e2e/raw-client.ts';
import type { Part } from '../bench.ts';
import { alternate, type Side } from '../measure.ts';
import { createAndStart, dockerRunFile, dockerRunIdle } from '../peers/docker.ts';
import { plain } from '../peers/plain.ts';
import { settled } from '../proc.ts';
import { row } from '../row.ts';

export const docker = { runtime: 'docker', language: 'python' };
/** The configuration of a daemon that prepares two sandboxes in advance. */
export const twoPrepared = { pool: { docker: { python: 2 } } };

/** Creates sessions and closes them. It counts how many of them got a sandbox that was prepared in advance. */
export class Created {
  readonly #client: RawClient;
  warm = 0;
  #made = 0;
  #last = '';

  constructor(client: RawClient) {
    this.#client = client;
  }

  async create(params: object): Promise<string> {
    const { sessionId, state, warm } = await this.#client.request('session/create', params);
    assert.equal(state, 'ready');
    this.#made++;
    if (warm) this.warm++;
    return (this.#last = sessionId);
  }

  async close(): Promise<void> {
    await this.#client.request('session/close', { sessionId: this.#last });
  }

  get note(): string {
    return `a sandbox was ready ${this.warm} of ${this.#made} times`;
  }
}

/** A side whose run makes something that has to be removed afterwards. `make` returns how. */
function removing(make: () => Promise<() => Promise<unknown>>): Side {
  let remove: () => Promise<unknown>;
  return { run: async () => void (remove = await make()), after: async () => void (await remove()) };
}

export const sessions: Part = {
  name: 'sessions',
  needs: ['docker'],
  async run(bench) {
    const { image, few } = bench;
    await plain('python', bench.folder);
    const pooled = await bench.daemon(twoPrepared);
    const pid = pooled.process.pid as number;
    const ready = () => settled(pid, 2);
    const fromPool = new Created(pooled);
    bench.say('session/create with a prepared sandbox');
    const warm = await alternate(
      { ours: { before: ready, run: async () => void (await fromPool.create(docker)), after: () => fromPool.close() }, theirs: removing(() => dockerRunIdle(image)) },
      { runs: few },
    );
    bench.say('new session and hello world');
    const fresh = new Created(pooled);
    const hello = await alternate(
      {
        ours: {
          before: ready,
          run: async () => {
            const sessionId = await fresh.create(docker);
            const { stdout } = await pooled.request('command/runCode', { sessionId, code: 'print("hello")' });
            assert.equal(stdout, 'hello\n');
          },
          after: () => fresh.close(),
        },
        theirs: { run: async () => assert.equal(await dockerRunFile(image, 'python3', `${bench.folder}/hello.py`), 'hello\n') },
      },
      { runs: few },
    );
    bench.say('session/create without a prepared sandbox');
    const cold = new Created(await bench.daemon());
    const made = await alternate(
      { ours: { run: async () => void (await cold.create(docker)), after: () => cold.close() }, theirs: removing(() => createAndStart(image)) },
      { runs: few, pauseMs: 100 },
    );
    return [
      row({ name: 'session/create in Docker, sandbox prepared in advance', against: 'docker run -d', ...warm, note: fromPool.note, target: { p50: 5, p99: 25, minSpeedup: 40 } }),
      row({ name: 'session/create in Docker, nothing prepared', against: 'create and start a container by the Docker API', ...made, target: { maxSlowdown: 1 } }),
      row({ name: 'session/create and a Python hello world in Docker', against: 'docker run --rm', ...hello, note: fresh.note, target: { p50: 10, minSpeedup: 25 } }),
    ];
  },
};
