/**
 * The contract between an installation, the package managers and the registries. A manager says what is to be run and how
 * programs see what was installed; it runs nothing itself. A mirror serves one registry to connections from a sandbox.
 * Whoever installs (installation.ts) brings them together.
 */
import type { Duplex } from 'node:stream';
import { type Advisory, type Environment, type LanguageId, type ManagerId, managerIds } from '../protocol/index.ts';

export { type Advisory, type ManagerId, managerIds };

/** What is to be installed: names, or what a manifest says, or both. */
export interface Wish {
  /** As clients write them, with versions where they have any. They have been checked (`Manager.checkNames`), and are sorted. */
  readonly names: readonly string[];
  readonly manifest: Manifest | undefined;
}

export interface Manifest {
  /** Where it is in the sandbox of the session, such as /workspace/requirements.txt. It has the same path in that of the installation. */
  readonly path: string;
  /** The manifest itself, its lock file, and every other file that the installation needs, by their paths in the sandbox. */
  readonly files: ReadonlyMap<string, Buffer>;
}

/** One installation, as its manager is told of it. */
export interface Order extends Wish {
  /** The folder that becomes the environment, inside. It has this path for ever. It is there, empty but for `scratch`. */
  readonly home: string;
  /** A folder on the same disk for caches and temporary files. It is removed when the installation has ended. */
  readonly scratch: string;
  /** The registries, as they are reached from inside. */
  readonly registries: readonly Reachable[];
  /** `Mirrors.variables`. */
  readonly variables: Environment;
  /** `Mirrors.constraints`. */
  readonly constraints?: string | undefined;
}

/** A registry as it is reached from inside. */
export interface Reachable {
  /** `Mirror.scope`. */
  readonly scope: string | undefined;
  /** `Mirror.origin`. */
  readonly origin: string;
  /** http://127.0.0.1:PORT followed by `Mirror.path`. */
  readonly url: string;
}

/** One program of an installation. */
export interface Step {
  readonly command: readonly string[];
  /** Below /workspace, /tmp or the environment. Default: /workspace. */
  readonly cwd?: string;
  /** In addition to the sandbox's own. PATH is the sandbox's own. */
  readonly env: Environment;
  /** Files that are written before, by their absolute paths, below /workspace or /tmp. */
  readonly files?: Readonly<Record<string, string>>;
}

export interface Installed {
  readonly name: string;
  readonly version: string;
}

/** A step whose stdout is read, up to a bound, and not shown. `read` throws where it makes no sense. */
export interface Question<T> {
  readonly step: Step;
  read(stdout: string): readonly T[];
}

/** How the programs of a session see an environment. */
export interface View {
  readonly variables: Environment;
  /** Folders that come first in PATH. */
  readonly path: readonly string[];
  /** A folder, inside, whose entries are seen in /node_modules. */
  readonly modules: string | undefined;
  /** Files of the environment that are put into the session where it has none there: `from` is below the environment, `to` below /workspace. */
  readonly files: readonly { readonly from: string; readonly to: string }[];
}

export interface Manager {
  readonly id: ManagerId;
  /** The languages whose packages it installs. */
  readonly languages: readonly LanguageId[];
  /** The file names of the manifests that it knows, best first. */
  readonly manifests: readonly string[];
  /** Ends with 0 where the sandbox has what this wish needs. `missing` is a whole sentence that says what to do where it has not. */
  probe(wish: Wish): { readonly step: Step; readonly missing: string };
  /** @throws ProtocolError InvalidParams, which names the first that is no name of a package (and version) in this ecosystem */
  checkNames(names: readonly string[]): void;
  /**
   * Reads the manifest and all files that it needs. `read` resolves with undefined where there is no such file.
   * @throws ProtocolError FileNotFound, InvalidParams: the manifest asks for something that can't be had from a registry
   */
  gather(path: string, read: (path: string) => Promise<Buffer | undefined>): Promise<Manifest>;
  /** Whether the wish says exactly which version of everything it means. What is not locked is installed anew after some days. */
  isLocked(wish: Wish): boolean;
  /** What is run, one after the other, as long as each succeeds. */
  steps(order: Order): readonly Step[];
  /** How what is there is told, when all steps have succeeded. */
  list(order: Order): Question<Installed>;
  /** How known weaknesses of it are told. Absent or undefined: this manager, or these registries, can't tell. It may fail, which fails nothing else. */
  audit?(order: Order): Question<Advisory> | undefined;
  view(home: string, wish: Wish): View;
  /**
   * What the output of an installation that failed means, in whole sentences, or undefined where it is not known.
   * `trouble`: what `Mirrors.trouble` says. It comes first.
   */
  explain(output: string, trouble: string | undefined): string | undefined;
}

/**
 * Asks somebody else which weaknesses of what was installed are known, where the manager can't tell. Resolves with undefined
 * where nobody answers. @throws the reason of the signal
 */
export type Advise = (manager: ManagerId, installed: readonly Installed[], signal: AbortSignal) => Promise<readonly Advisory[] | undefined>;

/** Serves one registry of this machine's to connections from a sandbox. */
export interface Mirror {
  /**
   * What is had from here, as the manager says it. npm: the scope, such as @team. pip: `extra` or `links`. gem: the address
   * that Gemfiles give it, where that is another one. go: `|` where it is asked after every failure of the one before.
   * undefined: what the manager asks for by default.
   */
  readonly scope: string | undefined;
  /** The address of the registry itself, without credentials. It is a part of the key of the cache. */
  readonly origin: string;
  /** The path at which it is served, such as /simple/. */
  readonly path: string;
  /** Takes a connection. Never throws. */
  accept(connection: Duplex): void;
}

/** The mirrors of one installation. */
export interface Mirrors {
  readonly all: readonly Mirror[];
  /** What the manager must know of the registries besides their addresses. It is a part of the key of the cache. */
  readonly variables: Environment;
  /** The text of a file that says which versions this machine allows, in the manager's own form. It is a part of the key of the cache. Absent: any. */
  readonly constraints?: string | undefined;
  /** Whole sentences about what the manager is set up with on this machine and a sandbox can't have. */
  readonly notes: readonly string[];
  /** What went wrong between this machine and the registries, for people, without credentials; the worst or last of it. undefined: nothing. */
  trouble(): string | undefined;
  /** Ends every connection. */
  close(): void;
}

export interface Registries {
  /**
   * The registries with which this manager is set up on this machine, or in the configuration. `registry`: the address of
   * another one that the client names.
   * @throws ProtocolError PolicyDenied, InvalidParams, PackageInstallFailed: the set-up can't be read
   */
  open(manager: ManagerId, registry: string | undefined): Promise<Mirrors>;
}
