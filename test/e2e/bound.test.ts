/** A secret that is bound to a host, with the real daemon, real sandboxes and a real server over TLS on this machine: the server gets it, and the sandbox does not (F-E7). */
import { expect } from 'chai';
import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LanguageId } from '../../server/src/protocol/index.ts';
import { authorityFor } from '../network/authority.ts';
import { bundles, dockerImage, need, program } from '../require.ts';
import { bubblewrap } from '../runtime/kinds/native/subject.ts';
import { containers, daemonEnvironment, folders, image } from './environment.ts';
import { filesWith, processesWith } from './found.ts';
import { type Message, RawClient } from './raw-client.ts';

/** Each asks the host in ADDRESS, and prints the body of the answer. */
const programs: Readonly<Partial<Record<LanguageId, string>>> = {
  python: 'import os, urllib.request\nprint(urllib.request.urlopen(urllib.request.Request(os.environ["ADDRESS"], headers={"Authorization": "of the program"})).read().decode())',
  // So that it is the same in Nodes that know no proxy.
  javascript: `
const { hostname, port } = new URL(process.env.HTTPS_PROXY);
const { host } = new URL(process.env.ADDRESS);
require('http').request({ hostname, port, method: 'CONNECT', path: host, agent: false }).on('connect', (_, socket) => {
  require('https').get(process.env.ADDRESS, { socket, agent: false }, (answer) => answer.pipe(process.stdout).on('end', () => socket.destroy()))
    .on('error', ({ code }) => { console.log(code); socket.destroy(); });
}).end();`,
  ruby: "require 'net/http'\nprint Net::HTTP.get(URI(ENV['ADDRESS']))",
  shellscript: 'curl -s "$ADDRESS"',
  go: `
package main

import (
	"fmt"
	"io"
	"net/http"
	"os"
)

func main() {
	answer, fault := http.Get(os.Getenv("ADDRESS"))
	if fault != nil {
		fmt.Print(fault)
		return
	}
	io.Copy(os.Stdout, answer.Body)
}
`,
};

const kinds: Readonly<Record<string, { languages: readonly LanguageId[]; needs(): void }>> = {
  native: {
    languages: ['python', 'javascript', 'ruby', 'shellscript', 'go'],
    needs: () => {
      before(need('bubblewrap', bubblewrap));
      for (const name of ['python3', 'node', 'ruby', 'curl', 'go']) before(need(name, program(name)));
    },
  },
  docker: { languages: ['python', 'javascript', 'ruby'], needs: () => before(need('docker', dockerImage(image))) },
};

const digest = (text: string) => createHash('sha256').update(text).digest('hex');

for (const [runtime, { languages, needs }] of Object.entries(kinds)) {
  describe(`a secret that is bound to a host, in a session of ${runtime}`, function () {
    this.timeout(120_000);
    before(need('build', bundles));
    before(need('openssl', program('openssl')));
    needs();

    const canary = `canary-${randomBytes(12).toString('hex')}`;
    let folder: string;
    /** What the daemon writes lies here. */
    const written = (name = '') => join(folder, 'written', name);
    let server: Server;
    let place: string;
    let client: RawClient;
    const heard: unknown[] = [];
    const ask = async (name: string, params: object): Promise<Message> => {
      const answer = await client.call(name, params);
      heard.push(answer);
      return answer;
    };
    const create = async (params: object) => (await ask('session/create', { runtime, network: { mode: 'allowlist', hosts: [place] }, env: { ADDRESS: `https://${place}/` }, ...params })).result;
    const says = async (sessionId: string, language: LanguageId) => {
      const { result } = await ask('command/runCode', { sessionId, language, code: programs[language] });
      return result.stdout.trim() || result.stderr;
    };

    before(async () => {
      folder = mkdtempSync(join(tmpdir(), 'bound-'));
      mkdirSync(written());
      const file = (name: string, text: string) => {
        writeFileSync(join(folder, name), text, { mode: 0o600 });
        return join(folder, name);
      };
      const authority = authorityFor(hostname());
      // It says what it got without saying it.
      server = createServer(authority.issued, ({ headers: { authorization = 'nothing' } }, answer) => answer.setHeader('X-Echo', authorization).end(digest(authorization))).listen(0, '0.0.0.0');
      await once(server, 'listening');
      place = `${hostname().toLowerCase()}:${(server.address() as AddressInfo).port}`;
      const config = {
        stateDir: written('state'), log: { level: 'debug', file: written('log') }, network: { modes: ['allowlist'] },
        secrets: { API: { file: file('canary', canary), hosts: [place], header: 'Authorization', value: 'Bearer {}' } },
      };
      client = new RawClient({ env: { ...daemonEnvironment(config), XDG_CACHE_HOME: written('cache'), NODE_EXTRA_CA_CERTS: file('authority.pem', authority.certificate) } });
      await client.initialize({}, { trace: 'verbose' });
    });
    after(async () => {
      await client.end();
      server.close();
      server.closeAllConnections();
      rmSync(folder, { recursive: true });
    });

    it('gets to the host from programs in every language, and a session that does not name it has nothing of it', async () => {
      const { sessionId } = await create({ secretNames: ['API'], language: 'python' });
      for (const language of languages) expect([language, await says(sessionId, language)]).to.deep.equal([language, digest(`Bearer ${canary}`)]);
      const other = await create({});
      expect(await says(other.sessionId, 'python'), 'another session').to.equal(digest('of the program'));
      for (const session of [sessionId, other.sessionId]) await ask('session/close', { sessionId: session });
    });

    it('is nowhere in the sandbox or on the machine, and the session says what is done with it', async () => {
      const { sessionId, isolation } = await create({ secretNames: ['API'] });
      expect(isolation.layers.at(-1)).to.deep.equal({ name: 'secrets', state: 'enforced', detail: `outside of the sandbox API is put into the header Authorization of requests to ${place}; for that, the daemon ends TLS to these hosts, and to no others` });
      // What is looked for comes from stdin, so that what looks for it has it nowhere; and encoded, so that no trace has it.
      const look = 'base64 -d | grep -rlsF -f - /tmp /workspace /dev/shm /run "$(dirname "$SSL_CERT_FILE")" /proc/[0-9]*/environ /proc/[0-9]*/cmdline; grep -c "PRIVATE KEY" "$SSL_CERT_FILE"; env | grep -c API';
      const { result } = await ask('command/executeShell', { sessionId, command: look, stdin: Buffer.from(canary).toString('base64') });
      expect(result.stdout, result.stderr).to.equal('0\n0\n');
      const shown = 'import os, urllib.request\nprint(urllib.request.urlopen(os.environ["ADDRESS"]).headers["X-Echo"])';
      expect((await ask('command/runCode', { sessionId, language: 'python', code: shown })).result.stdout).to.equal('Bearer ***\n');
      expect(processesWith(canary)).to.deep.equal([]);
      const pid = client.process.pid as number;
      for (const id of runtime === 'docker' ? containers(pid) : []) expect(execFileSync('docker', ['inspect', id], { encoding: 'utf8' })).to.contain('Config').and.not.to.contain(canary);
      for (const name of folders(pid)) expect(filesWith(canary, join(tmpdir(), name))).to.deep.equal([]);
      for (const method of ['session/list', 'server/health']) await ask(method, {});
      await ask('session/close', { sessionId });
      expect(filesWith('session/create', written()), 'log and audit').not.to.deep.equal([]);
      expect(filesWith(`API is put into the header Authorization of requests to ${place}`, written('state/audit')), 'the grant').to.have.lengthOf(1);
      expect(filesWith(canary, written())).to.deep.equal([]);
      expect(JSON.stringify([heard, client.notifications, client.stderr])).not.to.contain(canary);
    });

    it('is for no session that does not reach the host by itself', async () => {
      const { error } = await ask('session/create', { runtime, secretNames: ['API'], network: { mode: 'allowlist', hosts: ['other.example'] } });
      expect(error).to.include({ code: -32602, message: `secretNames.0: the secret API is bound to ${place}, which this session does not reach; add ${place} to the hosts of its network (codebeaker run --allow ${place})` });
    });
  });
}
