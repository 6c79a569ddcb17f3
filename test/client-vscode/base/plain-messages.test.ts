/** Messages of the extension show names that a program or a file has chosen, and nothing in these is a link. */
import { expect } from 'chai';
import { plain, withPlainMessages } from '../../../client-vscode/src/base/plain-messages.ts';
import { FakeCode } from '../../fakes/code.ts';

describe('a message of the extension', () => {
  /** How the editor finds links in a message. */
  const LINK = /\[([^\]]+)\]\(((?:https?:\/\/|command:|file:)[^)\s]+)(?: (["'])(.+?)(\3))?\)/i;
  const evil = '[a.py](command:workbench.action.quit)';

  it('has no links', () => {
    expect(evil).to.match(LINK);
    for (const text of [evil, `${evil}${evil}`, ']'.repeat(3) + evil, '[a]\n(https://evil.example)', '[a]\u0000(https://evil.example)', '[a]\u202e(file:///etc/passwd)', '[[a](](command:a)']) {
      expect(plain(text), text).not.to.match(LINK);
    }
    expect(plain(evil)).to.equal('[a.py] (command:workbench.action.quit)');
  });

  it('has no characters that hide what stands beside them, and every other one', () => {
    expect(plain('a\r\nb\u001b[31mc\u202ed\u2066e\u2028f\u0085g')).to.equal('a b [31mc d e f g');
    for (const text of ['It’s 3 × 4 – naïve', 'שלום.py', '日本.py', '👩‍💻', 'f(x)[0] (y)']) expect(plain(text)).to.equal(text);
  });

  it('is plain in each of the ways in which the editor shows one', async () => {
    const editor = new FakeCode();
    const { window } = withPlainMessages(editor.code);
    editor.press = evil;
    const pressed = [await window.showInformationMessage(evil, evil), await window.showWarningMessage(evil, evil), await window.showErrorMessage(evil, evil)];
    expect(pressed).to.deep.equal([evil, evil, evil]);
    expect(editor.messages.map(({ message }) => message)).to.deep.equal([plain(evil), plain(evil), plain(evil)]);
    editor.inputs.push('typed');
    expect(await window.showInputBox({ prompt: evil, value: evil })).to.equal('typed');
    expect(editor.asked).to.deep.equal([{ prompt: plain(evil), value: evil }]);
    await window.withProgress({ location: 15, title: evil }, async (progress) => progress.report({ message: evil }));
    expect(editor.progress).to.deep.equal([plain(evil), plain(evil)]);
  });

  it('leaves everything else of the editor as it is, at any time', () => {
    const editor = new FakeCode();
    const code = withPlainMessages(editor.code);
    expect(code.Uri).to.equal(editor.code.Uri);
    expect(code.window.activeTextEditor).to.equal(undefined);
    editor.active = {} as never;
    expect(code.window.activeTextEditor).to.equal(editor.active);
  });
});
