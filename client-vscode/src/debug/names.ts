/** The names under which the editor and the sandbox know the files of a program. */
import type { Params } from '../client/methods.ts';
import type { Source } from '../run/source/source.ts';
import { type DapMessage, type DapRequest, isObject } from './dap.ts';

type Mappings = NonNullable<Params<'debug/start'>['pathMappings']>;

/**
 * The daemon translates between paths of this machine and paths of the sandbox. A document that is no file of this machine
 * (untitled, or in another file system of the editor) has a path that stands for its URI.
 */
export class Names {
  readonly mappings: Mappings;
  /** undefined: the document is a file. */
  readonly #document: { readonly uri: string; readonly path: string } | undefined;

  /** @param folderCopied whether the sandbox has a copy of the folder of the source */
  constructor({ uri, path, folder }: Source, folderCopied: boolean) {
    const isFile = uri.scheme === 'file';
    const own = isFile ? uri.fsPath : `/${path}`;
    this.#document = isFile ? undefined : { uri: uri.toString(), path: own };
    this.mappings = [
      { client: own, sandbox: `/workspace/${path}` },
      ...(folder && folderCopied ? [{ client: folder.fsPath, sandbox: '/workspace' }] : []),
    ];
  }

  /** Whether the path, as the daemon tells it, is that of a file of the person's. */
  has(path: string): boolean {
    return this.mappings.some(({ client }) => path === client || path.startsWith(client.endsWith('/') ? client : `${client}/`));
  }

  toDaemon(request: DapRequest): DapRequest {
    const { arguments: args } = request;
    const document = this.#document;
    if (!document || !isObject(args?.source) || args.source.path !== document.uri) return request;
    return { ...request, arguments: { ...args, source: { ...args.source, path: document.path } } };
  }

  toEditor<T extends DapMessage>(message: T): T {
    const document = this.#document;
    if (!document) return message;
    const renamed = (value: unknown): unknown => {
      if (Array.isArray(value)) return value.map(renamed);
      if (!isObject(value)) return value;
      return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, name === 'path' && each === document.path ? document.uri : renamed(each)]));
    };
    return renamed(message) as T;
  }
}
