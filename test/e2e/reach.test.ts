/** `codebeaker run --allow`, with the real command, a real sandbox and this machine's own resolver and sockets. */
import { expect } from 'chai';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { authorityFor, serveSecurely } from '../network/authority.ts';
import { need, program } from '../require.ts';
import { bubblewrap } from '../runtime/kinds/native/subject.ts';
import { codebeaker, sourceFile } from './command-line.ts';

/** A program that asks the proxy for a place, also for this machine, and prints the answer. */
const asking = `
import os, sys, urllib.request, urllib.error
os.environ.pop("no_proxy", None), os.environ.pop("NO_PROXY", None)
try: print(urllib.request.urlopen(sys.argv[1], timeout=20).read().decode())
except urllib.error.HTTPError as fault: print(fault.code)
except OSError: print("offline")
`;

describe('codebeaker run --allow', function () {
  before(need('bubblewrap', bubblewrap));
  let server: Server;
  let place: string;
  before(async () => {
    server = createServer((request, response) => response.end(`hello from ${request.headers.host}`)).listen(0, '127.0.0.1');
    await once(server, 'listening');
    place = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  after(() => server.close());

  const run = async (options: readonly string[], config: object = {}, url = `http://${place}/`) => {
    const { code, stdout, stderr } = await codebeaker(['run', '--runtime', 'native', '--no-folder', ...options, sourceFile('reach.py', asking), url], { config });
    return { code, stdout: stdout.toString(), stderr };
  };

  it('lets the program reach a place that is named, without any configuration', async () => {
    expect(await run(['--allow', place])).to.deep.equal({ code: 0, stdout: `hello from ${place}\n`, stderr: '' });
  });

  it('lets it reach nothing else, and nothing at all without the option', async () => {
    expect(await run(['--allow', 'example.invalid'])).to.deep.equal({ code: 0, stdout: '403\n', stderr: `codebeaker: CodeBeaker does not allow this session to reach ${place}: it is an address of this machine, and such addresses are reached only where the hosts of the session name them\n` });
    expect((await run(['--network', 'full'])).stdout).to.equal('403\n');
    expect((await run(['--allow', 'example.invalid'], {}, 'http://example.invalid/')).stdout, 'a name without an address').to.equal('502\n');
    expect(await run([])).to.deep.equal({ code: 0, stdout: 'offline\n', stderr: '' });
  });

  it('trusts what this machine trusts, unless the configuration says otherwise', async function () {
    await need('openssl', program('openssl')).call(this);
    const authority = authorityFor('127.0.0.1');
    const secure = await serveSecurely(authority);
    const address = `127.0.0.1:${secure.port}`;
    const trusting = async (network: object) => {
      const args = ['run', '--runtime', 'native', '--no-folder', '--allow', address, sourceFile('reach.py', asking), `https://${address}/`];
      const { stdout, stderr } = await codebeaker(args, { config: { network }, env: { NODE_EXTRA_CA_CERTS: sourceFile('authority.pem', authority.certificate) } });
      return stdout.toString() + stderr;
    };
    expect(await trusting({})).to.equal('hello\n');
    expect(await trusting({ certificates: 'image' })).to.equal('offline\n');
    secure.close();
  });

  it('is held to the configuration, which says what to write', async () => {
    const modes = await run(['--allow', place], { network: { modes: ['none'] } });
    expect(modes).to.deep.equal({ code: 125, stdout: '', stderr: 'codebeaker: the network mode allowlist is not allowed here; allowed: none. To allow it, write {"network": {"modes": ["allowlist"]}} into the configuration file\n' });
    const hosts = await run(['--allow', place], { network: { hosts: ['*.example.com'] } });
    expect([hosts.code, hosts.stderr]).to.deep.equal([125, `codebeaker: ${place} is not allowed here; allowed: *.example.com. To allow it, add it to network.hosts in the configuration file\n`]);
  });
});
