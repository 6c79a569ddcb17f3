/** Reads the configuration file in a project's folder. It may come from anybody, so neither its content nor its type is trusted. */
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import type { Config } from '../protocol/index.ts';
import { ConfigError, isAbsent, parseConfig, unreadable } from './config-file.ts';

export const projectFileName = '.codebeaker.json';
const MAX_BYTES = 256 * 1024;

/**
 * Returns the configuration of the project, or undefined if it has none.
 * @throws ConfigError, whose message does not contain the path of the folder
 */
export async function loadProjectConfig(folder: string): Promise<Config | undefined> {
  try {
    return parseConfig(await readSmallFile(join(folder, projectFileName)), projectFileName);
  } catch (fault) {
    if (fault instanceof ConfigError) throw fault;
    if (isAbsent(fault)) return undefined;
    throw unreadable(projectFileName, fault);
  }
}

/** Opens the file without blocking: if it is a pipe, opening it would otherwise wait for a writer. */
async function readSmallFile(path: string): Promise<string> {
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const status = await file.stat();
    if (!status.isFile()) throw new ConfigError(`${projectFileName}: it is not a regular file`);
    if (status.size > MAX_BYTES) throw new ConfigError(`${projectFileName}: it is larger than ${MAX_BYTES} bytes`);
    return await file.readFile('utf8');
  } finally {
    await file.close();
  }
}
