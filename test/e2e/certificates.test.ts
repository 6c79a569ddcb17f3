/** Programs of a session with a network trust what this machine trusts: TLS of an own authority, in real sandboxes. */
import { expect } from 'chai';
import { rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../server/src/base/clock.ts';
import { defaultSizes } from '../../server/src/policy/sizes.ts';
import { certificatesFor } from '../../server/src/cli/certificates.ts';
import { machineOf } from '../../server/src/packages/registries/machine.ts';
import type { Config, LanguageId } from '../../server/src/protocol/index.ts';
import { createNativeRuntime } from '../../server/src/runtime/kinds/native/native.ts';
import { FramedTransport } from '../../server/src/wire/framed.ts';
import { connect } from '../../server/src/wire/server.ts';
import { fakeHouse } from '../fakes/house.ts';
import { fakePackages } from '../fakes/packages.ts';
import { type Authority, authorityFor, serveSecurely } from '../network/authority.ts';
import { FakeWays } from '../network/place.ts';
import { dockerImage, need, ociRuntime, program } from '../require.ts';
import { containerSubject } from '../runtime/kinds/docker/contract-subject.ts';
import { debian, gvisor, plain } from '../runtime/kinds/docker/real.ts';
import { bubblewrap, nativeSubject } from '../runtime/kinds/native/subject.ts';
import { systemWays } from '../../server/src/network/ways.ts';
import { recordingLog } from '../wire/server.ts';
import { type Json, Wire } from '../wire/wire.ts';

/** Each prints what https://tls.example/ answers, or `untrusted`. */
const programs: Readonly<Partial<Record<LanguageId, string>>> = {
  python: `
import ssl, urllib.request, urllib.error
try: print(urllib.request.urlopen("https://tls.example/").read().decode())
except urllib.error.URLError as fault: print("untrusted" if isinstance(fault.reason, ssl.SSLCertVerificationError) else fault)
`,
  // So that it is the same in Nodes that know no proxy.
  javascript: `
const { hostname, port } = new URL(process.env.HTTPS_PROXY);
const tunnel = require('http').request({ hostname, port, method: 'CONNECT', path: 'tls.example:443', agent: false }).on('connect', (_, socket) => {
  require('https').get('https://tls.example/', { socket, agent: false, createConnection: () => require('tls').connect({ socket, servername: 'tls.example' }) }, (answer) => answer.pipe(process.stdout).on('end', () => socket.destroy()))
    .on('error', ({ code }) => { console.log(/CERT|SIGNATURE|ISSUER/.test(code) ? 'untrusted' : code); socket.destroy(); });
});
tunnel.end();
`,
  ruby: `
require 'net/http'
begin
  print Net::HTTP.get(URI('https://tls.example/'))
rescue OpenSSL::SSL::SSLError
  print 'untrusted'
end
`,
  go: `
package main

import (
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
)

func main() {
	answer, fault := http.Get("https://tls.example/")
	if unknown := new(x509.UnknownAuthorityError); errors.As(fault, unknown) {
		fmt.Print("untrusted")
		return
	}
	io.Copy(os.Stdout, answer.Body)
}
`,
  // 60: the certificate is not trusted. 77: there is no file of certificates.
  shellscript: `curl -s https://tls.example/ || case $? in 60|77) echo untrusted ;; *) echo "code $?" ;; esac`,
};

class Scene {
  readonly #wire = new Wire();
  readonly #packages = fakePackages();
  readonly #close: () => Promise<void>;
  #next = 1;

  constructor(make: { readonly runtime: Parameters<typeof fakeHouse>[0]['runtimes'][number]; readonly image?: string }, port: number, certificates: NonNullable<Config['network']>['certificates'], env: Record<string, string>) {
    const { image } = make;
    const log = recordingLog([]);
    const real = systemWays({});
    const ways = Object.assign(new FakeWays({ names: { 'tls.example': ['93.184.216.34'] } }), { connect: (_address: string, _port: number, signal: AbortSignal) => real.connect('127.0.0.1', port, signal) });
    const config: Config = { pool: {}, network: { modes: ['full'], certificates }, ...(image === undefined ? {} : { images: { python: image, shellscript: image, ruby: image, javascript: image } }) };
    const machine = machineOf({ env, home: '/nowhere', platform: process.platform });
    const house = fakeHouse({
      runtimes: [make.runtime], config, ways, clock: systemClock, log,
      certificates: (wanted) => certificatesFor(wanted, machine), packages: async () => this.#packages.make({ clock: systemClock, log }),
    });
    const connection = connect(new FramedTransport(this.#wire.stream, log, defaultSizes.messageBytes), house.openSole, { log, clock: systemClock, version: '9.9.9' });
    this.#close = () => connection.close().then(() => undefined);
  }

  async ask(method: string, params: object): Promise<Json> {
    const { result, error } = await this.#wire.ask(`s${this.#next++}`, method, params);
    if (error) throw new Error(`${method}: ${error.message}`);
    return result;
  }

  /** What each program says, in a session of its own. */
  async hears(languages: readonly LanguageId[], env: Record<string, string> = {}): Promise<Record<string, string>> {
    await this.ask('initialize', { processId: null, capabilities: {} });
    const { sessionId } = await this.ask('session/create', { network: { mode: 'full' }, language: 'python', env, limits: { memoryBytes: 2 ** 31 } });
    const said: Record<string, string> = {};
    for (const language of languages) {
      const { stdout, stderr } = await this.ask('command/runCode', { sessionId, language, code: programs[language] });
      // Some versions of Node warn of the proxy on stderr.
      said[language] = stdout.trim() || stderr;
    }
    const change = '[ -z "$SSL_CERT_FILE" ] || { for try in "echo x >" rm "chmod 666" "touch"; do eval "$try $SSL_CERT_FILE" 2>/dev/null && echo "$try"; done; grep -c "PRIVATE KEY" "$SSL_CERT_FILE"; }; true';
    const { stdout } = await this.ask('command/executeShell', { sessionId, command: change });
    expect(stdout.trim(), 'programs can not change the file, and it has no key').to.be.oneOf(['0', '']);
    return said;
  }

  async close(): Promise<void> {
    await this.#close();
    this.#packages.dispose();
  }
}

const kinds = {
  native: {
    needs: () => {
      before(need('bubblewrap', bubblewrap));
      for (const name of ['python3', 'node', 'ruby', 'curl']) before(need(name, program(name)));
    },
    make: () => nativeSubject(createNativeRuntime),
    languages: ['python', 'javascript', 'ruby', 'shellscript'],
  },
  docker: { needs: () => before(need('docker', dockerImage(debian))), make: () => containerSubject(debian, plain), languages: ['python', 'javascript', 'ruby'] },
  gvisor: {
    needs: () => {
      before(need('gVisor', ociRuntime('runsc')));
      before(need('docker', dockerImage(debian)));
    },
    make: () => containerSubject(debian, gvisor),
    languages: ['python'],
  },
} as const;

for (const [kind, { needs, make, languages }] of Object.entries(kinds)) {
  describe(`certificates in a session of ${kind}`, function () {
    needs();
    before(need('openssl', program('openssl')));
    let authority: Authority;
    let server: Awaited<ReturnType<typeof serveSecurely>>;
    let subject: Awaited<ReturnType<typeof make>>;
    const file = join(tmpdir(), `authority-${process.pid}.pem`);
    before(async () => {
      authority = authorityFor('tls.example');
      writeFileSync(file, `${authority.certificate}\n${authority.issued.key}`);
      server = await serveSecurely(authority);
      subject = await make();
    });
    after(async () => {
      server.close();
      rmSync(file, { force: true });
      await subject.dispose();
    });

    const hears = async (certificates: NonNullable<Config['network']>['certificates'], env: Record<string, string> = {}, own: Record<string, string> = {}, programs: readonly LanguageId[] = languages) => {
      const scene = new Scene(subject, server.port, certificates, { PATH: process.env.PATH ?? '', ...env });
      return scene.hears(programs, own).finally(() => scene.close());
    };
    const all = (answer: string) => Object.fromEntries(languages.map((language) => [language, answer]));

    it('are those that this machine trusts, so that an authority of its own is trusted', async () => {
      expect(await hears(undefined, { NODE_EXTRA_CA_CERTS: file })).to.deep.equal(all('hello'));
    });

    it('are those of the image, if the configuration says so', async () => {
      expect(await hears('image', { NODE_EXTRA_CA_CERTS: file })).to.deep.equal(all('untrusted'));
    });

    if (kind !== 'native') return;

    it('are read by Go', async function () {
      await need('go', program('go')).call(this);
      const each = (certificates: 'host' | 'image') => hears(certificates, { NODE_EXTRA_CA_CERTS: file }, {}, ['go']);
      expect([await each('host'), await each('image')]).to.deep.equal([{ go: 'hello' }, { go: 'untrusted' }]);
    }).timeout(240_000);

    it('are those of files that the configuration names, which must be there', async () => {
      expect(await hears(file)).to.deep.equal(all('hello'));
      const fault = await hears(['/nowhere/some.pem']).catch((thrown: unknown) => thrown as Error);
      expect(fault).to.have.property('message', "session/create: network.certificates: file 1 can't be read, or has no certificate in the format PEM; correct the configuration file");
    });

    it('are not trusted where this machine does not, or where the session says otherwise', async () => {
      expect(await hears('host')).to.deep.equal(all('untrusted'));
      expect(await hears('host', { SSL_CERT_FILE: file }, { NODE_EXTRA_CA_CERTS: '', CURL_CA_BUNDLE: '/dev/null' })).to.deep.equal({ python: 'hello', ruby: 'hello', javascript: 'untrusted', shellscript: 'untrusted' });
    });
  });
}
