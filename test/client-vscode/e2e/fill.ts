/** Puts text into an input box of the editor. What Playwright fills in goes to whatever has the focus by then, and the editor may have moved that elsewhere. */
import type { Locator } from 'playwright-core';

export async function fill(input: Locator, text: string, { timeout }: { readonly timeout?: number } = {}): Promise<void> {
  await input.waitFor({ timeout });
  await input.evaluate((element, value) => {
    const box = element as unknown as { value: string; focus(): void; dispatchEvent(event: Event): void };
    box.focus();
    box.value = value;
    box.dispatchEvent(new Event('input', { bubbles: true }));
  }, text, { timeout });
}
