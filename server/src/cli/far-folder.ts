/** Sends folders of this machine to a daemon elsewhere: by the rules of a daemon, those that may be copied, and of them what goes along with `codebeaker run`. */
import { fileURLToPath } from 'node:url';
import type { Folders } from '../bridge/elsewhere.ts';
import { hiddenPlaces } from '../policy/hidden.ts';
import { resolveWorkspace } from '../policy/workspace.ts';
import { fitting, gather, MAX_FILES } from './folder.ts';
import { sendFiles } from './send.ts';
import type { Surroundings } from './surroundings.ts';

export function farFolders({ env, home }: Pick<Surroundings, 'env' | 'home'>): Folders {
  return {
    async check(workspace, { folders, trusted }) {
      await resolveWorkspace(workspace, { opened: folders, trusted, hidden: hiddenPlaces({ env, home, stateFolder: undefined, engineSocket: undefined }) });
    },
    async send(ask, { sessionId, limits }, { uri }, signal) {
      const found = await gather({ folder: fileURLToPath(uri), except: '', without: [], with: [], env, home, signal });
      const { files, incomplete } = fitting(found, limits.diskBytes);
      await sendFiles(ask, sessionId, files);
      return incomplete ? `not all files of ${fileURLToPath(uri)} went along to the daemon: there are more than ${MAX_FILES.toLocaleString('en')}, or they are larger than a quarter of the sandbox’s disk (limits.diskBytes)` : undefined;
    },
  };
}
