/** The report of `codebeaker doctor`. */
import { expect } from 'chai';
import { doctor } from '../../server/src/cli/doctor.ts';
import type { Daemon } from '../../server/src/cli/daemon.ts';
import type { Layer, RuntimeInfo } from '../../server/src/protocol/index.ts';
import { EventStream } from '../../server/src/events/events.ts';
import { Catalog } from '../../server/src/runtime/choice/catalog.ts';
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

async function run(infos: readonly RuntimeInfo[], json = false) {
  let text = '';
  let closed = 0;
  const clock = new FakeClock();
  const log = recordingLog([]);
  const runtimes = infos.map((info) => Object.assign(new FakeRuntime({ clock, id: info.id }), { info: () => info }));
  const daemon: Daemon = {
    runtimes,
    catalog: new Catalog({ runtimes, clock, events: new EventStream(log) }),
    log,
    watch: () => undefined,
    open: () => Promise.reject(new Error('nobody connects')),
    close: async () => void (closed += 1),
  };
  const code = await doctor(daemon, clock, json, (part) => (text += part));
  expect(closed, 'closed').to.equal(1);
  return { code, text };
}

const tables: Record<string, [infos: RuntimeInfo[], code: number, text: string]> = {
  'every runtime is available': [[docker, deno], 0, `
RUNTIME  READY  VERSION         ISOLATION  LANGUAGES
docker   yes    20.10.24+dfsg1  7/10       python javascript typescript go
                                           csharp ruby shellscript
deno     yes    2.9.6           3/10       javascript typescript

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

RUNTIME  SANDBOX  FIRST PROGRAM  IDLE MEMORY
deno     250 ms   30 ms          8.0 MiB      estimated

docker: no engine answers at unix:///var/run/docker.sock: start Docker, or set
docker.host
`],
  'several runtimes are missing for the same reason': [[missing(docker, 'no engine'), missing({ ...deno, languages: [] }, 'no deno'), missing({ ...docker, id: 'gvisor', languages: [] }, 'no engine'), deno], 0, `
RUNTIME  READY  VERSION  ISOLATION  LANGUAGES
docker   no     -        -          python javascript typescript go csharp ruby
                                    shellscript
deno     no     -        -          -
gvisor   no     -        -          -
deno     yes    2.9.6    3/10       javascript typescript

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

docker: not available
deno: there is no deno on this host

No runtime is available. Install Docker, or run npm install to get Deno.
`],
  'a word is longer than a line': [[missing(docker, `see ${'x'.repeat(100)} there`)], 1, `
RUNTIME  READY  VERSION  ISOLATION  LANGUAGES
docker   no     -        -          python javascript typescript go csharp ruby
                                    shellscript

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

  it('uses at most 80 columns', async () => {
    const { text } = await run([docker, deno]);
    for (const line of text.split('\n')) expect(line.length, line).to.be.at.most(80);
  });

  it('writes the same as JSON for programs', async () => {
    const { code, text } = await run([docker, missing(deno, 'none')], true);
    expect(text).to.match(/\n$/);
    expect([code, JSON.parse(text)]).to.deep.equal([0, { runtimes: JSON.parse(JSON.stringify([docker, missing(deno, 'none')])) }]);
    expect((await run([missing(deno)], true)).code).to.equal(1);
  });
});
