/** Finds what the rules name in the syntax tree of a text. It reads grammars when they are first needed. */
import treeSitter, { type Language, type Parser, type Query } from '@vscode/tree-sitter-wasm';
import { readFile } from 'node:fs/promises';
import { join, posix } from 'node:path';
import type { LanguageId } from '../protocol/index.ts';
import type { Finding, Text } from './finding.ts';
import { namedLanguage } from './first-line.ts';
import { type Grammar, type Rule, urlOf } from './rule.ts';
import { rulesOf } from './rules/table.ts';

/** What ends a line in a language besides a newline, where its grammar does not know it. A comment ends there, and code begins. */
const lineEnds: Partial<Record<LanguageId, RegExp>> = { python: /\r(?!\n)/g, csharp: /\r(?!\n)|[\x85\u2028\u2029]/g };

/** All rules of one grammar, compiled as one query, so that a tree is walked once. */
interface Prepared {
  readonly parser: Parser;
  readonly query: Query;
  readonly rules: readonly Rule[];
}

/** A query keeps at most so many partial matches at once. Where there are more, some would be lost, so the text counts as not scanned. */
const MATCH_LIMIT = 10_000;

export class Syntax {
  readonly #folder: string;
  readonly #prepared = new Map<Grammar, Promise<Prepared>>();
  #begun: Promise<void> | undefined;

  /** `folder`: where the files of the grammars are. */
  constructor(folder: string) {
    this.#folder = folder;
  }

  /** A script that names another interpreter is read as a shell's, too: who runs it is not known here. */
  async findings(text: Text): Promise<Finding[]> {
    const named = namedLanguage(text);
    return [...(await this.#findings(text)), ...(named ? await this.#findings({ language: named, code: text.code }) : [])];
  }

  async #findings(text: Text): Promise<Finding[]> {
    const grammar = grammarOf(text);
    let prepared = this.#prepared.get(grammar);
    if (!prepared) this.#prepared.set(grammar, (prepared = this.#prepare(grammar, rulesOf[text.language].rules)));
    const ends = lineEnds[text.language];
    return search(await prepared, ends ? text.code.replaceAll(ends, '\n') : text.code);
  }

  async #prepare(grammar: Grammar, rules: readonly Rule[]): Promise<Prepared> {
    this.#begun ??= treeSitter.Parser.init({ locateFile: (name) => join(this.#folder, name) });
    const [bytes] = await Promise.all([readFile(join(this.#folder, `tree-sitter-${grammar}.wasm`)), this.#begun]);
    const language = await treeSitter.Language.load(bytes);
    const parser = new treeSitter.Parser();
    parser.setLanguage(language);
    const source = rules.map(({ query }) => query).join('\n');
    return { parser, query: new treeSitter.Query(language, source), rules: rules.flatMap((rule) => Array<Rule>(patternsIn(language, rule)).fill(rule)) };
  }
}

function patternsIn(language: Language, { query }: Rule): number {
  const compiled = new treeSitter.Query(language, query);
  const count = compiled.patternCount();
  compiled.delete();
  return count;
}

export function grammarOf({ language, path }: Text): Grammar {
  const extension = path === undefined ? '' : posix.extname(path).toLowerCase();
  const grammars = Object.entries(rulesOf[language].grammars) as [[Grammar, readonly string[]]];
  const [first] = grammars;
  return (grammars.find(([, extensions]) => extensions.includes(extension)) ?? first)[0];
}

/** @throws Error where not everything could be looked at */
function search({ parser, query, rules }: Prepared, code: string): Finding[] {
  const tree = parser.parse(code);
  if (!tree) return [];
  try {
    const found = new Map<string, Finding>();
    for (const { patternIndex, captures } of query.matches(tree.rootNode, { matchLimit: MATCH_LIMIT })) {
      const at = captures.find(({ name }) => name === 'at');
      const rule = rules[patternIndex];
      if (!at || !rule) continue;
      const { startPosition: start, endPosition: end, startIndex } = at.node;
      found.set(`${rule.id} ${startIndex}`, {
        rule: rule.id, category: rule.category, severity: rule.severity, message: rule.message, url: urlOf(rule),
        range: { start: { line: start.row, character: start.column }, end: { line: end.row, character: end.column } },
      });
    }
    if (query.didExceedMatchLimit()) throw new Error(`more than ${MATCH_LIMIT} partial matches are open at once`);
    return [...found.values()];
  } finally {
    tree.delete();
  }
}
