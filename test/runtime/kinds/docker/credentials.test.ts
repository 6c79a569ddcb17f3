/** The credentials for a registry are those of the docker command: of config.json, and of the helpers that it names (E4). */
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { systemClock } from '../../../../server/src/base/clock.ts';
import { createLog } from '../../../../server/src/base/log.ts';
import { askHelper } from '../../../../server/src/runtime/kinds/docker/credential-helper.ts';
import { credentialsFor, registryOf } from '../../../../server/src/runtime/kinds/docker/credentials.ts';
import { Keeper } from '../../../../server/src/runtime/machine/keeper.ts';
import { dockerEngine, need } from '../../../require.ts';
import { recordingLog, type Line } from '../../../wire/server.ts';
import { context, failure, spec, subject } from './subject.ts';
import { real } from './real.ts';

const HUB = 'https://index.docker.io/v1/';
const encoded = (text: string) => Buffer.from(text).toString('base64');

describe('credentials for a registry (E4)', () => {
  let home: string;
  let keeper: Keeper;
  let lines: Line[];
  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), 'credentials-'));
    keeper = new Keeper({ process, log: createLog('error', () => undefined) });
    lines = [];
  });
  afterEach(async () => {
    await keeper.close();
    rmSync(home, { recursive: true });
  });

  const find = (image: string, config: object | string) => {
    writeFileSync(join(home, 'config.json'), typeof config === 'string' ? config : JSON.stringify(config));
    const env = { DOCKER_CONFIG: home, PATH: `${home}:${process.env.PATH}`, ASKED: join(home, 'asked') };
    return credentialsFor(image, { env, home: '/nowhere', log: recordingLog(lines), ask: (name, input) => askHelper(name, input, { env, keeper, clock: systemClock }) });
  };
  /** A program that answers as a helper does, and knows one registry. */
  const helper = (name: string, registry: string, answer: object) => {
    const path = join(home, `docker-credential-${name}`);
    writeFileSync(path, `#!/bin/sh\n[ "$1" = get ] || exit 2\nread -r asked || :\nif [ "$asked" = '${registry}' ]; then echo '${JSON.stringify(answer)}'; else echo credentials not found in native keychain; exit 1; fi\n`);
    chmodSync(path, 0o755);
  };

  it('belong to the registry in the name of the image', () => {
    const images = ['python', 'team/python:3', 'docker.io/team/python', 'localhost/x', 'localhost:5000/x', 'registry.example/a/b@sha256:0', 'registry.example:5000/a'];
    expect(images.map(registryOf)).to.deep.equal([HUB, HUB, HUB, 'localhost', 'localhost:5000', 'registry.example', 'registry.example:5000']);
  });

  it('are those that docker login has written', async () => {
    const auths = { 'registry.example': { auth: encoded('me:pass:word') }, 'https://old.example/v1/': { auth: encoded('old:p') }, [HUB]: { auth: encoded('hub:h'), identitytoken: 't' }, 'empty.example': {} };
    expect(await find('registry.example/a', { auths })).to.deep.equal({ serveraddress: 'registry.example', username: 'me', password: 'pass:word' });
    expect(await find('old.example/a', { auths })).to.deep.equal({ serveraddress: 'old.example', username: 'old', password: 'p' });
    expect(await find('python', { auths })).to.deep.equal({ serveraddress: HUB, username: 'hub', password: 'h', identitytoken: 't' });
    for (const image of ['empty.example/a', 'other.example/a']) expect(await find(image, { auths })).to.equal(undefined);
    expect(lines).to.deep.equal([]);
  });

  it('come from the helper of the registry, else from the common store', async () => {
    helper('one', 'registry.example', { ServerURL: 'registry.example', Username: 'me', Secret: 's' });
    helper('all', HUB, { ServerURL: HUB, Username: '<token>', Secret: 't' });
    const config = { auths: { 'registry.example': {} }, credsStore: 'all', credHelpers: { 'registry.example': 'one' } };
    expect(await find('registry.example/a', config)).to.deep.equal({ serveraddress: 'registry.example', username: 'me', password: 's' });
    expect(await find('python', config)).to.deep.equal({ serveraddress: HUB, identitytoken: 't' });
    expect(await find('other.example/a', config)).to.equal(undefined);
    expect(lines).to.deep.equal([]);
  });

  it('are left out, with a line in the log, where they cannot be read', async () => {
    for (const config of ['{', { credsStore: 'missing' }, { credsStore: '../evil' }]) expect(await find('registry.example/a', config)).to.equal(undefined);
    expect(lines.map(({ level }) => level)).to.deep.equal(['warn', 'warn', 'warn']);
  });

  it('go to the engine with the pull, and nowhere else (F-E7)', async () => {
    const held = await subject({}, undefined, {}, 'docker', { credentials: () => Promise.resolve({ serveraddress: 'registry.example', username: 'me', password: 's' }) });
    try {
      await held.runtime.create({ ...spec, image: 'missing' }, context());
      const sent = held.fake.requests.filter(({ headers }) => headers['x-registry-auth'] !== undefined);
      expect(sent.map(({ call, query, headers }) => [call, [...query.keys()], JSON.parse(Buffer.from(String(headers['x-registry-auth']), 'base64url').toString())])).to.deep.equal([
        ['pull', ['fromImage', 'tag'], { serveraddress: 'registry.example', username: 'me', password: 's' }],
      ]);
    } finally {
      await held.close();
    }
  });

  it('are what a real engine shows to the registry', async function () {
    await need('docker', dockerEngine).call(this);
    const shown: (string | undefined)[] = [];
    const registry = createServer((request, response) => {
      shown.push(request.headers.authorization);
      response.writeHead(401, { 'WWW-Authenticate': 'Basic realm="test"' }).end();
    });
    await new Promise<void>((listening) => void registry.listen(0, '127.0.0.1', listening));
    const image = `127.0.0.1:${(registry.address() as AddressInfo).port}/private/image`;
    const held = real(image, undefined, undefined, { credentials: (name) => find(name, { auths: { [registryOf(image)]: { auth: encoded('me:secret') } } }) });
    try {
      expect((await failure(held.create())).kind).to.equal('RuntimeUnavailable');
      expect(shown).to.include(`Basic ${encoded('me:secret')}`);
    } finally {
      await held.close();
      registry.close();
    }
  });
});
