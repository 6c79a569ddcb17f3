/**
 * The credentials for a registry, as the docker command keeps them after `docker login`: in config.json, or in a store of
 * the system behind a program `docker-credential-NAME` that config.json names.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod/mini';
import type { Log } from '../../../base/log.ts';
import { configFolder } from './address.ts';

/** As the engine's API takes them. */
export interface Credentials {
  readonly serveraddress: string;
  readonly username?: string;
  readonly password?: string;
  readonly identitytoken?: string;
  readonly registrytoken?: string;
}

export interface CredentialSources {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string;
  readonly log: Log;
  /** Runs the program `docker-credential-NAME get` with `input`. Resolves with what it prints. Rejects where it is missing or fails. */
  ask(name: string, input: string): Promise<string>;
}

const text = z.optional(z.string());
const Entry = z.object({ auth: text, username: text, password: text, identitytoken: text, registrytoken: text });
const DockerConfig = z.object({
  auths: z.optional(z.record(z.string(), z.unknown())),
  credsStore: text,
  credHelpers: z.optional(z.record(z.string(), z.string())),
});
type DockerConfig = z.infer<typeof DockerConfig>;
const Answer = z.object({ Username: z.string(), Secret: z.string() });

/** The name of Docker Hub in config.json. */
const HUB = 'https://index.docker.io/v1/';

/** Resolves with the credentials for the registry of an image, or with undefined where there are none. Never rejects: many images need none. */
export async function credentialsFor(image: string, sources: CredentialSources): Promise<Credentials | undefined> {
  const registry = registryOf(image);
  try {
    const file = await readFile(join(configFolder(sources.env, sources.home), 'config.json'), 'utf8').catch(() => '{}');
    const config = z.parse(DockerConfig, JSON.parse(file));
    const name = config.credHelpers?.[registry] ?? config.credsStore;
    return name === undefined ? kept(config, registry) : await asked(name, registry, sources);
  } catch (fault) {
    sources.log.warn(`the credentials for ${registry} can't be read, so its images are pulled without them`, fault);
    return undefined;
  }
}

/** Before the first slash is the name of a registry if it can't be the name of a user of Docker Hub. */
export function registryOf(image: string): string {
  const [first = '', ...rest] = image.split('/');
  const named = rest.length > 0 && (/[.:]/.test(first) || first === 'localhost');
  return named && !['docker.io', 'index.docker.io'].includes(first) ? first : HUB;
}

function kept({ auths = {} }: DockerConfig, registry: string): Credentials | undefined {
  const key = Object.keys(auths).find((each) => each === registry) ?? Object.keys(auths).find((each) => hostOf(each) === hostOf(registry));
  const entry = z.safeParse(Entry, key === undefined ? undefined : auths[key]);
  if (!entry.success) return undefined;
  const { auth, ...rest } = entry.data;
  const decoded = Buffer.from(auth ?? '', 'base64').toString().replace(/\0+$/, '');
  const colon = decoded.indexOf(':');
  const found = { ...rest, ...(colon > 0 ? { username: decoded.slice(0, colon), password: decoded.slice(colon + 1) } : {}) };
  return Object.values(found).some((value) => value !== undefined) ? { serveraddress: registry, ...found } : undefined;
}

/** Old versions of the docker command wrote URLs. */
function hostOf(key: string): string {
  return key.replace(/^https?:\/\//, '').replace(/\/.*$/, '');
}

/** The user `<token>` stands for an identity token. */
async function asked(name: string, registry: string, { ask }: CredentialSources): Promise<Credentials | undefined> {
  const answer = await ask(name, registry);
  if (/^credentials not found/.test(answer)) return undefined;
  const { Username, Secret } = z.parse(Answer, JSON.parse(answer));
  return Username === '<token>' ? { serveraddress: registry, identitytoken: Secret } : { serveraddress: registry, username: Username, password: Secret };
}
