/** stdout carries frames and nothing else. */
import { Writable } from 'node:stream';

/**
 * The one way to stdout from now on: whatever else writes to `process.stdout`, `console` included, writes to stderr.
 */
export function takeStdout(stdout: NodeJS.WriteStream, stderr: () => NodeJS.WriteStream): Writable {
  const write = stdout.write.bind(stdout);
  stdout.write = (...args: unknown[]) => {
    const stray = stderr();
    return Reflect.apply(stray.write, stray, args) as boolean;
  };
  const output = new Writable({
    write: (chunk: Buffer, encoding, done) => void write(chunk, encoding, done),
  });
  // A reader that has gone is told to whoever holds `output`.
  stdout.on('error', (fault: Error) => output.destroy(fault));
  return output;
}
