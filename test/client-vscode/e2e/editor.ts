/** Starts a real VS Code in a real browser, with the extension installed from its .vsix. Everything is in one temporary folder. */
import { chromium, type Page } from 'playwright-core';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { processes, until } from '../../e2e/environment.ts';
import type { Probe } from '../../require.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));
export const vsix = join(root, 'client-vscode/dist/codebeaker.vsix');
/** The version of code-server: 4.100.3 has VS Code 1.100, 4.139.1 has 1.139. See test/setup/vscode.sh. */
const version = process.env.CODEBEAKER_VSCODE_VERSION ?? '4.100.3';
const cache = process.env.CODEBEAKER_VSCODE ?? join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), `codebeaker/vscode-${version}`);
const vscode = join(cache, 'package/lib/vscode');
/** The newer VS Code comes with the Node that it needs. */
const ownNode = join(cache, 'node/package/bin/node');
const node = existsSync(ownNode) ? ownNode : process.execPath;
const browser = '/usr/bin/chromium';

export const realEditor: Probe = () => {
  if (!existsSync(join(cache, 'complete'))) return 'VS Code is not there; run test/setup/vscode.sh';
  if (!existsSync(vsix)) return 'the extension is not packaged; run npm run build && npm run package';
  return existsSync(browser) ? undefined : 'no Chromium; run test/setup/chromium.sh as root';
};

/** The folder for screenshots, which people look at. */
export const screenshots = join(root, '.cache/screenshots');

/** Settings that keep VS Code from showing things of its own, and that make it render terminals as text. */
const quiet = {
  'security.workspace.trust.enabled': false,
  'telemetry.telemetryLevel': 'off',
  'update.mode': 'none',
  'extensions.autoUpdate': false,
  'extensions.autoCheckUpdates': false,
  'extensions.ignoreRecommendations': true,
  'workbench.enableExperiments': false,
  'workbench.startupEditor': 'none',
  'workbench.tips.enabled': false,
  'workbench.editor.languageDetection': false,
  'workbench.welcomePage.walkthroughs.openOnInstall': false,
  'terminal.integrated.gpuAcceleration': 'off',
  'terminal.integrated.shellIntegration.enabled': false,
  'editor.accessibilitySupport': 'off',
  'editor.minimap.enabled': false,
  'git.enabled': false,
  'chat.commandCenter.enabled': false,
  'chat.disableAIFeatures': true,
  'workbench.secondarySideBar.defaultVisibility': 'hidden',
  // A newer VS Code would show some editors in a dialog over the others.
  'workbench.editor.useModal': 'off',
};

/** Makes programs run in Docker, even if this machine has runtimes that the daemon would prefer. */
export const inDocker = { 'codebeaker.languages': { python: { runtime: 'docker' }, javascript: { runtime: 'docker' } } };

export interface EditorOptions {
  /** Path below the workspace → text. */
  readonly files: Readonly<Record<string, string>>;
  readonly settings?: object;
  /** Settings of the machine on which the editor's server runs. It takes those of the scope `machine` from here only. */
  readonly machineSettings?: object;
  /** Extensions of the editor's own that are there besides languages and the theme. */
  readonly builtin?: readonly string[];
  /** Environment variables of the editor's server, and so of the daemon. */
  readonly env?: Readonly<Record<string, string>>;
}

/** A running editor. */
export interface Editor {
  readonly page: Page;
  /** The temporary folder of the workspace. */
  readonly workspace: string;
  /** The URLs of requests to other machines. */
  readonly strayRequests: ReadonlySet<string>;
  /** The process id of the editor's server. */
  readonly pid: number;
  close(): Promise<void>;
  open(file?: string): Promise<void>;
}

export async function startEditor({ files, settings = {}, machineSettings = {}, builtin = [], env = {} }: EditorOptions): Promise<Editor> {
  const folder = mkdtempSync(join(tmpdir(), 'codebeaker-editor-'));
  const at = (name: string) => join(folder, name);
  const cleaning: (() => unknown)[] = [
    () => rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 }),
    // The daemon ends with the editor, and writes until then.
    () => until('its daemons have ended', () => processes(at('extensions')).length === 0),
  ];
  const close = async () => {
    for (const clean of cleaning.splice(0).reverse()) await clean();
  };
  try {
    for (const name of ['data/User', 'data/Machine', 'home', 'workspace', 'builtin']) mkdirSync(at(name), { recursive: true });
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(at('workspace'), name)), { recursive: true });
      writeFileSync(join(at('workspace'), name), text);
    }
    writeFileSync(at('data/User/settings.json'), JSON.stringify({ ...quiet, ...settings }));
    writeFileSync(at('data/Machine/settings.json'), JSON.stringify(machineSettings));
    // Only these built-in extensions are needed: the languages and the theme.
    for (const name of ['python', 'javascript', 'typescript-basics', 'go', 'ruby', 'csharp', 'shellscript', 'json', 'theme-defaults', 'theme-seti', ...builtin]) {
      symlinkSync(join(vscode, 'extensions', name), at(`builtin/${name}`));
    }
    const environment = {
      PATH: process.env.PATH, HOME: at('home'), TMPDIR: folder, LANG: 'C.UTF-8', SHELL: '/bin/sh', EXTENSIONS_GALLERY: '{}', ...env,
    };
    const args = [
      join(vscode, 'out/server-main.js'), '--extensions-dir', at('extensions'), '--user-data-dir', at('data'), '--server-data-dir', at('server'),
      '--builtin-extensions-dir', at('builtin'), '--accept-server-license-terms',
    ];
    await promisify(execFile)(node, [...args, '--install-extension', vsix], { env: environment });

    const serve = ['--host', '127.0.0.1', '--port', '0', '--without-connection-token', '--telemetry-level', 'off', '--force-disable-user-env'];
    // The server gets a process group of its own, so that the extension host ends with it.
    const server = spawn(node, [...args, ...serve], { env: environment, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
    const gone = once(server, 'exit');
    cleaning.push(async () => {
      if (server.exitCode !== null || server.signalCode !== null) return;
      const hard = setTimeout(() => process.kill(-(server.pid as number), 'SIGKILL'), 3_000);
      process.kill(-(server.pid as number), 'SIGTERM');
      await gone;
      clearTimeout(hard);
    });
    const port = await listening(server.stdout, server.stderr, gone);

    const context = await chromium.launchPersistentContext(at('browser'), {
      executablePath: browser,
      headless: true,
      env: { PATH: process.env.PATH as string, HOME: at('home') },
      viewport: { width: 1280, height: 800 },
      chromiumSandbox: false,
      args: [
        '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
        '--disable-component-update', '--disable-sync', '--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1',
      ],
    });
    cleaning.push(() => context.close());
    const strayRequests = new Set<string>();
    context.on('request', (request) => {
      const url = new URL(request.url());
      if (/^(?:http|ws)/.test(url.protocol) && url.hostname !== '127.0.0.1') strayRequests.add(url.href);
    });
    const page = context.pages()[0] ?? (await context.newPage());
    page.setDefaultTimeout(30_000);
    const open = async (file?: string) => {
      const query = new URLSearchParams({ folder: at('workspace') });
      if (file !== undefined) query.set('payload', JSON.stringify([['openFile', `vscode-remote://127.0.0.1:${port}${join(at('workspace'), file)}`]]));
      await page.goto(`http://127.0.0.1:${port}/?${query.toString()}`, { waitUntil: 'domcontentloaded' });
      await page.locator('.monaco-workbench .part.editor').waitFor();
      if (file !== undefined) await page.locator('.part.editor .tab.active', { hasText: file.split('/').at(-1) ?? '' }).waitFor();
    };
    return { page, workspace: at('workspace'), strayRequests, pid: server.pid as number, close, open };
  } catch (fault) {
    await close();
    throw fault;
  }
}

async function listening(stdout: NodeJS.ReadableStream, stderr: NodeJS.ReadableStream, gone: Promise<unknown>): Promise<number> {
  let log = '';
  const found = new Promise<number>((resolve) => {
    for (const stream of [stdout, stderr]) {
      stream.on('data', (chunk: Buffer) => {
        log += chunk.toString();
        const [, port] = /Web UI available at http:\/\/[^:\s]+:(\d+)/.exec(log) ?? [];
        if (port !== undefined) resolve(Number(port));
      });
    }
  });
  const failed = gone.then(() => {
    throw new Error(`the editor's server ended: ${log}`);
  });
  return Promise.race([found, failed]);
}
