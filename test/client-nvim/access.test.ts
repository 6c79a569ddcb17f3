/** Questions that come while the person types; those about hosts that a program wants to reach, and what the option `network` lets it reach. */
import { expect } from 'chai';
import { image } from '../e2e/environment.ts';
import { dockerImage, need } from '../require.ts';
import { answerWith, questionsOf } from './answers.ts';
import { docker, inNeovim } from './neovims.ts';

/** The name has no address, so a program that may reach it is told 502. */
const program = (...hosts: string[]) => `
import urllib.request, urllib.error
for host in ${JSON.stringify(hosts)}:
  try: urllib.request.urlopen("http://" + host + "/")
  except urllib.error.HTTPError as fault: print(host, fault.code, flush=True)
  except OSError: print(host, "offline", flush=True)
`;

inNeovim('a question that comes while the person types', (editor) => {
  /** Each time the question is asked, it takes this many milliseconds until something is typed, which is an answer. */
  const ask = (how: string, ...typed: readonly (readonly [ms: number, answer: number])[]) => editor().lua<{ answer?: unknown; times: number; kept: boolean }>(`
    local typed, time, times, kept, answer = vim.json.decode('${JSON.stringify(typed)}'), 0, 0, false, nil
    local function next_answer()
      times = times + 1
      local one = typed[math.min(times, #typed)]
      time = time + one[1] * 1e6
      kept = kept or vim.fn.getchar(1) ~= 0
      return one[2]
    end
    local function now() return time end
    vim.fn.confirm = function(question)
      asked = question
      return next_answer()
    end
    vim.ui.select = function(items, options, done)
      asked = options.prompt
      local item = items[next_answer()]
      done(item)
      done('again')
    end
    vim.api.nvim_feedkeys('typed before', 't', false)
    ${how}
    return { answer = answer, times = times, kept = kept }`);
  const asks = {
    confirm: `answer = require('codebeaker.question').confirm('Sure,\\27[1m?', '&Yes\\n&No', 2, now)`,
    select: `
      local over
      require('codebeaker.question').select({ 1, 2 }, { prompt = 'Sure,\\27[1m?' }, function(item) answer, over = item, true end, now)
      vim.wait(10000, function() return over end, 1)`,
  };

  for (const [name, how] of Object.entries(asks)) {
    it(`is asked again by ${name} until the answer is one`, async () => {
      expect(await ask(how, [300, 1])).to.deep.equal({ answer: 1, times: 1, kept: false });
      expect(await ask(how, [0, 1], [299, 1], [1000, 2])).to.deep.equal({ answer: 2, times: 3, kept: false });
      expect(await editor().lua('return asked')).to.equal('Sure, [1m?');
    });

    it(`has no answer where ${name} is answered by nobody`, async () => {
      const { answer, times } = await ask(how, [1, 1]);
      expect([answer ?? 0, times]).to.deep.equal([0, 50]);
    });
  }
});

inNeovim('a program that wants to reach a host', (editor) => {
  before(need('docker', dockerImage(image)));

  const answers = (number: number) => answerWith(editor(), number);
  const asked = () => questionsOf(editor());

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
