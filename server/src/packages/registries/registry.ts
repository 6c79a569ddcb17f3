/** What is known of the registries of one package manager: where they are, and what the daemon needs to speak to them. */

export const managerIds = ['npm', 'pip', 'gem', 'go'] as const;
export type ManagerId = (typeof managerIds)[number];

/** What is read of this machine. Everything here is a parameter, so that tests can make a machine up. */
export interface Machine {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string;
  readonly platform: string;
  /** The text of a file, or undefined where there is none or it can't be read. */
  read(path: string): Promise<string | undefined>;
  /** The real path of a program on PATH, or undefined. */
  find(program: string): Promise<string | undefined>;
}

/** Where a manager looks for packages, in its own terms. URLs have no credentials in them. */
export type Settings =
  | { readonly manager: 'npm'; readonly registry: string; readonly scopes: Readonly<Record<string, string>> }
  | { readonly manager: 'pip'; readonly index: string | undefined; readonly extra: readonly string[]; readonly findLinks: readonly string[] }
  | { readonly manager: 'gem'; readonly sources: readonly string[]; readonly mirrors: Readonly<Record<string, string>> }
  | {
      readonly manager: 'go';
      /** The proxies, with what stands in GOPROXY before each of them: `,` goes on after 404 and 410, `|` after every failure. */
      readonly proxies: readonly { readonly url: string; readonly after: ',' | '|' }[];
      /** As in GOSUMDB, and the address of the database. Undefined where checksums are not looked up. */
      readonly sumdb: { readonly key: string; readonly name: string; readonly url: string } | undefined;
      /** Patterns of modules whose checksums are not looked up. */
      readonly noSumdb: string;
    };

export interface RegistrySet {
  readonly settings: Settings;
  /** Every origin that the configuration names, such as `https://registry.example`: there is one mirror for each. */
  readonly origins: readonly string[];
  /** The value of the header `Authorization` for requests to `url`, which is a secret. */
  readonly authorization: (url: URL) => string | undefined;
  /** What is trusted besides the certificates that Node knows: the texts of PEM files. */
  readonly certificates: readonly string[];
  /** Whether the certificate of this origin is not looked at, because the manager is set up so. */
  readonly insecure: (origin: string) => boolean;
  /** The proxy that leads to `url`, with its credentials, or undefined. */
  readonly proxy: (url: URL) => string | undefined;
  /** Whole sentences about what the manager is set up with and a sandbox can't have. */
  readonly notes: readonly string[];
}

/** The addresses of all registries, for the key of what is kept. They have no credentials in them. */
export function addressesOf(settings: Settings): readonly string[] {
  switch (settings.manager) {
    case 'npm':
      return [settings.registry, ...Object.entries(settings.scopes).map(([scope, url]) => `${scope}=${url}`)];
    case 'pip':
      return [...(settings.index === undefined ? [] : [settings.index]), ...settings.extra, ...settings.findLinks];
    case 'gem':
      return [...settings.sources, ...Object.entries(settings.mirrors).map(([from, to]) => `${from}=${to}`)];
    case 'go':
      return [...settings.proxies.map(({ url, after }) => after + url), settings.sumdb?.key ?? 'off', settings.noSumdb];
  }
}
