/** What a connection and a gigabyte cost through a forwarded port, and a gigabyte through the proxy of a session, compared with the same programs on plain loopback. */
import { strict as assert } from 'node:assert';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { promisify } from 'node:util';
import type { Part } from '../bench.ts';
import { alternate, type Side } from '../measure.ts';
import { realPython } from '../peers/plain.ts';
import { MiB } from '../proc.ts';
import { rates, row, type Row, type Skipped } from '../row.ts';

const run = promisify(execFile);
const REQUESTS = 1_000;
const MEBIBYTES = 1_024;
const PORT = 8_000;

/** It answers `p` with `q`, and `d` with a gigabyte. Its first line is its port. */
const program = `import socket, threading
s = socket.socket()
s.bind(("127.0.0.1", PORT))
s.listen(128)
print(s.getsockname()[1], flush=True)
block = bytes(1 << 20)
def serve(c):
  with c:
    asked = c.recv(1)
    if asked == b"p": c.sendall(b"q")
    if asked == b"d":
      for _ in range(${MEBIBYTES}): c.sendall(block)
while True:
  threading.Thread(target=serve, args=(s.accept()[0],)).start()
`;

/** Fetches the gigabyte from a port of this machine, through the proxy where its variable names one, and prints how many bytes have come. */
const fetching = (port: number) => `import os, socket
proxy = os.environ.get("HTTP_PROXY")
s = socket.create_connection(proxy.split("//")[1].split(":") if proxy else ("127.0.0.1", ${port}))
if proxy:
  s.sendall(b"CONNECT 127.0.0.1:${port} HTTP/1.1\\r\\nHost: 127.0.0.1:${port}\\r\\n\\r\\n")
  head = b""
  while not head.endswith(b"\\r\\n\\r\\n"):
    head += s.recv(1) or exit("the proxy has closed the connection")
  assert b" 200 " in head, head
s.sendall(b"d")
count, room = 0, bytearray(1 << 20)
while True:
  got = s.recv_into(room)
  if got == 0: break
  count += got
print(count)
`;

/** Asks for something, and counts the bytes of the answer. */
async function ask(port: number, what: string): Promise<number> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  let bytes = 0;
  socket.on('data', (piece) => void (bytes += piece.length));
  socket.end(what);
  await once(socket, 'close');
  return bytes;
}

const requests = (port: number): Side => ({
  run: async () => {
    for (let times = 0; times < REQUESTS; times++) assert.equal(await ask(port, 'p'), 1);
  },
});
const gigabyte = (port: number): Side => ({ run: async () => assert.equal(await ask(port, 'd'), MEBIBYTES * MiB) });
/** A program that fetches the gigabyte, and prints how much of it has come. */
const whole = (fetch: () => Promise<string>): Side => ({ run: async () => assert.equal(await fetch(), `${MEBIBYTES * MiB}\n`) });

export const tunnel: Part = {
  name: 'tunnel',
  needs: ['docker', 'native'],
  async run(bench) {
    const python = await realPython();
    if (!python) return [{ name: 'a forwarded port', against: 'plain loopback', skipped: 'this machine has no python3' }];
    const host = spawn(python, ['-c', program.replace('PORT', '0')], { stdio: ['ignore', 'pipe', 'inherit'] });
    bench.atEnd(() => host.kill());
    const plain = Number(String((await once(host.stdout, 'data'))[0]));
    const all: (Row | Skipped)[] = [];
    const { HTTP_PROXY: _, ...environment } = process.env;
    const fetched = async () => (await run(python, ['-c', fetching(plain)], { env: environment })).stdout;
    for (const runtime of ['docker', 'native']) {
      const client = await bench.daemon({ network: { modes: ['allowlist'] } });
      const created = await client.call('session/create', { runtime, language: 'python', network: { mode: 'allowlist', hosts: [`127.0.0.1:${plain}`] } });
      if (created.error) {
        all.push({ name: `a forwarded port of ${runtime}`, against: 'plain loopback', skipped: created.error.message });
        continue;
      }
      const { sessionId } = created.result;
      const listens = new Promise<void>((resolve) => {
        client.onNotification = ({ method }) => void (method === 'command/output' && resolve());
      });
      void client.call('command/executeShell', { sessionId, command: ['python3', '-c', program.replace('PORT', String(PORT))], commandId: 'server', timeoutMs: 0 });
      await listens;
      const { hostPort } = await client.request('ports/forward', { sessionId, port: PORT });
      bench.say(`${REQUESTS} requests and 1 GiB through a forwarded port of ${runtime}`);
      const plan = { runs: bench.few, warmUp: 1 };
      const small = await alternate({ ours: requests(hostPort), theirs: requests(plain) }, plan);
      const large = await alternate({ ours: gigabyte(hostPort), theirs: gigabyte(plain) }, { ...plan, runs: Math.max(3, bench.few / 4), pauseMs: 500 });
      bench.say(`1 GiB through the proxy of ${runtime}`);
      const within = async () => (await client.request('command/executeShell', { sessionId, command: ['python3', '-c', fetching(plain)] })).stdout;
      const proxied = await alternate({ ours: whole(within), theirs: whole(fetched) }, { ...plan, runs: Math.max(3, bench.few / 4), pauseMs: 500 });
      all.push(
        row({ name: `${REQUESTS} requests through a forwarded port of ${runtime}, one after the other`, against: 'plain loopback', ours: small.ours, theirs: small.theirs, target: { p50: 1.5 * REQUESTS } }),
        row({ name: `1 GiB through a forwarded port of ${runtime}`, against: 'plain loopback', unit: 'MiB/s', ours: rates(MEBIBYTES, large.ours), theirs: rates(MEBIBYTES, large.theirs), target: { p50: 300 } }),
        row({ name: `1 GiB through the proxy from a program in ${runtime}`, against: 'plain loopback', unit: 'MiB/s', ours: rates(MEBIBYTES, proxied.ours), theirs: rates(MEBIBYTES, proxied.theirs), target: { p50: 300 } }),
      );
      await client.request('session/close', { sessionId });
    }
    return all;
  },
};
