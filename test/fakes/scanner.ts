/** A scanner that knows two words. */
import type { Finding, Text } from '../../server/src/scan/finding.ts';
import { ScanFault } from '../../server/src/scan/scanner.ts';

/** Finds the word `bad` as an error and the word `odd` as a warning. */
export class FakeScanner {
  readonly texts: Text[] = [];
  fault: string | undefined;

  async scan(text: Text): Promise<readonly Finding[]> {
    this.texts.push(text);
    if (this.fault !== undefined) throw new ScanFault(this.fault);
    return [...text.code.matchAll(/bad|odd/g)].map(({ 0: word, index }) => ({
      rule: `python/${word}`, category: word === 'bad' ? 'destruction' : 'sql', severity: word === 'bad' ? 'error' : 'warning', message: `It is ${word}.`,
      range: { start: { line: 0, character: index }, end: { line: 0, character: index + 3 } },
    }));
  }

  async close(): Promise<void> {
    // Nothing is open.
  }
}
