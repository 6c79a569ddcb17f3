/** `codebeaker dap` where debuggers do what no good one does, and where an editor goes in the middle of things. */
import { expect } from 'chai';
import { once } from 'node:events';
import { existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { dirname, join } from 'node:path';
import { ConfigError } from '../../server/src/policy/config-file.ts';
import { obedient } from '../fakes/adapter.ts';
import { temporaryFolder } from '../policy/folder.ts';
import type { Json } from '../wire/wire.ts';
import { begin, expectNothingLeft, NO_DAEMON } from './dap-bench.ts';

describe('codebeaker dap', () => {
  const folder = temporaryFolder();

  const program = () => {
    const path = join(folder(), 'main.py');
    writeFileSync(path, 'forever');
    return path;
  };

  for (const [what, leave] of Object.entries({ disconnects: 'disconnect', 'closes its pipe': undefined })) {
    it(`ends when the editor ${what} while the debugger has not answered yet`, async () => {
      const { fake, bench, stdin, ended, ask, until } = begin(() => undefined);
      ask('initialize');
      ask('launch', { program: program() });
      await until(() => fake.adapters[0]?.heard.length === 1);
      if (leave !== undefined) ask(leave);
      stdin.end();
      // The debugger does not answer that it is to end, either.
      const turning = setInterval(() => void bench.clock.advance(1000), 1);
      expect(await ended).to.equal(0);
      clearInterval(turning);
      expectNothingLeft(bench);
    });
  }

  it('ends when the editor closes its pipe while the sandbox is made', async () => {
    const { bench, stdin, ended, ask } = begin(obedient);
    ask('initialize');
    ask('launch', { program: program() });
    stdin.end();
    expect(await ended).to.equal(0);
    expectNothingLeft(bench);
  });

  for (const [when, command] of [['before the debugger has answered anything', 'initialize'], ['while it launches the program', 'launch']] as const) {
    it(`says which limit has ended the program ${when}, and stays until the editor disconnects`, async () => {
      const { fake, bench, stdin, ended, ask, until, answer, told } = begin((adapter, message) => {
        if (message.command === command) adapter.exit({ kind: 'memoryLimit', signal: 'SIGKILL', code: null });
        else obedient(adapter, message);
      });
      ask('initialize');
      ask('launch', { program: program(), limits: { memoryBytes: 64 * 1024 * 1024 } });
      await until(() => told.some(({ event }) => event === 'terminated'));
      expect(answer('launch')).to.include({ success: false, message: 'the program was ended because it used more memory than its limit of 64 MiB (limits.memoryBytes)' });
      for (let at = 0; at < 60; at += 1) await bench.clock.advance(1000);
      expect(bench.runtime.open).to.deep.equal([]);
      expect(fake.adapters).to.have.length(1);
      expect(told.filter(({ event }) => event === 'terminated')).to.have.length(1);
      ask('terminate');
      await until(() => answer('terminate') !== undefined);
      expect(answer('terminate')).to.include({ success: true });
      ask('disconnect');
      await until(() => answer('disconnect') !== undefined);
      expect(answer('disconnect')).to.include({ success: true });
      expect(await ended).to.equal(0);
      stdin.end();
      expectNothingLeft(bench);
    });
  }

  it('says that the program does not start in a folder that does not go along', async () => {
    const [sub, elsewhere] = [join(folder(), 'sub'), dirname(folder())];
    mkdirSync(sub);
    for (const [more, words] of [[{ cwd: elsewhere, folder: folder() }, elsewhere], [{ cwd: sub, folder: false }, sub], [{ cwd: folder(), folder: false }, undefined], [{ cwd: folder() }, undefined]] as const) {
      const { bench, stdin, ended, ask, until, answer, told } = begin(obedient);
      ask('initialize');
      ask('launch', { program: program(), ...more });
      await until(() => answer('launch') !== undefined);
      expect(answer('launch')).to.include({ success: true });
      const said = told.filter(({ event, body }) => event === 'output' && body.category === 'console').map(({ body }) => body.output);
      expect(said.filter((text) => text.includes('does not start'))).to.deep.equal(words === undefined ? [] : [`the program does not start in ${words}, which does not go along into the sandbox\n`]);
      stdin.end();
      expect(await ended).to.equal(0);
      expectNothingLeft(bench);
    }
  });

  it('answers an editor where there is no daemon, because the configuration is wrong, and says so when it is to launch', async () => {
    const { stdin, ended, ask, until, answer, told, complaints } = begin(obedient, { daemon: Promise.reject(new ConfigError('/home/me/config.json: pool: no such key')) });
    ask('initialize');
    await until(() => answer('initialize') !== undefined);
    expect(answer('initialize')).to.include({ success: true });
    ask('launch', { program: program() });
    await until(() => answer('launch') !== undefined);
    expect(answer('launch')).to.include({ success: false, message: '/home/me/config.json: pool: no such key' });
    expect(told.at(-1)).to.include({ event: 'terminated' });
    ask('disconnect');
    await until(() => answer('disconnect') !== undefined);
    stdin.end();
    expect(await ended).to.equal(NO_DAEMON);
    expect(complaints()).to.equal('codebeaker: /home/me/config.json: pool: no such key\n');
  });

  const unfinished = 'stdin has ended, and what came is no message of this protocol, or only the beginning of one';
  const strange: Record<string, readonly [text: string, why: string]> = {
    'text of a person': ['hello\r\n\r\n', 'this one is not understood, because it sent something that is no message'],
    'a message of another protocol': ['Content-Length: 46\r\n\r\n{"jsonrpc":"2.0","id":1,"method":"initialize"}', 'this one is not understood, because it sent JSON that is no message of the Debug Adapter Protocol'],
    'a line': ['hello\n', unfinished],
    'text without an end': ['hello', unfinished],
    'the beginning of a message': ['Content-Length: 46\r\n\r\n{', unfinished],
    nothing: ['', 'stdin has ended without a message'],
  };
  for (const [what, [text, why]] of Object.entries(strange)) {
    it(`says what it is, and ends with an error, where ${what} comes on stdin`, async () => {
      const { bench, stdin, ended, complaints, told } = begin(obedient);
      stdin.end(text);
      expect(await ended).to.equal(64);
      expect(complaints()).to.match(/^codebeaker: codebeaker dap is a debug adapter: an editor starts it, and speaks the Debug Adapter Protocol with it over stdin and stdout; [^\n]+\n$/);
      expect(complaints()).to.contain(`stdout; ${why}. With nvim-dap`).and.to.contain('codebeaker run FILE');
      expect(told).to.deep.equal([]);
      expectNothingLeft(bench);
    });
  }

  it('tells a person at a terminal what it is for, how an editor starts it, and what runs a program', async () => {
    const { bench, ended, complaints } = begin(obedient, { isTTY: true });
    expect(await ended).to.equal(64);
    expect(complaints()).to.contain("{ type = 'executable', command = 'codebeaker', args = { 'dap' } }").and.to.contain('codebeaker run FILE');
    expectNothingLeft(bench);
  });

  it('says why it does not launch in braces as they are', async () => {
    const { bench, stdin, ended, ask, until, answer } = begin(obedient);
    ask('initialize');
    ask('launch', { program: program(), language: '{ruby}' });
    await until(() => answer('launch') !== undefined);
    const { success, message, body } = answer('launch');
    expect(success).to.equal(false);
    expect(message).to.contain('and is "{ruby}"');
    expect(body.error).to.deep.equal({ id: 1, format: '{text}', variables: { text: message }, showUser: true });
    stdin.end();
    expect(await ended).to.equal(0);
    expectNothingLeft(bench);
  });

  describe('in a terminal of the editor', () => {
    /** An editor that starts programs in terminals, and what it was asked to start. */
    async function asked() {
      const all = begin(obedient);
      all.ask('initialize', { supportsRunInTerminalRequest: true });
      all.ask('launch', { program: program(), console: 'integratedTerminal' });
      const request = () => all.told.find(({ type }) => type === 'request');
      await all.until(() => request() !== undefined);
      return { ...all, request: request(), folder: dirname(request()?.arguments.args.at(-1)) };
    }

    /** What the program of ours in the terminal does. */
    async function shows({ request }: { request: Json }) {
      const socket = connect(request.arguments.args.at(-1));
      const said: Buffer[] = [];
      socket.on('data', (chunk: Buffer) => void said.push(chunk));
      socket.write('{"cols":90,"rows":30}\n');
      await once(socket, 'connect');
      return { socket, shown: () => Buffer.concat(said).toString() };
    }

    it('has it start a program of ours, at a socket to which nobody else comes, and then the debugger, with the size', async () => {
      const all = await asked();
      const { kind, args } = all.request.arguments;
      expect({ command: all.request.command, kind, args: args.slice(0, -1) }).to.deep.equal({ command: 'runInTerminal', kind: 'integrated', args: ['codebeaker', 'dap', '--terminal'] });
      if (process.platform !== 'win32') expect(statSync(all.folder).mode & 0o777).to.equal(0o700);
      expect(all.fake.adapters).to.deep.equal([]);
      all.respond(all.request, { body: {} });
      const { socket, shown } = await shows(all);
      await all.until(() => all.answer('launch') !== undefined);
      expect(all.answer('launch').success).to.equal(true);
      expect(existsSync(all.folder), 'nothing is left of it if codebeaker dap is killed').to.equal(false);
      void all.fake.adapters[0]?.send({ type: 'request', command: 'runInTerminal', arguments: { kind: 'integrated', cwd: '/workspace', args: ['fake', 'stubborn\ncat'] } });
      const programs = () => all.bench.runtime.open[0]?.processes.filter(({ program: { pty } }) => pty) ?? [];
      await all.until(() => programs().length === 1);
      expect(programs()[0]?.program.pty).to.deep.equal({ cols: 90, rows: 30 });
      socket.write('{"cols":91,"rows":31}\n{"input":"aGVsbG8K"}\n');
      await all.until(() => shown() === 'hello\n');
      expect(programs()[0]?.sizes).to.deep.equal([{ cols: 91, rows: 31 }]);
      // No debugger gets to know of the editor's answers, and no editor of the debugger's wishes.
      expect(all.told.filter(({ type }) => type === 'request')).to.have.length(1);
      const closed = once(socket, 'close');
      all.ask('disconnect');
      await all.until(() => all.answer('disconnect') !== undefined);
      await closed;
      all.stdin.end();
      expect(await all.ended).to.equal(0);
      expectNothingLeft(all.bench);
    });

    for (const [what, happen] of Object.entries<(all: Awaited<ReturnType<typeof asked>>) => void>({
      'the editor refuses': (all) => all.respond(all.request, { success: false, message: 'no {terminal} here' }),
      'nothing comes of it': (all) => void all.bench.clock.advance(31_000),
    })) {
      it(`says so where ${what}`, async () => {
        const all = await asked();
        happen(all);
        await all.until(() => all.answer('launch') !== undefined);
        const { success, message } = all.answer('launch');
        expect(success).to.equal(false);
        expect(message).to.match(/^the editor has not started a terminal for the program(?:: no \{terminal\} here$| within 30 seconds)/);
        expect(all.fake.adapters).to.deep.equal([]);
        all.stdin.end();
        expect(await all.ended).to.equal(0);
        expect(existsSync(all.folder)).to.equal(false);
        expectNothingLeft(all.bench);
      });
    }
  });
});
