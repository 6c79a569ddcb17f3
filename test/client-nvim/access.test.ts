/** Questions about hosts that a program wants to reach, and what the option `network` lets it reach. */
import { expect } from 'chai';
import { image } from '../e2e/environment.ts';
import { dockerImage, need } from '../require.ts';
import { docker, inNeovim } from './neovims.ts';

/** The name has no address, so a program that may reach it is told 502. */
const program = (...hosts: string[]) => `
import urllib.request, urllib.error
for host in ${JSON.stringify(hosts)}:
  try: urllib.request.urlopen("http://" + host + "/")
  except urllib.error.HTTPError as fault: print(host, fault.code, flush=True)
  except OSError: print(host, "offline", flush=True)
`;

inNeovim('a program that wants to reach a host', (editor) => {
  before(need('docker', dockerImage(image)));

  /** Whichever way Neovim can ask in gets this answer: 1, 2 or 3. */
  const answers = (number: number) => editor().lua(`
    asked = {}
    local function note(question)
      table.insert(asked, question)
      return ${number}
    end
    vim.fn.confirm = note
    vim.ui.select = function(items, options, done)
      local number = note(options.prompt)
      vim.defer_fn(function() done(items[number]) end, 1)
    end`);
  const asked = () => editor().lua<string[]>('return asked');

  it('reaches it when the person allows it, for once or for the run, and not otherwise', async () => {
    for (const [number, told, questions] of [[1, '502', 2], [2, '502', 1], [3, '403', 1]] as const) {
      await answers(number);
      await editor().buffer(program('one.invalid', 'one.invalid'), { file: 'reach.py' });
      await editor().command('SandboxRun');
      expect((await editor().ended()).text).to.match(new RegExp(`^one\\.invalid ${told}\\none\\.invalid ${told}\\n`));
      expect(await asked()).to.deep.equal(Array(questions).fill('Let the program in the sandbox reach one.invalid:80?'));
    }
  });

  it('is not asked about where the option names it, and reaches nothing by default', async () => {
    await answers(3);
    await editor().lua("require('codebeaker.config').get().network = { 'named.invalid:80' }");
    await editor().buffer(program('named.invalid'), { file: 'named.py' });
    await editor().command('SandboxRun');
    expect((await editor().ended()).text).to.match(/^named\.invalid 502\n/);
    await editor().lua("require('codebeaker.config').get().network = 'none'");
    await editor().buffer(program('named.invalid'), { file: 'none.py' });
    await editor().command('SandboxRun');
    expect((await editor().ended()).text).to.match(/^named\.invalid offline\n/);
    expect(await asked()).to.deep.equal([]);
  });
}, { ...docker, setup: { ...docker.setup, network: 'ask' } });
