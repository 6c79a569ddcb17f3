/** The SHA-256 of content that comes in pieces. Much content is digested in a thread of its own, so the event loop has room for other work. */
import { createHash } from 'node:crypto';
import { Worker } from 'node:worker_threads';

/** Content is handed over in blocks of this size, and at most so many are kept of each. Less than a block needs no thread. */
const BLOCK_BYTES = 512 * 1024;
const MAX_BLOCKS = 3;

/** The thread. It answers each block, and the end of each content with its digest. It is text, because a thread needs a file of its own otherwise. */
const THREAD = `
const { createHash } = require('node:crypto');
const { parentPort } = require('node:worker_threads');
const hashes = new Map();
parentPort.on('message', ({ content, block }) => {
  const hash = hashes.get(content) ?? createHash('sha256');
  if (block) hashes.set(content, hash.update(block));
  else hashes.delete(content);
  parentPort.postMessage({ content, digest: block ? undefined : hash.digest('hex') });
});
`;

interface Answer {
  readonly content: number;
  readonly digest: string | undefined;
}

interface Waiting {
  /** A block has been read, or this is the digest. */
  answered(digest: string | undefined): void;
  failed(fault: Error): void;
}

/** The one thread of this process. It is started when there is something to do, and stays, without keeping the process alive. */
const thread = {
  worker: undefined as Worker | undefined,
  waiting: new Map<number, Waiting>(),
  contents: 0,

  post(content: number, block?: Buffer): void {
    this.worker ??= this.start();
    this.worker.postMessage({ content, block });
  },

  start(): Worker {
    const worker = new Worker(THREAD, { eval: true, env: {}, execArgv: [], stdin: false });
    const ended = (fault: Error) => {
      if (this.worker === worker) this.worker = undefined;
      const waiting = [...this.waiting.values()];
      this.waiting.clear();
      for (const each of waiting) each.failed(fault);
    };
    worker.on('message', ({ content, digest }: Answer) => this.waiting.get(content)?.answered(digest));
    worker.on('error', ended).on('exit', () => ended(new Error('the thread that makes digests has ended')));
    worker.unref();
    return worker;
  },
};

/** The block that was used last and that no thread has seen is used again: most content needs no more than one. */
const blocks = {
  spare: undefined as Buffer | undefined,

  take(): Buffer {
    const block = this.spare ?? Buffer.from(new SharedArrayBuffer(BLOCK_BYTES));
    this.spare = undefined;
    return block;
  },
};

/** Whoever makes one calls `digest` or `close` in the end. */
export class Sha256 {
  #content: number | undefined;
  #block = blocks.take();
  #used = 0;
  readonly #free: Buffer[] = [];
  #blocks = 1;
  #fault: Error | undefined;
  #digest: string | undefined;
  /** Whoever waits for an answer. */
  #wake: () => void = () => undefined;

  /** Resolves when more can be taken. `bytes` may be changed then. @throws Error if the thread has failed */
  async update(bytes: Buffer): Promise<void> {
    for (let at = 0; at < bytes.length; ) {
      if (this.#used === BLOCK_BYTES) await this.#handOver();
      const taken = bytes.copy(this.#block, this.#used, at);
      this.#used += taken;
      at += taken;
    }
  }

  /** In hexadecimal. @throws Error if the thread has failed */
  async digest(): Promise<string> {
    const last = this.#block.subarray(0, this.#used);
    if (this.#content === undefined) {
      const found = createHash('sha256').update(last).digest('hex');
      blocks.spare = this.#block;
      return found;
    }
    if (last.length > 0) thread.post(this.#content, last);
    thread.post(this.#content);
    while (this.#digest === undefined) await this.#answer();
    this.#forget();
    return this.#digest;
  }

  /** No digest is wanted any more. Idempotent, and after `digest` it does nothing. */
  close(): void {
    if (this.#content === undefined || !thread.waiting.has(this.#content)) return;
    thread.post(this.#content);
    this.#forget();
  }

  async #handOver(): Promise<void> {
    thread.post((this.#content ??= this.#begin()), this.#block);
    const sent = this.#block;
    this.#sent.push(sent);
    this.#used = 0;
    while (this.#free.length === 0 && this.#blocks === MAX_BLOCKS) await this.#answer();
    const free = this.#free.pop();
    if (!free) this.#blocks++;
    this.#block = free ?? blocks.take();
  }

  /** What the thread has not read yet, the oldest first. */
  readonly #sent: Buffer[] = [];

  #begin(): number {
    const content = thread.contents++;
    thread.waiting.set(content, {
      answered: (digest) => {
        this.#digest = digest;
        const read = this.#sent.shift();
        if (read) this.#free.push(read);
        this.#wake();
      },
      failed: (fault) => {
        this.#fault = fault;
        this.#wake();
      },
    });
    return content;
  }

  /** @throws Error if the thread has failed */
  async #answer(): Promise<void> {
    if (!this.#fault) await new Promise<void>((resolve) => (this.#wake = resolve));
    if (this.#fault) throw this.#fault;
  }

  #forget(): void {
    if (this.#content !== undefined) thread.waiting.delete(this.#content);
  }
}
