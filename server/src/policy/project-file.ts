/** The configuration that a project brings along. It comes from anywhere. */
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import type { Config } from '../protocol/index.ts';
import { ConfigError, isAbsent, parseConfig, unreadable } from './config-file.ts';

export const projectFileName = '.codebeaker.json';
/** What is larger is no configuration. */
const MAX_BYTES = 256 * 1024;

/** The project's own file, or undefined where it has none. @throws ConfigError, which does not tell where the folder is */
export async function loadProjectConfig(folder: string): Promise<Config | undefined> {
  try {
    return parseConfig(await readSmallFile(join(folder, projectFileName)), projectFileName);
  } catch (fault) {
    if (fault instanceof ConfigError) throw fault;
    if (isAbsent(fault)) return undefined;
    throw unreadable(projectFileName, fault);
  }
}

/** Does not wait for a writer where the file is a pipe. */
async function readSmallFile(path: string): Promise<string> {
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const status = await file.stat();
    if (!status.isFile()) throw new ConfigError(`${projectFileName}: not a file`);
    if (status.size > MAX_BYTES) throw new ConfigError(`${projectFileName}: larger than ${MAX_BYTES} bytes`);
    return await file.readFile('utf8');
  } finally {
    await file.close();
  }
}
