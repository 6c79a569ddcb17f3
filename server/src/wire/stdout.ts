/** Reserves stdout for messages. */
import { Writable } from 'node:stream';

/**
 * Returns a stream that from now on is the only way to write to stdout. Everything else that is written to
 * `process.stdout`, also by `console`, goes to stderr.
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
  // If the reader of stdout goes away, the holder of `output` gets the error.
  stdout.on('error', (fault: Error) => output.destroy(fault));
  return output;
}
