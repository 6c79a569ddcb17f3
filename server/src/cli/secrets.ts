/** The secrets that `codebeaker run --secret` gives to its program. */
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { CannotRun, unreadable } from './source.ts';

/** The files with their values: the program gets those as variables, and the files stay here. */
export function filesOf(asked: Readonly<Record<string, string | undefined>>): string[] {
  return Object.values(asked).flatMap((file) => (file === undefined ? [] : [resolve(file)]));
}

/** What of them goes into the params of the session. @throws CannotRun */
export async function secretsFor(asked: Readonly<Record<string, string | undefined>>, configured: readonly string[], env: Readonly<Record<string, string | undefined>>) {
  const secrets: Record<string, string> = {};
  const secretNames: string[] = [];
  for (const [name, file] of Object.entries(asked)) {
    if (file === undefined && configured.includes(name)) secretNames.push(name);
    else secrets[name] = file === undefined ? here(name, env) : await contentOf(file);
  }
  return { ...(Object.keys(secrets).length > 0 && { secrets }), ...(secretNames.length > 0 && { secretNames }) };
}

function here(name: string, env: Readonly<Record<string, string | undefined>>): string {
  const value = env[name];
  if (value === undefined || value === '') throw new CannotRun(`--secret ${name}: the configuration has no secret of this name, and there is no variable of this name here; --secret ${name}=@FILE reads a file`);
  return value;
}

/** A line end at its end is left out. */
async function contentOf(file: string): Promise<string> {
  const text = await readFile(file, 'utf8').catch((fault: unknown) => {
    throw unreadable(file, fault);
  });
  return text.replace(/\r?\n$/, '');
}
