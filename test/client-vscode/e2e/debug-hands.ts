/** Reads what a person sees of a program that is debugged, and does what a person does. */
import type { Page } from 'playwright-core';
import { fill } from './fill.ts';
import { press } from './press.ts';

export class DebugHands {
  readonly #page: Page;

  constructor(page: Page) {
    this.#page = page;
  }

  /** Clicks into the gutter of the editor, beside the line. */
  async gutter(line: number): Promise<void> {
    const editor = this.#page.locator('.part.editor .editor-group-container.active .monaco-editor');
    const number = editor.locator('.margin-view-overlays .line-numbers', { hasText: new RegExp(`^${line}$`) });
    const [at, margin] = [await number.boundingBox(), await editor.locator('.margin').first().boundingBox()];
    if (!at || !margin) throw new Error(`line ${line} is not shown`);
    await this.#page.mouse.click(margin.x + 10, at.y + at.height / 2);
    await editor.locator('.cgmr.codicon-debug-breakpoint, .cgmr.codicon-debug-breakpoint-unverified').first().waitFor();
  }

  /** The text of the line that is highlighted because the program has stopped there. Empty: none is. */
  async stoppedLine(): Promise<string> {
    return this.#page.evaluate(`(() => {
      const editor = document.querySelector('.part.editor .editor-group-container.active .monaco-editor');
      const mark = editor?.querySelector('.view-overlays .debug-top-stack-frame-line');
      const top = mark?.parentElement?.getBoundingClientRect().top;
      const line = top === undefined ? undefined : [...editor.querySelectorAll('.view-line')].find((each) => Math.abs(each.getBoundingClientRect().top - top) < 3);
      return (line?.innerText ?? '').replaceAll('\\u00a0', ' ');
    })()`);
  }

  /** What the Variables view shows, one variable in each line. The editor leaves its first scope closed where the scopes have changed since it asked for them: then it is opened here. */
  async variables(): Promise<string> {
    const closed = this.#page.locator('.debug-variables .monaco-list-row[data-index="0"][aria-expanded="false"] .monaco-tl-twistie');
    if ((await closed.count()) > 0) await closed.click({ timeout: 500 }).catch(() => undefined);
    const rows = await this.#page.locator('.debug-variables .monaco-list-row').allInnerTexts();
    return rows.map((row) => row.replaceAll('\n', ' ').replaceAll('\u00a0', ' ')).join('\n');
  }

  /** Gives a variable another value, in the Variables view. */
  async setVariable(name: string, value: string): Promise<void> {
    const row = this.#page.locator('.debug-variables .monaco-list-row').filter({ has: this.#page.locator('.name', { hasText: new RegExp(`^${name}\\b`) }) }).first();
    await row.locator('.value').dblclick();
    const input = this.#page.locator('.debug-variables .monaco-inputbox input');
    await fill(input, value);
    await input.press('Enter');
    await input.waitFor({ state: 'hidden' });
  }

  /** The frames of the program, the innermost first. */
  async stack(): Promise<string> {
    return (await this.#page.locator('.debug-call-stack .monaco-list-row').allInnerTexts()).map((row) => row.replaceAll('\n', ' ')).join('\n');
  }

  async console(): Promise<string> {
    return (await this.#page.locator('.repl .monaco-list-row').allInnerTexts()).join('\n').replaceAll('\u00a0', ' ');
  }

  /** Evaluates an expression in the Debug Console. */
  async evaluate(expression: string): Promise<void> {
    await this.#page.locator('.repl .repl-input-wrapper .monaco-editor').click();
    await this.#page.keyboard.type(expression);
    await this.#page.keyboard.press('Escape');
    await this.#page.keyboard.press('Enter');
  }

  /** Presses a button of the toolbar that the editor shows while a program is debugged. */
  async press(label: 'Continue' | 'Step Over' | 'Step Into' | 'Step Out' | 'Restart' | 'Stop' | 'Pause'): Promise<void> {
    await press(this.#page, `.debug-toolbar a.action-label[aria-label^="${label}"]`);
  }

  /** Whether a program is being debugged. */
  async toolbar(): Promise<string> {
    return String(await this.#page.locator('.debug-toolbar:visible').count());
  }
}
