/** What a user of Docker would do without us: its HTTP API, and its command. */
import { execFile, spawn } from 'node:child_process';
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

  /** The archive API, into /tmp. */
  async write(name: string, content: Buffer): Promise<void> {
    const archive = pack();
    archive.entry({ name }, content);
    archive.finalize();
    await this.#container.putArchive(archive as unknown as NodeJS.ReadableStream, { path: '/tmp' });
  }

  /** The archive API, out of /tmp. */
  async read(name: string): Promise<Buffer> {
    const chunks: Buffer[] = [];
    for await (const entry of await this.#archive(name)) for await (const chunk of entry) chunks.push(chunk as Buffer);
    return Buffer.concat(chunks);
  }

  /** Names below a folder of /tmp: the archive API has no other way. */
  async list(name: string): Promise<string[]> {
    const names: string[] = [];
    for await (const entry of await this.#archive(name)) {
      if (entry.header.type === 'file') names.push(entry.header.name);
      entry.resume();
    }
    return names;
  }

  async #archive(name: string) {
    const reader = extract();
    (await this.#container.getArchive({ path: `/tmp/${name}` })).pipe(reader);
    return reader;
  }

  /** `docker cp`, in or out; `name` is below /tmp. */
  async copyIn(path: string, name: string): Promise<void> {
    await run('docker', ['cp', path, `${this.#container.id}:/tmp/${name}`]);
  }

  async copyOut(name: string, path: string): Promise<void> {
    await run('docker', ['cp', `${this.#container.id}:/tmp/${name}`, path]);
  }

  /** `docker exec`, by the command: how many bytes it prints. */
  countOutput(command: readonly string[]): Promise<number> {
    const child = spawn('docker', ['exec', this.#container.id, ...command], { stdio: ['ignore', 'pipe', 'inherit'] });
    return new Promise((resolve, reject) => {
      let bytes = 0;
      child.stdout.on('data', (chunk: Buffer) => (bytes += chunk.length));
      child.on('error', reject);
      child.on('close', () => resolve(bytes));
    });
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

/** `docker run --rm image python3 hello.py`, with the file shared. */
export async function dockerRunFile(image: string, program: string, path: string): Promise<string> {
  const { stdout } = await run('docker', ['run', '--rm', '--network', 'none', '-v', `${path}:/hello:ro`, image, program, '/hello']);
  return stdout;
}

/** `docker run`, until the container runs. @returns what removes it */
export async function dockerRunIdle(image: string): Promise<() => Promise<unknown>> {
  const { stdout } = await run('docker', ['run', '-d', '--init', '--network', 'none', image, 'sleep', '3600']);
  return () => docker.getContainer(stdout.trim()).remove({ force: true });
}

/** Create and start by the API: the engine's own part of making a sandbox. @returns what removes it */
export async function createAndStart(image: string): Promise<() => Promise<unknown>> {
  const container = await docker.createContainer({
    Image: image,
    Cmd: ['sleep', '3600'],
    HostConfig: { NetworkMode: 'none', Init: true },
  });
  await container.start();
  return () => container.remove({ force: true });
}
