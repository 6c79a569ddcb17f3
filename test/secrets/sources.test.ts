/** Where the secrets of the configuration come from, and what is told when one can't be got. */
import { expect } from 'chai';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '../../server/src/base/clock.ts';
import { createLog } from '../../server/src/base/log.ts';
import { secretValues } from '../../server/src/cli/secret-values.ts';
import { Keeper } from '../../server/src/runtime/machine/keeper.ts';
import { rememberedSecrets, type SecretReaders } from '../../server/src/secrets/sources.ts';
import { FakeClock } from '../fakes/clock.ts';
import { temporaryFolder } from '../policy/folder.ts';
import { faultOf } from '../session/bench.ts';

describe('a secret of the configuration', () => {
  const made = (readers: Partial<SecretReaders> = {}) => {
    const clock = new FakeClock();
    const asked: unknown[] = [];
    const value = rememberedSecrets({ env: { HERE: 'here' }, clock, file: async (path) => (asked.push(path), 'of a file\r\n'), command: async (...all) => (asked.push(all), 'printed\n\n'), ...readers });
    return { clock, asked, value };
  };

  it('is what a variable, a file or a program says, without a line end at its end', async () => {
    const { value, asked } = made();
    expect(await value('A', { env: 'HERE' })).to.equal('here');
    expect(await value('B', { file: '/b' })).to.equal('of a file');
    expect(await value('C', { command: ['c', 'd'] })).to.equal('printed\n');
    expect(await value('D', { command: ['d'], timeoutMs: 5 })).to.equal('printed\n');
    expect(asked).to.deep.equal(['/b', [['c', 'd'], 30_000], [['d'], 5]]);
  });

  it('is got once for sessions that are made within five minutes, and again after a failure', async () => {
    let fails = true;
    const { value, asked, clock } = made({ file: async () => {
      asked.push('asked');
      if (fails) throw new Error('locked');
      return 'value';
    } });
    expect((await faultOf(value('A', { file: '/a' }))).message).to.equal("the secret A can't be read: locked; secrets.A of the configuration file says where it comes from");
    fails = false;
    expect(await Promise.all([value('A', { file: '/a' }), value('A', { file: '/a' })])).to.deep.equal(['value', 'value']);
    await clock.advance(299_999);
    await value('A', { file: '/a' });
    expect(asked).to.have.lengthOf(2);
    await clock.advance(1);
    await value('A', { file: '/a' });
    expect(asked).to.have.lengthOf(3);
  });

  const useless: Record<string, [text: string, words: string]> = {
    'empty': ['\n', 'it is empty'],
    'with a NUL': ['a\0b', 'it has a NUL in it'],
    'too long': ['a'.repeat(65_537), 'it is longer than 65536 bytes'],
  };
  for (const [name, [text, words]] of Object.entries(useless)) {
    it(`that is ${name} is an error that names it and not its value`, async () => {
      const fault = await faultOf(made({ file: async () => text }).value('A', { file: '/a' }));
      expect(fault.data).to.deep.include({ kind: 'PolicyDenied', policy: 'secrets', rule: 'secrets.A' });
      expect(fault.message).to.contain(`the secret A can't be read: ${words}`);
    });
  }

  it('whose variable is missing says so', async () => {
    expect((await faultOf(made().value('A', { env: 'NONE' }))).message).to.contain("the daemon's environment has no variable NONE");
  });
});

describe('a secret of this machine', () => {
  const folder = temporaryFolder();
  let keeper: Keeper;
  before(() => (keeper = new Keeper({ process, log: createLog('error', () => undefined) })));
  after(() => keeper.close());
  const value = (source: Parameters<ReturnType<typeof secretValues>>[1]) => secretValues({ env: { PATH: process.env.PATH, KEY: 'of the daemon' }, uid: process.getuid?.() ?? -1, clock: systemClock, keeper })('A', source);
  const file = (text: string, mode: number) => {
    const path = join(folder(), `secret-${mode.toString(8)}`);
    writeFileSync(path, text);
    chmodSync(path, mode);
    return path;
  };

  it('is read from a file that nobody else can read', async () => {
    expect(await value({ file: file('value\n', 0o600) })).to.equal('value');
    for (const mode of [0o640, 0o604, 0o620]) {
      const { message } = await faultOf(value({ file: file('value', mode) }));
      expect(message).to.contain('others can read or change it: chmod 600').and.not.to.contain(folder());
    }
    mkdirSync(join(folder(), 'folder'), { mode: 0o700 });
    expect((await faultOf(value({ file: join(folder(), 'folder') }))).message).to.contain('not a regular file');
    expect((await faultOf(value({ file: join(folder(), 'none') }))).message).to.contain("the file can't be opened (ENOENT)");
    expect((await faultOf(value({ file: file('a'.repeat(70_000), 0o600) }))).message).to.contain('longer than 65538 bytes');
  });

  it('is what a program prints, which has the environment of the daemon and no shell', async () => {
    expect(await value({ command: ['sh', '-c', 'printf "$KEY$1"', 'sh', '; $HOME'] })).to.equal('of the daemon; $HOME');
  });

  it('whose program fails says what it told on stderr, and nothing of what it printed', async () => {
    const { message } = await faultOf(value({ command: ['sh', '-c', 'echo printed; echo "the store is locked" >&2; exit 3'] }));
    expect(message).to.contain('sh failed: the store is locked').and.not.to.contain('printed');
    expect((await faultOf(value({ command: ['no-such-program'] }))).message).to.contain('no-such-program failed: ');
  });

  it('whose program does not end in time says so', async () => {
    expect((await faultOf(value({ command: ['sleep', '100'], timeoutMs: 50 }))).message).to.contain('sleep did not end within 0.05 s');
  });
});
