/** A real Neovim with the plugin, to which tests can send Lua and keys. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { daemonEnvironment, processes, until } from '../e2e/environment.ts';
import { daemonPath } from '../e2e/raw-client.ts';

const at = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const plugin = at('../../client-nvim');
const init = at('init.lua');

export interface Options {
  /** Options of `setup`, besides the command that starts this project's daemon. */
  readonly setup?: object;
  /** The daemon's configuration. */
  readonly config?: object;
}

export class Editor {
  readonly #place = mkdtempSync(join(tmpdir(), 'codebeaker-test-nvim-'));
  /** Its working directory. */
  readonly folder = join(this.#place, 'files');
  readonly process: ChildProcess;
  readonly exited: Promise<number | null>;
  readonly #setup: object;
  readonly #server: Server;
  readonly #connected: Promise<Socket>;
  readonly #waiting = new Map<number, (answer: { ok: boolean; value: unknown }) => void>();
  #nextId = 1;

  static async open(binary: string, { setup = {}, config = {} }: Options = {}): Promise<Editor> {
    const editor = new Editor(binary, setup, config);
    await editor.#connected;
    await editor.setup();
    return editor;
  }

  private constructor(binary: string, setup: object, config: object) {
    this.#setup = { command: [process.execPath, daemonPath, '--stdio'], ...setup };
    mkdirSync(this.folder);
    const socket = join(this.#place, 'socket');
    let connect: (socket: Socket) => void;
    this.#connected = new Promise((resolve) => (connect = resolve));
    this.#server = createServer((line) => {
      this.#listen(line);
      connect(line);
    }).listen(socket);
    const state = join(this.#place, 'state');
    this.process = spawn(binary, ['--embed', '--headless', '-u', init, '-i', 'NONE', '-n'], {
      cwd: this.folder,
      stdio: ['pipe', 'ignore', 'ignore'],
      env: {
        ...process.env,
        ...daemonEnvironment(config),
        CODEBEAKER_PLUGIN: plugin,
        CODEBEAKER_TEST_SOCKET: socket,
        XDG_STATE_HOME: state,
        XDG_CACHE_HOME: state,
        XDG_DATA_HOME: state,
        XDG_CONFIG_HOME: state,
      },
    });
    this.exited = new Promise((resolve) => this.process.once('exit', resolve));
  }

  /** Runs Lua in the editor. What the Lua returns must be representable in JSON. */
  async lua<T = unknown>(code: string): Promise<T> {
    const line = await this.#connected;
    const id = this.#nextId++;
    const answer = new Promise<{ ok: boolean; value: unknown }>((resolve) => this.#waiting.set(id, resolve));
    line.write(`${JSON.stringify({ id, code })}\n`);
    const { ok, value } = await answer;
    if (!ok) throw new Error(`the editor says: ${String(value)}`);
    return value as T;
  }

  command(text: string): Promise<unknown> {
    return this.lua(`vim.cmd(${quote(text)})`);
  }

  /** Types into the program whose output window is the current one. */
  async answer(keys: string): Promise<void> {
    await this.#mode('t');
    await this.type(keys);
  }

  /** Presses Ctrl-C in the output window that is the current one, and waits for the end of the program. */
  async interrupt(): Promise<Output> {
    await this.answer('<C-c>');
    return this.ended();
  }

  /** Leaves the terminal mode. */
  async leave(): Promise<void> {
    await this.type('<C-\\><C-n>');
    await this.#mode('n');
  }

  #mode(wanted: string): Promise<void> {
    return until(`the mode is ${wanted}`, async () => (await this.lua<string>('return vim.api.nvim_get_mode().mode')).startsWith(wanted));
  }

  /**
   * Types keys as a person does; `<CR>` and the like stand for keys. They are sent over the editor's stdin, as a user
   * interface sends them. If Lua sent Ctrl-C, it would interrupt that Lua in Neovim 0.7 and reach no program.
   */
  async type(keys: string): Promise<void> {
    this.process.stdin?.write(notification('nvim_input', keys));
  }

  /** Sets these options in addition to those that the editor was opened with. */
  setup(options: object = {}): Promise<unknown> {
    const all = JSON.stringify({ ...this.#setup, ...options });
    return this.lua(`require('codebeaker').setup(vim.json.decode(${quote(all)}))`);
  }

  /** Opens a buffer with this text, either of a file, which is written first, or without a file. */
  async buffer(text: string, { file, filetype }: { file?: string; filetype?: string }): Promise<void> {
    if (file !== undefined) {
      writeFileSync(join(this.folder, file), text);
      await this.command(`edit ${file}`);
    } else {
      await this.command('enew');
      await this.replace(text);
    }
    if (filetype !== undefined) await this.command(`setfiletype ${filetype}`);
  }

  /** Replaces the text of the buffer without saving it. */
  replace(text: string): Promise<unknown> {
    return this.lua(`vim.api.nvim_buf_set_lines(0, 0, -1, false, vim.split(${quote(text)}, '\\n'))`);
  }

  /** The output buffers, in the order in which they were opened. */
  outputs(): Promise<Output[]> {
    return this.lua(`
      local found = {}
      for _, buffer in ipairs(vim.api.nvim_list_bufs()) do
        local known, state = pcall(vim.api.nvim_buf_get_var, buffer, 'codebeaker')
        if known then
          state.text = table.concat(vim.api.nvim_buf_get_lines(buffer, 0, -1, false), '\\n'):gsub('%s+$', '')
          state.shown = vim.fn.bufwinid(buffer) ~= -1
          table.insert(found, state)
        end
      end
      return #found > 0 and found or vim.empty_dict()`).then((found) => (Array.isArray(found) ? found : []));
  }

  /** Waits until the latest output passes the check. */
  async output(description: string, check: (output: Output) => boolean, ms = 30_000): Promise<Output> {
    let last: Output | undefined;
    await until(description, async () => {
      last = (await this.outputs()).at(-1);
      return last !== undefined && check(last);
    }, ms).catch((fault: Error) => {
      throw new Error(`${fault.message}; the output is ${JSON.stringify(last)}`);
    });
    return last as Output;
  }

  ended(): Promise<Output> {
    return this.output('the program ends', ({ state, text }) => state === 'ended' && /(?:^|\n)[✓✗] [^]*$/.test(text));
  }

  shows(text: string | RegExp): Promise<Output> {
    return this.output(`the output has ${text}`, (output) => (typeof text === 'string' ? output.text.includes(text) : text.test(output.text)));
  }

  /** The process ids of the daemons that this editor has started and that still run. */
  daemons(): number[] {
    return processes(daemonPath).filter((pid) => parentOf(pid) === this.process.pid);
  }

  /** The messages that the person was shown. */
  messages(): Promise<string[]> {
    return this.lua<string[] | object>('return shown_messages').then((found) => (Array.isArray(found) ? found : []));
  }

  /** Kills the editor and removes its files, when its daemons, which end with it, write no more. */
  async close(): Promise<void> {
    const daemons = this.daemons();
    this.process.stdin?.end();
    this.process.kill('SIGKILL');
    await this.exited;
    await until('its daemons have ended', () => !processes(daemonPath).some((pid) => daemons.includes(pid)));
    this.#server.close();
    rmSync(this.#place, { recursive: true, force: true });
  }

  #listen(line: Socket): void {
    let held = '';
    line.on('error', () => undefined);
    line.setEncoding('utf8').on('data', (text: string) => {
      const lines = (held + text).split('\n');
      held = lines.pop() as string;
      for (const each of lines) {
        const { id, ...answer } = JSON.parse(each) as { id: number; ok: boolean; value: unknown };
        this.#waiting.get(id)?.(answer);
        this.#waiting.delete(id);
      }
    });
  }
}

export interface Output {
  readonly state: 'running' | 'ended';
  readonly outcome?: string;
  readonly exitCode?: number;
  readonly text: string;
  readonly shown: boolean;
}

function parentOf(pid: number): number | undefined {
  try {
    return Number(/^PPid:\s+(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
  } catch {
    return undefined;
  }
}

/** A MessagePack-RPC notification with one string argument. */
function notification(name: string, argument: string): Buffer {
  return Buffer.concat([Buffer.from([0x93, 2]), packed(name), Buffer.from([0x91]), packed(argument)]);
}

function packed(text: string): Buffer {
  const bytes = Buffer.from(text);
  return Buffer.concat([Buffer.from([0xda, bytes.length >> 8, bytes.length & 255]), bytes]);
}

/** A Lua string literal of the text. */
export function quote(text: string): string {
  return `'${text.replace(/[\\']/g, '\\$&').replaceAll('\n', '\\n').replaceAll('\r', '\\r')}'`;
}
