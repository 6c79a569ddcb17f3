/** Paths in both directions: only what lies below a folder that both sides know is translated. */
import { expect } from 'chai';
import fc from 'fast-check';
import { PathMap } from '../../server/src/debug/paths.ts';
import type { ProtocolError } from '../../server/src/protocol/index.ts';

const map = new PathMap([{ client: '/home/me/project/', sandbox: '/workspace' }, { client: '/home/me/other', sandbox: '/workspace/vendor' }]);
const windows = new PathMap([{ client: 'C:\\Users\\me\\project', sandbox: '/workspace' }]);

describe('the paths of a debugger', () => {
  const pairs: [PathMap, string, string][] = [
    [map, '/home/me/project', '/workspace'],
    [map, '/home/me/project/a b/ä.py', '/workspace/a b/ä.py'],
    [map, '/home/me/other/x.py', '/workspace/vendor/x.py'],
    [windows, 'C:\\Users\\me\\project\\sub\\Main.py', '/workspace/sub/Main.py'],
    [new PathMap([{ client: 'file:///home/me/a%20b', sandbox: '.' }]), '/home/me/a b/x.py', '/workspace/x.py'],
  ];
  for (const [paths, client, sandbox] of pairs) {
    it(`are ${client} outside and ${sandbox} inside`, () => {
      expect(paths.toSandbox(client)).to.equal(sandbox);
      expect(paths.toClient(sandbox)).to.equal(client);
    });
  }

  for (const path of ['/home/me/projects/x.py', '/home/me', '/etc/passwd', '/home/me/project/../secret.py', 'relative.py', '', '/workspaces/x', 'C:\\x', 'file:///etc/passwd']) {
    it(`do not lead in from ${path || 'an empty path'}`, () => {
      expect(map.toSandbox(path)).to.equal(undefined);
    });
  }

  for (const path of ['/etc/passwd', '/workspace/../etc/passwd', '/workspace/x/../../home/me/.ssh/id_rsa', '/workspaces/x', 'workspace/x', '', '<string>', '/workspace/a\0b', '//workspace/../x']) {
    it(`do not lead out from ${JSON.stringify(path)}`, () => {
      expect(map.toClient(path)).to.equal(undefined);
    });
  }

  it('never lead out of the folder, whatever an adapter names', () => {
    const segment = fc.oneof(fc.constantFrom('..', '.', '', '\\', '..\\..', 'workspace', 'C:', 'a:b'), fc.string());
    fc.assert(fc.property(fc.array(segment), (segments) => {
      for (const [paths, root, separator] of [[map, '/home/me/', '/'], [windows, 'C:\\Users\\me\\project', /[\\/]/]] as const) {
        const told = paths.toClient(`/workspace/${segments.join('/')}`);
        if (told === undefined) continue;
        expect(told.startsWith(root), told).to.equal(true);
        expect(told.split(separator)).not.to.include('..');
      }
    }));
  });

  it('on Windows do not mind case and kind of slash on their way in, and mind them in what follows', () => {
    expect(windows.toSandbox('c:/users/ME/project/Sub\\Main.py')).to.equal('/workspace/Sub/Main.py');
  });

  it('are addresses for a client that writes addresses', () => {
    const paths = new PathMap([{ client: '/home/me/a b', sandbox: '/workspace' }]);
    paths.uris = true;
    expect(paths.toClient('/workspace/x.py')).to.equal('file:///home/me/a%20b/x.py');
    expect(paths.toSandbox('file:///home/me/a%20b/x.py')).to.equal('/workspace/x.py');
    expect(paths.inText('File "/workspace/x.py", line 1')).to.equal('File "/home/me/a b/x.py", line 1');
  });

  for (const [client, sign] of ['/home/me/project', 'C:\\Users\\me\\project'].flatMap((each) => ['#', '?', '%', '%23', ' ', 'ä'].map((sign) => [each, sign] as const))) {
    it(`are addresses of ${client} that come back as the same paths, also with ${JSON.stringify(sign)}`, () => {
      const paths = new PathMap([{ client, sandbox: '/workspace' }]);
      paths.uris = true;
      const path = `/workspace/a${sign}b/x${sign}.py`;
      const address = paths.toClient(path) ?? '';
      expect(address).to.match(/^file:\/\/\/[^?#\s]+$/);
      expect(paths.toSandbox(address)).to.equal(path);
    });
  }

  it('are translated only as long as the text becomes no longer than there is room', () => {
    const text = '/workspace/a /workspace/b';
    expect([0, 25, 31, 37].map((room) => map.inText(text, room))).to.deep.equal([text, text, '/home/me/project/a /workspace/b', '/home/me/project/a /home/me/project/b']);
  });

  it('are translated in texts where they stand as paths', () => {
    expect(map.inText('File "/workspace/a.py", line 1\n  at f (/workspace/vendor/b.py:2:3)\n/workspace')).to.equal('File "/home/me/project/a.py", line 1\n  at f (/home/me/other/b.py:2:3)\n/home/me/project');
    expect(map.inText('at file:///workspace/a%20b.mjs:4:7')).to.equal('at file:///home/me/project/a%20b.mjs:4:7');
    expect(windows.inText('at file:///workspace/a.mjs:4:7')).to.equal('at file:///C:/Users/me/project/a.mjs:4:7');
    for (const text of ['file:///workspace/../etc/passwd', 'file:///usr/lib/a.js', 'https://x/workspace/a.js', '/workspaces/a.py', 'x/workspace/a.py', '/workspace-2/a', '/usr/lib/a.py']) expect(map.inText(text)).to.equal(text);
    expect(map.inText('/workspace/../etc/passwd')).to.equal('/workspace/../etc/passwd');
  });

  it('are refused where the client’s is not absolute', () => {
    expect(() => new PathMap([{ client: 'project', sandbox: '/workspace' }])).to.throw().with.property('kind', 'InvalidParams' satisfies ProtocolError['kind']);
    expect(() => new PathMap([{ client: '/project', sandbox: '/etc' }])).to.throw().with.property('kind', 'InvalidPath' satisfies ProtocolError['kind']);
  });
});
