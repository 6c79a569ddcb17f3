/** The files of the history: their names, their order, and which of them is written now. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

/** A day in UTC, and a number. Where there is a name behind them, somebody has taken entries out, and nobody appends to it. */
const NAME = /^(\d{4}-\d\d-\d\d)\.(\d{4,9})(?:\.[0-9a-f]{12})?\.jsonl$/;

export interface Place {
  readonly name: string;
  readonly path: string;
  readonly day: string;
  readonly number: number;
}

export function fileName(day: string, number: number, cut?: string): string {
  return [day, `${number}`.padStart(4, '0'), ...(cut === undefined ? [] : [cut]), 'jsonl'].join('.');
}

/** All files, the latest first. A folder that is not there has none. @throws the system's error */
export async function placesIn(folder: string): Promise<Place[]> {
  const names = await readdir(folder).catch((fault: unknown) => {
    if ((fault as { code?: string }).code === 'ENOENT') return [];
    throw fault;
  });
  const places = names.flatMap((name) => {
    const [, day, number] = NAME.exec(name) ?? [];
    return day === undefined ? [] : [{ name, path: join(folder, name), day, number: Number(number) }];
  });
  return places.sort((one, other) => (one.day === other.day ? other.number - one.number || (one.name < other.name ? 1 : -1) : one.day < other.day ? 1 : -1));
}
