/** How sources are named to the client. What is no file, or a file that is gone, is given by a reference. */
import type { DebugProtocol } from '@vscode/debugprotocol';
import { existsSync } from 'node:fs';
import { basename } from 'node:path';
import type { Paths } from './paths.ts';
import type { SourcePlace } from './scripts.ts';
import type { Thread } from './thread.ts';

/** A longer source is cut, in UTF-16 units. */
const MAX_SOURCE = 4 * 1024 * 1024;

export class Sources {
  readonly #paths: Paths;
  readonly #references = new Map<string, number>();
  readonly #contents: (() => Promise<string>)[] = [];

  constructor(paths: Paths) {
    this.#paths = paths;
  }

  of(thread: Thread, { script, source }: Pick<SourcePlace, 'script' | 'source'>): DebugProtocol.Source {
    const { mapped } = script;
    const file = source === undefined ? script.path : mapped?.paths[source];
    if (file !== undefined && existsSync(file)) return { name: basename(file), path: this.#paths.nameOf(file) };
    const original = source === undefined ? undefined : mapped?.map.contentOf(source);
    const url = source === undefined ? script.url : (mapped?.map.sources[source] ?? '');
    const read = original === undefined ? () => thread.sourceOf(script) : () => Promise.resolve(original);
    const shown = url === '' ? `<eval>/VM${script.id}` : url;
    return {
      name: shown.replace(/^.*\/(?=[^/])/s, ''),
      path: shown,
      sourceReference: this.#reference(`${thread.id} ${script.id} ${original === undefined ? '' : source}`, read),
      ...(script.internal ? { origin: 'a part of Node', presentationHint: 'deemphasize' as const } : {}),
    };
  }

  /** @throws Error where there is no such reference */
  async content(reference: number): Promise<string> {
    const read = this.#contents[reference - 1];
    if (!read) throw new Error(`There is no source ${reference}.`);
    const text = await read();
    return text.length > MAX_SOURCE ? `${text.slice(0, MAX_SOURCE)}\n` : text;
  }

  #reference(key: string, read: () => Promise<string>): number {
    let reference = this.#references.get(key);
    if (reference === undefined) {
      reference = this.#contents.push(read);
      this.#references.set(key, reference);
    }
    return reference;
  }
}
