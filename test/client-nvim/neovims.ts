/** The Neovim versions that the plugin supports. test/setup/neovim.sh unpacks them. */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { need } from '../require.ts';
import { Editor, type Options } from './editor.ts';

const suites = { 'Neovim 0.7': 'bookworm', 'Neovim 0.10': 'trixie', 'the newest Neovim': 'sid' };

/** Makes programs run in containers, even if this machine has runtimes that the daemon would prefer. */
export const docker: Options = { setup: { runtime: 'docker' } };

export const newest = 'the newest Neovim';
export const oldest = 'Neovim 0.7';
export const every = Object.keys(suites);

/** Makes a suite for the oldest and for the newest version, or for those that are named. `editor()` returns the editor of the suite. */
export function inNeovim(subject: string, tests: (editor: () => Editor) => void, options: Options & { only?: string | readonly string[] } = {}): void {
  const { only = [oldest, newest] } = options;
  for (const [name, suite] of Object.entries(suites)) {
    if (![only].flat().includes(name)) continue;
    const binary = fileURLToPath(new URL(`../../.cache/neovim/${suite}/nvim`, import.meta.url));
    describe(`${name}: ${subject}`, () => {
      let editor: Editor | undefined;
      before(need(name, () => (existsSync(binary) ? undefined : 'it is not unpacked; run test/setup/neovim.sh')));
      before(async () => {
        editor = await Editor.open(binary, options);
      });
      after(() => editor?.close());
      tests(() => editor as Editor);
    });
  }
}
