/**
 * What the tests do with the examples of the pages that are not run as they stand. A command that is not listed is run and
 * must succeed. Whoever writes an example that can't be run adds its reason here.
 */

/** A reason for which something is not run. */
export type Reason = string;

export interface Change {
  /** What is run instead, because of `why`. */
  readonly run?: string;
  readonly why?: Reason;
  /** What must be on stdout. */
  readonly prints?: RegExp;
  /** The exit code. Default: 0. */
  readonly code?: number;
}

const installs = 'it installs from a registry, and builds what these tests are a part of';
const changesMachine = 'it changes the machine; test/deploy checks the files and the command lines that are named there';
const needsRegistry = 'it needs a registry of packages; test/e2e/packages.test.ts has one';
const elsewhere = 'it needs another machine';

export const commands: Readonly<Record<string, Reason | Change>> = {
  'npm ci && npx codebeaker run examples/hello.ts': { run: 'npx codebeaker run examples/hello.ts', why: installs, prints: /^Hello from TypeScript/ },
  'npx codebeaker run examples/hello.py': { prints: /^Hello from Python/ },
  'npx codebeaker run --timeout 5s --memory 128m examples/hello.rb some arguments': { prints: /^Hello from Ruby/ },
  'echo 42 | npx codebeaker run examples/guess.py': { prints: /^Your guess: / },
  'npx codebeaker run --json examples/hello.go': { prints: /^\{.*"exitCode":0.*\}\n$/ },
  'npm ci && npm test': installs,
  'npm ci && npm run package': installs,
  'code --install-extension client-vscode/dist/codebeaker.vsix': 'it needs VS Code; test/client-vscode/e2e has one',

  'codebeaker run [options] FILE [ARGUMENTS...]': 'it is the form of a command, and no command',
  "codebeaker run --save 'out/*.csv' --save '*.png' report.py": { run: "codebeaker run --save 'out/*.csv' --save '*.png' report.py && ls out/table.csv plot.png", why: 'what is saved must be there', prints: /table\.csv/ },
  'eval "$(codebeaker completion bash)"': { run: 'eval "$(codebeaker completion bash)" && complete -p codebeaker', why: 'bash must know the completion then', prints: /codebeaker/ },
  'codebeaker completion zsh > ~/.zfunc/_codebeaker': { run: 'mkdir -p ~/.zfunc && codebeaker completion zsh > ~/.zfunc/_codebeaker && cat ~/.zfunc/_codebeaker', why: 'the folder is that of somebody who uses zsh', prints: /^#compdef codebeaker/ },
  'codebeaker completion fish | source': { run: 'codebeaker completion fish', why: 'it is for fish', prints: /complete -c codebeaker/ },

  'codebeaker audit show --session 4f1c… --json': { run: 'codebeaker audit show --session 4f1c0b2a --json', why: 'the id is shortened' },
  'touch /var/lib/codebeaker-heads && chown me: /var/lib/codebeaker-heads && chmod 600 /var/lib/codebeaker-heads': changesMachine,
  'chattr +a /var/lib/codebeaker-heads': changesMachine,

  'npx codebeaker history': { prints: /^[A-Z].*\n/ },
  'npx codebeaker history rerun 5f0c1e9a': { run: 'codebeaker run examples/hello.js && npx codebeaker history rerun "$(codebeaker history --json --language javascript | grep -o \'"entryId":"[^"]*"\' | head -n 1 | cut -d \'"\' -f 4)"', why: 'the id is that of somebody’s history', prints: /^(Hello from [^]*)\1$/ },

  'codebeaker run --network ask fetch.py': { run: 'script --quiet --return --command "codebeaker run --network ask fetch.py" /dev/null', why: 'it asks on a terminal', prints: /fetched/ },

  'sudo npm install -g --install-links ./server': changesMachine,
  'sudo useradd --system --home-dir /var/lib/codebeaker --shell /usr/sbin/nologin codebeaker': changesMachine,
  'sudo install -d -m 0700 -o codebeaker -g codebeaker /etc/codebeaker': changesMachine,
  'openssl rand -hex 32 | sudo install -m 0600 -o codebeaker -g codebeaker /dev/stdin /etc/codebeaker/token': changesMachine,
  'sudo cp deploy/systemd/codebeaker.service /etc/systemd/system/': changesMachine,
  'sudo systemctl enable --now codebeaker': changesMachine,
  'curl http://127.0.0.1:7070/healthz': { prints: /^ok$/m },
  'npm ci': installs,
  'cd deploy/docker': changesMachine,
  'mkdir -p config secrets': changesMachine,
  'openssl rand -hex 32 | sudo install -m 0600 -o 10001 -g 10001 /dev/stdin secrets/token': changesMachine,
  'DOCKER_GROUP=$(stat -c %g /var/run/docker.sock) docker compose up --build --detach': changesMachine,
  'sudo -u codebeaker env TMPDIR=/run/codebeaker XDG_CONFIG_HOME=/etc XDG_STATE_HOME=/var/lib XDG_CACHE_HOME=/var/cache DOCKER_HOST=tcp://127.0.0.1:2375 codebeaker sweep --dry-run': changesMachine,

  'codebeaker run -p requests==2.32.3 app.py': needsRegistry,
  'codebeaker cache rm 52a784c247e6': { code: 1, why: 'there is no such entry here' },

  'ssh -N -L 7070:127.0.0.1:7070 box': elsewhere,
  'ssh -N -L /tmp/own/daemon.sock:/run/user/1000/codebeaker/daemon.sock box': elsewhere,
};

/** Blocks that are no examples of anything that could be run or checked, by their page and first line. */
export const texts: Readonly<Record<string, Reason>> = {
  'docs/command-line.md: codebeaker: let this program reach example.com:443? [y = once, a = for this run, N]': 'it is a question on a terminal; test/cli/reach.test.ts is asked it',
  'docs/command-line.md: STATE             WHAT       NAME': 'it is what is printed where a daemon has died; test/cli/sweep.test.ts has it',
  'docs/configuration.md: KEY                      VALUE                    SAID BY': 'it is what is printed for somebody’s files; test/cli/config.test.ts has it',
  'docs/debugging.md: { "version": "0.2.0", "configurations": [': 'it is for VS Code; test/client-vscode/debug/launch.test.ts says what is made of such a configuration',
  'docs/debugging.md: (with-eval-after-load \'dape': 'it is for Emacs with dape; test/e2e/debug.test.ts drives what it starts',
  'docs/debugging.md: [[language]]': 'it is for Helix; test/e2e/debug.test.ts drives what it starts',
  'docs/debugging.md: [{ "label": "Debug in Sandbox", "adapter": "codebeaker", "request": "launch", "program": "$ZED_FILE", "cwd": "$ZED_WORKTREE_ROOT" }]': 'it is for Zed; test/e2e/debug.test.ts drives what it starts',
  'docs/debugging.md: {': 'it is for Kate; test/e2e/debug.test.ts drives what it starts',
  'docs/ports.md: codebeaker: the program listens: http://127.0.0.1:8000': 'it is a message of a program that listens; test/e2e/ports.test.ts has it',
};
