/** Docker sandboxes: made ahead, and made when asked for. */
import { strict as assert } from 'node:assert';
import type { RawClient } from '../../test/e2e/raw-client.ts';
import type { Part } from '../bench.ts';
import { alternate, type Side } from '../measure.ts';
import { createAndStart, dockerRunFile, dockerRunIdle } from '../peers/docker.ts';
import { plain } from '../peers/plain.ts';
import { settled } from '../proc.ts';
import { row } from '../row.ts';

export const docker = { runtime: 'docker', language: 'python' };
export const ahead = { pool: { docker: { python: 2 } } };

/** Closes what `create` made, and counts how many of them had been made ahead. */
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
    return `${this.warm} of ${this.#made} were ready`;
  }
}

/** A peer whose run leaves something behind. */
function removing(make: () => Promise<() => Promise<unknown>>): Side {
  let remove: () => Promise<unknown>;
  return { run: async () => void (remove = await make()), after: async () => void (await remove()) };
}

export const sessions: Part = {
  name: 'sessions',
  async run(bench) {
    const { image, few } = bench;
    await plain('python', bench.folder);
    const pooled = await bench.daemon(ahead);
    const pid = pooled.process.pid as number;
    const ready = () => settled(pid, 2);
    const fromPool = new Created(pooled);
    bench.say('session/create from the pool');
    const warm = await alternate(
      { ours: { before: ready, run: async () => void (await fromPool.create(docker)), after: () => fromPool.close() }, theirs: removing(() => dockerRunIdle(image)) },
      { runs: few },
    );
    bench.say('fresh session + hello');
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
    bench.say('session/create cold');
    const cold = new Created(await bench.daemon());
    const made = await alternate(
      { ours: { run: async () => void (await cold.create(docker)), after: () => cold.close() }, theirs: removing(() => createAndStart(image)) },
      { runs: few, pauseMs: 100 },
    );
    return [
      row({ name: 'session/create, docker, from the pool', against: 'docker run -d', ...warm, note: fromPool.note, mark: { p50: 5, p99: 25, times: 40 } }),
      row({ name: 'session/create, docker, cold', against: 'create + start (API)', ...made, mark: { share: 1 } }),
      row({ name: 'fresh session + Python hello, docker', against: 'docker run --rm', ...hello, note: fresh.note, mark: { p50: 10, times: 25 } }),
    ];
  },
};
