/** A scanner that knows two words. */
import type { Finding, Text } from '../../server/src/scan/finding.ts';
import { ScanFault, type TextScanner } from '../../server/src/scan/scanner.ts';

/** Finds the word `bad` as an error and the word `odd` as a warning. */
export class FakeScanner implements TextScanner {
  readonly texts: Text[] = [];
  fault: string | undefined;
  /** A scan ends when this has resolved. */
  until: Promise<unknown> = Promise.resolve();

  async scan(text: Text): Promise<readonly Finding[]> {
    this.texts.push(text);
    await this.until;
    if (this.fault !== undefined) throw new ScanFault(this.fault);
    return [...text.code.matchAll(/bad|odd/g)].map(({ 0: word, index }) => ({
      rule: `python/${word}`, category: word === 'bad' ? 'destruction' : 'sql', severity: word === 'bad' ? 'error' : 'warning', message: `It is ${word}.`,
      range: { start: placeOf(text.code, index), end: placeOf(text.code, index + word.length) },
    }));
  }

  async close(): Promise<void> {
    // Nothing is open.
  }
}

function placeOf(code: string, index: number): Finding['range']['start'] {
  const lines = code.slice(0, index).split('\n');
  return { line: lines.length - 1, character: lines.at(-1)?.length ?? 0 };
}
