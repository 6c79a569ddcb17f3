/** The packages that a program needs: those of the manifest in the folder that is copied, and those that were installed by name for its file. */
import type { LanguageId } from 'codebeaker/protocol';
import type { Code } from '../../base/code.ts';
import type { Settings } from '../../base/settings.ts';
import type { Disk } from '../sandbox/disk.ts';
import type { RunNeeds, RunSpec } from './run-spec.ts';

export interface PackagesParts {
  readonly code: Code;
  readonly disk: Pick<Disk, 'readStart'>;
  mode(): Settings['packages'];
}

/** The file names of manifests, best first. */
const manifests: Readonly<Partial<Record<LanguageId, readonly string[]>>> = {
  python: ['requirements.txt', 'pyproject.toml'], javascript: ['package.json'], typescript: ['package.json'], ruby: ['Gemfile'], go: ['go.mod'],
};
const MAX_BYTES = 1024 * 1024;

export class Packages {
  readonly #parts: PackagesParts;
  /** What the person has answered, for each manifest, since the editor was started. */
  readonly #answers = new Map<string, boolean>();

  constructor(parts: PackagesParts) {
    this.#parts = parts;
  }

  /** The same run, with what it needs. A manifest that was named is not asked about. @throws Error if it can't be read */
  async complete(spec: RunSpec, { manifest }: RunNeeds = {}): Promise<RunSpec> {
    const names = spec.options.packages ?? [];
    const wanted = manifest === undefined ? await this.#found(spec) : { manifest, text: await this.#read(spec, manifest) };
    if (!wanted && names.length === 0) return spec;
    return { ...spec, packages: { manifest: wanted?.manifest, names, text: wanted?.text ?? '' } };
  }

  async #found(spec: RunSpec): Promise<{ manifest: string; text: string } | undefined> {
    const found = this.#parts.mode() === 'never' ? undefined : await this.find(spec);
    return found && (await this.#isWanted(spec, found.manifest)) ? found : undefined;
  }

  /** The manifest that asks for packages. undefined: there is none. */
  async find(spec: RunSpec): Promise<{ manifest: string; text: string } | undefined> {
    const { folder, language } = spec.source;
    for (const manifest of folder ? (manifests[language] ?? []) : []) {
      const text = await this.#read(spec, manifest).catch(() => undefined);
      if (text !== undefined && asks(manifest, text)) return { manifest, text };
    }
    return undefined;
  }

  async #read({ source: { folder } }: RunSpec, manifest: string): Promise<string> {
    const read = this.#parts.disk.readStart(`${folder?.fsPath ?? ''}/${manifest}`, MAX_BYTES);
    return read.then(({ bytes }) => bytes.toString(), () => {
      throw new Error(this.#parts.code.l10n.t('{0} cannot be read', manifest));
    });
  }

  async #isWanted({ source: { folder } }: RunSpec, manifest: string): Promise<boolean> {
    if (this.#parts.mode() === 'auto') return true;
    const { window, l10n } = this.#parts.code;
    const key = `${folder?.toString() ?? ''}/${manifest}`;
    const known = this.#answers.get(key);
    if (known !== undefined) return known;
    const install = l10n.t('Install');
    const answer = (await window.showInformationMessage(l10n.t('Install the packages of {0} for programs in a sandbox?', manifest), install, l10n.t('Not Now'))) === install;
    this.#answers.set(key, answer);
    return answer;
  }
}

/** What is in doubt is left to the package manager. */
function asks(manifest: string, text: string): boolean {
  switch (manifest) {
    case 'requirements.txt':
      return text.split('\n').some((line) => /^\s*[^\s#]/.test(line));
    case 'pyproject.toml':
      return /^\s*dependencies\s*=\s*\[\s*(?:#[^\n]*\s*)*["']/m.test(text);
    case 'package.json':
      return /"(?:dev|optional)?[dD]ependencies"\s*:\s*\{\s*"/.test(text);
    case 'Gemfile':
      return /^\s*(?:gem[\s(]|gemspec\b)/m.test(text);
    default:
      return /^\s*require\b/m.test(text);
  }
}
