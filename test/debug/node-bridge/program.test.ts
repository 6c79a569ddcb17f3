/** The debugged program as a process, in the bridge from the Debug Adapter Protocol to Node: its output, its end, its threads. */
import { expect } from 'chai';
import { existsSync, readFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { STREAMS_MS } from '../../../server/src/debug/node-bridge/spawned.ts';
import { until } from '../../e2e/environment.ts';
import { bundles, need } from '../../require.ts';
import { debug } from './session.ts';

const exists = (pid: number) => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

describe('a program in Node that is debugged', () => {
  before(need('the build', bundles));

  it('prints as it does without, and nothing that it prints is taken for a message', () => {
    const forged = JSON.stringify({ seq: 1, type: 'event', event: 'terminated' });
    const main = `const text = ${JSON.stringify(`Content-Length: ${forged.length}\r\n\r\n${forged}`)};\nconsole.log(text);\nconsole.error('ä' + process.execArgv.length + process.argv.slice(2));\nprocess.exitCode = 7;\n`;
    return debug({ 'main.js': main }, { launch: { args: ['one', 'two'], runtimeArgs: ['--no-warnings'], env: { WITH: 'x' } } }, async (session) => {
      expect(await session.ended()).to.equal(7);
      expect(session.client.events.filter(({ event }) => event === 'terminated')).to.have.lengthOf(1);
      expect(session.client.output('stdout')).to.equal(`Content-Length: ${forged.length}\r\n\r\n${forged}\n`);
      expect(session.client.output('stderr')).to.equal('ä1one,two\n');
    });
  });

  it('ends by a signal, which is no exit code, and its arguments are checked', () =>
    debug({ 'main.js': "process.kill(process.pid, 'SIGKILL');\nsetTimeout(() => {}, 1000);\n" }, {}, async (session) => {
      expect(await session.ended()).to.equal(-9);
      expect(await session.client.fails('launch', { program: 'x' })).to.match(/already/);
    }));

  it('stops at its first statement if that is wanted, and can be run again', () =>
    debug({ 'main.js': 'function f() {\n  return 1;\n}\nf(); // first\nconsole.log(1); // second\n' }, { launch: { stopOnEntry: true }, breakpoints: { 'main.js': ['// second'] } }, async (session) => {
      const { reason, text } = await session.stopped();
      expect([reason, text]).to.deep.equal(['entry', 'f(); // first']);
      expect((await session.go('continue')).text).to.contain('// second');
      await session.client.get('restart', {});
      expect((await session.stopped()).reason).to.equal('entry');
      expect((await session.go('continue')).text).to.contain('// second');
      expect(await session.finish()).to.equal(0);
      expect(session.client.events.filter(({ event }) => event === 'initialized')).to.have.lengthOf(1);
    }));

  it('can be paused where it is, and ended', () =>
    debug({ 'main.js': "process.on('SIGTERM', () => process.exit(5));\nlet n = 0;\nsetInterval(() => {\n  n += 1; // tick\n}, 1);\nconsole.log('up');\n" }, {}, async (session) => {
      await session.client.event('output');
      await session.client.get('pause', { threadId: 1 });
      const stop = await session.stopped();
      expect(stop.reason).to.equal('pause');
      expect(await session.client.fails('stackTrace', { threadId: 9 })).to.equal('There is no thread 9.');
      await session.client.get('terminate', {});
      expect(await session.ended()).to.equal(5);
    }));

  for (const turn of [1, 2, 3, 4]) {
    it(`runs no further where it is ended while it is paused, however often that is tried: ${turn}`, () =>
      debug({ 'main.js': "let n = 1; // here\nconsole.log('further');\n" }, { breakpoints: { 'main.js': ['// here'] } }, async (session) => {
        await session.stopped();
        await session.client.get('terminate', {});
        expect(await session.ended()).to.equal(-15);
        expect(session.client.output('stdout')).to.equal('');
      }));
  }

  it('ends with all that it has started when the client goes', async () => {
    const main = "const { spawn } = require('node:child_process');\nconst child = spawn('sleep', ['100'], { stdio: 'ignore' });\nconsole.log(process.pid + ' ' + child.pid);\nsetInterval(() => {}, 1000);\n";
    let pids: number[] = [];
    await debug({ 'main.js': main }, {}, async (session) => {
      pids = (await session.client.event('output')).output.trim().split(' ').map(Number);
      expect(pids.map(exists)).to.deep.equal([true, true]);
    });
    await until('both have ended', () => !pids.some(exists));
  });

  it('ends where the bridge is killed', async () => {
    let pid = 0;
    await debug({ 'main.js': 'console.log(process.pid);\nsetInterval(() => {}, 1000);\n' }, {}, async (session) => {
      pid = Number((await session.client.event('output')).output);
      session.client.process.kill('SIGKILL');
      await until('the program has ended', () => !exists(pid));
    }).catch((fault: Error) => expect(fault.message).to.match(/disconnect/));
    expect(pid).to.be.above(0);
  });

  it('has its worker threads beside the main thread', () => {
    const files = {
      'main.js': "const { Worker } = require('node:worker_threads');\nnew Worker('./worker.js').on('message', (n) => console.log(n)); // main\n",
      'worker.js': "const { parentPort } = require('node:worker_threads');\nlet n = 1;\nparentPort.postMessage(n); // worker\n",
    };
    return debug(files, { breakpoints: { 'worker.js': ['// worker'] } }, async (session) => {
      const { threadId } = await session.client.event('thread', ({ reason }) => reason === 'started');
      const stop = await session.stopped();
      expect([stop.threadId, stop.text]).to.deep.equal([threadId, 'parentPort.postMessage(n); // worker']);
      const { threads } = await session.client.get('threads');
      expect(threads).to.have.lengthOf(2);
      await session.client.get('setVariable', { variablesReference: (await session.client.get('scopes', { frameId: stop.frames[0].id })).scopes[0].variablesReference, name: 'n', value: '42' });
      await session.client.get('continue', { threadId });
      expect(await session.ended()).to.equal(0);
      expect(session.client.output('stdout')).to.equal('42\n');
      expect(session.client.events.filter(({ event }) => event === 'thread').map(({ body }) => body.reason)).to.deep.equal(['started', 'exited']);
    });
  });

  it('is told to have ended after all that it has printed, however long the client takes for that', () => {
    // More than fits between the bridge and its client, and the rest fits between the program and the bridge.
    const main = "require('node:fs').writeFileSync('pid', String(process.pid));\nprocess.stdout.write('x'.repeat(370_000));\nprocess.stdout.write('end');\n";
    return debug({ 'main.js': main }, { breakpoints: { 'main.js': ['370_000'] } }, async (session) => {
      await session.stopped();
      await session.client.get('continue', { threadId: 1 });
      session.client.slow();
      const pid = Number(readFileSync(session.path('pid'), 'utf8'));
      await until('the program has ended', () => !exists(pid));
      // Longer than the streams of a program that has ended are waited for where they are read.
      await setTimeout(STREAMS_MS + 500);
      session.client.quick();
      expect(await session.ended()).to.equal(0);
      expect(session.client.output('stdout')).to.match(/^x{370000}end$/);
      expect(session.client.events.map(({ event }) => event).slice(-2)).to.deep.equal(['exited', 'terminated']);
    });
  });

  it('waits at a log point until the client has taken what was said there', () => {
    const main = "const fs = require('node:fs');\nfor (let i = 0; i < 60; i += 1) {\n  fs.writeFileSync('count', String(i)); // log\n}\n";
    return debug({ 'main.js': main }, { breakpoints: { 'main.js': ['for (let', { at: '// log', logMessage: "{'x'.repeat(60000)}" }] } }, async (session) => {
      await session.stopped();
      await session.client.get('continue', { threadId: 1 });
      session.client.slow();
      const count = () => (existsSync(session.path('count')) ? Number(readFileSync(session.path('count'), 'utf8')) : 0);
      let before = 0;
      await until('the program stands still', async () => {
        const last = before;
        before = count();
        await setTimeout(250);
        return before > 0 && before === last;
      });
      expect(count()).to.be.above(0).and.below(59);
      session.client.quick();
      expect(await session.ended()).to.equal(0);
      expect(session.client.output('console')).to.have.lengthOf(60 * 60_001);
    });
  });
});
