/** An engine that is reached through ssh. A script of that name runs the remote command on this machine. */
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import type { ProtocolError } from '../../../../server/src/protocol/index.ts';
import { Engine } from '../../../../server/src/runtime/kinds/docker/engine.ts';
import { resolveEngine } from '../../../../server/src/runtime/kinds/docker/address.ts';
import { FakeClock } from '../../../fakes/clock.ts';
import { dockerImage, need } from '../../../require.ts';
import { start, textOf } from '../../contract/harness.ts';
import { busybox, mountsOf, real } from './real.ts';
import { failure, until } from './subject.ts';

/** Scripts in the place of ssh, each of which fails in another way. */
const THERE = 'while [ "$1" != -- ]; do shift; done; shift 2; unset DOCKER_HOST DOCKER_CONTEXT; exec "$@"';

describe('an engine over ssh', () => {
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'ssh-'))));
  afterEach(() => rmSync(folder, { recursive: true }));

  /** The address of an engine that is reached by this script. Each run of it leaves a line: its pid and its arguments. */
  const address = (script: string, host = 'ssh://box') => {
    writeFileSync(join(folder, 'ssh'), `#!/bin/sh\necho "$$ $*" >> ${join(folder, 'log')}\n${script}\n`);
    chmodSync(join(folder, 'ssh'), 0o755);
    const env = { ...process.env, PATH: `${folder}:${process.env.PATH}` };
    return resolveEngine({ configured: host, env, home: '/nowhere', platform: process.platform });
  };
  const log = () => (existsSync(join(folder, 'log')) ? readFileSync(join(folder, 'log'), 'utf8').trim().split('\n') : []);
  const alive = () => log().map((line) => line.split(' ')[0] ?? '').filter((pid) => existsSync(`/proc/${pid}/exe`));
  const allEnded = () => until('every ssh process has ended', () => alive().length === 0);
  const reasonOf = async (script: string): Promise<ProtocolError> => failure(new Engine(address(script), new FakeClock()).info());

  for (const [host, args] of Object.entries({
    'ssh://box': '-T -- box docker system dial-stdio',
    'ssh://me@box:2222': '-T -p 2222 -- me@box docker system dial-stdio',
    'ssh://-oProxyCommand=evil': '-T -- -oProxyCommand=evil docker system dial-stdio',
    'ssh://[::1]': '-T -- ::1 docker system dial-stdio',
  })) {
    it(`at ${host} is reached with the right arguments`, async () => {
      const engine = new Engine(address('exit 1', host), new FakeClock());
      await failure(engine.info());
      expect(log()[0]?.replace(/^\d+ /, '')).to.equal(args);
    });
  }

  it('that refuses the login is reported with the message of ssh', async () => {
    const { kind, message } = await reasonOf('echo "some banner" >&2; echo "me@box: Permission denied (publickey)." >&2; exit 255');
    expect(kind).to.equal('RuntimeUnavailable');
    expect(message).to.include('the Docker engine at ssh://box gives no answer: ssh: me@box: Permission denied (publickey).');
  });

  it('that ends without a message is reported', async () => {
    expect((await reasonOf('exit 3')).message).to.include('ssh: ended with 3');
    expect((await reasonOf('kill -9 $$')).message).to.include('ssh: ended with a signal');
    expect((await reasonOf('exit 0')).kind).to.equal('RuntimeUnavailable');
  });

  it('that answers something else than HTTP is reported', async () => {
    expect((await reasonOf('echo "Welcome to box"; cat >/dev/null')).kind).to.equal('RuntimeUnavailable');
    await allEnded();
  });

  it('on a host without ssh is reported', async () => {
    const nowhere = resolveEngine({ configured: 'ssh://box', env: { PATH: '/nowhere' }, home: '/nowhere', platform: process.platform });
    expect((await failure(new Engine(nowhere, new FakeClock()).info())).message).to.include("ssh can't be started: is it installed?");
  });

  it('that never answers is given up, and the process of ssh ends (F-C6)', async () => {
    const clock = new FakeClock();
    const engine = new Engine(address('exec sleep 600'), clock);
    const outcome = failure(engine.info());
    await until('ssh runs', () => log().length === 1);
    await clock.advance(4_000);
    expect((await outcome).message).to.include('no answer within 4 s');
    await allEnded();
  });

  describe('that answers', () => {
    before(need('docker', dockerImage(busybox)));

    it('makes sandboxes as any other, and every process of ssh ends with its connection', async () => {
      const remote = real(busybox, address(THERE, 'ssh://me@box:2222'));
      const info = await remote.runtime.refresh(new AbortController().signal);
      expect(info).to.include({ available: true });
      const sandbox = await remote.create();
      expect(await textOf(sandbox, 'echo there; id -u')).to.equal('there\n65534\n');
      const large = await textOf(sandbox, 'head -c 3000000 /dev/zero | tr "\\0" x');
      expect(large).to.have.length(3_000_000);
      const input = Buffer.alloc(1_000_000, 'y');
      expect(await textOf(sandbox, 'wc -c', { stdin: input })).to.equal('1000000\n');
      await sandbox.files.write('/workspace/file', input, { mode: 'overwrite', executable: undefined });
      expect((await sandbox.files.read('/workspace/file', 0, undefined)).bytes.equals(input)).to.equal(true);
      expect(mountsOf(remote.inspect().Mounts)).to.deep.equal([{ Type: 'volume', Destination: '/.codebeaker', RW: true, Propagation: '' }]);
      expect(alive()).not.to.deep.equal([]);
      await sandbox.close();
      expect(remote.containers()).to.deep.equal([]);
      await allEnded();
    });

    it('runs programs on terminals, ends them when they are killed, and tells why one can not be started', async () => {
      const remote = real(busybox, address(THERE));
      const sandbox = await remote.create();
      const typed = await start(sandbox, 'stty size; read line; echo "got $line"', { pty: { cols: 91, rows: 17 }, stdin: 'open' });
      await typed.write(Buffer.from('Ada\n'));
      expect(await typed.exited).to.deep.include({ kind: 'exited', code: 0 });
      expect(typed.output.of('pty').toString()).to.match(/17 91\r\n/).and.to.match(/got Ada\r\n$/);
      const flood = await start(sandbox, 'yes & yes & echo ready; wait');
      await flood.output.seen('ready');
      await flood.kill();
      expect(await flood.exited).to.deep.include({ kind: 'signaled', signal: 'SIGKILL' });
      expect(await textOf(sandbox, 'ps | grep -c "[y]es"; true')).to.equal('0\n');
      expect((await failure(start(sandbox, ['no-such-program']))).message).to.include('ENOENT');
      await sandbox.close();
      expect(remote.containers()).to.deep.equal([]);
      await allEnded();
    });

    it('loses a sandbox with the process that holds it, and leaves no container', async () => {
      const remote = real(busybox, address(THERE));
      const sandbox = await remote.create();
      const running = await start(sandbox, 'sleep 600');
      for (const pid of alive()) process.kill(Number(pid), 'SIGKILL');
      expect(await sandbox.lost).to.equal('the sandbox ended');
      expect((await running.exited).kind).to.equal('lost');
      await until('the container has gone', () => remote.containers().length === 0);
      await sandbox.close();
      await allEnded();
    });

    it('is reached by connections that ssh shares, whose process holds stderr open', async () => {
      const remote = real(busybox, address(`sleep 61 </dev/null >/dev/null & echo "$! owner" >> ${join(folder, 'log')}; ${THERE}`));
      const sandbox = await remote.create();
      expect(await textOf(sandbox, 'echo shared')).to.equal('shared\n');
      await sandbox.close();
      for (const line of log().filter((each) => each.endsWith('owner'))) process.kill(Number.parseInt(line, 10));
      await allEnded();
    });
  });
});
