/** JavaScript and TypeScript in Node, with the bridge of `debug/node-bridge`, which is put into the sandbox. TypeScript is what the loader of the sandbox makes Node understand. What Deno runs is debugged as `deno.ts` says. */
import { posix } from 'node:path';
import type { Environment, LanguageId } from '../../protocol/index.ts';
import { engineOf } from '../../runtime/choice/hints.ts';
import type { DebugLanguage, DebugPlace, Waits } from '../adapter.ts';
import { findInDeno, hasOwnNetwork } from './deno.ts';

/** As the build names it. */
const BRIDGE = 'node-bridge.cjs';
/** The oldest Node for which the bridge is built. */
const OLDEST = 18;
/** What Deno may do is said on its command line, and it depends on the program. */
const waiting: Readonly<Record<string, Waits>> = { node: 'forAny', deno: 'forProgram' };
/** Node itself prints this when a debugged program has ended. */
const FAREWELL = 'Waiting for the debugger to disconnect...\r\n';

export const javascript = inNode('javascript', hint('18'));
export const typescript = inNode('typescript', hint('22.18'));

function hint(version: string): string {
  return `name a runtime that has Node ${version} or later: "runtime": "docker", with an image such as node:lts-slim, or "runtime": "native" where this machine has such a Node; or "runtime": "deno" where this machine has Deno and bubblewrap`;
}

function inNode(language: LanguageId, toGet: string): DebugLanguage {
  return {
    language,
    engines: ['node', 'deno'],
    waits: (interpreter) => waiting[posix.basename(interpreter)],
    capabilities: [
      'supportsConfigurationDoneRequest', 'supportsConditionalBreakpoints', 'supportsHitConditionalBreakpoints', 'supportsLogPoints', 'supportsFunctionBreakpoints', 'supportsBreakpointLocationsRequest',
      'supportsExceptionInfoRequest', 'supportsSetVariable', 'supportsSetExpression', 'supportsEvaluateForHovers', 'supportsClipboardContext', 'supportsCompletionsRequest', 'supportsLoadedSourcesRequest',
      'supportsDelayedStackTraceLoading', 'supportsTerminateRequest',
    ],
    // The bridge and the program, with the threads of Node in each.
    leastPids: 24,
    hint: toGet,
    worksIn: ({ id, isolation }) => engineOf(id) !== 'deno' || hasOwnNetwork(isolation),
    offered: async (host) => (await host.own(BRIDGE)) !== undefined,

    async find(place) {
      const { host, files, interpreter, options, env, scratch, terminal, run } = place;
      const name = posix.basename(interpreter);
      if (name === 'deno') return findInDeno(place);
      if (name === 'bun') return { missing: `this sandbox runs ${language} with Bun, whose inspector speaks the protocol of WebKit; only what Node and Deno run can be debugged` };
      if (name !== 'node') return { missing: `this sandbox runs ${language} with ${name}, and only what Node and Deno run can be debugged` };
      const bridge = await host.own(BRIDGE);
      if (!bridge) return { missing: 'the bridge to Node is missing from this installation of CodeBeaker' };
      const { code, stdout } = await run([interpreter, '--version']);
      const version = /^v((\d{1,4})\.\d{1,4}\.\d{1,4})\b/.exec(stdout);
      if (code !== 0 || !version) return { missing: 'Node in this sandbox does not tell its version' };
      if (Number(version[2]) < OLDEST) return { missing: `Node in this sandbox has the version ${version[1]}, and ${OLDEST} is the oldest that can be debugged` };
      const path = `${scratch}/${BRIDGE}`;
      await files.write(path, bridge, { mode: 'create', executable: undefined });
      return {
        name: 'Node',
        version: version[1] as string,
        ...(terminal
          ? { command: (port: number) => [interpreter, path, '--terminal', String(port)], farewell: FAREWELL }
          : { command: [interpreter, path, JSON.stringify(nodeOf({ interpreter, options, env }))], wake: '' }),
        // The options are for the program alone, which has them from `launch`.
        env: ({ NODE_OPTIONS = '' }): Environment => (NODE_OPTIONS === '' ? {} : { NODE_OPTIONS: '' }),
      };
    },

    launch: ({ program, args, cwd, stopOnEntry, ...node }) => ({ program, args, cwd, stopOnEntry, ...nodeOf(node) }),
  };
}

/** The Node that runs the program, for the bridge. */
function nodeOf({ interpreter, options, env: { NODE_OPTIONS = '' } }: Pick<DebugPlace, 'interpreter' | 'options' | 'env'>) {
  return { runtimeExecutable: interpreter, runtimeArgs: options, env: NODE_OPTIONS === '' ? {} : { NODE_OPTIONS } };
}
