/** The daemon from source, as `npm run dev` starts it. */
import { expect } from 'chai';
import { fileURLToPath } from 'node:url';
import { daemonEnvironment } from './environment.ts';
import { RawClient } from './raw-client.ts';

describe('the daemon from source', () => {
  it('answers requests', async () => {
    const daemon = fileURLToPath(new URL('../../server/scripts/dev.mjs', import.meta.url));
    const client = new RawClient({ command: [daemon, '--stdio'], env: daemonEnvironment() });
    expect((await client.initialize()).serverInfo).to.deep.equal({ name: 'codebeaker', version: '0.0.0-source' });
    expect((await client.request('session/list')).sessions).to.deep.equal([]);
    expect(await client.end()).to.equal(0);
  });
});
