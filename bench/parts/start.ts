/** How long a daemon takes from the start of its process until it has answered `initialize`. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { RawClient } from '../../test/e2e/raw-client.ts';
import type { Part } from '../bench.ts';
import { alternate } from '../measure.ts';
import { row } from '../row.ts';

const run = promisify(execFile);

export const start: Part = {
  name: 'start',
  async run(bench) {
    const env = bench.environment();
    let client: RawClient;
    const { ours, theirs } = await alternate(
      {
        ours: {
          run: async () => {
            client = new RawClient({ env });
            await client.initialize();
          },
          after: async () => void (await client.end()),
        },
        theirs: { run: async () => void (await run(process.execPath, ['-e', '0'])) },
      },
      { runs: bench.many },
    );
    return [row({ name: 'start of the daemon until initialize is answered', against: 'node -e 0', ours, theirs, target: { maxSlowdown: 1.5 } })];
  },
};
