/** A program that listens on a port, with the real daemon: its address is shown, and leads to it (issue 13). */
import { expect } from 'chai';
import { get } from 'node:http';
import { until } from '../e2e/environment.ts';
import { need, program } from '../require.ts';
import { inNeovim } from './neovims.ts';

const source = 'import http.server\nclass Handler(http.server.BaseHTTPRequestHandler):\n  def do_GET(self):\n    self.send_response(200)\n    self.end_headers()\n    self.wfile.write(b"hello")\n  def log_message(self, *_): pass\nhttp.server.HTTPServer(("", 8000), Handler).handle_request()\n';

/** The text at this address. */
const fetched = (address: string) => new Promise<string>((resolve, reject) => {
  get(address, (response) => {
    let text = '';
    response.setEncoding('utf8').on('data', (piece: string) => void (text += piece)).on('end', () => resolve(text));
  }).on('error', reject);
});

inNeovim('a port on which a program listens', (editor) => {
  before(need('bubblewrap', program('bwrap')));

  it('is told with its address, which leads to the program', async () => {
    await editor().setup({ runtime: 'native' });
    await editor().lua('TOLD = {}; vim.notify = function(text) table.insert(TOLD, text) end');
    await editor().buffer(source, { file: 'server.py' });
    await editor().command('SandboxRun');
    const told = () => editor().lua<string>('return table.concat(TOLD, "\\n")');
    await until('the address is told', async () => (await told()).includes('a program listens on port 8000: http://127.0.0.1:'));
    const [address] = /http:\S+/.exec(await told()) ?? [''];
    expect(await fetched(address)).to.equal('hello');
    expect((await editor().ended()).exitCode).to.equal(0);
  });

  it('is not told where the option says no', async () => {
    await editor().setup({ runtime: 'native', ports: false });
    await editor().lua('TOLD = {}');
    await editor().buffer('import socket, time\ns = socket.create_server(("", 8001))\ntime.sleep(0.6)\n', { file: 'quiet.py' });
    await editor().command('SandboxRun');
    await editor().ended();
    expect(await editor().lua<number>('return #TOLD')).to.equal(0);
  });
});
