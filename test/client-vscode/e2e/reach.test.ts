/** What programs get from outside, and what of them is reached from outside, in a real VS Code with real containers: packages, hosts, ports. */
import { expect } from 'chai';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { daemonEnvironment } from '../../e2e/environment.ts';
import { pypi, wheel } from '../../packages/indexes/pypi.ts';
import { type Answerer, serve, type Served } from '../../packages/indexes/serve.ts';
import { dockerImage, need } from '../../require.ts';
import { type Editor, inDocker, realEditor, startEditor } from './editor.ts';
import { Hands } from './hands.ts';

const files = {
  'requirements.txt': 'dice==1.0\n',
  'app.py': 'import dice\n\nprint("dice:", dice.answer)\n',
  'chart.py': 'import plotting\n\nprint("plotting:", plotting.answer)\n',
  'serve.py': `from http.server import BaseHTTPRequestHandler, HTTPServer


class Hello(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<h1>hello from the sandbox</h1>")

    def log_message(self, *_):
        pass


print("serving", flush=True)
HTTPServer(("", 8000), Hello).serve_forever()
`,
  'fetch.py': `from urllib.error import HTTPError
from urllib.request import urlopen

for day in ("today", "tomorrow", "sunday"):
    try:
        print(day, urlopen(f"http://weather.invalid/{day}").read().decode())
    except HTTPError as fault:
        print(day, fault.code)
`,
};

describe('VS Code: packages, hosts and ports', function () {
  let editor: Editor;
  let hands: Hands;
  let index: Served;
  let world: Server;
  /** Resolves when the index may tell of `plotting`. */
  let gate: Promise<void> | undefined;

  before(need('VS Code', realEditor));
  before(need('docker', dockerImage('codebeaker-test')));
  before(async () => {
    const plotting = wheel('plotting', '2.0');
    const served = pypi([wheel('dice', '1.0'), plotting]);
    const slow: Answerer = ({ url = '' }, response) => {
      const page = served.get(url);
      if (gate === undefined || page === undefined || !url.startsWith('/simple/plotting')) return false;
      void gate.then(() => response.writeHead(200, { 'content-type': page.type }).end(page.body));
      return true;
    };
    index = await serve(served, { before: slow });
    // The proxy through which this machine reaches the world: it has every name.
    world = createServer((request, response) => response.end(`is fine, says ${request.headers.host}`));
    world.on('connect', (_, socket) => socket.write('HTTP/1.1 200 OK\r\n\r\n') && world.emit('connection', socket));
    await once(world.listen(0, '127.0.0.1'), 'listening');
    const proxy = `http://127.0.0.1:${(world.address() as AddressInfo).port}`;
    const config = { packages: { registries: { pip: { url: `http://127.0.0.1:${index.port}/simple/` } } } };
    editor = await startEditor({
      files, settings: inDocker, machineSettings: { 'codebeaker.network': 'ask' },
      env: { ...daemonEnvironment(config), HTTP_PROXY: proxy, HTTPS_PROXY: proxy, NO_PROXY: '127.0.0.1,localhost' },
    });
    hands = new Hands(editor.page);
    await editor.open('app.py');
    await hands.sees(() => hands.status(), /docker/);
  });
  after(async () => {
    await editor?.close();
    await index?.close();
    world?.closeAllConnections();
    world?.close();
  });
  afterEach(async function () {
    if (this.currentTest?.state === 'failed') await hands?.screenshot(`failed ${this.currentTest.title.replaceAll(/\W+/g, '-')}`);
  });

  const run = async (file: string) => {
    await hands.openFile(file);
    await hands.button('Run in Sandbox');
  };

  it('installs what requirements.txt names, without being asked', async () => {
    await run('app.py');
    await hands.sees(() => hands.terminal(), /dice: 42\s+✓ exited with code 0/);
    expect(await hands.toasts()).to.equal('');
    await hands.screenshot('packages');
  });

  it('installs packages by name, with progress, and the next run imports them', async () => {
    await run('chart.py');
    await hands.sees(() => hands.terminal(), /No module named 'plotting'\s+✗ exited with code 1/);
    await hands.screenshot('packages-missing');
    let open = () => undefined as void;
    gate = new Promise((resolve) => (open = resolve));
    await hands.command('CodeBeaker: Install Packages in Sandbox');
    await editor.page.locator('.quick-input-widget input.input').waitFor();
    await hands.screenshot('packages-names');
    await hands.answer('plotting');
    await hands.sees(() => hands.toasts(), /Installing packages in a sandbox[^]*pip installs/);
    await hands.pictureOfMessage('packages-progress');
    open();
    await hands.sees(() => hands.toasts(), /^(?![^]*Installing packages)/);
    await hands.button('Run in Sandbox');
    await hands.sees(() => hands.terminal(), /plotting: 42\s+✓ exited with code 0/);
  });

  it('says why packages can not be installed', async () => {
    await hands.command('CodeBeaker: Install Packages in Sandbox');
    await hands.answer('nowhere');
    await hands.sees(() => hands.toasts(), /The registry has no package nowhere/);
    await hands.pictureOfMessage('packages-failed');
    await hands.pressInMessage('Show Log');
    await hands.sees(() => hands.output(), /Could not find a version that satisfies the requirement nowhere/);
    await hands.panel('Terminal');
    await hands.button('Run in Sandbox');
    await hands.sees(() => hands.terminal(), /plotting: 42\s+✓[^]*plotting: 42\s+✓/);
  });

  it('says in the terminal why the packages of a manifest can not be installed', async () => {
    const manifest = join(editor.workspace, 'requirements.txt');
    writeFileSync(manifest, 'nowhere\n');
    await run('app.py');
    await hands.sees(() => hands.terminal(), /The registry has no\s+package nowhere/);
    await hands.sees(() => hands.toasts(), /app\.py could not be run\. Its output says why/);
    await hands.pictureOfMessage('manifest-failed');
    await hands.pressInMessage('Show Log');
    await hands.sees(() => hands.output(), /app\.py: [^]*requirement nowhere/);
    await hands.panel('Terminal');
    writeFileSync(manifest, files['requirements.txt']);
  });

  it('asks which hosts a program may reach: once, for the run, and not', async () => {
    const question = /fetch\.py wants to reach weather\.invalid:80 from its sandbox/;
    await run('fetch.py');
    await hands.sees(() => hands.toasts(), question);
    await hands.pictureOfMessage('host-question');
    await hands.pressInMessage('Allow Once');
    await hands.sees(() => hands.terminal(), /today is fine, says weather\.invalid/);
    await hands.sees(() => hands.toasts(), question);
    await hands.pressInMessage('Don’t Allow');
    await hands.sees(() => hands.terminal(), /today is fine.*\s+tomorrow 403\s+sunday 403\s+✓/);
    await hands.button('Run in Sandbox');
    await hands.sees(() => hands.toasts(), question);
    await hands.pressInMessage('Allow for This Run');
    await hands.sees(() => hands.terminal(), /sunday is fine, says weather\.invalid\s+✓/);
    expect(await hands.toasts()).not.to.match(question);
  });

  it('tells that a program listens, and opens it in a browser', async () => {
    await run('serve.py');
    await hands.sees(() => hands.toasts(), /A program in a sandbox listens on port 8000/);
    await hands.pictureOfMessage('port');
    const opened = editor.page.context().waitForEvent('page');
    await hands.pressInMessage('Open in Browser');
    const page = await opened;
    // The whole code-server would lead this address to the port of this machine.
    await page.waitForURL(/\/proxy\/\d+\//);
    await page.goto(`http://127.0.0.1:${/\/proxy\/(\d+)\//.exec(page.url())?.[1]}/`);
    await page.getByText('hello from the sandbox').waitFor();
    await page.close();
    await hands.button('Stop the Run in Sandbox');
    await hands.sees(() => hands.terminal(), /✗ stopped/);
  });

  it('sends no request outside this machine', () => {
    expect([...editor.strayRequests]).to.deep.equal([]);
  });
});
