/** The SOCKS5 side of the proxy (F-E3). */
import { expect } from 'chai';
import { egress } from './place.ts';
import { echo, Stage } from './proxy.ts';

const HELLO = Buffer.from([5, 1, 0]);
const port = (number: number) => Buffer.from([number >> 8, number & 255]);
const name = (text: string, at = 443) => Buffer.concat([Buffer.from([5, 1, 0, 3, Buffer.byteLength(text)]), Buffer.from(text), port(at)]);
const four = (bytes: readonly number[], at = 443) => Buffer.concat([Buffer.from([5, 1, 0, 1, ...bytes]), port(at)]);
const six = (hex: string, at = 443) => Buffer.concat([Buffer.from([5, 1, 0, 4]), Buffer.from(hex, 'hex'), port(at)]);

/** The reply after the method was chosen. */
async function replyTo(request: Buffer, options: ConstructorParameters<typeof Stage>[0] = {}): Promise<{ code: number | undefined; stage: Stage }> {
  const stage = new Stage({ answer: echo, ...options });
  const client = stage.connect();
  client.send(Buffer.concat([HELLO, request]));
  await client.hears(/^\x05\x00\x05[^]{9}/);
  return { code: Buffer.from(client.heard, 'latin1')[3], stage };
}

describe('SOCKS5', () => {
  it('carries bytes to a name, which the daemon resolves, and to addresses', async () => {
    for (const [request, dialled] of [[name('Example.COM.', 8443), '93.184.216.34 8443'], [four([1, 1, 1, 1]), '1.1.1.1 443'], [six('26064700000000000000000000001111'), '2606:4700::1111 443'], [name('1.1.1.1'), '1.1.1.1 443']] as const) {
      const { code, stage } = await replyTo(request);
      expect([code, stage.ways.dialled]).to.deep.equal([0, [dialled]]);
    }
  });

  it('carries what came with the request, and each end by itself', async () => {
    const stage = new Stage({ answer: echo });
    const client = stage.connect();
    for (const byte of Buffer.concat([HELLO, name('example.com'), Buffer.from('early ')])) client.send(Buffer.from([byte]));
    await client.hears(/early $/);
    client.send('late');
    client.stream.end();
    expect(await client.all()).to.match(/early late$/);
    await stage.clock.advance(0);
    expect(stage.clock.pending).to.equal(0);
  });

  const refused: readonly (readonly [string, Buffer, number])[] = [
    ['loopback', four([127, 0, 0, 1]), 2], ['the metadata service', four([169, 254, 169, 254], 80), 2], ['0.0.0.0', four([0, 0, 0, 0]), 2],
    ['mapped loopback', six('00000000000000000000ffff7f000001'), 2], ['::1', six('00000000000000000000000000000001'), 2], ['loopback by NAT64', six('0064ff9b00000000000000007f000001'), 2],
    ['a name with a private address', name('inner.example'), 2], ['a name that is an address in hexadecimal', name('0x7f.1'), 1], ['a name without an address', name('nowhere.example'), 4],
    ['a name with NUL in it', name('example.com\0.evil.test'), 1], ['an empty name', name(''), 1], ['port 0', name('example.com', 0), 1],
    ['to listen for it (BIND)', Buffer.concat([Buffer.from([5, 2, 0, 1, 1, 1, 1, 1]), port(80)]), 7], ['UDP', Buffer.concat([Buffer.from([5, 3, 0, 1, 0, 0, 0, 0]), port(53)]), 7], ['another kind of address', Buffer.from([5, 1, 0, 2, 1]), 8],
  ];
  for (const [what, request, code] of refused) {
    it(`refuses ${what}`, async () => {
      const { code: given, stage } = await replyTo(request);
      expect([given, stage.ways.dialled]).to.deep.equal([code, []]);
    });
  }

  it('refuses what the hosts do not cover, and resolves nothing for it (F-E3, F-E4)', async () => {
    const { code, stage } = await replyTo(name('canary.example'), { egress: egress({ hosts: ['example.com:443'] }) });
    expect([code, stage.ways.resolved, stage.refused]).to.deep.equal([2, [], ['canary.example:443']]);
  });

  it('asks for no password, and takes no other version', async () => {
    for (const [text, answer] of [[Buffer.from([5, 1, 2]), '\x05\xff'], [Buffer.from([5, 0]), '\x05\xff'], [Buffer.concat([HELLO, Buffer.from([4, 1, 0, 80])]), '\x05\x00']] as const) {
      const client = new Stage().connect();
      client.send(text);
      expect(await client.all()).to.equal(answer);
    }
    const four = new Stage().connect();
    four.send(Buffer.from([4, 1, 0, 80, 127, 0, 0, 1, 0]));
    expect(await four.all(), 'SOCKS4').to.match(/^HTTP\/1\.1 400/);
  });
});
