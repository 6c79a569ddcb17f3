/** Makes the pages that a daemon serves below /docs out of the documents of the repository: Markdown becomes HTML without scripts, styles or pictures in it. */
import { readdir, readFile } from 'node:fs/promises';
import { dirname, join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import MarkdownIt from 'markdown-it';

/** So many columns do not fit on a narrow screen. */
const MANY = 4;

const root = fileURLToPath(new URL('../..', import.meta.url));

/** What is served besides the pages of docs/. */
const others = { 'PROTOCOL.md': 'protocol', 'SECURITY.md': 'security', 'server/THREATS.md': 'threats', 'CHANGELOG.md': 'changelog' };
/** What a daemon serves elsewhere. */
const elsewhere = { 'openrpc.json': '/docs/openrpc.json' };

/** Every page, the list of all of them first. @returns {Promise<{ name: string, title: string, html: string }[]>} */
export async function documents() {
  const own = (await readdir(join(root, 'docs'))).filter((name) => name.endsWith('.md')).sort().map((name) => [`docs/${name}`, name === 'README.md' ? 'index' : name.replace(/\.md$/, '')]);
  const names = new Map([...own, ...Object.entries(others)]);
  const texts = await Promise.all([...names].map(async ([path, name]) => ({ path, name, text: await readFile(join(root, path), 'utf8') })));
  const order = linkedFrom('docs/README.md', texts.find(({ name }) => name === 'index').text);
  const place = ({ path, name }) => (name === 'index' ? -1 : (order.indexOf(path) + order.length + 1) % (order.length + 1));
  const pages = texts.sort((one, other) => place(one) - place(other)).map((each) => ({ name: each.name, ...rendered(each, names) }));
  return pages.map((page) => ({ name: page.name, title: page.title, html: whole(page, pages) }));
}

/** The files that a page names, in its order. */
function linkedFrom(path, text) {
  return [...text.matchAll(/\]\(([^)#\s]+)[^)]*\)/g)].map(([, target]) => posix.join(dirname(path), target));
}

/** `names`: what is served, by its path in the repository. @returns {{ title: string, body: string, headings: { level: number, id: string, text: string }[] }} */
export function rendered({ path, text }, names) {
  const markdown = new MarkdownIt({ html: false, linkify: false });
  // A comment at the beginning says how the file is made.
  const tokens = markdown.parse(text.replace(/^<!--[^]*?-->\s*/, ''), {});
  const headings = headingsIn(tokens);
  const { rules } = markdown.renderer;
  const plain = (token, index, options, environment, renderer) => renderer.renderToken(token, index, options);
  // A picture would have to be served as well, and a style in an attribute is what the page's policy refuses.
  rules.image = (token, index) => markdown.utils.escapeHtml(token[index].content);
  labelCells(tokens);
  rules.table_open = (all, index) => `<div class="wide${all[index].meta?.length >= MANY ? ' many' : ''}"><table>\n`;
  rules.table_close = () => '</table></div>\n';
  rules.fence = (all, index) => `<pre><code>${markdown.utils.escapeHtml(all[index].content)}</code></pre>\n`;
  for (const token of tokens) for (const inner of token.children ?? []) if (inner.type === 'link_open') follow(inner, path, names);
  rules.link_open = (all, index, ...rest) => (all[index].tag === 'a' ? plain(all, index, ...rest) : `<span title="In the repository of CodeBeaker: ${markdown.utils.escapeHtml(all[index].meta)}">`);
  rules.link_close = (all, index) => (opening(all, index).tag === 'a' ? '</a>' : '</span>');
  const title = headings.find(({ level }) => level === 1)?.text ?? path;
  return { title, body: markdown.renderer.render(tokens, markdown.options, {}), headings };
}

/** Each cell of a table with many columns says what its column is called: where the screen is narrow, each row is shown as a list. */
function labelCells(tokens) {
  let table;
  let column = 0;
  for (const [at, token] of tokens.entries()) {
    if (token.type === 'table_open') (table = token).meta = [];
    if (token.type === 'tr_open') column = 0;
    if (token.type === 'th_open') table.meta.push(tokens[at + 1].content);
    if (token.type === 'th_open' || token.type === 'td_open') token.attrs = null;
    if (token.type === 'td_open' && table.meta.length >= MANY) token.attrSet('data-column', table.meta[column++]);
  }
}

/** Leads a link to where its target is served. What is served nowhere becomes a text that says where it is. */
function follow(link, path, names) {
  const href = link.attrGet('href');
  if (/^https?:/.test(href)) return link.attrSet('rel', 'noreferrer');
  if (href.startsWith('#')) return undefined;
  const [file, anchor] = href.split('#');
  const target = posix.join(dirname(path), decodeURI(file));
  const served = names.has(target) ? `/docs/${names.get(target)}` : elsewhere[target];
  if (served === undefined) Object.assign(link, { tag: 'span', meta: target });
  else link.attrSet('href', anchor === undefined ? served : `${served}#${anchor}`);
}

function opening(tokens, index) {
  for (let depth = 0, at = index; ; at--) {
    if (tokens[at].type === 'link_close') depth++;
    if (tokens[at].type === 'link_open' && --depth === 0) return tokens[at];
  }
}

/** Gives each heading an id, as GitHub does, so that the same anchors lead to it. */
function headingsIn(tokens) {
  const used = new Map();
  return tokens.flatMap((token, at) => {
    if (token.type !== 'heading_open') return [];
    const text = tokens[at + 1].children.filter(({ type }) => type === 'text' || type === 'code_inline').map(({ content }) => content).join('');
    const base = anchorOf(text);
    const count = used.get(base) ?? 0;
    used.set(base, count + 1);
    const id = count === 0 ? base : `${base}-${count}`;
    token.attrSet('id', id);
    return [{ level: Number(token.tag.slice(1)), id, text }];
  });
}

export function anchorOf(title) {
  return title.toLowerCase().replace(/[^\p{L}\p{N} _-]/gu, '').replaceAll(' ', '-');
}

const escaped = new MarkdownIt().utils.escapeHtml;

function whole({ name, title, body, headings }, pages) {
  // Some pages have a list of their own.
  const contents = /<a href="#/.test(body.split('<h2')[0]) ? [] : headings.filter(({ level }) => level === 2);
  const items = (all) => all.map(({ href, text, current }) => `<li><a href="${href}"${current ? ' aria-current="page"' : ''}>${escaped(text)}</a></li>`).join('\n');
  return `<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <title>${escaped(title)} · CodeBeaker</title>
  <link rel="stylesheet" href="/docs/colors.css">
  <link rel="stylesheet" href="/docs/document.css">
</head>
<body>
<header><a href="/docs">CodeBeaker</a> <a href="#pages">All pages</a></header>
<main>
${contents.length < 3 ? '' : `<details class="contents"><summary>On this page</summary>\n<ul>\n${items(contents.map(({ id, text }) => ({ href: `#${id}`, text })))}\n</ul></details>\n`}${body}</main>
<nav id="pages" aria-label="Pages">
<ul>
<li><a href="/docs">Every method, to try</a></li>
${items(pages.map((page) => ({ href: `/docs/${page.name}`, text: page.title, current: page.name === name })))}
</ul>
</nav>
</body>
</html>
`;
}
