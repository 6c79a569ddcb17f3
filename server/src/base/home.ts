/** The user's home folder. A user without an entry in passwd has none: then it is the root folder, as it is in a container. */
import { homedir, userInfo } from 'node:os';
import { isAbsolute } from 'node:path';

/** A relative path in $HOME is ignored. */
export function homeFolder(): string {
  return absolute(homedir) ?? absolute(() => userInfo().homedir) ?? '/';
}

function absolute(find: () => string): string | undefined {
  try {
    const path = find();
    return isAbsolute(path) ? path : undefined;
  } catch {
    return undefined;
  }
}
