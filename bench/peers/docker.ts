/** What a user of Docker would do without CodeBeaker, with the engine's HTTP API and with the `docker` command. */
import { execFile, spawn } from 'node:child_process';
import { promisify } from 'node:util';
import Docker from 'dockerode';
import { extract, pack } from 'tar-stream';

const docker = new Docker();
const run = promisify(execFile);

/** A container that does nothing, as one would keep it for `docker exec`. */
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

  /** Runs a command as `docker exec` does, but through the API. */
  async exec(command: readonly string[]): Promise<{ output: string; exitCode: number | null }> {
    const exec = await this.#container.exec({ Cmd: [...command], AttachStdout: true, AttachStderr: true });
    const stream = await exec.start({ hijack: true, stdin: false });
    let output = '';
    for await (const chunk of stream) output += (chunk as Buffer).subarray(8).toString();
    const { ExitCode } = await exec.inspect();
    return { output, exitCode: ExitCode };
  }

  /** Writes a file to /tmp with the archive API. */
  async write(name: string, content: Buffer): Promise<void> {
    const archive = pack();
    archive.entry({ name }, content);
    archive.finalize();
    await this.#container.putArchive(archive as unknown as NodeJS.ReadableStream, { path: '/tmp' });
  }

  /** Reads a file in /tmp with the archive API. */
  async read(name: string): Promise<Buffer> {
    const chunks: Buffer[] = [];
    for await (const entry of await this.#archive(name)) for await (const chunk of entry) chunks.push(chunk as Buffer);
    return Buffer.concat(chunks);
  }

  /** Lists the names in a folder of /tmp. With the archive API that means to fetch the whole folder. */
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

  /** Copies a file to /tmp with `docker cp`. */
  async copyIn(path: string, name: string): Promise<void> {
    await run('docker', ['cp', path, `${this.#container.id}:/tmp/${name}`]);
  }

  /** Copies a file out of /tmp with `docker cp`. */
  async copyOut(name: string, path: string): Promise<void> {
    await run('docker', ['cp', `${this.#container.id}:/tmp/${name}`, path]);
  }

  /** Runs a command with `docker exec`. @returns how many bytes it prints */
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

/** Runs a command with `docker run --rm`. @returns its output */
export async function dockerRun(image: string, command: readonly string[]): Promise<string> {
  const { stdout } = await run('docker', ['run', '--rm', '--network', 'none', image, ...command]);
  return stdout;
}

/** Runs a file of the host with `docker run --rm`, as in `docker run --rm image python3 hello.py`. @returns its output */
export async function dockerRunFile(image: string, program: string, path: string): Promise<string> {
  const { stdout } = await run('docker', ['run', '--rm', '--network', 'none', '-v', `${path}:/hello:ro`, image, program, '/hello']);
  return stdout;
}

/** Starts a container with `docker run -d`. @returns a function that removes it */
export async function dockerRunIdle(image: string): Promise<() => Promise<unknown>> {
  const { stdout } = await run('docker', ['run', '-d', '--init', '--network', 'none', image, 'sleep', '3600']);
  return () => docker.getContainer(stdout.trim()).remove({ force: true });
}

/** Starts a container that runs this command, with so many processes at most. @returns a function that kills and removes it */
export async function bombContainer(image: string, command: readonly string[], pids: number): Promise<() => Promise<unknown>> {
  const container = await docker.createContainer({ Image: image, Cmd: [...command], HostConfig: { NetworkMode: 'none', PidsLimit: pids, NanoCpus: 1e9 } });
  await container.start();
  return () => container.remove({ force: true });
}

/** Creates and starts a container through the API, which is the engine's share of making a sandbox. @returns a function that removes it */
export async function createAndStart(image: string): Promise<() => Promise<unknown>> {
  const container = await docker.createContainer({
    Image: image,
    Cmd: ['sleep', '3600'],
    HostConfig: { NetworkMode: 'none', Init: true },
  });
  await container.start();
  return () => container.remove({ force: true });
}
