/** A runtime of containers on the real engine, for the contract. */
import { execFileSync } from 'node:child_process';
import type { ContainerKind } from '../../../../server/src/runtime/kinds/docker/kinds.ts';
import type { Subject } from '../../contract/contract.ts';
import { real } from './real.ts';

/** Nobody else looks after its containers: what the tests leave would stay. */
export async function containerSubject(image: string, kind: ContainerKind): Promise<Subject> {
  const { runtime, containers, folders, close } = real(image, undefined, kind);
  await runtime.refresh(new AbortController().signal);
  return {
    runtime,
    image,
    leftovers: async () => [...containers(), ...(await folders())],
    destroy: () => Promise.resolve(void execFileSync('docker', ['rm', '-f', ...containers()])),
    dispose: close,
  };
}
