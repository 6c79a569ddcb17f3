/** What tests of package managers need of the machine. */
import { execFile } from 'node:child_process';
import { type Probe, program } from '../../require.ts';
import { buildTools } from './build-tools.ts';

const works = (command: string, ...args: string[]) => new Promise<boolean>((resolve) => void execFile(command, args, (fault) => resolve(fault === null)));

export const pipAndVenv: Probe = async () =>
  (await works('python3', '-c', 'import pip, venv')) ? undefined : 'python3 has no pip and venv; run test/setup/managers.sh as root';

/** What makes the packages of the tests, for which Python and Node are not enough. */
export const packageMakers: Probe = async () => {
  const missing = (await program('cc')()) ?? (await program('gem')());
  return missing && `${missing}; run test/setup/managers.sh as root`;
};

/** All package managers of this machine, which native sandboxes run. */
export const packageManagers: Probe = async () => {
  const missing = (await packageMakers()) ?? (await pipAndVenv());
  if (missing) return missing;
  const other = (await program('go')()) ?? (await program('npm')());
  return other && `${other}; run test/setup/managers.sh as root`;
};

/** What most packages of Python are built with. */
export const setuptools: Probe = () => (buildTools() ? undefined : 'this machine has no wheel of setuptools; run test/setup/managers.sh as root');

/** npm's registry is only reached where this machine has a way to it. */
export const npmAnswers: Probe = async () => ((await works('npm', 'view', 'ms@2.1.3', 'version')) ? undefined : 'npm can not reach its registry');
