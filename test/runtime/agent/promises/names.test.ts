/** Names of files are bytes: every name is told, also through JSON, and comes back as the same bytes (E7). */
import { expect } from 'chai';
import { read, textOf, write } from '../../contract/harness.ts';
import { everySandbox, everywhere, python, useSandbox } from './sandboxes.ts';

/** In hexadecimal. The last are a lone surrogate in UTF-8, an overlong slash, and what looks like an escape of ours. */
const odd = ['ff', '80', 'c3', 'c328', '66 6f ff 6f', 'e28a', 'f0908c', '0a', '20', '27', '5c', '22', '2a', 'efbfbd', 'eda080', 'edb380', 'c0af', 'f8888080'].map((hex) => hex.replaceAll(' ', ''));
const overTheWire = (name: string): string => (JSON.parse(Buffer.from(JSON.stringify({ name })).toString()) as { name: string }).name;

everySandbox('names of any bytes', everywhere, (parts) => {
  const held = useSandbox(parts);

  it('are listed, and their files are read, written, copied and removed by what was listed', async () => {
    await textOf(held.sandbox, python(`
os.mkdir('/workspace/odd')
for name in ${JSON.stringify(odd)}:
    open(b'/workspace/odd/' + bytes.fromhex(name), 'w').write(name)`));
    const { entries } = await held.sandbox.files.list('/workspace/odd', { recursive: false, limit: 1000, accept: () => true });
    const paths = entries.map(({ path }) => overTheWire(path));
    expect(new Set(paths).size).to.equal(odd.length);
    const contents = await Promise.all(paths.map((path) => read(held.sandbox, path)));
    expect(contents.sort()).to.deep.equal([...odd].sort());
    for (const path of paths) {
      await write(held.sandbox, path, `${await read(held.sandbox, path)}+`);
      await held.sandbox.files.copy(path, `${path}-copy`, { recursive: false, overwrite: true });
    }
    const seen = await textOf(held.sandbox, python("print(*sorted(n.hex() + ' ' + open(b'/workspace/odd/' + n).read() for n in os.listdir(b'/workspace/odd')), sep='\\n')"));
    expect(seen.trim().split('\n')).to.deep.equal(odd.flatMap((hex) => [`${hex} ${hex}+`, `${hex}${Buffer.from('-copy').toString('hex')} ${hex}+`]).sort());
    for (const path of paths) await held.sandbox.files.delete(path, { recursive: false, force: false });
    expect(await textOf(held.sandbox, python("print(len(os.listdir('/workspace/odd')))"))).to.equal(`${odd.length}\n`);
  });

  it('are working directories and arguments, too', async () => {
    await held.sandbox.files.createDirectory('/workspace/\u{10feff}\u{10fefe}', true);
    expect(await textOf(held.sandbox, python("print(os.getcwdb().hex(), os.fsencode(sys.argv[1]).hex())").concat('\u{10fec3}x'), { cwd: '/workspace/\u{10feff}\u{10fefe}' })).to.equal('2f776f726b73706163652ffffe c378\n');
  });
});
