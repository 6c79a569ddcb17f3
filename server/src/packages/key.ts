/** The key of an environment in the cache: of everything that decides what is in it. */
import { createHash } from 'node:crypto';
import type { LanguageId } from '../protocol/index.ts';
import type { Runtime } from '../runtime/ports.ts';
import type { Manager, Mirrors, Wish } from './ports.ts';

/** Environments of another format are not found any more. */
const FORMAT = 1;

export interface KeyParts {
  readonly manager: Pick<Manager, 'id'>;
  readonly wish: Wish;
  readonly mirrors: Pick<Mirrors, 'all' | 'variables' | 'constraints'>;
  /** What tells the programs of the sandbox, the manager and the interpreter above all, from others. */
  readonly programs: string;
}

export function keyOf({ manager, wish: { names, manifest }, mirrors, programs }: KeyParts): string {
  const files = [...(manifest?.files ?? [])].map(([path, content]) => [path, hash(content)]).sort();
  const registries = mirrors.all.map(({ scope, origin }) => [scope ?? null, origin]);
  return hash(JSON.stringify([FORMAT, manager.id, [...names].sort(), manifest?.path ?? null, files, registries, Object.entries(mirrors.variables).sort(), programs, ...(mirrors.constraints === undefined ? [] : [mirrors.constraints])]));
}

/** What tells the programs of a runtime's sandboxes from others (`KeyParts.programs`). `image`: as in `Runtime.programs`. */
export async function programsOf(runtime: Pick<Runtime, 'id' | 'programs'>, language: LanguageId | undefined, image: string | undefined): Promise<string> {
  return `${runtime.id} ${await runtime.programs(language, image)}`;
}

function hash(content: string | Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}
