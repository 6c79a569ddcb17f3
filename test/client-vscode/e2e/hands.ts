/** Reads what a person sees in the editor, and does what a person does. */
import type { Page } from 'playwright-core';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { screenshots } from './editor.ts';
import { fill } from './fill.ts';
import { press } from './press.ts';

export class Hands {
  readonly #page: Page;

  constructor(page: Page) {
    this.#page = page;
  }

  /** The visible lines of the terminal that is shown. */
  async terminal(): Promise<string> {
    return this.#text('.part.panel .terminal-wrapper.active .xterm-rows');
  }

  async toasts(): Promise<string> {
    return this.#text('.notifications-toasts .notification-list-item-message');
  }

  /** Takes a picture when the message has wholly appeared. */
  async pictureOfMessage(name: string): Promise<void> {
    await this.#page.locator('.notifications-toasts .notification-toast.notification-fade-in-done').first().waitFor();
    await this.screenshot(name);
  }

  /** Presses the button of the message that is shown. */
  async pressInMessage(label: string): Promise<void> {
    await this.#page.locator('.notifications-toasts .monaco-button', { hasText: label }).first().click();
  }

  async status(): Promise<string> {
    return this.#text('.part.statusbar [id="codebeaker.codebeaker-vscode.status"]');
  }

  /** Waits until the text matches. */
  async sees(what: () => Promise<string>, wanted: RegExp, ms = 40_000): Promise<string> {
    const end = Date.now() + ms;
    for (;;) {
      const text = await what();
      if (wanted.test(text)) return text;
      if (Date.now() > end) {
        await this.screenshot('failed');
        throw new Error(`${String(wanted)} was not seen. This was seen instead:\n${text}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
  }

  /** Clicks the button in the editor's title bar whose label begins with this text. */
  async button(label: string): Promise<void> {
    await press(this.#page, `.part.editor .editor-actions a.action-label[aria-label^="${label}"]`);
  }

  /** Runs a command by the name that the palette shows. What takes the focus, such as a program that stops, closes the palette: then it is opened again. */
  async command(title: string): Promise<void> {
    await this.#fromPalette(`>${title}`, title);
  }

  /** Starts a configuration of launch.json by its name. */
  async startDebugging(configuration: string): Promise<void> {
    await this.#fromPalette(`debug ${configuration}`, configuration);
  }

  async #fromPalette(typed: string, label: string): Promise<void> {
    for (let left = 5; ; left -= 1) {
      const ran = await this.#fromPaletteOnce(typed, label).then(() => undefined, (fault: Error) => fault);
      if (!ran) return;
      if (left === 0) throw ran;
      await this.#page.keyboard.press('Escape');
    }
  }

  async #fromPaletteOnce(typed: string, label: string): Promise<void> {
    const timeout = 10_000;
    await this.#page.keyboard.press('F1');
    const input = this.#page.locator('.quick-input-widget input.input');
    await fill(input, typed, { timeout });
    await this.#page.locator(`.quick-input-widget .quick-input-list .monaco-list-row[aria-label^="${label}"]`).first().click({ timeout });
  }

  /** Chooses a row of the list that a command has opened. */
  async pick(label: string): Promise<void> {
    await fill(this.#page.locator('.quick-input-widget input.input'), label);
    await this.#page.locator(`.quick-input-widget .monaco-list-row[aria-label^="${label}"]`).first().click();
  }

  /** Answers the input box that is shown. */
  async answer(text: string): Promise<void> {
    const input = this.#page.locator('.quick-input-widget input.input');
    await fill(input, text);
    await input.press('Enter');
  }

  /** Opens a file of the workspace from the Explorer. */
  async openFile(name: string): Promise<void> {
    await this.#page.locator(`.explorer-folders-view .monaco-list-row[aria-label^="${name}"]`).dblclick();
    await this.#page.locator('.part.editor .tab.active', { hasText: name }).waitFor();
    await this.#page.locator(`.editor-group-container.active .monaco-editor[data-uri$="/${name}"]`).waitFor();
  }

  async tab(): Promise<string> {
    return (await this.#text('.part.editor .tab.active')).replaceAll('\n', '');
  }

  /** The editor's visible text. */
  async editor(): Promise<string> {
    return this.#lines('.part.editor .editor-group-container.active .monaco-editor');
  }

  /** The output view's visible text. */
  async output(): Promise<string> {
    return this.#lines('.part.panel [id="workbench.panel.output"]');
  }

  async problems(): Promise<string> {
    await this.panel('Problems');
    return this.#text('.part.panel .markers-panel');
  }

  /** Collapses or expands a section of the side bar. */
  async section(name: string): Promise<void> {
    await this.#page.locator('.part.sidebar .pane-header', { hasText: name }).first().click();
  }

  /** Hides a section of the side bar. */
  async hideSection(name: string): Promise<void> {
    await this.#page.locator('.part.sidebar .pane-header', { hasText: name }).first().click({ button: 'right' });
    const item = this.#page.locator('.monaco-menu .action-item', { hasText: `Hide '${name}'` });
    await item.hover();
    // A menu that has just opened ignores clicks.
    await this.sees(async () => {
      await item.click({ timeout: 500 }).catch(() => undefined);
      return String(await item.count());
    }, /^0$/);
  }

  /** Makes the panel higher by this many pixels. */
  async growPanel(pixels: number): Promise<void> {
    const panel = await this.#page.locator('.part.panel').boundingBox();
    const edges = await Promise.all((await this.#page.locator('.monaco-sash.horizontal:visible').all()).map((edge) => edge.boundingBox()));
    const middle = (box: { readonly y: number; readonly height: number }) => box.y + box.height / 2;
    const edge = panel && edges.filter((box) => box !== null).find((box) => Math.abs(middle(box) - panel.y) < 8);
    if (!edge) throw new Error('the panel is not shown');
    await this.#page.mouse.move(edge.x + edge.width / 2, middle(edge));
    await this.#page.mouse.down();
    await this.#page.mouse.move(edge.x + edge.width / 2, middle(edge) - pixels, { steps: 4 });
    await this.#page.mouse.up();
  }

  /** Brings a tab of the panel to the front. */
  async panel(name: string): Promise<void> {
    await this.#page.locator('.part.panel .composite-bar .action-label', { hasText: name }).click();
  }

  async languageMode(): Promise<string> {
    return this.#text('.part.statusbar [id="status.editor.mode"]');
  }

  async cursor(): Promise<string> {
    return this.#text('.part.statusbar [id="status.editor.selection"]');
  }

  /** Follows the link that starts with the text, in the terminal that is shown. */
  async openLink(text: string): Promise<void> {
    const row = this.#page.locator('.part.panel .terminal-wrapper.active .xterm-rows > div', { hasText: text }).last();
    const box = await row.boundingBox();
    const cell = await row.evaluate((element) => {
      const { innerText, clientWidth } = element as unknown as { innerText: string; clientWidth: number };
      return { innerText, clientWidth };
    });
    if (!box) throw new Error('the line is not shown');
    const column = cell.innerText.indexOf(text) + text.length / 2;
    const width = await this.#cellWidth();
    await this.#page.mouse.move(box.x + column * width, box.y + box.height / 2);
    await this.#page.locator('.monaco-hover', { hasText: 'Open ' }).first().waitFor();
    await this.#page.keyboard.down('Control');
    await this.#page.mouse.click(box.x + column * width, box.y + box.height / 2);
    await this.#page.keyboard.up('Control');
  }

  /** Types into the editor, each character when the one before it is shown. */
  async typeSlowly(text: string): Promise<void> {
    for (let typed = 1; typed <= text.length; typed += 1) {
      await this.#page.keyboard.type(text[typed - 1] as string);
      await this.sees(() => this.editor(), new RegExp(text.slice(0, typed).trimEnd().replaceAll(/\W/g, '\\$&')));
    }
  }

  async type(text: string): Promise<void> {
    await this.#page.keyboard.type(text);
  }

  /** Shows the terminal with this name. */
  async selectTerminal(name: string): Promise<void> {
    await this.#page.locator('.part.panel .terminal-tabs-entry', { hasText: name }).first().click();
  }

  async typeInTerminal(text: string): Promise<void> {
    await this.#page.locator('.part.panel .terminal-wrapper.active .xterm-screen').click();
    await this.#page.keyboard.type(text);
  }

  async press(keys: string): Promise<void> {
    await this.#page.keyboard.press(keys);
  }

  /** Puts the cursor into the editor. */
  async focusEditor(): Promise<void> {
    await this.#page.locator('.part.editor .editor-group-container.active .monaco-editor .view-line').first().click();
  }

  async screenshot(name: string): Promise<Buffer> {
    mkdirSync(screenshots, { recursive: true });
    return this.#page.screenshot({ path: join(screenshots, `${name}.png`) });
  }

  /** Sorts the lines by their position, because the page does not have them in order. */
  async #lines(selector: string): Promise<string> {
    const lines = await this.#page.locator(`${selector} .view-line`).evaluateAll((found) =>
      found.map((line) => {
        const { style, innerText } = line as unknown as { style: { top: string }; innerText: string };
        return [parseFloat(style.top), innerText] as const;
      }),
    );
    return lines.sort(([a], [b]) => a - b).map(([, text]) => text).join('\n').replaceAll('\u00a0', ' ');
  }

  async #cellWidth(): Promise<number> {
    return this.#page.evaluate(`(() => {
      const span = document.querySelector('.part.panel .terminal-wrapper.active .xterm-rows span');
      return span.getBoundingClientRect().width / span.innerText.length;
    })()`);
  }

  async #text(selector: string): Promise<string> {
    const texts = await this.#page.locator(selector).evaluateAll((found) => found.map((element) => (element as { innerText?: string }).innerText ?? ''));
    return texts.join('\n').replaceAll('\u00a0', ' ');
  }
}
