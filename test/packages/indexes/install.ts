/** Installs as a sandbox would, without one: the mirrors listen on this machine, and the steps of a manager run here. */
import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Advisory, Installed, Manager, Manifest, Mirrors, Order, Reachable, Step } from '../../../server/src/packages/ports.ts';
import { defaultBounds, type MirrorBounds } from '../../../server/src/packages/registries/bounds.ts';
import { openMirrors } from '../../../server/src/packages/registries/mirrors.ts';
import type { RegistrySet } from '../../../server/src/packages/registries/registry.ts';
import type { Dial } from '../../../server/src/packages/registries/upstream.ts';

export const silent = { error: () => undefined, warn: () => undefined, info: () => undefined, debug: () => undefined, child: () => silent };

/** The made-up places of a test: `host:port` → a port of this machine. Nothing else can be reached. */
export const dialling =
  (places: Readonly<Record<string, number>>, dialled: string[] = []): Dial =>
  async (host, port) => {
    dialled.push(`${host}:${port}`);
    const to = places[`${host}:${port}`];
    if (to === undefined) throw Object.assign(new Error(`CodeBeaker does not allow this session to reach ${host}:${port}`), { status: 403 });
    const socket = connect({ host: '127.0.0.1', port: to, allowHalfOpen: true });
    return new Promise((resolve, reject) => socket.once('connect', () => resolve(socket)).once('error', reject));
  };

/** A manager that is set up with these addresses and nothing else. */
export function setOf(manager: Manager['id'], urls: readonly (string | { scope: string; url: string })[], more: Partial<RegistrySet> = {}): RegistrySet {
  return {
    manager, registries: urls.map((each) => (typeof each === 'string' ? { scope: undefined, url: each } : each)), authorization: () => undefined,
    certificates: async () => [], insecure: () => false, proxy: () => undefined, variables: {}, notes: [], ...more,
  };
}

/** The mirrors of a set, which listen. */
export interface Listening {
  readonly mirrors: Mirrors;
  readonly reachable: readonly Reachable[];
  close(): void;
}

async function listen(set: RegistrySet, dial: Dial, bounds: Partial<MirrorBounds> = {}): Promise<Listening> {
  const mirrors = openMirrors(set, { dial, bounds: { ...defaultBounds, ...bounds }, log: silent, constraints: await set.constraints?.() });
  const servers: Server[] = [];
  const reachable: Reachable[] = [];
  for (const mirror of mirrors.all) {
    const server = createServer({ allowHalfOpen: true }, (socket) => mirror.accept(socket));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    servers.push(server);
    reachable.push({ scope: mirror.scope, origin: mirror.origin, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}${mirror.path}` });
  }
  return {
    mirrors, reachable,
    close: () => {
      mirrors.close();
      for (const server of servers) server.close();
    },
  };
}

/** What `use` gives, while mirrors listen. */
export async function through<T>(set: RegistrySet, dial: Dial, use: (mirror: Listening) => Promise<T>, bounds: Partial<MirrorBounds> = {}): Promise<T> {
  const listening = await listen(set, dial, bounds);
  try {
    return await use(listening);
  } finally {
    listening.close();
  }
}

export interface Outcome {
  readonly code: number | null;
  /** What the steps printed. */
  readonly output: string;
  readonly installed: readonly Installed[];
  readonly home: string;
  audit(): Promise<readonly Advisory[] | undefined>;
  /** Runs a program that sees what was installed. */
  run(command: readonly string[], input?: { readonly cwd?: string; readonly env?: Readonly<Record<string, string>> }): Promise<{ code: number | null; output: string }>;
}

export interface Wanted {
  readonly names?: readonly string[];
  /** Files by path below /workspace, of which the first is the manifest. */
  readonly files?: Readonly<Record<string, string>>;
}

/** Everything that an installation makes lies in a folder, which is removed when `use` has settled. */
export async function install<T>(manager: Manager, { names = [], files }: Wanted, { reachable, mirrors }: Listening, use: (outcome: Outcome) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'codebeaker-packages-'));
  try {
    const [home, scratch, workspace] = [join(folder, 'home'), join(folder, 'home/scratch'), join(folder, 'workspace')];
    for (const each of [scratch, workspace]) await mkdir(each, { recursive: true });
    const manifest = files && (await gather(manager, files));
    const moved = manifest && { path: manifest.path.replace('/workspace', workspace), files: new Map([...manifest.files].map(([path, text]) => [path.replace('/workspace', workspace), text])) };
    for (const [path, text] of moved?.files ?? []) {
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, text);
    }
    manager.checkNames(names);
    const order: Order = { names, manifest: moved, home, scratch, registries: reachable, variables: mirrors.variables, constraints: mirrors.constraints };
    const result = await runSteps(manager.steps(order), workspace);
    const list = manager.list(order);
    const installed = result.code === 0 ? list.read((await runStep(list.step, workspace)).stdout) : [];
    const view = manager.view(home, order);
    return await use({
      ...result, installed, home,
      audit: async () => {
        const question = manager.audit?.(order);
        return question?.read((await runStep(question.step, workspace)).stdout);
      },
      run: async (command, { cwd = workspace, env = {} } = {}) => {
        const { code, stdout, stderr } = await runStep({ command, cwd, env: { ...view.variables, PATH: [...view.path, process.env.PATH].join(':'), ...env } }, workspace);
        return { code, output: stdout + stderr };
      },
    });
  } finally {
    // Go makes the folders of modules read-only.
    await runStep({ command: ['chmod', '-R', 'u+w', folder], env: {} }, tmpdir());
    await rm(folder, { recursive: true, force: true });
  }
}

export function gather(manager: Manager, files: Readonly<Record<string, string>>): Promise<Manifest> {
  const read = async (path: string) => {
    const text = files[path.replace('/workspace/', '')];
    return text === undefined ? undefined : Buffer.from(text);
  };
  return manager.gather(`/workspace/${Object.keys(files)[0]}`, read);
}

async function runSteps(steps: readonly Step[], workspace: string): Promise<{ code: number | null; output: string }> {
  let output = '';
  for (const step of steps) {
    const { code, stdout, stderr } = await runStep(step, workspace);
    output += stdout + stderr;
    if (code !== 0) return { code, output };
  }
  return { code: 0, output };
}

/** Runs one step, with nothing of the environment of the tests but PATH. */
export async function runStep(step: Step, workspace: string): Promise<{ code: number | null; stdout: string; stderr: string }> {
  // What a sandbox has for itself lies in the folder of the test.
  const { command: [program = '', ...args], cwd, env, files = {} } = JSON.parse(JSON.stringify(step).replaceAll('/tmp/.codebeaker', `${workspace}/.codebeaker`)) as Step;
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text);
  }
  const child = spawn(program, args, { cwd: cwd ?? workspace, env: { PATH: process.env.PATH, HOME: workspace, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const code = await new Promise<number | null>((resolve, reject) => child.once('close', resolve).once('error', reject));
  return { code, stdout, stderr };
}
