/** A log that remembers its lines. */
import type { Level, Log } from '../../../../server/src/base/log.ts';

export type LogLine = readonly [level: Level, message: string];

export function recordingLog(lines: LogLine[]): Log {
  const at = (level: Level) => (message: string) => void lines.push([level, message]);
  const log: Log = { error: at('error'), warn: at('warn'), info: at('info'), debug: at('debug'), child: () => log };
  return log;
}
