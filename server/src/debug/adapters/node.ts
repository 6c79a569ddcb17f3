/** JavaScript and TypeScript in Node, with the bridge of `debug/node-bridge`, which is put into the sandbox. TypeScript is what the loader of the sandbox makes Node understand. */
import { posix } from 'node:path';
import type { Environment, LanguageId } from '../../protocol/index.ts';
import type { DebugLanguage } from '../adapter.ts';

/** As the build names it. */
const BRIDGE = 'node-bridge.cjs';
/** The oldest Node for which the bridge is built. */
const OLDEST = 18;

export const javascript = inNode('javascript', 'use an image with Node 18 or later (node:lts-slim), or the runtime native where this machine has such a Node');
export const typescript = inNode('typescript', 'use an image with Node 22.18 or later (node:lts-slim), or the runtime native where this machine has such a Node');

function inNode(language: LanguageId, hint: string): DebugLanguage {
  return {
    language,
    engine: 'node',
    capabilities: [
      'supportsConfigurationDoneRequest', 'supportsConditionalBreakpoints', 'supportsHitConditionalBreakpoints', 'supportsLogPoints', 'supportsFunctionBreakpoints', 'supportsBreakpointLocationsRequest',
      'supportsExceptionInfoRequest', 'supportsSetVariable', 'supportsSetExpression', 'supportsEvaluateForHovers', 'supportsClipboardContext', 'supportsCompletionsRequest', 'supportsLoadedSourcesRequest',
      'supportsDelayedStackTraceLoading', 'supportsTerminateRequest',
    ],
    hint,
    offered: async (host) => (await host.own(BRIDGE)) !== undefined,

    async find({ host, files, interpreter, scratch, run }) {
      if (posix.basename(interpreter) !== 'node') return { missing: `this sandbox runs ${language} with ${posix.basename(interpreter)}, and only what Node runs can be debugged` };
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
        command: [interpreter, path],
        // The options are for the program alone, which has them from `launch`.
        env: ({ NODE_OPTIONS = '' }): Environment => (NODE_OPTIONS === '' ? {} : { NODE_OPTIONS: '' }),
      };
    },

    launch: ({ program, args, cwd, env: { NODE_OPTIONS = '' }, stopOnEntry, interpreter, options }) => ({
      program, args, cwd, stopOnEntry, runtimeExecutable: interpreter, runtimeArgs: options, env: NODE_OPTIONS === '' ? {} : { NODE_OPTIONS },
    }),
  };
}
