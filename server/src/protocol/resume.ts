/** The shapes of sessions that wait for their client: how one is given up, taken over, and asked for what it did meanwhile. */
import * as z from 'zod/mini';
import { streamNumber } from './channels.ts';
import { later } from './later.ts';
import type { ShapeNotes } from './note.ts';
import { count, Session } from './values.ts';

/** So many commands of a session are named at most. */
const MAX_NAMED = 1_000;
const id = () => z.string();
const few = (value: object) => Object.keys(value).length <= MAX_NAMED;

export const Resume = later(() => z.object({ graceMs: z.optional(count()) }));
export type Resume = z.infer<typeof Resume>;

export const SessionDetachParams = later(() => z.object({ sessionId: id(), graceMs: z.optional(count()) }));
export const SessionDetachResult = later(() => z.object({ sessionId: id(), graceMs: count() }));

const from = () => z.optional(z.object({ stream: streamNumber(), offset: count() }));
export const ResumedStreams = later(() => z.object({ stdout: from(), stderr: from() }));
export type ResumedStreams = z.infer<typeof ResumedStreams>;

export const SessionAttachParams = later(() => z.object({
  sessionId: id(),
  resumeToken: z.string().check(z.maxLength(200)),
  acknowledged: z.optional(z.record(z.string(), count()).check(z.refine(few, `at most ${MAX_NAMED} commands can be named`))),
  streams: z.optional(z.record(z.string(), ResumedStreams).check(z.refine(few, `at most ${MAX_NAMED} commands can be named`))),
}));
export type SessionAttachParams = z.infer<typeof SessionAttachParams>;

export const KeptCommand = later(() => z.object({
  commandId: id(),
  state: z.enum(['running', 'ended']),
  nextSeq: count(),
  inputBytes: count(),
  streams: z.optional(z.object({ stdout: z.optional(count()), stderr: z.optional(count()) })),
}));
export type KeptCommand = z.infer<typeof KeptCommand>;

export const SessionAttachResult = later(() => z.object({ session: Session, commands: z.array(KeptCommand) }));

export const SessionDetachedParams = later(() => z.object({ sessionId: id(), reason: z.enum(['attached']) }));
export const CommandWaitParams = later(() => z.object({ sessionId: id(), commandId: id() }));

/** What the fields mean (see notes.ts). */
export const resumeNotes = (): ShapeNotes => ({
  Resume: {
    '': 'How a session waits for a client whose connection was lost.',
    graceMs: 'How long it waits, in milliseconds. It is at most `maxGraceMs` of the configuration’s `sessions`. Default: `graceMs` there.',
  },
  SessionDetachParams: { graceMs: 'How long the session waits this time. It is at most `maxGraceMs` of the configuration’s `sessions`. Default: as `session/create` said.' },
  SessionDetachResult: { graceMs: 'How long the session waits, in milliseconds. Then it is closed.' },
  SessionAttachParams: {
    resumeToken: 'From the result of `session/create`.',
    acknowledged: 'For each command, by its id, the `seq` of the last `command/output` that the client has consumed. Output after it is sent again. Default: what `command/ack` said last.',
    streams: 'For each command with `outputStreams`, by its id, where its raw output goes now. Output of a stream that is not named here waits until another `session/attach` names it.',
  },
  SessionAttachResult: { commands: 'The commands of the session that the client has given a `commandId`: those that run, and the last ones that have ended.' },
  ResumedStreams: {
    '': 'The streams of the data channel of this connection to which raw output goes on. `stream`: its number. `offset`: how many bytes of this output the client has, counted from the start of the command; what follows them is sent.',
  },
  KeptCommand: {
    '': 'A command, as it was when the session was attached.',
    state: '`ended`: `command/wait` answers at once.',
    nextSeq: 'The `seq` of the output that is sent next, or again.',
    inputBytes: 'How many bytes of `command/input` the daemon has taken for the command since its start. Whatever the client sent after them was lost with the connection: it sends that again.',
    streams: 'For a command with `outputStreams`: the least `offset` from which the output can still be sent.',
  },
  SessionDetachedParams: { reason: '`attached`: another connection has attached the session.' },
});
