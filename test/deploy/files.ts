/** The files of deploy/, as the tests read them. */
import { load } from 'js-yaml';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../../', import.meta.url));
export const read = (path: string): string => readFileSync(`${root}${path}`, 'utf8');

export interface ComposeService {
  readonly image: string;
  readonly build?: { readonly context: string; readonly dockerfile: string };
  readonly ports?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly volumes?: readonly string[];
  readonly secrets?: readonly string[];
  readonly networks?: readonly string[];
  readonly command?: readonly string[];
  readonly stop_grace_period?: string;
  readonly read_only?: boolean;
  readonly tmpfs?: readonly string[];
  readonly cap_drop?: readonly string[];
  readonly security_opt?: readonly string[];
  readonly pids_limit?: number;
}

export interface Compose {
  readonly services: Readonly<Record<'codebeaker' | 'engine', ComposeService>>;
  readonly networks: Readonly<Record<string, { readonly internal?: boolean } | null>>;
  readonly volumes: Readonly<Record<string, unknown>>;
  readonly secrets: Readonly<Record<string, { readonly file: string }>>;
}

export const compose = load(read('deploy/docker/compose.yaml')) as Compose;

/** The value of an instruction of the Dockerfile. */
export function instruction(name: string): string {
  const [, value] = new RegExp(`^${name} (.*)$`, 'm').exec(read('deploy/docker/Dockerfile')) ?? [];
  if (value === undefined) throw new Error(`the Dockerfile has no ${name}`);
  return value;
}

/** Whether the proxy of the compose file lets a request to the engine pass. */
export function passes(method: string, path: string): boolean {
  const rule = compose.services.engine.command?.find((each) => each.startsWith(`-allow${method}=`));
  return rule !== undefined && new RegExp(`^${rule.slice(rule.indexOf('=') + 1)}$`).test(path);
}

/** The settings of the systemd unit: each name with its values, in their order. */
export const unit: ReadonlyMap<string, readonly string[]> = read('deploy/systemd/codebeaker.service').split('\n').reduce((all, line) => {
  const [, name, value] = /^([A-Za-z]+)=(.*)$/.exec(line) ?? [];
  return name === undefined || value === undefined ? all : all.set(name, [...(all.get(name) ?? []), value]);
}, new Map<string, string[]>());
