/** The fenced blocks of the pages that people read, and the commands in them. */
import { projectFiles } from '../architecture/files.ts';

export interface Block {
  readonly page: string;
  /** Where it begins in the page, counted from 1. */
  readonly line: number;
  /** What stands behind the fence; `` where nothing does. */
  readonly language: string;
  readonly text: string;
}

const isRead = (path: string) => path === 'README.md' || /^docs\/[^/]*\.md$/.test(path);

export const pages: ReadonlyMap<string, string> = new Map(projectFiles().filter(({ path }) => isRead(path)).map(({ path, text }) => [path, text]));

export const blocks: readonly Block[] = [...pages].flatMap(([page, text]) => blocksIn(page, text));

export function blocksIn(page: string, text: string): Block[] {
  return [...text.matchAll(/^```(.*)\n([^]*?)^```$/gm)].map((found) => ({ page, line: text.slice(0, found.index).split('\n').length, language: found[1] ?? '', text: found[2] ?? '' }));
}

/** The commands of a block in shell: lines, with those that go on in the next one, and without what is said behind a #. */
export function commandsIn({ text }: Pick<Block, 'text'>): string[] {
  const lines = text.replaceAll(/\\\n\s*/g, '').split('\n');
  return lines.map((line) => line.replace(/(?:^|\s+)# .*$/, '').trimEnd()).filter((line) => line !== '');
}

/** By which a block is found in the tables. */
export const nameOf = ({ page, text }: Block) => `${page}: ${text.split('\n')[0] ?? ''}`;

/** Settings of VS Code, which are JSON as well. */
export const isSettings = ({ language, text }: Block) => language === 'json' && /"codebeaker\.[\w.]+":/.test(text);
