/** The page at /docs. It loads nothing from elsewhere, and may talk to this daemon alone. */
import { openrpc } from '../protocol/openrpc.ts';
import { answerText } from './answer.ts';
import type { Route } from './front-door.ts';
import connection from './page/connection.mjs' with { type: 'text' };
import method from './page/method.mjs' with { type: 'text' };
import css from './page/page.css' with { type: 'text' };
import html from './page/page.html' with { type: 'text' };
import page from './page/page.mjs' with { type: 'text' };
import types from './page/types.mjs' with { type: 'text' };

const policy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

export function docsPage(version: string): Record<string, Route> {
  let document: string | undefined;
  const file = (type: string, text: () => string): Route => ({
    method: 'GET',
    open: true,
    handle: (_request, response) => answerText(response, 200, type, text(), { 'Content-Security-Policy': policy }),
  });
  return {
    '/docs': file('text/html', () => html),
    '/docs/page.css': file('text/css', () => css),
    ...Object.fromEntries(Object.entries({ page, connection, method, types }).map(([name, text]) => [`/docs/${name}.mjs`, file('text/javascript', () => text)])),
    '/docs/openrpc.json': file('application/json', () => (document ??= JSON.stringify(openrpc(version)))),
  };
}
