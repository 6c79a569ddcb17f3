/** Makes the last part of THREATS.md: the failures that are known from other systems, each with the tests that name it or the sentence that answers it. */
import ts from 'typescript';

export interface Failure {
  /** F- and the section and number in it, so that it is no other id that stands in titles of tests. */
  readonly id: string;
  /** What went wrong, elsewhere. */
  readonly failed: string;
  /** Where it is known from. */
  readonly source: string;
  /** Why it can't happen here, or what holds instead, where no test can show it by itself. */
  readonly answer?: string;
}

export interface Section {
  readonly title: string;
  readonly rows: readonly Failure[];
}

export interface Citation {
  readonly id: string;
  /** The path of the test, relative to the root of the project. */
  readonly path: string;
  readonly title: string;
}

const marker = '<!-- Everything below is made by `npm run generate`, from server/threats/failures.json and the titles of the tests. -->';
const ids = /(?<![\w-])F-[A-Z]\d+(?![\w-])/g;

/** `page` is THREATS.md as it is: what stands above the marker stays. */
export function threatsMarkdown(page: string, sections: readonly Section[], citations: readonly Citation[]): string {
  const at = page.indexOf(marker);
  if (at < 0) throw new Error(`THREATS.md has no line ${marker}`);
  const tables = sections.map(({ title, rows }) => `### ${title}\n\n| id | what went wrong elsewhere | known from | here |\n|---|---|---|---|\n${rows.map((row) => rowText(row, citations)).join('\n')}`);
  return [page.slice(0, at) + marker, ...tables].join('\n\n').concat('\n');
}

function rowText({ id, failed, source, answer }: Failure, citations: readonly Citation[]): string {
  const tests = citations.filter((one) => one.id === id).map(({ path, title }) => `[${cell(title)}](../${path})`);
  return `| ${id} | ${cell(failed)} | ${cell(source)} | ${[...(answer === undefined ? [] : [answer]), ...tests].join('<br>')} |`;
}

const cell = (text: string) => text.replace(/[\\|`<[\]]/g, '\\$&');

/** What the titles in the text of a test name. `…` stands for what is put into a title. A string that is no title names nothing. */
export function citationsIn(path: string, text: string): Citation[] {
  if (!text.includes('F-')) return [];
  const found: Citation[] = [];
  const visit = (node: ts.Node, around: string) => {
    const title = isTitle(node) ? titleText(node) : undefined;
    for (const [id] of title?.matchAll(ids) ?? []) found.push({ id, path, title: withoutIds(`${around}${title}`) });
    const inside = ts.isCallExpression(node) && /^(?:describe|everySandbox)$/.test(node.expression.getText()) && node.arguments[0];
    const suite = inside ? titleText(inside) : undefined;
    ts.forEachChild(node, (child) => visit(child, suite !== undefined && child !== inside ? `${suite}: ` : around));
  };
  ts.forEachChild(ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true), (node) => visit(node, ''));
  return found;
}

const withoutIds = (title: string) => title.replace(/ \([^()]*F-[^()]*\)/g, '');

/** Whether it is the title of a test or a suite, one of two such, or the name of a property: tables of cases have their titles as names. */
function isTitle(node: ts.Node): boolean {
  const { parent } = node;
  if (ts.isCallExpression(parent)) return parent.arguments[0] === node && parent.arguments.length > 1;
  if (ts.isConditionalExpression(parent)) return parent.condition !== node && isTitle(parent);
  return ts.isPropertyAssignment(parent) && parent.name === node;
}

function titleText(node: ts.Node): string | undefined {
  if (ts.isStringLiteralLike(node)) return node.text;
  return ts.isTemplateExpression(node) ? node.head.text + node.templateSpans.map(({ literal }) => `…${literal.text}`).join('') : undefined;
}
