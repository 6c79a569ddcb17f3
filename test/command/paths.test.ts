/** How the paths in params are resolved and which are refused (F-A5). */
import { expect } from 'chai';
import fc from 'fast-check';
import { resolveEntry, resolvePath } from '../../server/src/command/paths.ts';
import { ProtocolError } from '../../server/src/protocol/index.ts';

const long = (bytes: number) => 'a/'.repeat(bytes / 2);

const given: Record<string, string> = {
  'a': '/workspace/a',
  'a/b.txt': '/workspace/a/b.txt',
  './a': '/workspace/a',
  'a/./b//c/': '/workspace/a/b/c',
  'a/../b': '/workspace/b',
  '..a': '/workspace/..a',
  '...': '/workspace/...',
  '-rf': '/workspace/-rf',
  ' ': '/workspace/ ',
  'a b\nc': '/workspace/a b\nc',
  'C:\\a\\..\\b': '/workspace/C:\\a\\..\\b',
  '..\\..\\etc': '/workspace/..\\..\\etc',
  '%2e%2e/a': '/workspace/%2e%2e/a',
  '~': '/workspace/~',
  'cafe\u0301': '/workspace/cafe\u0301',
  'caf\u00e9': '/workspace/caf\u00e9',
  '\uff0e\uff0e/a': '/workspace/\uff0e\uff0e/a',
  '/workspace/a': '/workspace/a',
  '//workspace///a': '/workspace/a',
  '/workspace/../workspace/a': '/workspace/a',
  '/workspace/a/../../tmp/b': '/tmp/b',
  '../tmp/b': '/tmp/b',
  '/tmp/a': '/tmp/a',
  '/tmp/./a/..//b/': '/tmp/b',
  [long(4090)]: `/workspace/${long(4090).slice(0, -1)}`,
};

const roots: Record<string, string> = {
  '.': '/workspace',
  './': '/workspace',
  'a/..': '/workspace',
  '/workspace': '/workspace',
  '/workspace/': '/workspace',
  '/tmp': '/tmp',
  '/tmp//': '/tmp',
  '../tmp': '/tmp',
};

const denied = [
  '', '/', '//', '..', '../', 'a/../..', '../..', '../../workspace/..', '/etc/passwd', '/workspace/..', '/workspace/../etc/passwd',
  '/tmp/../etc', '/workspaceX', '/workspaceX/a', '/workspace.', '/Workspace/a', '/tmpX', '/tm', '/proc/self/environ', '/dev/shm/a',
  '\0', 'a\0', 'a\0/../../etc', '/workspace/a\0b', long(4096), `${'é'.repeat(2048)}`, `${'\0'.repeat(5000)}`, '/\uff0e\uff0e/workspace',
];

const shown = (path: string) => JSON.stringify(path.length > 40 ? `${path.slice(0, 40)}…` : path);

function expectDenied(decide: () => string): void {
  try {
    expect.fail(`it was taken for ${decide()}`);
  } catch (fault) {
    expect(fault).to.be.instanceOf(ProtocolError).with.property('code', 1020);
    expect(JSON.stringify((fault as ProtocolError).data).length, 'what is told').to.be.lessThan(10_000);
  }
}

describe('a path (F-A5)', () => {
  for (const [path, clean] of Object.entries({ ...given, ...roots })) {
    it(`${shown(path)} is resolved to ${shown(clean)}`, () => expect(resolvePath(path)).to.equal(clean));
  }
  for (const path of denied) {
    it(`${shown(path)} is refused`, () => expectDenied(() => resolvePath(path)));
  }
  for (const path of Object.keys(roots)) {
    it(`${shown(path)} is refused where a root is not allowed`, () => expectDenied(() => resolveEntry(path)));
  }

  it('is always resolved to a clean path in the sandbox’s folders, or refused', () => {
    const part = fc.constantFrom('a', '..', '.', '', 'workspace', 'tmp', 'etc', '\0', ' ', '\\', 'workspaceX');
    const path = fc.tuple(fc.constantFrom('', '/', '//'), fc.array(part, { maxLength: 8 })).map(([start, parts]) => start + parts.join('/'));
    fc.assert(
      fc.property(path, (text) => {
        let clean: string;
        try {
          clean = resolvePath(text);
        } catch (fault) {
          expect(fault).to.be.instanceOf(ProtocolError);
          return;
        }
        expect(clean).to.match(/^\/(?:workspace|tmp)(?:\/[^/\0]+)*$/);
        expect(clean.split('/')).not.to.include.members(['..']);
        expect(clean.split('/')).not.to.include.members(['.']);
        expect(resolvePath(clean)).to.equal(clean);
      }),
      { seed: 20_260_120, numRuns: 5000 },
    );
  });
});
