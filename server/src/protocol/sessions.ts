/** The shapes of sessions and of the choice of a runtime. */
import * as z from 'zod/mini';
import { LanguageId } from './languages.ts';
import { later } from './later.ts';
import { ProgressToken } from './lifecycle.ts';
import {
  CloseReason,
  count,
  Environment,
  Network,
  PartialLimits,
  positive,
  Preference,
  RuntimeInfo,
  Session,
  SessionState,
} from './values.ts';
import { Resume } from './resume.ts';
import { SessionPackages } from './packages.ts';
import { SecretValues } from './secrets.ts';
import type { ShapeNotes } from './note.ts';

export const sessionId = () => z.string();

/** A program that is to be run. */
export const Program = later(() => z.object({ path: z.optional(z.string()), code: z.optional(z.string()) }));

export const SessionCreateParams = later(() => z.object({
  language: z.optional(LanguageId),
  runtime: z.optional(z.string()),
  preference: z.optional(Preference),
  program: z.optional(Program),
  debug: z.optional(z.boolean()),
  image: z.optional(z.string()),
  label: z.optional(z.string().check(z.maxLength(200))),
  workspace: z.optional(
    z.object({ uri: z.string(), access: z.enum(['copy', 'readOnly', 'readWrite', 'overlay']) }),
  ),
  env: z.optional(Environment),
  secrets: z.optional(SecretValues),
  secretNames: z.optional(z.array(z.string().check(z.maxLength(1000))).check(z.maxLength(1000))),
  limits: z.optional(PartialLimits),
  packages: z.optional(SessionPackages),
  network: z.optional(Network),
  strict: z.optional(z.boolean()),
  idleTimeoutMs: z.optional(count()),
  maxLifetimeMs: z.optional(count()),
  resume: z.optional(Resume),
  workDoneToken: z.optional(ProgressToken),
}));
export type SessionCreateParams = z.infer<typeof SessionCreateParams>;

export const SessionParams = later(() => z.object({ sessionId: sessionId() }));
export const SessionListResult = later(() => z.object({ sessions: z.array(Session) }));
export const SessionCloseResult = later(() => z.object({ sessionId: sessionId(), closed: z.literal(true) }));

export const SessionStateChangedParams = later(() => z.object({
  sessionId: sessionId(),
  state: SessionState,
  reason: z.optional(CloseReason),
}));
export type SessionStateChangedParams = z.infer<typeof SessionStateChangedParams>;

export const RuntimeListResult = later(() => z.object({ runtimes: z.array(RuntimeInfo) }));
export const RuntimeChangedParams = later(() => z.object({ runtimes: z.array(RuntimeInfo) }));

/** An unknown key is an error, because a requirement must never be ignored silently. */
export const Requirements = later(() => z.strictObject({
  isolation: z.optional(z.number().check(z.minimum(0), z.maximum(10))),
  network: z.optional(Network.shape.mode),
  enforced: z.optional(z.array(z.string())),
  image: z.optional(z.string()),
  runtimes: z.optional(z.array(z.string())),
}));
export type Requirements = z.infer<typeof Requirements>;

export const RuntimeSelectParams = later(() => z.object({
  language: LanguageId,
  preference: z.optional(Preference),
  requirements: z.optional(Requirements),
  program: z.optional(Program),
  debug: z.optional(z.boolean()),
}));

export const Candidate = later(() => z.object({
  runtime: z.string(),
  score: z.number(),
  eligible: z.boolean(),
  reasons: z.array(z.string()),
}));
export type Candidate = z.infer<typeof Candidate>;

export const RuntimeSelectResult = later(() => z.object({
  runtime: z.string(),
  language: LanguageId,
  preference: Preference,
  candidates: z.array(Candidate),
}));

export const NetworkRequestAccessParams = later(() => z.object({ sessionId: sessionId(), host: z.string(), port: positive() }));
export const NetworkRequestAccessResult = later(() => z.object({ allow: z.enum(['once', 'session', 'deny']) }));
export type NetworkRequestAccessResult = z.infer<typeof NetworkRequestAccessResult>;

/** The notes of these shapes (see notes.ts). */
export const sessionsNotes = (): ShapeNotes => ({
  RuntimeSelectParams: {
    language: 'The language that the sandbox must be able to run.',
    preference: 'What matters most in the choice. Default: the configuration’s `preference`.',
    requirements: 'What the runtime must offer. A runtime that lacks any of it is not eligible.',
    program: 'The program that is to be run. Only its `code` is looked at.',
    debug: 'Whether it is to be debugged, as in `session/create`.',
  },
  RuntimeSelectResult: {
    runtime: 'The id of the runtime that would be chosen.',
    preference: 'The preference that was used.',
    candidates: 'Every runtime: the chosen one, then the others, the best first.',
  },
  Requirements: {
    '': 'What a runtime must offer to be eligible. An unknown key is an error.',
    isolation: 'The lowest acceptable isolation score, from 0 to 10.',
    network: 'A network mode that the runtime must be able to enforce. Default: `none`.',
    enforced: 'The names of isolation [layers](#layer) that must be `enforced`.',
    image: 'An OCI image that the configuration allows. Only runtimes with images are eligible then.',
    runtimes: 'The ids of the runtimes that are eligible. If the list is empty, none is.',
  },
  Candidate: {
    '': 'How one runtime compares in a choice.',
    runtime: 'The id of the runtime.',
    score: 'From 0 to 100; plus 100 if nothing has to be downloaded first; plus 200 if it is the runtime for which the program is written, or, where no language is named, if it runs command lines; plus 400 if the program is to be debugged and can be in it; plus 1000 if the session is `strict` and every layer is enforced. The eligible runtime with the highest score is chosen. Where the scores of several differ by less than 100, the one that was chosen before among the same runtimes is chosen again, so that the choice does not change with every measurement.',
    eligible: 'Whether the runtime meets all requirements.',
    reasons: 'For people: why the runtime is not eligible, or what its score is made of.',
  },
  SessionCreateParams: {
    language: 'The language that the sandbox is for. Other languages that the sandbox contains can be run too.',
    runtime: 'The id of a runtime, from `runtime/list`. Default: the daemon chooses.',
    preference: 'What matters most when the daemon chooses. Default: the configuration’s `preference`.',
    program: 'What is to be run first. If it is JavaScript or TypeScript and tells for which runtime it is written (by its first line, a global that only one runtime has, or a file beside it such as `deno.json`, `bun.lock` or `package.json`), that decides before the `preference`. A `runtime` that is named decides before everything.',
    debug: 'Whether the program is to be debugged (`debug/start`). Runtimes in which programs of the language can be debugged come before all others then, and of those for JavaScript and TypeScript the ones with Node, if the program is not written for Deno. Default: false.',
    image: 'An OCI image that the configuration allows. Default: the configuration’s image for the language.',
    label: 'A name for people to recognise the session by.',
    workspace: 'A folder to share with the sandbox, which sees it as `/workspace`. The workspace must be trusted, and the folder must be one of the `workspaceFolders` of `initialize` or inside one.',
    env: 'Environment variables for every command of the session.',
    secrets: 'Variables of every program of the session whose values reach nothing else: no log, no trace, no view of the session, no error. In the output of programs `***` stands in their place, also where they are encoded in base64, with percent signs or as JSON. Files are not changed. A name can’t be in `env` as well.',
    secretNames: 'Names of `secrets` of the configuration, which the session has as well. The values come from where the configuration says. A name that it does not have is refused (-32602), and one whose value can’t be got with 1032.',
    limits: 'Limits of the session. A limit above the maximum in the configuration is refused (1032). Default: the configuration’s `limits`.',
    network: 'What the programs of the session may reach, through a proxy that the daemon has in the sandbox. A mode or a host that the configuration does not allow is refused (1032). Default: `none`.',
    strict: 'If true, the request fails (1014) unless every isolation layer is `enforced`. Default: false.',
    idleTimeoutMs: 'The session is closed when no command has run for this long. It can only shorten the configuration’s `sessions.idleTimeoutMs`, which is the default and also holds for 0.',
    maxLifetimeMs: 'The session is closed when it is this old. It can only shorten the configuration’s `sessions.maxLifetimeMs`, which is the default and also holds for 0.',
    resume: 'With it the session waits for its client when the connection is lost, and the result has a `resumeToken`. It needs the capabilities `session.resume` and `output.flowControl` of the client. See "When a connection is lost".',
    workDoneToken: 'A token of the client’s. With it the daemon sends `$/progress` while it creates the sandbox.',
  },
  Program: {
    '': 'A program that is to be run, as far as the client knows it.',
    path: 'The path of its file, relative to the folder that is shared as `workspace`.',
    code: 'Its source text, or the beginning of it. Default: what the file at `path` says.',
  },
  SessionExecuteParams: {
    command: '`type` is the part of the method’s name after `command/`. The other members are the params of that method, without `sessionId`.',
  },
  SessionCloseResult: { sessionId: 'The id of the closed session.' },
  NetworkRequestAccessParams: {
    host: 'A name in lower case, or an address.',
    port: 'The port that the program wants to connect to.',
  },
  NetworkRequestAccessResult: { allow: '`once`: the connections that wait for this answer. `session`: this host and port for the rest of the session. `deny`: no, and the same is not asked again in this session.' },
  SessionStateChangedParams: { reason: 'Why the session is closing or closed. Absent in other states.' },
});
