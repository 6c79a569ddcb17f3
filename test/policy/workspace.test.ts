/** Which folders may be shared with a sandbox (F-A4, F-A5, F-B1, F-B3). */
import { expect } from 'chai';
import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { hiddenPlaces } from '../../server/src/policy/hidden.ts';
import { realFolder, resolveWorkspace, type WorkspaceRequest } from '../../server/src/policy/workspace.ts';
import { type ErrorKind, ProtocolError } from '../../server/src/protocol/index.ts';
import { temporaryFolder } from './folder.ts';

describe('a shared folder (F-A4, F-A5, F-B1)', () => {
  const root = temporaryFolder();
  const at = (path: string) => join(root(), path);
  /** `@x` stands for the folder x of the test; any other text is used as it is. */
  const uriOf = (text: string) => (text.startsWith('@') ? pathToFileURL(at(text.slice(1))).href : text);

  interface Case {
    readonly ask: string;
    readonly access?: WorkspaceRequest['access'];
    readonly opened?: readonly string[];
    readonly trusted?: boolean;
    readonly hidden?: readonly string[];
    readonly make?: () => void;
  }

  beforeEach(() => {
    for (const name of ['ws/sub', 'wsEVIL', 'other', 'home/.ssh', 'caf\u00e9', 'cafe\u0301']) mkdirSync(at(name), { recursive: true });
    writeFileSync(at('ws/file'), '');
    symlinkSync(at('ws/sub'), at('ws/inside'));
    symlinkSync(at('other'), at('ws/outside'));
    symlinkSync(at('ws'), at('alias'));
    symlinkSync(at('home/.ssh'), at('ws/keys'));
    symlinkSync(at('nowhere'), at('ws/broken'));
  });

  const resolve = ({ ask, access = 'readWrite', opened = ['@ws'], trusted = true, hidden = [], make }: Case) => {
    make?.();
    const places = hidden.map((place) => (place.startsWith('@') ? at(place.slice(1)) : place));
    return resolveWorkspace({ uri: uriOf(ask), access }, { opened: opened.map(uriOf), trusted, hidden: places });
  };

  const given: Record<string, [Case, path: string]> = {
    'the opened folder': [{ ask: '@ws' }, 'ws'],
    'a folder inside it': [{ ask: '@ws/sub' }, 'ws/sub'],
    'through a link inside it': [{ ask: '@ws/inside' }, 'ws/sub'],
    'through a link to the opened folder': [{ ask: '@alias/sub' }, 'ws/sub'],
    'when a link to it is opened': [{ ask: '@ws', opened: ['@alias'] }, 'ws'],
    'with `..` that stays inside': [{ ask: '@ws/sub/../../ws/sub/' }, 'ws/sub'],
    'one of several opened folders': [{ ask: '@other', opened: ['@ws', '@other'] }, 'other'],
    'when another opened folder does not exist': [{ ask: '@ws', opened: ['@nowhere', 'untitled:x', '@ws'] }, 'ws'],
    'without any change of its Unicode form': [{ ask: '@caf\u00e9', opened: ['@caf\u00e9'] }, 'caf\u00e9'],
    'beside a hidden folder': [{ ask: '@home/code', opened: ['@home'], hidden: ['@home/.ssh'], make: () => mkdirSync(at('home/code')) }, 'home/code'],
    'beside a hidden folder whose name begins the same': [{ ask: '@wsEVIL', opened: ['@wsEVIL'], hidden: ['@ws'] }, 'wsEVIL'],
  };
  for (const [name, [one, path]] of Object.entries(given)) {
    it(`is allowed: ${name}`, async () => {
      expect(await resolve(one)).to.deep.equal({ path: at(path), access: 'readWrite' });
    });
  }

  for (const access of ['copy', 'readOnly', 'readWrite'] as const) {
    it(`can be shared with the access ${access}`, async () => {
      expect((await resolve({ ask: '@ws', access })).access).to.equal(access);
    });
  }

  const denied: Record<string, [Case, ErrorKind]> = {
    'a sibling whose name begins the same': [{ ask: '@wsEVIL' }, 'PolicyDenied'],
    'the folder above': [{ ask: '@ws/..' }, 'PolicyDenied'],
    '`..` in the URI': [{ ask: 'file:///tmp/../etc' }, 'PolicyDenied'],
    'an escaped `..`': [{ ask: 'file:///tmp/%2e%2e/etc' }, 'PolicyDenied'],
    'another folder': [{ ask: '@other' }, 'PolicyDenied'],
    'a link that leads out': [{ ask: '@ws/outside' }, 'PolicyDenied'],
    'the same name in another Unicode form': [{ ask: '@caf\u00e9', opened: ['@cafe\u0301'] }, 'PolicyDenied'],
    'the same name in upper case': [{ ask: '@WS', make: () => mkdirSync(at('WS')) }, 'PolicyDenied'],
    'the root': [{ ask: 'file:///' }, 'PolicyDenied'],
    'any folder when none is opened': [{ ask: '@ws', opened: [] }, 'PolicyDenied'],
    'a link that leads to keys': [{ ask: '@ws/keys', opened: ['@ws', '@home'], hidden: ['@home/.ssh'] }, 'PolicyDenied'],
    'keys': [{ ask: '@home/.ssh', opened: ['@home'], hidden: ['@home/.ssh'] }, 'PolicyDenied'],
    'a folder inside a folder with keys': [{ ask: '@home/.ssh/x', opened: ['@home'], hidden: ['@home/.ssh'], make: () => mkdirSync(at('home/.ssh/x')) }, 'PolicyDenied'],
    'a folder that contains a folder with keys': [{ ask: '@home', opened: ['@home'], hidden: ['@home/.ssh'] }, 'PolicyDenied'],
    'a folder that would contain a folder with keys': [{ ask: '@home', opened: ['@home'], hidden: ['@home/.aws'] }, 'PolicyDenied'],
    'a folder to which the folder with keys is a link': [{
      ask: '@other', opened: ['@other'], hidden: ['@home/.ssh'],
      make: () => {
        rmSync(at('home/.ssh'), { recursive: true });
        symlinkSync(at('other'), at('home/.ssh'));
      },
    }, 'PolicyDenied'],
    'a folder with a socket': [{ ask: '@other', opened: ['@other'], hidden: ['@other/docker.sock'] }, 'PolicyDenied'],
    'a folder that is not trusted': [{ ask: '@ws', trusted: false }, 'NotTrusted'],
    'a folder that is not trusted and does not exist': [{ ask: '@nowhere', trusted: false }, 'NotTrusted'],
    'the access overlay': [{ ask: '@ws', access: 'overlay' }, 'InvalidParams'],
    'a file': [{ ask: '@ws/file' }, 'FileNotFound'],
    'a path that does not exist': [{ ask: '@ws/none' }, 'FileNotFound'],
    'a broken link': [{ ask: '@ws/broken' }, 'FileNotFound'],
    'a path with NUL': [{ ask: 'file:///tmp/a%00b' }, 'FileNotFound'],
    'a name that is too long': [{ ask: `file:///tmp/${'a'.repeat(300)}` }, 'FileNotFound'],
    'a path instead of a URI': [{ ask: '/tmp' }, 'InvalidParams'],
    'a URI that is not a file URI': [{ ask: 'untitled:Untitled-1' }, 'InvalidParams'],
    'a URI of another machine': [{ ask: 'file://server/share' }, 'InvalidParams'],
    'a remote folder': [{ ask: 'vscode-remote://ssh-remote/tmp' }, 'InvalidParams'],
    'an escaped slash': [{ ask: 'file:///tmp%2Fws' }, 'InvalidParams'],
    'an empty URI': [{ ask: '' }, 'InvalidParams'],
  };
  for (const [name, [one, kind]] of Object.entries(denied)) {
    it(`is denied: ${name}`, async () => {
      const fault: unknown = await resolve(one).catch((thrown: unknown) => thrown);
      expect(fault).to.be.instanceOf(ProtocolError);
      const { kind: found, message } = fault as ProtocolError;
      expect([found, message.includes(root())]).to.deep.equal([kind, false]);
    });
  }

  it('is resolved once, so renaming a link later changes nothing', async () => {
    const { path } = await resolve({ ask: '@alias' });
    renameSync(at('alias'), at('moved'));
    expect(path).to.equal(at('ws'));
    expect(await realFolder(uriOf('@moved'))).to.equal(path);
  });
});

describe('hidden places (F-B1, F-B3)', () => {
  const sources = { env: {}, home: '/home/a', stateFolder: undefined, engineSocket: undefined };

  it('include folders of the system and folders with keys', () => {
    const places = hiddenPlaces(sources);
    expect(places).to.include.members([
      '/proc', '/sys', '/dev', '/run', '/var/run', '/etc', '/boot', '/var/lib/docker', '/var/lib/containerd', '/var/lib/containers', '/var/lib/kubelet',
      '/home/a/.ssh', '/home/a/.gnupg', '/home/a/.aws', '/home/a/.azure', '/home/a/.kube', '/home/a/.docker', '/home/a/.config/gcloud',
      ...['.colima', '.lima', '.orbstack', '.rd'].map((name) => `/home/a/${name}`),
      '/home/a/.config/codebeaker', '/home/a/.local/state/codebeaker', '/home/a/.cache/codebeaker',
    ]);
    expect(places.every((place) => place.startsWith('/'))).to.equal(true);
  });

  it('include places that the environment and the configuration name', () => {
    const env = { DOCKER_CONFIG: '/x/docker', SSH_AUTH_SOCK: '/tmp/agent.1', XDG_CONFIG_HOME: '/x/config', XDG_RUNTIME_DIR: 'relative', GNUPGHOME: '' };
    const places = hiddenPlaces({ ...sources, env, stateFolder: '/x/state', auditAnchor: '/x/heads', engineSocket: '/x/docker.sock' });
    expect(places).to.include.members(['/x/docker', '/tmp/agent.1', '/x/config/codebeaker', '/x/state', '/x/heads', '/x/docker.sock']);
    expect(places).not.to.include.members(['relative', '']);
  });

  for (const place of ['/', '/etc', '/etc/ssl', '/proc/self', '/var', '/var/run', '/run', '/sys', '/dev/shm']) {
    it(`include ${place}`, async () => {
      const rules = { opened: ['file:///'], trusted: true, hidden: hiddenPlaces(sources) };
      const fault: unknown = await resolveWorkspace({ uri: pathToFileURL(place).href, access: 'readOnly' }, rules).catch((thrown: unknown) => thrown);
      expect(fault).to.be.instanceOf(ProtocolError).with.nested.property('data.rule', 'hidden');
    });
  }
});
