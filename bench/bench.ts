/** What every part of the benchmark is given: the image, a temporary folder, and daemons that are ended with the part. */
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { dockerImage, npmPackage } from '../test/require.ts';
import { bubblewrap } from '../test/runtime/kinds/native/subject.ts';
import { RawClient } from '../test/e2e/raw-client.ts';
import type { Row, Skipped } from './row.ts';

export interface Part {
  /** The name for `--only`. */
  readonly name: string;
  /** Whether the part runs only if `--only` names it. */
  readonly onlyByName?: boolean;
  /** The runtimes without which nothing of it can be measured. */
  readonly needs?: readonly string[];
  run(bench: Bench): Promise<(Row | Skipped)[]>;
}

const LANGUAGES = ['python', 'javascript', 'typescript', 'go', 'csharp', 'ruby', 'shellscript'];

export class Bench {
  readonly image: string;
  /** How often to run what is quick (`many`), and what takes longer (`few`). */
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

  /** Tells the person who waits what is being measured now. */
  say(what: string): void {
    this.#say(`  ${what}…`);
  }

  /** What this machine lacks for sandboxes of a runtime, and how to get it, in one line; undefined if nothing. */
  async lacks(runtime: string): Promise<string | undefined> {
    switch (runtime) {
      case 'native':
        return bubblewrap();
      case 'bun':
        return (await bubblewrap()) ?? npmPackage('bun')();
      case 'deno':
        return npmPackage('deno')();
      default:
        return dockerImage(this.image)();
    }
  }

  /** The environment of a daemon with this configuration. Unless `config` has a pool, no sandbox is prepared in advance. */
  environment(config: object = {}): Record<string, string> {
    const path = join(this.folder, `${randomUUID()}.json`);
    const images = Object.fromEntries(LANGUAGES.map((id) => [id, this.image]));
    writeFileSync(path, JSON.stringify({ stateDir: join(this.folder, 'state'), images, pool: {}, sessions: { max: 64 }, ...config }));
    return { CODEBEAKER_CONFIG: path };
  }

  /** Starts a daemon and initializes it. It is ended with the part. */
  async daemon(config: object = {}, capabilities: object = {}): Promise<RawClient> {
    const client = new RawClient({ env: this.environment(config) });
    this.atEnd(() => client.end());
    await client.initialize(capabilities);
    return client;
  }

  /** Has something done when the part ends: the latest first. */
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
