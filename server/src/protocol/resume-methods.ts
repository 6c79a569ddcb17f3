/** The rows of the method table for sessions that wait for their client (see methods.ts). */
import * as z from 'zod/mini';
import { announcement, request } from './method.ts';
import * as resume from './resume.ts';

export const SessionDetach = request({
  name: 'session/detach', section: 'Sessions', subject: 'session', effect: 'writes',
  params: resume.SessionDetachParams, result: resume.SessionDetachResult, errors: ['PolicyDenied'],
  summary: 'Gives a session up without closing it: it waits for `session/attach` as if the connection had been lost. Only for a session that was created with `resume`. Its requests that wait for a command with a `commandId`, and `command/wait`, get error -32800, and these commands go on; others are carried out and answered.',
});
export const SessionAttach = request({
  name: 'session/attach', section: 'Sessions', subject: 'daemon', effect: 'writes',
  params: resume.SessionAttachParams, result: resume.SessionAttachResult, secrets: ['resumeToken'], errors: ['SessionNotFound', 'PolicyDenied'],
  summary: 'Takes a session over, which waits or which another connection has. That one is sent `session/detached`. Output goes on behind what the client has acknowledged; some of it may come before the result. A wrong token is answered as a session that there is not.',
});
export const SessionDetached = announcement({
  name: 'session/detached', section: 'Sessions', subject: 'session',
  params: resume.SessionDetachedParams,
  summary: 'The session is no longer this connection’s: requests that wait for a command with a `commandId`, and `command/wait`, get error -32800; others that were sent before are carried out and answered. The daemon sends this only to a client whose capabilities include `session.resume`.',
});
export const CommandWait = request({
  name: 'command/wait', section: 'Commands', subject: 'session', effect: 'asks',
  params: resume.CommandWaitParams, result: z.unknown(), errors: ['CommandNotFound'],
  summary: 'Waits for the result of a command that was begun with a `commandId` in a session with `resume`, on this connection or an earlier one. It is answered as the request that began the command would have been, with its result or its error. The results of the last 64 commands are kept. Cancelling this ends the waiting and not the command; `command/signal` ends that.',
});
