/** A runtime whose code is loaded when it is first needed: for a look at it, or for a sandbox. Until then nothing is known of it. */
import { forwarding } from '../../base/forward.ts';
import type { RuntimeInfo } from '../../protocol/index.ts';
import type { Runtime, RuntimeCan } from '../ports.ts';

/**
 * `load` is called once, and resolves with a runtime of the same id, which this one then stands for and closes. Until
 * then `can` says what is known of what it can do.
 */
export function lateRuntime(id: string, can: RuntimeCan, load: () => Promise<Runtime>): Runtime {
  let loading: Promise<Runtime> | undefined;
  let loaded: Runtime | undefined;
  const runtime = () => (loading ??= load().then((made) => (loaded = made)));
  const unloaded: Runtime = {
    id,
    can,
    info: () => unknown(id),
    refresh: async (signal) => (await runtime()).refresh(signal),
    watch: (signal, changed) => {
      void runtime().then((made) => {
        if (!signal.aborted) made.watch(signal, changed);
      });
    },
    prepared: () => false,
    programs: async (language, image) => (await runtime()).programs(language, image),
    create: async (spec, context) => (await runtime()).create(spec, context),
    close: async () => (await loading)?.close(),
  };
  return forwarding(() => loaded ?? unloaded, { id });
}

function unknown(id: string): RuntimeInfo {
  return {
    id,
    available: false,
    reason: 'not looked at yet',
    languages: [],
    isolation: { score: 0, layers: [] },
    startup: { coldMs: 0, warmMs: 0, measured: false },
    memoryBytes: 0,
  };
}
