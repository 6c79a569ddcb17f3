/** What every part of the bench works with: the machine's image, a folder, daemons that end with the part. */
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RawClient } from '../test/e2e/raw-client.ts';
import type { Row, Skipped } from './row.ts';

export interface Part {
  /** For --only. */
  readonly name: string;
  /** Runs only when named. */
  readonly onlyByName?: boolean;
  run(bench: Bench): Promise<(Row | Skipped)[]>;
}

const LANGUAGES = ['python', 'javascript', 'typescript', 'go', 'csharp', 'ruby', 'shellscript'];

export class Bench {
  readonly image: string;
  /** Runs of what is quick, and of what takes longer. */
  readonly many: number;
  readonly few: number;
  readonly folder = mkdtempSync(join(tmpdir(), 'codebeaker-bench-'));
  readonly #say: (line: string) => void;
  #endings: (() => unknown)[] = [];

  constructor(options: { image: string; runs: number; say: (line: string) => void }) {
    this.image = options.image;
    this.many = options.runs;
    this.few = Math.max(3, Math.floor(options.runs / 5));
    this.#say = options.say;
  }

  /** Tells people how far it is. */
  say(what: string): void {
    this.#say(`  ${what}…`);
  }

  /** The variable that names a configuration. Nothing waits ahead unless it says so. */
  environment(config: object = {}): Record<string, string> {
    const path = join(this.folder, `${randomUUID()}.json`);
    const images = Object.fromEntries(LANGUAGES.map((id) => [id, this.image]));
    writeFileSync(path, JSON.stringify({ stateDir: join(this.folder, 'state'), images, pool: {}, sessions: { max: 64 }, ...config }));
    return { CODEBEAKER_CONFIG: path };
  }

  /** A daemon that has answered `initialize`. It ends with the part. */
  async daemon(config: object = {}, capabilities: object = {}): Promise<RawClient> {
    const client = new RawClient({ env: this.environment(config) });
    this.atEnd(() => client.end());
    await client.initialize(capabilities);
    return client;
  }

  atEnd(work: () => unknown): void {
    this.#endings.push(work);
  }

  async endPart(): Promise<void> {
    for (const work of this.#endings.splice(0).reverse()) await work();
  }

  async end(): Promise<void> {
    await this.endPart();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
