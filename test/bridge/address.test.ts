/** The addresses of daemons elsewhere, as people write them. */
import { expect } from 'chai';
import { isPrivate, parseAddress } from '../../server/src/bridge/address.ts';

describe('the address of a daemon elsewhere', () => {
  for (const [url, more] of Object.entries({
    'ws://127.0.0.1:7070': { kind: 'tcp', host: '127.0.0.1', port: 7070, tls: false },
    'ws://[::1]:7070/': { kind: 'tcp', host: '::1', port: 7070, tls: false },
    'wss://Box.example': { kind: 'tcp', host: 'box.example', port: 443, tls: true },
    'ws://localhost': { kind: 'tcp', host: 'localhost', port: 80, tls: false },
    'unix:a/b.sock': { kind: 'unix', path: 'a/b.sock' },
    'unix:///run/b.sock': { kind: 'unix', path: '/run/b.sock' },
    'ssh://box?port=7070': { kind: 'ssh', host: 'box', user: undefined, port: '', to: 7070 },
    'ssh://me@Box:2222/run/user/1/a%20b.sock': { kind: 'ssh', host: 'Box', user: 'me', port: '2222', to: '/run/user/1/a b.sock' },
    'ssh://me@[fe80::1]/s': { kind: 'ssh', host: 'fe80::1', user: 'me', port: '', to: '/s' },
  })) {
    it(`can be ${url}`, () => expect(parseAddress(url)).to.deep.equal({ url, ...more }));
  }

  for (const [url, why] of Object.entries({
    '': 'an empty value is none',
    box: 'box is none',
    'box:7070': 'is none',
    'http://box:7070': 'is none',
    'unix:': 'is none',
    'ws://box:7070/#x': 'is none',
    'ws://box:7070/path': 'has a host and a port, and nothing else: ws://box:7070',
    'wss://box?token=x': 'has a host and a port, and nothing else: wss://box:7070',
    'wss://me@box': 'has a host and a port',
    'wss://:secret@box': 'no password or token can stand in the address',
    'ssh://me:secret@box/s': 'no password or token can stand in the address',
    'ssh://box': 'names either the socket of the daemon or its port',
    'ssh://box/': 'names either',
    'ssh://box/s?port=1': 'names either',
    'ssh://box/%zz': '% begins an escape',
    'ssh://%zz@box/s': '% begins an escape',
    'ssh://box?port=0': 'names either',
    'ssh://box?port=x': 'names either',
    'ssh://box?port=1&x=2': 'names either',
  })) {
    it(`can not be ${url || 'empty'}`, () => expect(() => parseAddress(url)).to.throw(why));
  }

  it('is private where nobody on the way can read what is sent', () => {
    for (const url of ['ws://127.0.0.1:1', 'ws://127.1.2.3:1', 'ws://localhost:1', 'ws://[::1]:1', 'wss://box', 'unix:x', 'ssh://box/s']) expect(isPrivate(parseAddress(url)), url).to.equal(true);
    for (const url of ['ws://box:1', 'ws://10.0.0.1:1', 'ws://127.0.0.1.example:1', 'ws://[::2]:1', 'ws://localhost.example']) expect(isPrivate(parseAddress(url)), url).to.equal(false);
  });
});
