/** The checksum database of Go modules, which a proxy of modules passes on or does not. */
import { Refused } from './refused.ts';
import type { Upstream } from './upstream.ts';

export class Sumdb {
  /** Whether the proxy at this address passes the database on. */
  readonly #passing = new Map<string, Promise<boolean>>();

  constructor(
    private readonly database: { readonly name: string; readonly url: string },
    private readonly upstream: Upstream,
  ) {}

  /**
   * What is asked instead of `target`: the database itself, where the proxy does not pass it on. A text is the whole
   * answer. undefined: it is no question about this database, or the proxy passes it on.
   * @throws Refused for other databases
   */
  async answer(target: URL, proxy: URL, signal: AbortSignal): Promise<URL | string | undefined> {
    const root = `${proxy.pathname.replace(/\/$/, '')}/sumdb/`;
    if (target.origin !== proxy.origin || !target.pathname.startsWith(root)) return undefined;
    const own = `${root}${this.database.name}/`;
    if (!target.pathname.startsWith(own)) throw new Refused('this machine is set up with another checksum database');
    const path = target.pathname.slice(own.length);
    if (await this.#isPassedOn(new URL(`${own}supported`, proxy), signal)) return undefined;
    return path === 'supported' ? '' : new URL(`${this.database.url.replace(/\/$/, '')}/${path}`);
  }

  #isPassedOn(question: URL, signal: AbortSignal): Promise<boolean> {
    const known = this.#passing.get(question.href);
    if (known) return known;
    const asked = this.upstream.ask({ method: 'GET', url: question, headers: {}, body: undefined, signal }).then(({ message }) => {
      message.resume();
      return message.statusCode === 200;
    });
    this.#passing.set(question.href, asked);
    asked.catch(() => this.#passing.delete(question.href));
    return asked;
  }
}
