/** The shapes of packages: what a client asks to be installed, and what was installed. */
import * as z from 'zod/mini';
import { keepingAll } from './keeping-all.ts';
import { LanguageId } from './languages.ts';
import { later } from './later.ts';
import { ProgressToken } from './lifecycle.ts';
import type { ShapeNotes } from './note.ts';
import { absolutePath, Advisory, count, Execution, executionNotes, positive, TextEncoding } from './values.ts';

/** A client may name so many packages at once. */
const MAX_NAMES = 500;
const MAX_NAME_LENGTH = 1000;

export const managerIds = ['npm', 'pip', 'gem', 'go'] as const;
export const ManagerId = later(() => z.enum(managerIds));
export type ManagerId = z.infer<typeof ManagerId>;

const names = () => z.array(z.string().check(z.minLength(1), z.maxLength(MAX_NAME_LENGTH))).check(z.maxLength(MAX_NAMES));

export const InstallPackagesParams = later(() => z.object({
  sessionId: z.string(),
  manager: z.optional(ManagerId),
  packages: z.optional(names()),
  manifest: z.optional(z.string()),
  registry: z.optional(z.string().check(z.maxLength(MAX_NAME_LENGTH))),
  timeoutMs: z.optional(count()),
  commandId: z.optional(z.string().check(z.minLength(1), z.maxLength(200))),
  outputEncoding: z.optional(TextEncoding),
  workDoneToken: z.optional(ProgressToken),
}));
export type InstallPackagesParams = z.infer<typeof InstallPackagesParams>;

export const Installed = later(() => z.object({ name: z.string(), version: z.string() }));

export const InstallPackagesResult = later(() => z.extend(Execution, {
  manager: ManagerId,
  installed: z.array(Installed),
  cached: z.boolean(),
  advisories: z.optional(z.array(Advisory)),
}));
export type InstallPackagesResult = z.infer<typeof InstallPackagesResult>;

/** What a program did not find, and what has it. */
export const MissingModule = later(() => z.object({ module: z.string(), manager: ManagerId, packages: z.array(z.string()) }));
export type MissingModule = z.infer<typeof MissingModule>;

/** What a session is to have from the beginning. */
export const SessionPackages = later(() => z.object({
  manager: z.optional(ManagerId),
  names: z.optional(names()),
  manifest: z.optional(z.string()),
}));
export type SessionPackages = z.infer<typeof SessionPackages>;

/** A registry in place of the one with which a manager is set up on this machine. */
export const RegistryConfig = later(() => z.strictObject({
  url: z.string().check(z.regex(/^https?:\/\//, 'must be the address of a registry, such as https://registry.example/simple/')),
  token: z.optional(z.string()),
  username: z.optional(z.string()),
  password: z.optional(z.string()),
}));

export const NpmRegistryConfig = later(() => z.extend(RegistryConfig, {
  scopes: z.optional(keepingAll(z.record(z.string().check(z.regex(/^@/, 'a scope begins with @')), RegistryConfig))),
}));

/** What is installed before anybody asks for it. */
export const PackagesAhead = later(() => z.strictObject({
  language: LanguageId,
  runtime: z.optional(z.string()),
  names: z.optional(names()),
  manifest: z.optional(absolutePath()),
}));
export type PackagesAhead = z.infer<typeof PackagesAhead>;

export const PackagesConfig = later(() => z.strictObject({
  cacheBytes: z.optional(positive()),
  run: z.optional(z.enum(['auto', 'ask', 'never'])),
  block: z.optional(z.enum(['low', 'moderate', 'high', 'critical'])),
  advisories: z.optional(z.string().check(z.regex(/^https?:\/\/[^\s/@]+(?:\/\S*)?$/, 'must be the address of a service of the format OSV, such as https://api.osv.dev/'))),
  registries: z.optional(z.strictObject({
    npm: z.optional(NpmRegistryConfig),
    pip: z.optional(RegistryConfig),
    gem: z.optional(RegistryConfig),
    go: z.optional(RegistryConfig),
  })),
  ahead: z.optional(z.array(PackagesAhead)),
}));
export type PackagesConfig = z.infer<typeof PackagesConfig>;

/** The notes of these shapes (see notes.ts). */
export const packagesNotes = (): ShapeNotes => ({
  ManagerId: { '': 'A package manager: `npm`, `pip`, `gem` (with Bundler for a Gemfile), or `go`.' },
  InstallPackagesParams: {
    manager: 'Default: the one that knows the manifest, else that of the session’s language.',
    packages: 'Names as the manager takes them, with versions: `requests==2.32.3`, `left-pad@1.3.0`, `rake:13.2.1`, `rsc.io/quote@v1.5.2`. No options. They come in addition to what the session has already.',
    manifest: 'The path of a requirements.txt, pyproject.toml, package.json, Gemfile or go.mod in the sandbox. Its lock file is used where one is beside it. Default: without `packages`, the manifest of the manager that is in `/workspace`.',
    registry: 'The address of a registry that is asked in place of those with which the manager is set up on this machine.',
    timeoutMs: 'The installation is ended after this time, with the outcome `timedOut`. Default, and the most: 600 000 (10 minutes). 0 means the default.',
    commandId: 'As in `command/executeShell`: with it the output of the manager is streamed.',
    outputEncoding: 'How output is encoded. Default: `utf-8`.',
    workDoneToken: 'A token for `$/progress`, as in LSP.',
  },
  Installed: { '': 'A package that is there now.' },
  InstallPackagesResult: {
    ...executionNotes(),
    manager: 'The manager that was used.',
    installed: 'Everything that is there now, with what the packages need themselves. Empty where the outcome is not `exited`.',
    cached: 'Whether it had been installed before, and no manager was run.',
    advisories: 'Known weaknesses of it; of what was installed before, those that were known when somebody was asked last. Absent: nobody was asked, or nobody answered.',
  },
  MissingModule: {
    '': 'A module that a program did not find, and the packages that are thought to have it.',
    module: 'As the program names it, such as `cv2`.',
    manager: 'The manager that installs the packages.',
    packages: 'As the registry names them, such as `opencv-python`; `packages` of `command/installPackages` takes them. Nothing says that the registry has them, or that the session does not.',
  },
  PackagesConfig: {
    '': 'How packages are installed.',
    cacheBytes: 'How much the packages that were installed on this machine may take on its disk. Those that were used least recently are removed. Default: 5 GiB.',
    run: 'Whether `codebeaker run` installs what the manifest of the program’s folder names: `auto`, `ask` (on a terminal), `never`. Default: `auto`.',
    block: 'Packages with a known weakness of this severity, or a worse one, are not installed, and not used where they were installed before. Default: none; they are installed, and the result tells of it.',
    advisories: 'The address of a service of the format OSV, such as `https://api.osv.dev/`, which is asked whether packages have known weaknesses. Default: nobody is asked.',
    registries: 'The registries of npm, pip, gem and go, in place of those with which they are set up on this machine: `url`, and `token` or `username` and `password`, which no sandbox sees; for npm also `scopes`, a registry for each. Default: none.',
    ahead: 'What is installed in the background while the daemon has nothing to do, so that sessions have it at once. A failure is a warning in the log. Default: nothing.',
  },
  RegistryConfig: {
    '': 'A registry, and what it demands. No sandbox sees the credentials.',
    url: 'Its address, which begins with `https://` or `http://`.',
    token: 'A token, for registries that take one. Default: none.',
    username: 'With `password`: what the registry demands. Default: none.',
    password: 'With `username`: what the registry demands. Default: none.',
  },
  NpmRegistryConfig: {
    '': 'The registry of npm, and others for the packages of some scopes.',
    url: 'Its address, which begins with `https://` or `http://`.',
    token: 'A token, for registries that take one. Default: none.',
    username: 'With `password`: what the registry demands. Default: none.',
    password: 'With `username`: what the registry demands. Default: none.',
    scopes: 'For each scope, such as `@team`, the registry that has its packages. Default: none.',
  },
  PackagesAhead: {
    language: 'The language.',
    '': 'Packages that are installed before a session asks for them, as a session of this language would get them that asks for the same.',
    runtime: 'The id of the runtime. Default: the one that is chosen for a session.',
    names: 'As `packages` of `command/installPackages`. Without them there must be a `manifest`. Default: none.',
    manifest: 'The absolute path of a manifest on this machine. A session has it in its `/workspace`, by the same name. Files that belong to it are read from its folder. Default: none.',
  },
  SessionPackages: {
    '': 'The packages that a session has from the beginning. See `command/installPackages`. An empty list of names installs nothing: the session is made where packages can be installed later.',
    names: 'As `packages` of `command/installPackages`.',
  },
});
