/** Debugged programs in a terminal, in real runtimes and with the real debuggers: what is typed gets to the program, and what it prints to the client. */
import { expect } from 'chai';
import { type DapClient, DapCommand, ProtocolDebug } from '../debug/dap-client.ts';
import { bundles, dockerImage, need, program, type Probe } from '../require.ts';
import { sourceFile } from './command-line.ts';
import { daemonEnvironment, image, until } from './environment.ts';
import { hasTerminals, OnTerminal } from './on-terminal.ts';
import { RawClient } from './raw-client.ts';

const places: Record<string, Probe> = { docker: dockerImage(image), native: program('bwrap') };

interface Row {
  readonly language: string;
  readonly file: string;
  /** Asks for a name, prints it with the width of the terminal, asks for more, and exits with 3 when it is interrupted. */
  readonly text: string;
  /** The line that prints the name. */
  readonly line: number;
}

const rows: readonly Row[] = [
  { language: 'python', file: 'main.py', line: 3, text: `import os, sys
name = input("name? ")
print("hello", name, sys.stdin.isatty(), sys.stdout.isatty(), os.get_terminal_size().columns)
try:
    input("more? ")
except KeyboardInterrupt:
    print("interrupted")
sys.exit(3)
` },
  { language: 'javascript', file: 'main.js', line: 4, text: `const readline = require('node:readline');
const lines = readline.createInterface({ input: process.stdin, output: process.stdout });
lines.question('name? ', (name) => {
  console.log('hello', name, process.stdin.isTTY, process.stdout.isTTY, process.stdout.columns);
  lines.question('more? ', () => undefined);
  lines.on('SIGINT', () => {
    console.log('interrupted');
    process.exit(3);
  });
});
` },
  { language: 'go', file: 'main.go', line: 26, text: `package main

import (
	"bufio"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"unsafe"
)

func size(fd uintptr) (columns int, isTerminal bool) {
	var size [4]uint16
	_, _, fault := syscall.Syscall(syscall.SYS_IOCTL, fd, syscall.TIOCGWINSZ, uintptr(unsafe.Pointer(&size)))
	return int(size[1]), fault == 0
}

func main() {
	reader := bufio.NewReader(os.Stdin)
	fmt.Print("name? ")
	text, _ := reader.ReadString('\\n')
	name := strings.TrimSpace(text)
	_, in := size(0)
	columns, out := size(1)
	fmt.Println("hello", name, in, out, columns)
	interrupted := make(chan os.Signal, 1)
	signal.Notify(interrupted, os.Interrupt)
	fmt.Print("more? ")
	<-interrupted
	fmt.Println("interrupted")
	os.Exit(3)
}
` },
  { language: 'ruby', file: 'main.rb', line: 4, text: `require 'io/console'
print 'name? '
name = $stdin.gets.chomp
puts "hello #{name} #{$stdin.tty?} #{$stdout.tty?} #{$stdout.winsize[1]}"
begin
  print 'more? '
  $stdin.gets
rescue Interrupt
  puts 'interrupted'
end
exit 3
` },
];

/** A debugger over the daemon's own protocol, and what its program has printed in its terminal. */
async function start(runtime: string, { language, file, text }: Pick<Row, 'language' | 'file' | 'text'>, session: object = {}) {
  const raw = new RawClient({ env: daemonEnvironment() });
  await raw.initialize({ debug: { adapter: true } });
  const { sessionId } = await raw.request('session/create', { runtime, language, ...session });
  await raw.request('command/writeFile', { sessionId, path: file, content: text });
  const debug = new ProtocolDebug(raw, 'd1');
  const shown = { text: '', streams: new Set<string>() };
  const before = raw.onNotification;
  raw.onNotification = (notification) => {
    before?.(notification);
    if (notification.method !== 'command/output') return;
    const { commandId, seq, stream, data } = notification.params;
    expect(commandId).to.equal('d1');
    shown.text += data;
    shown.streams.add(stream);
    raw.notify('command/ack', { commandId, seq });
  };
  await raw.request('debug/start', { sessionId, path: file, debugId: 'd1', pty: { cols: 80, rows: 24 } });
  return { raw, sessionId, shown, ...debug, client: debug.client };
}

describe('debugging in a terminal', () => {
  before(need('the build', bundles));

  for (const [runtime, probe] of Object.entries(places)) {
    describe(runtime, () => {
      before(need(runtime, probe));

      for (const row of rows) {
        it(`${row.language}: takes input, a new size and a signal while it is debugged`, async () => {
          const { raw, sessionId, shown, client, ended } = await start(runtime, row);
          const shows = (text: string) => until(`the terminal shows ${text}`, () => shown.text.includes(text));
          await client.ask('initialize');
          raw.notify('command/resize', { commandId: 'd1', cols: 101, rows: 40 });
          const initialized = client.event('initialized');
          const launched = client.ask('launch');
          await initialized;
          await client.ask('setBreakpoints', { source: { path: `/workspace/${row.file}` }, breakpoints: [{ line: row.line }] });
          await client.ask('setExceptionBreakpoints', { filters: [] });
          await client.ask('configurationDone');
          await launched;
          await shows('name? ');
          const stopped = client.event('stopped');
          raw.notify('command/input', { commandId: 'd1', data: 'Ada\n' });
          const { threadId } = await stopped;
          const { stackFrames } = await client.ask('stackTrace', { threadId });
          expect(stackFrames[0].line).to.equal(row.line);
          expect((await client.ask('evaluate', { expression: 'name', frameId: stackFrames[0].id, context: 'repl' })).result).to.contain('Ada');
          await client.ask('continue', { threadId });
          await shows('more? ');
          const terminated = client.event('terminated');
          await raw.request('command/signal', { commandId: 'd1', signal: 'SIGINT' });
          await terminated;
          await client.ask('disconnect');
          expect(await ended).to.deep.equal({ debugId: 'd1', outcome: 'exited', exitCode: 3 });
          expect(shown.text.replaceAll(/\x1b\[[\d;?]*[A-Za-z]/g, '')).to.match(/^name\? Ada\r{1,2}\nhello Ada (?:true true|True True) 101\r\nmore\? (?:\^C)?(?:\r\n)?interrupted\r\n$/);
          expect([...shown.streams]).to.deep.equal(['pty']);
          expect(client.events('output').filter(({ category }) => category === 'stdout' || category === 'stderr')).to.deep.equal([]);
          expect(client.faults).to.deep.equal([]);
          expect((await raw.request('session/list')).sessions[0].state).to.equal('ready');
          const { entries } = await raw.request('command/listDirectory', { sessionId, path: '/tmp' });
          // The compiler of Go keeps what it has made.
          if (row.language !== 'go') expect(entries).to.deep.equal([]);
          expect(await raw.end()).to.equal(0);
          expect(raw.stderr).to.equal('');
        });
      }
    });
  }
});

describe('codebeaker dap with a terminal of the editor', () => {
  before(need('the build', bundles));
  before(need('bubblewrap', program('bwrap')));
  before(need('python3', hasTerminals));

  /** An editor that starts what it is asked to start. */
  function editor(command: DapCommand, size = { cols: 90, rows: 30 }) {
    const screens: OnTerminal[] = [];
    command.client.onRequest = ({ command: asked, arguments: { args } }) => {
      expect(asked).to.equal('runInTerminal');
      screens.push(new OnTerminal(args, { ...process.env, ...daemonEnvironment() }, size));
      return {};
    };
    return screens;
  }

  async function launch(client: DapClient, main: string, line: number | undefined, more: object = {}): Promise<void> {
    await client.ask('initialize', { supportsRunInTerminalRequest: true });
    const initialized = client.event('initialized');
    const launched = client.ask('launch', { program: main, runtime: 'native', console: 'integratedTerminal', ...more });
    await initialized;
    if (line !== undefined) await client.ask('setBreakpoints', { source: { path: main }, breakpoints: [{ line }] });
    await client.ask('configurationDone');
    await launched;
  }

  it('shows the program there, and gives it what is typed and the size', async () => {
    const { file, text, line } = rows[0] as Row;
    const main = sourceFile(file, text);
    const command = new DapCommand();
    const { client } = command;
    const screens = editor(command);
    await launch(client, main, line);
    const [screen = expect.fail('no terminal was asked for')] = screens;
    await until('the prompt', () => screen.shown.includes('name? '));
    screen.resize(101, 40);
    const stopped = client.event('stopped');
    screen.type('Ada\r');
    const { threadId } = await stopped;
    const terminated = client.event('terminated');
    await client.ask('continue', { threadId });
    await until('the next prompt', () => screen.shown.includes('more? '));
    screen.type('\x03');
    await terminated;
    expect(client.events('exited')).to.deep.equal([{ exitCode: 3 }]);
    await client.ask('disconnect');
    expect(await screen.exited).to.equal(0);
    expect(screen.shown).to.match(/^name\? Ada\r\nhello Ada True True 101\r\nmore\? \^C(?:\r\n)?interrupted\r\n$/);
    expect(await command.exited).to.equal(0);
    expect(command.stderr).to.equal('');
    expect(client.conversation.end()).to.deep.equal([]);
    expect(client.events('output').filter(({ category }) => category === 'stdout' || category === 'stderr')).to.deep.equal([]);
  });

  it('goes on with the debugger while nobody looks at a flood', async () => {
    const main = sourceFile('main.py', 'import threading\ndef flood():\n    while True:\n        print("x" * 1000)\nthreading.Thread(target=flood, daemon=True).start()\nname = "Ada"\nthreading.Event().wait()\n');
    const command = new DapCommand();
    const { client } = command;
    const screens = editor(command);
    await launch(client, main, undefined);
    const [screen = expect.fail('no terminal was asked for')] = screens;
    await until('the flood', () => screen.shown.length > 100_000);
    screen.child.stdout?.pause();
    const stopped = client.event('stopped');
    await client.ask('pause', { threadId: 1 });
    await stopped;
    expect((await client.ask('threads')).threads).to.have.length.greaterThan(1);
    await client.ask('disconnect');
    screen.child.stdout?.resume();
    expect(await command.exited).to.equal(0);
    expect(await screen.exited).to.equal(0);
    expect(client.conversation.end()).to.deep.equal([]);
  });

  it('ends the program when the terminal is closed, and the terminal when the editor leaves', async () => {
    const { file, text } = rows[0] as Row;
    for (const what of ['terminal', 'editor']) {
      const command = new DapCommand();
      const { client } = command;
      const screens = editor(command);
      await launch(client, sourceFile(file, text), undefined);
      const [screen = expect.fail('no terminal was asked for')] = screens;
      await until('the prompt', () => screen.shown.includes('name? '));
      const terminated = what === 'terminal' ? client.event('terminated') : undefined;
      if (what === 'terminal') screen.child.kill('SIGKILL');
      else command.child.stdin?.end();
      await terminated;
      if (what === 'terminal') await client.ask('disconnect');
      expect(await command.exited).to.equal(0);
      await screen.exited;
    }
  });

  it('says that the program has no input where the editor starts nothing', async () => {
    const main = sourceFile('main.py', 'import sys\nprint(repr(sys.stdin.read()))\n');
    const command = new DapCommand();
    const { client } = command;
    await client.ask('initialize');
    const initialized = client.event('initialized');
    const launched = client.ask('launch', { program: main, runtime: 'native', console: 'integratedTerminal' });
    await initialized;
    const terminated = client.event('terminated');
    await client.ask('configurationDone');
    await launched;
    await terminated;
    await client.ask('disconnect');
    expect(await command.exited).to.equal(0);
    const said = (category: string) => client.events('output').filter((body) => body.category === category).map(({ output }) => output).join('');
    expect(said('stdout')).to.equal("''\n");
    expect(said('console')).to.contain('the program has no input, because this editor');
    expect(client.conversation.end()).to.deep.equal([]);
  });
});
