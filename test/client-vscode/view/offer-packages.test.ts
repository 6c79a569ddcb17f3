/** The message about a module that a program did not find, and what its buttons do. */
import { expect } from 'chai';
import type { Settings } from '../../../client-vscode/src/base/settings.ts';
import type { RunConsole } from '../../../client-vscode/src/run/consoles.ts';
import type { RunEnd } from '../../../client-vscode/src/run/run.ts';
import { RememberedOptions } from '../../../client-vscode/src/run/source/options.ts';
import { offerOf, PackageOffers } from '../../../client-vscode/src/view/offer-packages.ts';
import { casesOf } from '../../client-cases/cases.ts';
import { execution, session } from '../../fakes/connection.ts';
import { FakeCode, Uri } from '../../fakes/code.ts';

const uri = Uri.file('/w/a.py') as unknown as RunConsole['run']['spec']['source']['uri'];

describe('the offer of a missing module (issue 13)', () => {
  function bench(mode: Settings['packages'] = 'auto') {
    const editor = new FakeCode();
    const options = new RememberedOptions(editor.memento());
    const shown = { run: { spec: { source: { uri } } } } as unknown as RunConsole;
    const done: string[] = [];
    const works = { installation: true };
    const folder = ['a.py'];
    const offers = new PackageOffers({
      code: editor.code, options, mode: () => mode,
      consoles: { ofSession: (id) => (id === 's1' ? shown : undefined) },
      beside: async () => folder,
      install: async (_, names) => {
        done.push(`install ${names.join(' ')}`);
        return works.installation;
      },
      runAgain: async (spec, again) => void done.push(spec === shown.run.spec && again === shown ? 'run again' : 'run another'),
    });
    const tell = (missing: object | undefined = { module: 'cv2', manager: 'pip', packages: ['opencv-python'] }) =>
      offers.tell({ session: session(), result: execution({ exitCode: 1, ...(missing ? { missing } : {}) }) } as unknown as RunEnd);
    return { editor, options, done, works, folder, tell };
  }

  for (const { name, missing, known, told } of casesOf('missing')) {
    it(name, () => {
      expect(offerOf(new FakeCode().code, { manager: 'pip', ...missing }, known) ?? null).to.equal(told);
    });
  }

  it('installs the package beside those that the file has, and runs the program again', async () => {
    const { editor, options, done, tell } = bench();
    await options.remember(uri, { args: [], env: {}, packages: ['numpy'] });
    editor.press = 'Install and Run Again';
    await tell();
    expect(editor.messages).to.deep.equal([{ kind: 'information', message: 'The program needs opencv-python (module cv2).', buttons: ['Install and Run Again', 'Don’t Ask for This File'] }]);
    expect(done).to.deep.equal(['install numpy opencv-python', 'run again']);
  });

  it('runs nothing again if the installation fails, and does nothing if nobody answers', async () => {
    const { editor, done, works, tell } = bench();
    await tell();
    expect(done).to.deep.equal([]);
    works.installation = false;
    editor.press = 'Install and Run Again';
    await tell();
    expect(done).to.deep.equal(['install opencv-python']);
  });

  it('is not made again for a file for which nobody wants to be asked', async () => {
    const { editor, options, tell } = bench();
    editor.press = 'Don’t Ask for This File';
    await tell();
    await tell();
    expect(editor.messages).to.have.length(1);
    expect(options.of(uri).offers).to.equal('never');
    await options.rememberPackages(uri, ['numpy']);
    await tell();
    expect(editor.messages, 'after packages were installed').to.have.length(2);
  });

  it('is made once while it is shown', async () => {
    const { editor, tell } = bench();
    let dismiss: () => void = () => undefined;
    editor.beforePress = new Promise((resolve) => (dismiss = resolve));
    const first = tell();
    await tell();
    expect(editor.messages).to.have.length(1);
    dismiss();
    await first;
    await tell();
    expect(editor.messages).to.have.length(2);
  });

  it('is not made of a module that lies beside the program', async () => {
    for (const name of ['cv2.py', 'cv2']) {
      const { editor, folder, tell } = bench();
      folder.push(name);
      await tell();
      expect(editor.messages).to.deep.equal([]);
    }
  });

  it('is not made where nobody wants packages, or nothing is missing', async () => {
    const [never, auto] = [bench('never'), bench()];
    await never.tell();
    await auto.tell(null as never);
    expect([never.editor.messages, auto.editor.messages]).to.deep.equal([[], []]);
  });
});
