/** What is known of the registries of one package manager: where they are, and what the daemon needs to speak to them. */
import type { Environment } from '../../protocol/index.ts';
import type { ManagerId } from '../ports.ts';

/** What is read of this machine. Everything here is a parameter, so that tests can make a machine up. */
export interface Machine {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string;
  /** As `process.platform`. */
  readonly platform: string;
  /** The text of a file, or undefined where there is none or it can't be read. */
  read(path: string): Promise<string | undefined>;
  /** The real path of a program on PATH, or undefined. */
  find(program: string): Promise<string | undefined>;
}

/** One registry. */
export interface Registry {
  /** See `Mirror.scope`. */
  readonly scope: string | undefined;
  /** Its address, which has no credentials in it. */
  readonly url: string;
}

/** A certificate and its key, in the format PEM. */
export interface Identity {
  readonly cert: string;
  readonly key: string;
}

/** Everything that one manager is set up with. */
export interface RegistrySet {
  readonly manager: ManagerId;
  /** In the order in which they are asked. */
  readonly registries: readonly Registry[];
  /** The checksum database of Go modules: it is asked by the mirrors of registries that do not pass it on. */
  readonly sumdb?: { readonly name: string; readonly url: string } | undefined;
  /** The value of the header `Authorization` for requests to `url`, which is a secret. */
  readonly authorization: (url: URL) => string | undefined;
  /** Reads what is trusted besides the certificates that Node knows, in the format PEM. It is asked when it is needed. */
  readonly certificates: () => Promise<readonly string[]>;
  /** Reads who this machine is at `url`, by TLS: a secret. Resolves with undefined where it says nothing of that. Absent: it never does. */
  readonly identity?: (url: URL) => Promise<Identity | undefined>;
  /** Whether the certificate of this origin is not looked at, because the manager is set up so. */
  readonly insecure: (origin: string) => boolean;
  /** The proxy of this machine that leads to `url`, with its credentials, or undefined. */
  readonly proxy: (url: URL) => string | undefined;
  /** Reads what `Mirrors.constraints` is. Absent: nothing. @throws ProtocolError PackageInstallFailed */
  readonly constraints?: () => Promise<string | undefined>;
  /** See `Mirrors`. */
  readonly variables: Environment;
  readonly notes: readonly string[];
}
