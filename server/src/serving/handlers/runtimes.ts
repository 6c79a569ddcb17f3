/** The handlers of `runtime/list` and `runtime/select`. */
import { abortable } from '../../base/promises.ts';
import type { Policy } from '../../policy/policy.ts';
import type { Catalog } from '../../runtime/choice/catalog.ts';
import type { Handlers } from './handler.ts';
import { selectFor } from './select-runtime.ts';

export interface RuntimeParts {
  readonly policy: Policy;
  readonly catalog: Catalog;
}

export const runtimeHandlers = ({ policy, catalog }: RuntimeParts) => ({
  'runtime/list': () => ({ runtimes: catalog.infos() }),
  'runtime/select': async (params, signal) => {
    await abortable(signal, catalog.lookAtAll());
    return selectFor(params, policy, catalog);
  },
}) satisfies Partial<Handlers>;
