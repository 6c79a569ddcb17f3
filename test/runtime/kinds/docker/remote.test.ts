/** An engine on another machine, reached over TCP: nothing of this machine can be mounted, and all frames pass through the engine. */
import { createServer, connect, type AddressInfo, type Server, type Socket } from 'node:net';
import { expect } from 'chai';
import { type EngineAddress, resolveEngine } from '../../../../server/src/runtime/kinds/docker/address.ts';
import { dockerImage, need } from '../../../require.ts';
import { contract } from '../../contract/contract.ts';
import { sh } from '../../contract/dialects.ts';
import { rejects, start, textOf } from '../../contract/harness.ts';
import { containerSubject } from './contract-subject.ts';
import { busybox, docker, mountsOf, plain, real, type Real } from './real.ts';
import { until } from './subject.ts';

/** Passes every connection on to the engine of this machine. */
class Line {
  readonly #connections = new Set<Socket>();
  readonly #server: Server = createServer({ allowHalfOpen: true, noDelay: true }, (near) => {
    const far = connect({ path: '/var/run/docker.sock', allowHalfOpen: true });
    for (const [one, other] of [[near, far], [far, near]] as const) {
      this.#connections.add(one);
      one.on('error', () => undefined).on('close', () => {
        this.#connections.delete(one);
        other.destroy();
      });
      one.pipe(other);
    }
  });

  open(): Promise<void> {
    return new Promise((resolve) => void this.#server.listen(0, '127.0.0.1', resolve));
  }

  get address(): EngineAddress {
    const { port } = this.#server.address() as AddressInfo;
    return resolveEngine({ configured: undefined, env: { DOCKER_HOST: `tcp://127.0.0.1:${port}` }, home: '/nowhere', platform: process.platform });
  }

  /** Breaks every connection. Later ones are passed on again. */
  cut(): void {
    for (const socket of this.#connections) socket.destroy();
  }

  async close(): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

describe('an engine over TCP', () => {
  before(need('docker', dockerImage(busybox)));
  const line = new Line();
  before(() => line.open());
  after(() => line.close());

  contract('docker over TCP', {
    make: () => containerSubject(busybox, plain, line.address),
    features: { shell: true, pty: true, enforces: [], links: 'followed', adjusts: true, dialect: sh, languages: ['shellscript'] },
  }, ['life', 'files', 'programs', 'streams', 'terminals', 'trees']);

  describe('gets the agent in a volume', () => {
    let held: Real;
    beforeEach(() => (held = real(busybox, line.address)));
    afterEach(() => held.close());
    const volumes = (): string[] => held.inspect().Mounts.map(({ Name }: { Name: string }) => Name);
    const gone = (names: readonly string[]) => names.every((name) => !docker('volume', 'ls', '-q').split('\n').includes(name));

    it('which no program can write, and which is removed with the container', async () => {
      const sandbox = await held.create();
      expect(mountsOf(held.inspect().Mounts)).to.deep.equal([{ Type: 'volume', Destination: '/.codebeaker', RW: true, Propagation: '' }]);
      const tries = 'for t in "touch x" "rm agent" "mv agent y" "chmod 777 ." "sh -c :>agent" "touch typescript/x" "rm typescript/loader.cjs" "sh -c :>typescript/loader.cjs"; do (cd /.codebeaker; $t) 2>/dev/null && echo "$t: done"; done; ls -A /.codebeaker';
      expect(await textOf(sandbox, tries)).to.equal('agent\ntypescript\n');
      expect(sandbox.isolation.layers.filter(({ state }) => state !== 'enforced')).to.deep.equal([]);
      const names = volumes();
      expect(names).to.have.length(1);
      await sandbox.close();
      expect([held.containers(), gone(names)]).to.deep.equal([[], true]);
    });

    it('and a broken connection ends the sandbox, its container and the volume', async () => {
      const sandbox = await held.create();
      const names = volumes();
      const running = await start(sandbox, 'echo ready; sleep 600');
      await running.output.seen('ready');
      line.cut();
      expect(await sandbox.lost).to.equal('the sandbox ended');
      expect((await running.exited).kind).to.equal('lost');
      await rejects(textOf(sandbox, 'true'), 'SandboxLost');
      await until('the container has gone', () => held.containers().length === 0);
      expect(gone(names)).to.equal(true);
      await sandbox.close();
    });
  });
});
