/** What a package manager is: which names it takes, what is run for an installation, and what its output means. */
import type { LanguageId } from '../../protocol/index.ts';
import type { ManagerId, RegistrySet, Settings } from '../registries/registry.ts';

export interface Manager {
  readonly id: ManagerId;
  readonly languages: readonly LanguageId[];
  /** The names of the files that say what a program needs, best first. */
  readonly manifests: readonly string[];
  /** What says that the manager is there: it ends with 0. For pip and npm, which have one program for names and manifests, `manifest` does not matter. */
  probe(manifest: string | undefined): Probe;
  /** What is wrong with a name that is to be installed, in words that continue "NAME: …", or undefined. */
  nameFault(name: string): string | undefined;
  /**
   * Reads a manifest and what belongs to it. `read` gives the text of a file of the workspace by its path from there,
   * or undefined where there is none.
   * @throws ProtocolError PackageInstallFailed where it names what is not in a registry, or is wrong
   */
  gather(manifest: string, read: ReadFile): Promise<Gathered>;
  /** What is done in the sandbox of the installation. */
  plan(request: PlanRequest): Plan;
  /** The variables of all programs that are to see what was installed. PATH has what is to stand before the sandbox's own. */
  programs(home: string): Programs;
  /** What `plan.list` printed. What it says comes from the sandbox, so nothing of it is trusted. @throws SyntaxError */
  installed(text: string): readonly Installed[];
  /** What the output of a failed installation means: one whole sentence, or undefined where that is not known. */
  meaning(output: string): string | undefined;
}

export type ReadFile = (path: string) => Promise<string | undefined>;

export interface Probe {
  readonly argv: readonly string[];
  /** A whole sentence for the person whose sandbox lacks it: what is missing and what to do. */
  readonly missing: string;
}

export interface Gathered {
  /** The manifest's path in the workspace. */
  readonly manifest: string;
  /** Everything that decides what is installed, by path in the workspace, with its text. */
  readonly files: Readonly<Record<string, string>>;
  /** Whether the versions are all told, so that what is made from it is the same on every day. */
  readonly locked: boolean;
}

export interface PlanRequest {
  readonly what: { readonly names: readonly string[] } | { readonly gathered: Gathered };
  readonly settings: Settings;
  /** Where the mirror has what is at an address of a registry. */
  readonly mirrored: (url: string) => string;
  /** The path of the environment that is made, in the sandbox. It is an empty folder. */
  readonly home: string;
  /** The path of the folder in which the manifest lies, and where there is room for files that are needed for the time of the installation alone. */
  readonly workspace: string;
}

export interface Plan {
  /** Absolute paths in the sandbox, below `home` or `workspace`. */
  readonly files: readonly { readonly path: string; readonly text: string }[];
  /** They are run one after the other, until one fails. */
  readonly steps: readonly Step[];
  /** Its standard output is for `Manager.installed` and is shown to nobody. */
  readonly list: Step;
}

export interface Step {
  readonly argv: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
}

export interface Programs {
  readonly path: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

export interface Installed {
  readonly name: string;
  readonly version: string;
}

/** @see RegistrySet */
export type { ManagerId, RegistrySet, Settings };
