/** Which holes are known in the programs that make the containers of one kind. */
import type { Weakness } from '../../../protocol/index.ts';
import { weaknessesOf } from '../../holes/find.ts';
import type { EngineInfo, EngineParts } from './engine.ts';
import type { ContainerKind } from './kinds.ts';

/** What is known of an engine that does not tell its parts. */
export const noParts: EngineParts = { product: '', components: new Map() };

/** runc counts only for the kinds that it runs. */
export function weaknessesOfEngine({ product, components }: EngineParts, kind: ContainerKind, info: EngineInfo): Weakness[] {
  const desktop = /^Docker Desktop (\d[^ ]*)/.exec(product)?.[1];
  const oci = kind.find(info) ?? info.defaultRuntime;
  const version = (name: string) => components.get(name) ?? '';
  return [
    ...(isRunc(oci, info.runtimes.get(oci)) ? weaknessesOf('runc', version('runc')) : []),
    ...weaknessesOf('Docker Desktop', desktop ?? ''),
    ...(info.podman ? [] : weaknessesOf('Docker Engine', version('Engine'))),
    ...weaknessesOf('containerd', version('containerd')),
  ];
}

function isRunc(name: string, path = ''): boolean {
  return /(?:^|[/.])runc(?:\.v\d+)?$/.test(path === '' ? name : path);
}
