/** Narrows a policy by the configuration files in the opened folders. This file is loaded only if folders are opened. */
import type { Log } from '../base/log.ts';
import { narrow, type Policy } from '../policy/policy.ts';
import { loadProjectConfig, projectFileName } from '../policy/project-file.ts';
import { isShared, realFolder } from '../policy/workspace.ts';
import type { Client } from '../wire/service.ts';

/** `uris` are the folders, which must be trusted. Those that do not exist, or may not be shared, are left out. */
export async function narrowByProjects(policy: Policy, uris: readonly string[], { client, shared, log }: { client: Client; shared?: readonly string[] | undefined; log: Log }): Promise<Policy> {
  const folders = await Promise.all(uris.map(async (uri) => ((await isShared(uri, shared)) ? realFolder(uri).catch(() => undefined) : undefined)));
  let narrowed = policy;
  for (const folder of folders) if (folder !== undefined) narrowed = await narrowByProject(narrowed, folder, client, log);
  return narrowed;
}

/**
 * If a project's file is wrong, or asks for more than is allowed, what it was there to forbid is not known. So no session
 * is made, and the user gets a message.
 */
async function narrowByProject(policy: Policy, folder: string, client: Client, log: Log): Promise<Policy> {
  try {
    const config = await loadProjectConfig(folder);
    return config ? narrow(policy, config, projectFileName) : policy;
  } catch (fault) {
    const reason = (fault as Error).message.replace(`${projectFileName}: `, '');
    const refusal = `no session can be made while ${projectFileName} can't be followed: ${reason}; mend the file or remove it; it is read when a client connects`;
    // The client is told, and may have the same stderr.
    log.info(refusal);
    void client.logMessage(2, refusal);
    return { ...policy, refusal };
  }
}
