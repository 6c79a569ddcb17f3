/** Nothing leaves a session but what is allowed, whatever its programs try (F-E1, F-E3, F-E4), in real sandboxes. */
import { expect } from 'chai';
import { readFileSync } from 'node:fs';
import { systemClock } from '../../server/src/base/clock.ts';
import { defaultSizes } from '../../server/src/policy/sizes.ts';
import { FramedTransport } from '../../server/src/wire/framed.ts';
import { connect, type Connection } from '../../server/src/wire/server.ts';
import type { LanguageId, Network, RunCodeResult, Session } from '../../server/src/protocol/index.ts';
import { createNativeRuntime } from '../../server/src/runtime/kinds/native/native.ts';
import { fakeHouse, type FakeHouse } from '../fakes/house.ts';
import { answers, Outside } from '../network/outside.ts';
import { dockerImage, need, ociRuntime } from '../require.ts';
import type { Subject } from '../runtime/contract/contract.ts';
import { containerSubject } from '../runtime/kinds/docker/contract-subject.ts';
import { debian, gvisor, plain } from '../runtime/kinds/docker/real.ts';
import { bubblewrap, nativeSubject } from '../runtime/kinds/native/subject.ts';
import { type Line, recordingLog } from '../wire/server.ts';
import { type Json, Wire } from '../wire/wire.ts';

const attacks = readFileSync(new URL('../network/attacks.py', import.meta.url), 'utf8');

/** A daemon over one real runtime, with a world outside that the test has made. */
class Scene {
  readonly wire = new Wire();
  readonly subject: Subject;
  readonly outside: Outside;
  readonly lines: Line[] = [];
  readonly #house: FakeHouse;
  readonly #connection: Connection;
  #next = 1;

  private constructor(subject: Subject, outside: Outside) {
    this.subject = subject;
    this.outside = outside;
    const log = recordingLog(this.lines);
    const image = subject.image;
    const config = { pool: {}, network: { modes: ['allowlist' as const, 'full' as const] }, ...(image === undefined ? {} : { images: { python: image, shellscript: image, ruby: image, go: image, javascript: image } }) };
    this.#house = fakeHouse({ runtimes: [subject.runtime], config, ways: outside, clock: systemClock, log });
    this.#connection = connect(new FramedTransport(this.wire.stream, log, defaultSizes.messageBytes), this.#house.openSole, { log, clock: systemClock, version: '9.9.9' });
  }

  static async open(make: () => Promise<Subject>): Promise<Scene> {
    const scene = new Scene(await make(), await Outside.open());
    await scene.ask('initialize', { processId: null, capabilities: {} });
    return scene;
  }

  async ask(method: string, params: object = {}): Promise<Json> {
    const { result, error } = await this.wire.ask(`s${this.#next++}`, method, params);
    if (error) throw new Error(`${method}: ${error.message}`);
    return result;
  }

  session(network: Network): Promise<Session> {
    return this.ask('session/create', { language: 'python', network });
  }

  run({ sessionId }: Session, code: string, args: readonly string[] = [], language = 'python'): Promise<RunCodeResult> {
    return this.ask('command/runCode', { sessionId, language, code, args });
  }

  /** What came of each way out that a program tried. */
  async attack(session: Session): Promise<Record<string, string>> {
    const { outside } = this;
    const { stdout = '', stderr } = await this.run(session, attacks, [String(outside.secret), String(outside.udp), JSON.stringify(outside.addresses)]);
    expect(stderr).to.equal('');
    return JSON.parse(stdout) as Record<string, string>;
  }

  async close(): Promise<void> {
    await this.#connection.close();
    await this.subject.dispose();
    this.outside.close();
    expect(this.lines.filter(({ level }) => level === 'error')).to.deep.equal([]);
  }
}

const kinds = {
  native: { needs: () => before(need('bubblewrap', bubblewrap)), make: () => nativeSubject(createNativeRuntime) },
  docker: { needs: () => before(need('docker', dockerImage(debian))), make: () => containerSubject(debian, plain) },
  gvisor: {
    needs: () => {
      before(need('gVisor', ociRuntime('runsc')));
      before(need('docker', dockerImage(debian)));
    },
    make: () => containerSubject(debian, gvisor),
  },
};

for (const [kind, { needs, make }] of Object.entries(kinds)) {
  describe(`what leaves a session of ${kind}`, () => {
    needs();
    let scene: Scene;
    before(async () => {
      scene = await Scene.open(make);
    });
    after(() => scene.close());
    beforeEach(() => scene.outside.forget());

    it('is what a program sends to the hosts that are allowed, by HTTP, by a tunnel and by SOCKS', async () => {
      const session = await scene.session({ mode: 'allowlist', hosts: ['example.com'] });
      expect(session.isolation.layers.find(({ name }) => name === 'network')).to.deep.equal({ name: 'network', state: 'enforced', detail: "no interface but loopback; through CodeBeaker's proxy to: example.com" });
      const { stdout, stderr } = await scene.run(session, `
import os, socket, urllib.request, urllib.parse
print(urllib.request.urlopen("http://example.com/hello").read().decode())
port = urllib.parse.urlparse(os.environ["HTTPS_PROXY"]).port
def hears(c, count):
  told = b""
  while len(told) < count: told += c.recv(count - len(told))
  return told
for hello, length in ((b"CONNECT example.com:443 HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n", 39), (b"\\x05\\x01\\x00\\x05\\x01\\x00\\x03\\x0bexample.com\\x01\\xbb", 12)):
  c = socket.create_connection(("127.0.0.1", port))
  c.sendall(hello)
  hears(c, length)
  c.sendall(b"x" * 1000000)
  c.shutdown(socket.SHUT_WR)
  total = 0
  while True:
    some = c.recv(65536)
    if not some: break
    total += len(some)
  print(total)
`);
      expect([stdout, stderr]).to.deep.equal(['site example.com /hello\n1000000\n1000000\n', '']);
    });

    it('leaves by a port that is not told among those of its programs', async () => {
      const session = await scene.session({ mode: 'full' });
      const { sessionId } = session;
      const serving = scene.run(session, 'import socket; s = socket.create_server(("127.0.0.1", 8000)); s.accept()');
      let ports: { port: number }[] = [];
      while (ports.length === 0) ({ ports } = await scene.ask('ports/list', { sessionId }));
      expect(ports.map(({ port }) => port)).to.deep.equal([8000]);
      await scene.ask('session/close', { sessionId });
      await serving;
    });

    it('is nothing else under an allowlist, and nothing but public places under full (F-E3, F-E4)', async () => {
      const { outside } = scene;
      for (const address of ['127.0.0.1', ...outside.addresses.filter((each) => !each.startsWith('fe80'))]) expect(await answers(address, outside.secret), address).to.equal(true);
      const networks: [Network, RegExp][] = [[{ mode: 'allowlist', hosts: ['example.com:80', 'example.com:443'] }, /^example\.com$/], [{ mode: 'full' }, /./]];
      for (const [network, resolved] of networks) {
        outside.forget();
        const told = await scene.attack(await scene.session(network));
        expect(Object.entries(told).filter(([, end]) => end === 'OPEN')).to.deep.equal([]);
        expect(Object.keys(told).length).to.be.greaterThan(100);
        for (const name of outside.resolved) expect(name).to.match(resolved);
        for (const place of outside.dialled) expect(place).to.match(/^93\.184\.216\.34 /);
        expect(outside.leaked, network.mode).to.deep.equal([]);
      }
    });

    it('would be told by the attacks if something were open', async () => {
      const told = await scene.attack(await scene.session({ mode: 'full', hosts: ['127.0.0.1', 'inner.example'] }));
      const open = Object.entries(told).flatMap(([way, end]) => (end === 'OPEN' ? [way] : []));
      expect(open).to.include.members(['CONNECT 127.0.0.1', 'GET [::ffff:7f00:1]', 'CONNECT inner.example', 'SOCKS to 127.0.0.1', 'SOCKS to a name', 'redirect to a private address']);
    });

    it('is nothing at all without a network (F-E1)', async () => {
      const { outside } = scene;
      const told = await scene.attack(await scene.session({ mode: 'none' }));
      expect(Object.entries(told).filter(([, end]) => end === 'OPEN')).to.deep.equal([]);
      expect([[...outside.resolved], [...outside.dialled], outside.leaked]).to.deep.equal([[], [], []]);
    });

    /** What docs/network.md says of these languages. */
    const obedient: Partial<Record<LanguageId, string>> = {
      javascript: 'fetch("http://example.com/it").then(async (answer) => console.log(await answer.text()))',
      ruby: 'require "net/http"; puts Net::HTTP.get(URI("http://example.com/it"))',
      go: 'package main\nimport ("fmt"; "io"; "net/http")\nfunc main() { answer, fault := http.Get("http://example.com/it"); if fault != nil { panic(fault) }; text, _ := io.ReadAll(answer.Body); fmt.Println(string(text)) }',
      csharp: 'class Program { static void Main() { System.Console.WriteLine(new System.Net.WebClient().DownloadString("http://example.com/it")); } }',
    };
    for (const [language, code] of Object.entries(obedient)) {
      if (kind !== 'docker') continue;
      it(`reaches the host by itself in ${language}`, async () => {
        const session = await scene.session({ mode: 'allowlist', hosts: ['example.com'] });
        const { stdout, stderr } = await scene.run(session, code, [], language);
        expect(stdout, stderr).to.equal('site example.com /it\n');
      });
    }

    // Under gVisor a connection costs ten times as much.
    const connections = kind === 'gvisor' ? 1_000 : 10_000;
    it(`does not disturb the daemon or another session, also with ${connections} connections`, async () => {
      const session = await scene.session({ mode: 'allowlist', hosts: ['example.com'] });
      const neighbour = await scene.session({ mode: 'allowlist', hosts: ['example.com'] });
      const flood = scene.run(session, `
import os, socket, urllib.parse
port = urllib.parse.urlparse(os.environ["HTTP_PROXY"]).port
held, made = [], 0
for turn in range(${connections}):
  try:
    c = socket.create_connection(("127.0.0.1", port), 10)
    made += 1
    if turn % 3 == 0: c.sendall(b"CONNECT 127.0.0.1:22 HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n")
    if turn % 3 == 1: c.sendall(b"\\x05\\x01\\x00\\xff\\xff")
    held.append(c)
  except OSError: pass
  if len(held) > 300: held.pop(0).close()
print(made)
`);
      for (let turn = 0; turn < 5; turn++) {
        const { stdout } = await scene.run(neighbour, 'import urllib.request; print(urllib.request.urlopen("http://example.com/").read().decode())');
        expect(stdout).to.equal('site example.com /\n');
      }
      const { stdout = '', stderr, outcome } = await flood;
      expect([outcome, stderr]).to.deep.equal(['exited', '']);
      expect(Number(stdout)).to.be.greaterThan(connections / 10);
      const { stdout: after } = await scene.run(session, 'import urllib.request; print(urllib.request.urlopen("http://example.com/").read().decode())');
      expect(after).to.equal('site example.com /\n');
    });
  });
}
