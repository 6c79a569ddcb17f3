/** Presses a button of a bar. A bar is laid out anew when a program begins or ends: then the pointer may have met something else, and the button is pressed again. */
import type { Page } from 'playwright-core';

/** The first button that matches the CSS selector is pressed. */
export async function press(page: Page, button: string): Promise<void> {
  for (let met = false; !met; met = await page.evaluate('met')) {
    await page.evaluate(`met = false; document.addEventListener('click', ({ target }) => { met = target.closest('${button}') !== null; }, { capture: true, once: true })`);
    await page.locator(button).first().click();
  }
}
