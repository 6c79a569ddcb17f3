/** Serves what a test has made, on this machine, and remembers what was asked. */
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';

export interface Asked {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
}

export interface Served {
  readonly port: number;
  readonly asked: Asked[];
  close(): Promise<void>;
}

/** Path → what is there. */
export type Files = Map<string, { readonly type: string; readonly body: Buffer | string }>;

/** The same files below another path. */
export const below = (path: string, files: Files): Files => new Map([...files].map(([name, file]) => [path + name, file]));

export interface Certified {
  readonly key: string;
  readonly cert: string;
  /** If given, clients have to show a certificate of this authority. */
  readonly ca?: string;
}

/** Returns whether it has answered. */
export type Answerer = (request: IncomingMessage, response: ServerResponse) => boolean;

/** `before` is asked first. What is in none of the files is 404. */
export async function serve(files: Files, { secure, before = () => false }: { secure?: Certified; before?: Answerer } = {}): Promise<Served> {
  const asked: Asked[] = [];
  const listener: RequestListener = (request, response) => {
    const { method = '', url = '', headers } = request;
    asked.push({ method, url, headers });
    if (before(request, response)) return;
    const file = files.get(decodeURIComponent(url.replace(/\?.*/, '')));
    if (!file) return void response.writeHead(404).end('not here');
    response.writeHead(200, { 'content-type': file.type, 'content-length': Buffer.byteLength(file.body) });
    response.end(method === 'HEAD' ? undefined : file.body);
  };
  const server = secure ? createSecureServer({ ...secure, requestCert: secure.ca !== undefined, rejectUnauthorized: secure.ca !== undefined }, listener) : createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    asked,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
