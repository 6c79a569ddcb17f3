/** The cases in which the plugin must do the same as the extension for VS Code. */
import { expect } from 'chai';
import { casesOf, expectedOf } from '../client-cases/cases.ts';
import { type Editor, quote } from './editor.ts';
import { every, inNeovim } from './neovims.ts';

const session = {
  runtime: 'docker',
  isolation: { score: 7 },
  limits: { memoryBytes: 512 * 1024 * 1024, outputBytes: 16 * 1024 * 1024, timeoutMs: 2_000 },
};

/** Runs Lua that finds `value` in the variable `given`. JSON's null is nil, as in the plugin. */
function lua<T>(editor: Editor, value: unknown, code: string): Promise<T> {
  return editor.lua<T>(`local given = vim.json.decode(${quote(JSON.stringify(value))}, { luanil = { object = true } })\n${code}`);
}

/** Lua encodes an empty list as `{}`. */
const list = <T>(value: T[] | object): T[] => (Array.isArray(value) ? (value as T[]) : []);

inNeovim('the cases of both clients', (editor) => {
  describe('finding traces', () => {
    for (const { name, language, output, traces } of casesOf('traces')) {
      it(name, async () => {
        const found = await lua<{ message: string; frames: { path: string; line: number; column?: number }[] }[]>(
          editor(), { language, output: output.join('\n') }, "return require('codebeaker.traces').find(given.language, given.output)",
        );
        const text = list<(typeof found)[number]>(found).map(({ message, frames }) => [
          message,
          ...frames.map(({ path, line, column }) => `${path}:${line}${column === undefined ? '' : `:${column}`}`),
        ]);
        expect(text).to.deep.equal(traces);
      });
    }
  });

  describe('a place in the sandbox', () => {
    for (const { path, inFolder } of casesOf('places')) {
      it(inFolder === null ? `${path} is no copy of a file` : `${path} is a copy of ${inFolder}`, async () => {
        expect(await lua(editor(), path, "return require('codebeaker.quickfix').path_in_folder(given)")).to.equal(inFolder);
      });
    }
  });

  describe('why a runtime was chosen', () => {
    for (const { name, runs } of casesOf('chosen')) {
      it(name, async () => {
        const told = await lua<string[]>(editor(), runs, `
          local news = require('codebeaker.chosen').new()
          return vim.tbl_map(function(run)
            return news(run.language, { runtime = run.runtime, runtimeReason = run.reason }, run.named or false) or 'nothing'
          end, given)`);
        expect(told).to.deep.equal(runs.map((run) => run.told ?? 'nothing'));
      });
    }
  });

  describe('the offer of a missing module', () => {
    for (const { name, missing, known, told } of casesOf('missing')) {
      it(name, async () => {
        expect(await lua(editor(), { missing, known }, "return require('codebeaker.packages').offer_of(given.missing, given.known)")).to.equal(told);
      });
    }
  });

  describe('the escape filter (F-D5)', () => {
    const filtered = (pieces: readonly string[]) =>
      lua<string>(editor(), pieces, "return table.concat(vim.tbl_map(require('codebeaker.escapes').new_filter(), given))");

    for (const { name, pieces, shown } of casesOf('escapes')) {
      it(name, async () => {
        const expected = expectedOf(shown, 'neovim');
        expect(await filtered(pieces)).to.equal(expected);
        expect(await filtered([...pieces.join('')]), 'one character at a time').to.equal(expected);
      });
    }

    it('drops a sequence without an end, and shows what comes after it', async () => {
      expect(await filtered([`a\x1b]52;c;${'A'.repeat(20_000)}`, 'more', '\x07b'])).to.equal('ab');
      expect(await filtered([`a\x1b[${'1;'.repeat(9_000)}`, 'mb'])).to.match(/^a[^\x1b]*b$/);
    });
  });

  describe('the line discipline', () => {
    for (const { name, keys, effects, echo } of casesOf('typing')) {
      it(name, async () => {
        const typing = await lua<{ effects: string[]; echo: string }>(editor(), keys, `
          local effects, echo = {}, ''
          local function note(kind)
            return function(what) table.insert(effects, kind .. (what and ' ' .. what or '')) end
          end
          local type_keys = require('codebeaker.line_discipline').new({
            echo = function(text) echo = echo .. text end,
            send = note('send'), finish = note('end'), signal = note('signal'),
          })
          for _, typed in ipairs(given) do type_keys(typed) end
          return { effects = effects, echo = echo }`);
        expect(list(typing.effects)).to.deep.equal(effects);
        if (echo !== undefined) expect(typing.echo).to.equal(echo);
      });
    }

    it('limits the length of a line', async () => {
      const length = await lua<number>(editor(), 100_000, `
        local sent = ''
        local nothing = function() end
        local type_keys = require('codebeaker.line_discipline').new({ echo = nothing, send = function(text) sent = text end })
        type_keys(('x'):rep(given) .. '\\r')
        return #sent`);
      expect(length).to.equal(64 * 1024 + 1);
    });
  });

  describe('the last line of a run', () => {
    for (const { name, execution, line, failed } of casesOf('verdicts')) {
      it(name, async () => {
        const shown = await lua<{ line: string; failed: boolean }>(editor(), { execution, session }, `
          local verdict = require('codebeaker.verdict')
          return { line = verdict.of_execution(given.execution, given.session), failed = verdict.failed(given.execution) }`);
        expect(shown.line.replaceAll(/\x1b\[\d+m/g, '')).to.equal(expectedOf(line, 'neovim'));
        expect(shown.failed).to.equal(failed);
      });
    }
  });

  describe('sizes and times', () => {
    const cases = casesOf('units');
    for (const [count, text] of cases.bytes) {
      it(`${count} bytes are ${text}`, async () => {
        expect(await lua(editor(), count, "return require('codebeaker.units').bytes(given)")).to.equal(text);
      });
    }
    for (const [ms, text] of cases.duration) {
      it(`${ms} milliseconds are ${text}`, async () => {
        expect(await lua(editor(), ms, "return require('codebeaker.units').duration(given)")).to.equal(text);
      });
    }
  });

  describe('the text of a selection', () => {
    for (const { name, lines, startLine, text, columnOffset } of casesOf('selections')) {
      it(name, async () => {
        const found = await lua(editor(), { lines, startLine }, "return { require('codebeaker.source').selection_text(given.lines, given.startLine) }");
        expect(found).to.deep.equal([text, columnOffset]);
      });
    }
  });

  describe('the count of crashes', () => {
    for (const { name, times, givesUp } of casesOf('crashes')) {
      it(name, async () => {
        expect(await lua(editor(), times, "return vim.tbl_map(require('codebeaker.crashes').new_counter(), given)")).to.deep.equal(givesUp);
      });
    }
  });

  describe('the words of a command line', () => {
    const cases = casesOf('shellwords');
    const call = <T>(name: string, value: unknown) => lua<T>(editor(), value, `return { require('codebeaker.shellwords').${name}(given) }`);

    for (const { text, words } of cases.split) {
      it(`${JSON.stringify(text)} is split into ${JSON.stringify(words)}`, async () => {
        expect(list((await call<[string[]]>('split', text))[0])).to.deep.equal(words);
      });
    }
    for (const { text, quote: missing } of cases.notClosed) {
      it(`${JSON.stringify(text)} is refused, because ${missing} is not closed`, async () => {
        expect(await call('split', text)).to.deep.equal([null, missing]);
      });
    }
    for (const { words, text } of cases.join) {
      it(`${JSON.stringify(words)} are joined to ${JSON.stringify(text)}`, async () => {
        expect(await call('join', words)).to.deep.equal([text]);
      });
    }
    for (const { text, env, written } of cases.environments) {
      it(`the environment ${JSON.stringify(text)} is read, and written as ${JSON.stringify(written)}`, async () => {
        expect({ ...(await call<[object]>('parse_environment', text))[0] }).to.deep.equal(env);
        expect(await call('format_environment', env)).to.deep.equal([written]);
      });
    }
    for (const { text, word } of cases.noEnvironments) {
      it(`the environment ${JSON.stringify(text)} is refused, because of ${word}`, async () => {
        expect(await call('parse_environment', text)).to.deep.equal([null, word]);
      });
    }
    for (const { text, input, written } of cases.lines) {
      it(`the lines ${JSON.stringify(text)} are read, and written as ${JSON.stringify(written)}`, async () => {
        expect(await call('unescape_lines', text)).to.deep.equal([input]);
        expect(await call('escape_lines', input)).to.deep.equal([written]);
      });
    }
  });
}, { only: every });
