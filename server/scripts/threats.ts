/** Makes the last part of THREATS.md: versions that are known to be broken, and failures of other systems with the tests that name them or the sentences that answer them. */
import ts from 'typescript';
import type { Hole } from '../src/runtime/holes/table.ts';

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

const marker = '<!-- Everything below is made by `npm run generate`, from server/src/runtime/holes/table.ts, server/threats/failures.json and the titles of the tests. -->';
const ids = /(?<![\w-])F-[A-Z]\d+(?![\w-])/g;

export interface Parts {
  /** The versions that are known to be broken, and the day on which that was written down. */
  readonly holes: readonly Hole[];
  readonly asOf: string;
  readonly sections: readonly Section[];
  readonly citations: readonly Citation[];
}

/** `page` is THREATS.md as it is: what stands above the marker stays. */
export function threatsMarkdown(page: string, { holes, asOf, sections, citations }: Parts): string {
  const at = page.indexOf(marker);
  if (at < 0) throw new Error(`THREATS.md has no line ${marker}`);
  const failures = sections.map(({ title, rows }) => `### ${title}\n\n${table(['id', 'what went wrong elsewhere', 'known from', 'here'], rows.map((row) => failureRow(row, citations)))}`);
  return [page.slice(0, at) + marker, versionsIntro(asOf), table(['program', 'broken', 'what it lets happen', 'here'], holes.map(holeRow)), failuresIntro, ...failures].join('\n\n').concat('\n');
}

const versionsIntro = (asOf: string) => `## Versions that are known to be broken

As of ${asOf}. The daemon asks the engine for the versions of its parts, and bubblewrap and Deno for theirs, and compares them with this table. \`codebeaker doctor\` says what was found and what to do. A hole that code in a sandbox can reach is **open**: the runtime has the layer \`versions\` as degraded and one point less, so that \`strict\` refuses it, and its check in \`server/health\` is degraded. A version with the suffix of a distribution may have been mended without another number: that is said and costs nothing. Only what could be checked against its source is here. No hole of gVisor could; Bun and Node are no boundaries.`;

const failuresIntro = `## Failures that are known from other systems

Each row is something that went wrong in a system of this kind. It has the tests that show that it does not happen here, or a sentence that says why it can't. The ids stand in the titles of the tests. They begin with \`F-\`, because other ids, such as E1 and C1, stand in titles as well and mean faults that CodeBeaker itself had. A test fails if a row has neither a test nor a sentence.`;

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

function holeRow({ component, broken, allows, unreached, id, url }: Hole): string[] {
  const ranges = broken.map(({ from, below }) => (from === undefined ? `before ${below}` : `${from} to before ${below}`));
  return [component, ranges.join(', '), `It ${allows}: [${cell(id)}](${url})`, unreached === undefined ? 'open' : `not reached: ${unreached}`];
}

function failureRow({ id, failed, source, answer }: Failure, citations: readonly Citation[]): string[] {
  const tests = citations.filter((one) => one.id === id).map(({ path, title }) => `[${cell(title)}](../${path})`);
  return [id, cell(failed), cell(source), [...(answer === undefined ? [] : [answer]), ...tests].join('<br>')];
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
