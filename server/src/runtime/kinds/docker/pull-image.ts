/** Pulls an image for a runtime, with the credentials of its registry, and reports how far that is. */
import { abortable } from '../../../base/promises.ts';
import type { CreateContext } from '../../ports.ts';
import type { Credentials } from './credentials.ts';
import type { Engine } from './engine.ts';
import { unavailable } from './faults.ts';
import { PullProgress } from './pull.ts';

export interface PullParts {
  readonly engine: Pick<Engine, 'pull'>;
  credentials?(image: string): Promise<Credentials | undefined>;
  /** The id of the runtime that needs the image. */
  readonly id: string;
}

/** @throws ProtocolError RuntimeUnavailable where it can't be had; the reason of `signal` */
export async function pullImage(image: string, { engine, credentials: find, id }: PullParts, signal: AbortSignal, report: CreateContext['report']): Promise<void> {
  report(`pulling ${image}`, 0);
  const progress = new PullProgress();
  try {
    const credentials = await abortable(signal, Promise.resolve(find?.(image)));
    await engine.pull(image, credentials, signal, (event) => {
      const percentage = progress.add(event);
      if (percentage !== undefined) report(`pulling ${image}`, percentage);
    });
  } catch (fault) {
    if (signal.aborted) throw fault;
    const reason = `the image ${image} is not there and can't be pulled: ${(fault as Error).message}`;
    throw unavailable(reason, `check its name and the network, or run "docker pull ${image}" yourself`, id);
  }
}
