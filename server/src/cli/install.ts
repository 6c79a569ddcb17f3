/** What to type to install the tools of a language on this machine. */
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { LanguageId } from '../protocol/index.ts';

/** Each package manager: its command, and what it calls the package of each language. */
interface Manager {
  readonly program: string;
  readonly command: string;
  readonly packages: Readonly<Partial<Record<LanguageId, string>>>;
}

const common = { python: 'python3', javascript: 'nodejs', go: 'golang', ruby: 'ruby' } as const;

const managers: readonly Manager[] = [
  { program: 'apt-get', command: 'sudo apt install', packages: { ...common, csharp: 'mono-mcs' } },
  { program: 'dnf', command: 'sudo dnf install', packages: { ...common, csharp: 'dotnet-sdk-10.0' } },
  { program: 'zypper', command: 'sudo zypper install', packages: { ...common, go: 'go', csharp: 'dotnet-sdk-10.0' } },
  { program: 'pacman', command: 'sudo pacman -S', packages: { ...common, python: 'python', go: 'go', csharp: 'dotnet-sdk' } },
  { program: 'apk', command: 'sudo apk add', packages: { ...common, go: 'go', csharp: 'dotnet10-sdk' } },
  { program: 'brew', command: 'brew install', packages: { ...common, python: 'python', javascript: 'node', go: 'go', csharp: 'dotnet-sdk' } },
];

/** Deno runs TypeScript, and every system installs it in the same way. */
const byNpm: Readonly<Partial<Record<LanguageId, string>>> = { typescript: 'npm install --global deno' };

/** `searchPath` is the PATH on which a package manager is looked for. undefined: nothing is known. */
export function installCommand(language: LanguageId, searchPath: string | undefined): string | undefined {
  if (byNpm[language]) return byNpm[language];
  const folders = (searchPath ?? '').split(delimiter).filter(Boolean);
  const manager = managers.find(({ program }) => folders.some((folder) => existsSync(join(folder, program))));
  const name = manager?.packages[language];
  return name && `${manager.command} ${name}`;
}
