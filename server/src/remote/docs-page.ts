/** The page at /docs, and the documents below it. They load nothing from elsewhere, and may talk to this daemon alone. */
import { openrpc } from '../protocol/openrpc.ts';
import { answerText } from './answer.ts';
import { documentPages } from './documents.ts';
import type { Route } from './front-door.ts';
import colors from './page/colors.css' with { type: 'text' };
import connection from './page/connection.mjs' with { type: 'text' };
import documentCss from './page/document.css' with { type: 'text' };
import method from './page/method.mjs' with { type: 'text' };
import css from './page/page.css' with { type: 'text' };
import html from './page/page.html' with { type: 'text' };
import page from './page/page.mjs' with { type: 'text' };
import types from './page/types.mjs' with { type: 'text' };

const policy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** A document has no script, so none may run in it. */
const documentPolicy = policy.replace("script-src 'self'; ", '').replace("connect-src 'self'; ", '');

export function docsPage(version: string): Record<string, Route> {
  let document: string | undefined;
  const documents = documentPages();
  const list = documents.length === 0 ? '<li>This installation is without them.</li>' : documents.map(({ name, title }) => `<li><a href="/docs/${name}">${title.replace(/[&<]/g, (sign) => `&#${sign.charCodeAt(0)};`)}</a></li>`).join('');
  const file = (type: string, text: () => string | Promise<string>, allowed = policy): Route => ({
    method: 'GET',
    open: true,
    handle: async (_request, response) => answerText(response, 200, type, await text(), { 'Content-Security-Policy': allowed }),
  });
  return {
    '/docs': file('text/html', () => html.replace('<!-- pages -->', () => list).replace('<!-- index -->', documents.length === 0 ? '' : ' <small><a href="/docs/index">Documentation</a></small>')),
    ...Object.fromEntries(documents.map((each) => [`/docs/${each.name}`, file('text/html', () => each.html(), documentPolicy)])),
    ...Object.fromEntries(Object.entries({ page: css, colors, document: documentCss }).map(([name, text]) => [`/docs/${name}.css`, file('text/css', () => text)])),
    ...Object.fromEntries(Object.entries({ page, connection, method, types }).map(([name, text]) => [`/docs/${name}.mjs`, file('text/javascript', () => text)])),
    '/docs/openrpc.json': file('application/json', () => (document ??= JSON.stringify(openrpc(version)))),
  };
}
