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

/** The questions since then. Neovim tells an empty list as an object. */
export async function questionsOf(editor: Editor): Promise<string[]> {
  const questions = await editor.lua<string[] | object>('return asked');
  return Array.isArray(questions) ? (questions as string[]) : [];
}
