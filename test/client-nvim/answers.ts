/** Answers in the place of a person to the questions of Neovim, and what was asked. */
import type { Editor } from './editor.ts';

/** Whichever way Neovim can ask in gets this answer from now on: 1, 2 or 3. Every answer comes long after its question. */
export async function answerWith(editor: Editor, number: number): Promise<void> {
  await editor.lua(`
    asked = {}
    local time = 0
    vim.loop.hrtime = function()
      time = time + 1e9
      return time
    end
    local function note(question)
      table.insert(asked, question)
      return ${number}
    end
    vim.fn.confirm = note
    vim.ui.select = function(items, options, done)
      local number = note(options.prompt)
      vim.defer_fn(function() done(items[number]) end, 1)
    end`);
}

/**
 * Counts from now on the programs of which it is decided whether to ask for packages that they lack. The plugin decides it
 * some time after a program has ended.
 */
export async function countOffers(editor: Editor): Promise<void> {
  await editor.lua(`
    offers = 0
    local packages = require('codebeaker.packages')
    local offer = packages.offer
    packages.offer = function(...)
      local names = offer(...)
      offers = offers + 1
      return names
    end`);
}

/** The number of these programs. */
export function offersOf(editor: Editor): Promise<number> {
  return editor.lua<number>('return offers');
}

/** The questions since then. Neovim tells an empty list as an object. */
export async function questionsOf(editor: Editor): Promise<string[]> {
  const questions = await editor.lua<string[] | object>('return asked');
  return Array.isArray(questions) ? (questions as string[]) : [];
}
