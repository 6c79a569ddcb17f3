/** What the name localhost means in containers, however the agent gets in (T3). */
import { expect } from 'chai';
import type { EngineAddress } from '../../../../server/src/runtime/kinds/docker/address.ts';
import type { ContainerKind } from '../../../../server/src/runtime/kinds/docker/kinds.ts';
import { dockerImage, need, ociRuntime } from '../../../require.ts';
import { textOf } from '../../contract/harness.ts';
import { address, debian, gvisor, plain, real } from './real.ts';

const local = (): EngineAddress => address();
const elsewhere = (): EngineAddress => ({ ...address(), local: false });

const places: Record<string, [kind: ContainerKind, where: () => EngineAddress]> = {
  'a container': [plain, local],
  'a container of an engine elsewhere': [plain, elsewhere],
  'a container in gVisor': [gvisor, local],
};

const server = 'import { createServer } from "node:http"; const s = createServer((_, r) => r.end("mine")).listen(8000, async () => { console.log(await (await fetch("http://localhost:8000")).text()); s.close(); s.closeAllConnections(); });';

describe('localhost', function () {
  before(need('docker', dockerImage(debian)));

  for (const [place, [kind, where]] of Object.entries(places)) {
    describe(`in ${place}`, () => {
      if (kind === gvisor) before(need('gvisor', ociRuntime('runsc')));

      it('is this machine, and nothing tells the names of others (T3)', async () => {
        const held = real(debian, where(), kind);
        try {
          const sandbox = await held.create();
          const addresses = await textOf(sandbox, ['python3', '-c', 'import socket; print(*sorted({a[4][0] for a in socket.getaddrinfo("localhost", 80)}))']);
          expect(addresses).to.equal('127.0.0.1 ::1\n');
          expect(await textOf(sandbox, ['node', '--input-type=module', '-e', server])).to.equal('mine\n');
          expect(await textOf(sandbox, 'cat /etc/resolv.conf | grep -v "^$" | grep -v 127.0.0.1 | grep -v "^search \\.$" | cat')).to.equal('');
          expect(await textOf(sandbox, '(echo x >/etc/hosts) 2>/dev/null || echo refused')).to.equal('refused\n');
          await sandbox.close();
        } finally {
          await held.close();
        }
      });
    });
  }
});
