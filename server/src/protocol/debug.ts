/** The shapes of debugging. What the messages themselves say is the Debug Adapter Protocol, which stands elsewhere. */
import * as z from 'zod/mini';
import { LanguageId } from './languages.ts';
import { later } from './later.ts';
import type { ShapeNotes } from './note.ts';
import { sessionId } from './sessions.ts';
import { absolutePath, count, Environment, Outcome, terminalSize } from './values.ts';

const argument = () => z.string().check(z.regex(/^[^\0]*$/, 'an argument cannot contain NUL'));
const debugId = () => z.string().check(z.minLength(1), z.maxLength(200));
const flag = () => z.optional(z.boolean());

export const PathMapping = later(() => z.object({ client: z.string().check(z.minLength(1)), sandbox: z.string().check(z.minLength(1)) }));
export type PathMapping = z.infer<typeof PathMapping>;

export const DebugStartParams = later(() => z.object({
  sessionId: sessionId(),
  language: z.optional(LanguageId),
  path: z.optional(z.string()),
  code: z.optional(z.string()),
  args: z.optional(z.array(argument())),
  env: z.optional(Environment),
  cwd: z.optional(z.string()),
  stopOnEntry: flag(),
  justMyCode: flag(),
  pty: z.optional(terminalSize()),
  debugId: z.optional(debugId()),
  pathMappings: z.optional(z.array(PathMapping).check(z.maxLength(100))),
  timeoutMs: z.optional(count()),
}));
export type DebugStartParams = z.infer<typeof DebugStartParams>;

export const DebugStartResult = later(() => z.object({ debugId: z.string(), adapter: z.object({ name: z.string(), version: z.string() }) }));
export type DebugStartResult = z.infer<typeof DebugStartResult>;

export const DebugMessageParams = later(() => z.object({ debugId: debugId(), message: z.looseObject({}) }));
export type DebugMessageParams = z.infer<typeof DebugMessageParams>;

export const DebugEndedParams = later(() => z.object({ debugId: z.string(), outcome: Outcome, exitCode: z.nullable(z.number()) }));
export type DebugEndedParams = z.infer<typeof DebugEndedParams>;

export const DebugConfig = later(() => z.strictObject({ adapters: z.optional(z.strictObject({ python: z.optional(absolutePath()), go: z.optional(absolutePath()) })) }));
export type DebugConfig = z.infer<typeof DebugConfig>;

/** The notes of these shapes (see notes.ts). */
export const debugNotes = (): ShapeNotes => ({
  PathMapping: {
    '': 'A folder or a file that the client and the programs of a sandbox know by different paths.',
    client: 'The absolute path, or the `file:` address, that the client knows.',
    sandbox: 'The path of the same in the sandbox, as in the other commands.',
  },
  DebugStartParams: {
    language: 'The language of the program. Default: that of the extension of `path`, else that of the session.',
    path: 'The program: a file in the sandbox. Exactly one of `code` and `path` is required.',
    code: 'The program as text. Exactly one of `code` and `path` is required.',
    args: 'The arguments of the program.',
    env: 'Environment variables, in addition to those of the session.',
    cwd: 'The working directory, as in `command/runCode`. Default: `/workspace`.',
    stopOnEntry: 'Whether the program stops before its first line. Default: false.',
    justMyCode: 'Whether the debugger passes over code that is not a part of the program, such as libraries. Default: true.',
    pty: 'The size of a terminal in which the program runs. What it prints there comes as `command/output` with the `debugId` as `commandId`, in the stream `pty`; `command/input` and `command/resize` with this id are for the terminal. Default: the program has no terminal, its input is empty, and its output comes in events of the debugger.',
    debugId: 'An id that the client chooses and that nothing which runs has. It is the `commandId` of the program as well: `command/signal` takes it. Default: the daemon chooses one.',
    pathMappings: 'How paths are rewritten in messages, in both directions. The mapping with the longest path counts. Default: the folder of `session/create`, which is `/workspace` in the sandbox.',
    timeoutMs: 'The program is ended after this time, with the outcome `timedOut`. 0 means never. Default: never, since a person may think about a line for an hour.',
  },
  DebugStartResult: { debugId: 'Names it in `debug/message`.', adapter: 'What debugs the program, in the sandbox.' },
  DebugMessageParams: {
    debugId: 'From the result of `debug/start`.',
    message: 'A message of the Debug Adapter Protocol, of at most 16 MiB as JSON.',
  },
  DebugEndedParams: {
    debugId: 'From the result of `debug/start`. Nothing comes for it any more.',
    outcome: 'How it ended, as in [Execution](#execution). `cancelled`: somebody ended it, a client that disconnected among others.',
    exitCode: 'The exit code of the program, as the debugger tells it. Null: it did not exit by itself, or the debugger did not tell.',
  },
  DebugConfig: {
    '': 'How programs are debugged.',
    adapters: 'Debuggers on this machine, by the languages that they are for.',
    'adapters.python': 'The absolute path of a folder with the package debugpy, as `pip install --target FOLDER debugpy` makes it, for sandboxes that have no debugpy of their own. Default: Debian’s package python3-debugpy on this machine.',
    'adapters.go': 'The absolute path of Delve, the file `dlv` for Linux, of which sandboxes that have none get a copy. Default: `dlv` in `/usr/bin`, in `/usr/local/bin` or in `go/bin` of the home folder.',
  },
});
