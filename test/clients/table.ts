/** The independent clients: programs that others wrote, each with the script that makes it converse with the daemon. */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type Probe, program } from '../require.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const script = (name: string) => `${root}test/clients/${name}`;

export interface Client {
  readonly command: readonly string[];
  readonly probe: Probe;
  readonly env?: Readonly<Record<string, string>>;
  /** Not every client can cancel a request. */
  readonly cancels: boolean;
  /** Whether it kills the daemon when it has sent `exit`, so that there may be no exit code. */
  readonly kills?: boolean;
}

/** Where test/setup/clients.sh puts what npm has. */
const npmClients = `${root}.cache/clients`;
const setUp = 'run test/setup/clients.sh as root';

/** Something that is there where a client is installed. */
const file =
  (path: string, ...tools: string[]): Probe =>
  async () => {
    for (const tool of tools) {
      const missing = await program(tool)();
      if (missing !== undefined) return `${missing}; ${setUp}`;
    }
    return existsSync(path) ? undefined : `there is no ${path}; ${setUp}`;
  };

const nvim = (suite: string) => `${root}.cache/neovim/${suite}/nvim`;
const neovim = (suite: string, lua: string): Client => ({
  command: [nvim(suite), '--headless', '-u', 'NONE', '-c', `luafile ${script(lua)}`],
  probe: () => (existsSync(nvim(suite)) ? undefined : 'it is not unpacked; run test/setup/neovim.sh'),
  cancels: true,
});

const emacs = (name: string, library: string): Client => ({
  command: ['emacs', '-q', '--no-site-file', '--batch', '--load', script(name)],
  probe: file(library, 'emacs'),
  cancels: false,
});

export const clients: Readonly<Record<string, Client>> = {
  'vscode-jsonrpc': { command: [process.execPath, script('vscode-jsonrpc.mjs')], probe: file(`${root}node_modules/vscode-jsonrpc`), cancels: true },
  'ts-lsp-client': {
    command: [process.execPath, script('ts-lsp-client.mjs')],
    probe: file(`${npmClients}/node_modules/ts-lsp-client`),
    env: { CLIENTS: npmClients },
    cancels: false,
  },
  'vim.lsp.rpc of Neovim 0.7': neovim('bookworm', 'neovim-rpc.lua'),
  'vim.lsp.rpc of the newest Neovim': neovim('sid', 'neovim-rpc.lua'),
  'the vim.lsp client of Neovim 0.7': neovim('bookworm', 'neovim-client.lua'),
  'the vim.lsp client of the newest Neovim': neovim('sid', 'neovim-client.lua'),
  'channels of Vim 9': { command: ['vim', '--clean', '--not-a-term', '-T', 'dumb', '-es', '-S', script('vim.vim'), '-c', 'cquit'], probe: file('/usr/share/vim/vim90/defaults.vim', 'vim'), cancels: true },
  'jsonrpc.el of Emacs': emacs('jsonrpc.el', '/usr/share/emacs'),
  'eglot of Emacs': { ...emacs('eglot.el', '/usr/share/emacs/site-lisp/elpa/eglot-1.9'), kills: true },
  'python3-pylsp-jsonrpc': { command: ['/usr/bin/python3', script('pylsp.py')], probe: file('/usr/lib/python3/dist-packages/pylsp_jsonrpc', 'python3'), cancels: false },
  'sourcegraph/jsonrpc2 of Go': {
    command: ['go', 'run', script('jsonrpc2.go')],
    probe: file('/usr/share/gocode/src/github.com/sourcegraph/jsonrpc2', 'go'),
    env: { GOPATH: '/usr/share/gocode', GO111MODULE: 'off', CGO_ENABLED: '0' },
    cancels: true,
  },
};
