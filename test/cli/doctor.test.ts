/** The report of `codebeaker doctor`: also what would run each language, and what to type for more (L9). */
import { packagesPolicy } from '../../server/src/policy/packages.ts';
import type { DebuggerReport } from '../../server/src/debug/host.ts';
import { defaultSizes } from '../../server/src/policy/sizes.ts';
import { expect } from 'chai';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { doctor } from '../../server/src/cli/doctor.ts';
import type { Daemon } from '../../server/src/cli/daemon.ts';
import type { Layer, RuntimeInfo } from '../../server/src/protocol/index.ts';
import { EventStream } from '../../server/src/events/events.ts';
import { Catalog } from '../../server/src/runtime/choice/catalog.ts';
import { weaknessesOf } from '../../server/src/runtime/holes/find.ts';
import { temporaryFolder } from '../policy/folder.ts';
import { recordingLog } from '../wire/server.ts';
import { FakeClock } from '../fakes/clock.ts';
import { FakeRuntime } from '../fakes/runtime.ts';

const layer = (name: string, state: Layer['state'] = 'enforced'): Layer => ({ name, state });

const base = { startup: { coldMs: 250, warmMs: 29.6, measured: false }, memoryBytes: 8 * 2 ** 20 };
const docker: RuntimeInfo = {
  ...base, id: 'docker', available: true, version: '20.10.24+dfsg1',
  languages: ['python', 'javascript', 'typescript', 'go', 'csharp', 'ruby', 'shellscript'].map((id) => ({ id, image: 'x' }) as RuntimeInfo['languages'][number]),
  isolation: { score: 7, layers: [layer('user'), layer('network')] },
};
const deno: RuntimeInfo = {
  ...base, id: 'deno', available: true, version: '2.9.6', languages: [{ id: 'javascript' }, { id: 'typescript' }],
  isolation: { score: 3, layers: [layer('user', 'off'), layer('seccomp', 'off'), ...['filesystem', 'network', 'processes', 'memory', 'pids', 'disk'].map((name) => layer(name, 'degraded'))] },
};
const missing = (info: RuntimeInfo, reason?: string): RuntimeInfo => ({ ...info, available: false, version: undefined, reason });

async function run(infos: readonly RuntimeInfo[], json = false, env = {}, debuggers: readonly DebuggerReport[] = []) {
  let text = '';
  let closed = 0;
  const clock = new FakeClock();
  const log = recordingLog([]);
  const runtimes = infos.map((info) => Object.assign(new FakeRuntime({ clock, id: info.id }), { info: () => info }));
  const daemon: Daemon = {
    runtimes,
    packages: packagesPolicy({}),
    sizes: defaultSizes,
    secrets: [],
    unread: () => undefined,
    lowerLog: () => () => undefined,
    scans: false,
    debuggers: async () => ({ report: async () => [...debuggers] }),
    catalog: new Catalog({ runtimes, clock, events: new EventStream(log) }),
    log,
    watch: () => undefined,
    refused: () => undefined,
    open: () => Promise.reject(new Error('nobody connects')),
    openSole: () => Promise.reject(new Error('nobody connects')),
    close: async () => void (closed += 1),
  };
  const code = await doctor(daemon, { clock, env }, json, async (part) => {
    text += part;
    return 0;
  });
  expect(closed, 'closed').to.equal(1);
  return { code, text };
}

const tables: Record<string, [infos: RuntimeInfo[], code: number, text: string]> = {
  'every runtime is available': [[docker, deno], 0, `
RUNTIME  READY  VERSION         ISOLATION  LANGUAGES
docker   yes    20.10.24+dfsg1  7/10       python javascript typescript go
                                           csharp ruby shellscript
deno     yes    2.9.6           3/10       javascript typescript

LANGUAGE     RUNS IN      WHAT TO TYPE FOR MORE
python       docker
javascript   docker deno
typescript   docker deno
go           docker
csharp       docker
ruby         docker
shellscript  docker

RUNTIME  SANDBOX  FIRST PROGRAM  IDLE MEMORY
docker   250 ms   30 ms          8.0 MiB      estimated
deno     250 ms   30 ms          8.0 MiB      estimated

deno: not fully enforced: user (off), seccomp (off), filesystem (degraded),
network (degraded), processes (degraded), memory (degraded), pids (degraded),
disk (degraded)
`],
  'one runtime is missing': [[missing(docker, 'no engine answers at unix:///var/run/docker.sock: start Docker, or set docker.host'), { ...deno, isolation: docker.isolation }], 0, `
RUNTIME  READY  VERSION  ISOLATION  LANGUAGES
docker   no     -        -          python javascript typescript go csharp ruby
                                    shellscript
deno     yes    2.9.6    7/10       javascript typescript

LANGUAGE     RUNS IN  WHAT TO TYPE FOR MORE
python       -        see docker below
javascript   deno
typescript   deno
go           -        see docker below
csharp       -        see docker below
ruby         -        see docker below
shellscript  -        see docker below

RUNTIME  SANDBOX  FIRST PROGRAM  IDLE MEMORY
deno     250 ms   30 ms          8.0 MiB      estimated

docker: no engine answers at unix:///var/run/docker.sock: start Docker, or set
docker.host
`],
  'several runtimes would run a language if they were there': [[missing(docker, 'no engine'), missing({ ...docker, id: 'native', languages: [{ id: 'python' }] }, 'no bubblewrap')], 1, `
RUNTIME  READY  VERSION  ISOLATION  LANGUAGES
docker   no     -        -          python javascript typescript go csharp ruby
                                    shellscript
native   no     -        -          python

LANGUAGE     RUNS IN  WHAT TO TYPE FOR MORE
python       -        see docker, native below
javascript   -        see docker below
typescript   -        see docker below
go           -        see docker below
csharp       -        see docker below
ruby         -        see docker below
shellscript  -        see docker below

docker: no engine
native: no bubblewrap

No runtime is available. Install Docker, or run npm install to get Deno.
`],
  'several runtimes are missing for the same reason': [[missing(docker, 'no engine'), missing({ ...deno, languages: [] }, 'no deno'), missing({ ...docker, id: 'gvisor', languages: [] }, 'no engine'), deno], 0, `
RUNTIME  READY  VERSION  ISOLATION  LANGUAGES
docker   no     -        -          python javascript typescript go csharp ruby
                                    shellscript
deno     no     -        -          -
gvisor   no     -        -          -
deno     yes    2.9.6    3/10       javascript typescript

LANGUAGE     RUNS IN  WHAT TO TYPE FOR MORE
python       -        see docker below
javascript   deno
typescript   deno
go           -        see docker below
csharp       -        see docker below
ruby         -        see docker below
shellscript  -        see docker below

RUNTIME  SANDBOX  FIRST PROGRAM  IDLE MEMORY
deno     250 ms   30 ms          8.0 MiB      estimated

docker, gvisor: no engine
deno: no deno
deno: not fully enforced: user (off), seccomp (off), filesystem (degraded),
network (degraded), processes (degraded), memory (degraded), pids (degraded),
disk (degraded)
`],
  'every runtime is missing': [[missing(docker), missing({ ...deno, languages: [] }, 'there is no deno on this host')], 1, `
RUNTIME  READY  VERSION  ISOLATION  LANGUAGES
docker   no     -        -          python javascript typescript go csharp ruby
                                    shellscript
deno     no     -        -          -

LANGUAGE     RUNS IN  WHAT TO TYPE FOR MORE
python       -        see docker below
javascript   -        see docker below
typescript   -        see docker below
go           -        see docker below
csharp       -        see docker below
ruby         -        see docker below
shellscript  -        see docker below

docker: not available
deno: there is no deno on this host

No runtime is available. Install Docker, or run npm install to get Deno.
`],
  'a word is longer than a line': [[missing(docker, `see ${'x'.repeat(100)} there`)], 1, `
RUNTIME  READY  VERSION  ISOLATION  LANGUAGES
docker   no     -        -          python javascript typescript go csharp ruby
                                    shellscript

LANGUAGE     RUNS IN  WHAT TO TYPE FOR MORE
python       -        see docker below
javascript   -        see docker below
typescript   -        see docker below
go           -        see docker below
csharp       -        see docker below
ruby         -        see docker below
shellscript  -        see docker below

docker: see
${'x'.repeat(100)}
there

No runtime is available. Install Docker, or run npm install to get Deno.
`],
};

describe('the doctor', () => {
  for (const [name, [infos, code, expected]] of Object.entries(tables)) {
    it(`reports if ${name}`, async () => {
      const result = await run(infos);
      expect(result).to.deep.equal({ code, text: expected.slice(1) });
    });
  }

  describe('of holes in the programs that make sandboxes', () => {
    const weak = (info: RuntimeInfo, ...found: Parameters<typeof weaknessesOf>[]): RuntimeInfo => ({ ...info, weaknesses: found.flatMap((each) => weaknessesOf(...each)) });
    const below = async (...infos: RuntimeInfo[]) => (await run(infos)).text.split('estimated\n').at(-1)?.trimStart();
    const native: RuntimeInfo = { ...docker, id: 'native', version: 'bubblewrap 0.8.0' };

    it('says what is broken, what it allows, and what to do (F-B6)', async () => {
      expect(await below(weak(docker, ['runc', '1.1.11']))).to.equal(`docker: runc 1.1.11 is known to be broken. It lets an image begin in a folder of
the host, by a descriptor that runc has left open (CVE-2024-21626). It lets a
container write to files of /proc that are masked, and so get out to the host
(CVE-2025-31133, CVE-2025-52565, CVE-2025-52881). Update it to 1.2.8, 1.3.3,
1.4.0-rc.3 or later.
`);
    });

    it('does not call a version broken that a distribution may have mended (F-B6)', async () => {
      const text = await below(weak(docker, ['runc', '1.2.5-0ubuntu1']));
      expect(text).to.equal(`docker: runc 1.2.5-0ubuntu1 is of a version that is known to be broken, and may
have been mended by your distribution. It lets a container write to files of
/proc that are masked, and so get out to the host (CVE-2025-31133,
CVE-2025-52565, CVE-2025-52881). Install the updates of your distribution. runc
itself is mended in 1.2.8, 1.3.3, 1.4.0-rc.3.
`);
    });

    it('names those that no sandbox reaches in one line, once for all runtimes (F-B5)', async () => {
      const desktop = weak(docker, ['Docker Desktop', '4.38.0']);
      const text = await below(desktop, { ...desktop, id: 'gvisor' }, weak(native, ['bubblewrap', '0.8.0']), weak({ ...native, id: 'bun' }, ['bubblewrap', '0.8.0']));
      expect(text).to.equal(`Known holes that no sandbox reaches: Docker Desktop 4.38.0 (CVE-2025-9074,
CVE-2026-5843); bubblewrap 0.8.0 (CVE-2026-87766). With --json the doctor says
why.
`);
    });

    it('says the same once for several runtimes, and nothing of one that is not there', async () => {
      const text = await below(weak(docker, ['runc', '1.2.5']), weak({ ...docker, id: 'other' }, ['runc', '1.2.5']), weak(missing({ ...docker, id: 'third' }, 'no engine'), ['runc', '1.0.0']));
      expect(text).to.match(/^third: no engine\n\ndocker, other: runc 1\.2\.5 is known to be broken\./).and.not.to.contain('1.0.0');
    });

    it('has all of it as JSON', async () => {
      const { text } = await run([weak(docker, ['runc', '1.2.5'], ['Docker Desktop', '4.38.0'])], true);
      const [info] = (JSON.parse(text) as { runtimes: RuntimeInfo[] }).runtimes;
      expect(info?.weaknesses?.map(({ id, state, why }) => [id, state, why])).to.deep.equal([
        ['CVE-2025-31133, CVE-2025-52565, CVE-2025-52881', 'open', undefined],
        ['CVE-2025-9074', 'unreached', 'sandboxes have no network interface'],
        ['CVE-2026-5843', 'unreached', 'sandboxes have no network interface'],
      ]);
    });
  });

  it('uses at most 80 columns', async () => {
    const { text } = await run([docker, deno]);
    for (const line of text.split('\n')) expect(line.length, line).to.be.at.most(80);
  });

  describe('of a language that a runtime could run', () => {
    const folder = temporaryFolder();
    const native: RuntimeInfo = { ...docker, id: 'native', languages: [{ id: 'python' }, { id: 'shellscript' }] };

    it('says what to type to install it (L9)', async () => {
      writeFileSync(join(folder(), 'dnf'), '');
      const { text } = await run([native, missing(deno, 'none')], false, { PATH: folder() });
      expect(text).to.match(/^ruby +- +for native: sudo dnf install ruby$/m).and.to.match(/^typescript +- +for native: npm install --global deno$/m).and.to.match(/^python +native$/m);
    });

    it('names every reason in its JSON (L9)', async () => {
      const { text } = await run([native, missing(docker, 'no engine'), deno], true, { PATH: '' });
      const { languages } = JSON.parse(text) as { languages: { id: string; missing: unknown }[] };
      expect(languages.find(({ id }) => id === 'ruby')).to.deep.equal({ id: 'ruby', runtimes: [], missing: [
        { runtime: 'native', reason: 'it needs ruby on the PATH of this machine', needs: 'tools' },
        { runtime: 'docker', reason: 'no engine', needs: 'runtime' },
        { runtime: 'deno', reason: 'it runs only javascript, typescript', needs: 'nothing' },
      ] });
    });
  });

  it('writes the same as JSON for programs', async () => {
    const { code, text } = await run([docker, missing(deno, 'none')], true);
    expect(text).to.match(/\n$/);
    expect([code, JSON.parse(text).runtimes]).to.deep.equal([0, JSON.parse(JSON.stringify([docker, missing(deno, 'none')]))]);
    expect((await run([missing(deno)], true)).code).to.equal(1);
  });

  it('says what can be debugged, and what to type for the rest', async () => {
    const { text } = await run([docker], false, {}, [{ language: 'python', runtimes: ['docker', 'native'], hint: 'install it' }, { language: 'ruby', runtimes: [], hint: 'install rdbg' }]);
    expect(text).to.contain('Programs can be debugged (codebeaker dap): python in docker, native.\nTo debug ruby: install rdbg.\n');
    const { debug } = JSON.parse((await run([docker], true, {}, [{ language: 'python', runtimes: ['docker', 'native'], hint: 'install it' }, { language: 'ruby', runtimes: [], hint: 'install rdbg' }])).text) as { debug: object };
    expect(debug).to.deep.equal([{ language: 'python', here: true, runtimes: ['docker', 'native'] }, { language: 'ruby', here: false, runtimes: [], hint: 'install rdbg' }]);
  });
});
