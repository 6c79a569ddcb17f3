/** A runtime of containers on the real engine, for the contract suite. */
import { execFileSync } from 'node:child_process';
import type { ContainerKind } from '../../../../server/src/runtime/kinds/docker/kinds.ts';
import type { EngineAddress } from '../../../../server/src/runtime/kinds/docker/address.ts';
import type { Subject } from '../../contract/contract.ts';
import { real } from './real.ts';

/** No keeper removes its containers: the tests must. */
export async function containerSubject(image: string, kind: ContainerKind, where?: EngineAddress): Promise<Subject> {
  const { runtime, containers, folders, close } = real(image, where, kind);
  await runtime.refresh(new AbortController().signal);
  return {
    runtime,
    image,
    leftovers: async () => [...containers(), ...(await folders())],
    destroy: () => Promise.resolve(void execFileSync('docker', ['rm', '-f', '-v', ...containers()])),
    dispose: close,
  };
}
