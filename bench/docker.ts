/** What a user of Docker would do without us: its HTTP API, and its command. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import Docker from 'dockerode';
import { extract, pack } from 'tar-stream';

const docker = new Docker();
const run = promisify(execFile);

/** A container that idles, as one would keep for `docker exec`. */
export class IdleContainer {
  readonly #container: Docker.Container;

  private constructor(container: Docker.Container) {
    this.#container = container;
  }

  static async start(image: string): Promise<IdleContainer> {
    const container = await docker.createContainer({
      Image: image,
      Cmd: ['sleep', '3600'],
      HostConfig: { AutoRemove: true, Init: true, NetworkMode: 'none' },
    });
    await container.start();
    return new IdleContainer(container);
  }

  /** `docker exec` by the API, with its output and exit code. */
  async exec(command: readonly string[]): Promise<{ output: string; exitCode: number | null }> {
    const exec = await this.#container.exec({ Cmd: [...command], AttachStdout: true, AttachStderr: true });
    const stream = await exec.start({ hijack: true, stdin: false });
    let output = '';
    for await (const chunk of stream) output += (chunk as Buffer).subarray(8).toString();
    const { ExitCode } = await exec.inspect();
    return { output, exitCode: ExitCode };
  }

  /** `docker cp` into the container: the archive API. */
  async write(name: string, content: Buffer): Promise<void> {
    const archive = pack();
    archive.entry({ name }, content);
    archive.finalize();
    await this.#container.putArchive(archive as unknown as NodeJS.ReadableStream, { path: '/tmp' });
  }

  /** `docker cp` out of it. */
  async read(name: string): Promise<Buffer> {
    const stream = await this.#container.getArchive({ path: `/tmp/${name}` });
    const chunks: Buffer[] = [];
    const reader = extract();
    stream.pipe(reader);
    for await (const entry of reader) for await (const chunk of entry) chunks.push(chunk as Buffer);
    return Buffer.concat(chunks);
  }

  async remove(): Promise<void> {
    await this.#container.remove({ force: true });
  }
}

/** `docker run --rm`, from the command to its output. */
export async function dockerRun(image: string, command: readonly string[]): Promise<string> {
  const { stdout } = await run('docker', ['run', '--rm', '--network', 'none', image, ...command]);
  return stdout;
}

/** Create and start by the API: the engine's own part of making a sandbox. Removed again, but that is not counted. */
export async function createAndStart(image: string): Promise<() => Promise<void>> {
  const container = await docker.createContainer({
    Image: image,
    Cmd: ['sleep', '3600'],
    HostConfig: { NetworkMode: 'none', Init: true },
  });
  await container.start();
  return () => container.remove({ force: true }) as Promise<void>;
}
