/** The rows of the method table for debugging (see methods.ts). */
import * as debug from './debug.ts';
import { announcement, notification, request } from './method.ts';

export const DebugStart = request({
  name: 'debug/start', section: 'Debugging', subject: 'session', effect: 'makes', secrets: ['env'],
  params: debug.DebugStartParams, result: debug.DebugStartResult,
  errors: ['InvalidPath', 'FileNotFound', 'WrongFileType', 'DebugUnavailable', 'LanguageUnsupported', 'SandboxFailed', 'SandboxLost', 'QuotaExceeded', 'PolicyDenied', 'DiskFull', 'FileExists'],
  summary: 'Starts a debugger in the sandbox, for one program, which starts when the client sends `launch` in a `debug/message`.',
});
export const DebugMessage = notification({
  name: 'debug/message', section: 'Debugging', subject: 'daemon', effect: 'tells', secrets: ['message'],
  params: debug.DebugMessageParams,
  summary: 'A message of the Debug Adapter Protocol for the debugger. One for a debugger that has ended is ignored.',
});
export const DebugMessageFromAdapter = announcement({
  name: 'debug/message', section: 'Debugging', subject: 'daemon', secrets: ['message'],
  params: debug.DebugMessageParams,
  summary: 'A message of the Debug Adapter Protocol for the client.',
});
export const DebugEnded = announcement({
  name: 'debug/ended', section: 'Debugging', subject: 'daemon',
  params: debug.DebugEndedParams,
  summary: 'The debugger and the program have ended, with everything that they had started. Before that every request has had its answer, and the client the event `terminated`; it comes when the client has then disconnected, or had two seconds to do so, and at once where the client itself has ended it with `command/cancel` or `session/close`.',
});
