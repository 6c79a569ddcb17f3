/** What fails while a program is debugged is told alike in every language: what cannot be evaluated, conditions that fail, and programs that cannot be read. */
import { expect } from 'chai';
import { dirname } from 'node:path';
import { DapCommand } from '../debug/dap-client.ts';
import { bundles, dockerImage, need, npmPackage, program, type Probe } from '../require.ts';
import { sourceFile } from './command-line.ts';
import { lineOf, Steps } from './debugging.ts';
import { image } from './environment.ts';

/** A parsed message, whose members are not typed. */
type Json = ReturnType<typeof JSON.parse>;

/** A program that adds 0 to 4 in a function. */
interface Subject {
  readonly language: string;
  readonly places: readonly ('docker' | 'native' | 'deno')[];
  readonly file: string;
  readonly text: string;
  /** What the language says of a name that is not there. */
  readonly missing: RegExp;
  /** A program that cannot be read, and how what is told of it begins, `FILE` being its path. */
  readonly wrong: string;
  readonly told: string;
}

/** The number of no thread, frame or value. */
const NONE = 123_456_789;

const needs: Readonly<Record<Subject['places'][number], Readonly<Record<string, Probe>>>> = {
  docker: { docker: dockerImage(image) },
  native: { bubblewrap: program('bwrap') },
  deno: { deno: npmPackage('deno'), bubblewrap: program('bwrap') },
};

const script = (typed: boolean) => `function work(n${typed ? ': number' : ''}) {
  let total = 0; // first
  for (let i = 0; i < n; i += 1) { // head
    total += i; // loop
    n += 0; // log
  }
  return total; // after
}
console.log('sum', work(5));
`;

const javascript: Subject = {
  language: 'javascript', places: ['docker', 'native', 'deno'], file: 'main.js', text: script(false), missing: /^ReferenceError: nothing_here is not defined$/,
  wrong: 'console.log(1);\nlet x = ;\n', told: 'FILE:2\n',
};

const subjects: readonly Subject[] = [
  {
    language: 'python', places: ['docker', 'native'], file: 'main.py', missing: /^NameError: name 'nothing_here' is not defined$/, wrong: 'print(1)\nx = = 2\n', told: '  File "FILE", line 2\n',
    text: `def work(n):
    total = 0 # first
    for i in range(n): # head
        total += i # loop
        n += 0 # log
    return total # after

print("sum", work(5), flush=True)
`,
  },
  javascript,
  { ...javascript, language: 'typescript', places: ['docker', 'deno'], file: 'main.ts', text: script(true), wrong: 'console.log(1);\nlet x: number = ;\n', told: 'FILE:2:17\n' },
  {
    language: 'go', places: ['docker', 'native'], file: 'main.go', missing: /could not find symbol value for nothing_here$/, wrong: 'package main\n\nfunc main() {\n\tx := \n}\n', told: '',
    text: `package main

import "fmt"

func work(n int) int {
	total := 0 // first
	for i := 0; i < n; i++ { // head
		total += i // loop
		n += 0 // log
	}
	return total // after
}

func main() {
	fmt.Println("sum", work(5))
}
`,
  },
  {
    language: 'ruby', places: ['docker', 'native'], file: 'main.rb', missing: /^NameError: undefined local variable or method `nothing_here'/, wrong: 'puts 1\nx = = 2\n', told: 'FILE:2: syntax error',
    text: `def work(n)
  total = 0 # first
  n.times do |i| # head
    total += i # loop
    n += 0 # log
  end
  total # after
end
puts "sum #{work(5)}"
`,
  },
];

describe('what fails while a program is debugged', () => {
  before(need('the build', bundles));

  for (const { language, places, file, text, missing, wrong, told } of subjects) {
    for (const runtime of places) {
      describe(`${language}, ${runtime}`, () => {
        for (const [part, probe] of Object.entries(needs[runtime])) before(need(part, probe));

        it('is refused, or told once, with the words of the language', async () => {
          const path = sourceFile(file, text);
          const { client, ...command } = new DapCommand();
          const steps = new Steps(client);
          const { go } = await steps.begin({ program: path, runtime });
          const at = (mark: string, more: object = {}) => ({ line: lineOf(text, mark), ...more });
          const { breakpoints } = await client.ask('setBreakpoints', { source: { path }, breakpoints: [
            at('loop', { condition: 'nothing_here == 3' }), at('log', { logMessage: 'i {i} of 100%s and {nothing_here}' }), at('after'),
            at('first', { condition: 'n ==' }), at('head', { hitCondition: 'often' }), { line: 1000 },
          ] });
          expect(breakpoints.slice(0, 5).map(({ verified }: Json) => verified)).to.deep.equal([true, true, true, false, false]);
          for (const { message } of breakpoints.slice(3, 5)) expect(message).to.be.a('string').that.does.not.match(/CodeBeaker|Traceback/);
          const functions = await client.ask('setFunctionBreakpoints', { breakpoints: [{ name: language === 'go' ? 'main.work' : 'work', condition: 'n ==' }] });
          expect(functions.breakpoints[0]).to.include({ verified: false }).and.to.have.property('message').that.is.a('string');
          await client.ask('setFunctionBreakpoints', { breakpoints: [] });
          // Some move it to the last line that can stop.
          expect(breakpoints[5].verified === false || breakpoints[5].line < 1000).to.equal(true);
          const { threadId, reason } = await steps.stop(go);
          expect(reason).to.equal('breakpoint');
          if (breakpoints[5].verified && (await steps.top(threadId)).line === breakpoints[5].line) await steps.step('continue', threadId);
          const { id: frameId, line } = await steps.top(threadId);
          expect(line).to.equal(lineOf(text, 'after'));
          const said = steps.output('console').split('\n').filter(Boolean);
          const failed = said.filter((each) => each.startsWith('The condition'));
          expect(failed).to.have.length(1);
          const [, place, fault] = /^The condition of the breakpoint at (.*) failed: (.*)$/.exec(failed[0] as string) ?? [];
          expect(place).to.equal(`${path}:${lineOf(text, 'loop')}`);
          expect(fault).to.match(missing);
          const logged = said.filter((each) => each.startsWith('i '));
          expect(logged.map((each) => each.slice(0, 17))).to.deep.equal([0, 1, 2, 3, 4].map((i) => `i ${i} of 100%s and `));
          for (const each of logged) expect(each.slice(17)).to.match(missing);
          for (const context of ['repl', 'watch', 'hover']) {
            const answer = await client.response('evaluate', { expression: 'nothing_here', frameId, context });
            expect(answer.success, context).to.equal(false);
            expect(answer.message).to.match(missing);
          }
          const { holder } = await steps.variable(frameId, 'total');
          for (const [value, why] of [['nothing_here', missing], ['1 +', /^[^\n]*(?:yntax|expected|end of input)[^\n]*$/]] as const) {
            const answer = await client.response('setVariable', { variablesReference: holder, name: 'total', value });
            expect(answer.success, value).to.equal(false);
            expect(answer.message).to.match(why).and.not.to.match(/nil|\)/);
          }
          for (const [name, value, why] of [['nobody', '1', 'There is no variable "nobody" here.'], ['total', ' ', 'the new value is missing']]) {
            expect(await client.response('setVariable', { variablesReference: holder, name, value })).to.include({ success: false, message: why });
          }
          for (const [command, args] of [['evaluate', { expression: 'total', frameId: NONE }], ['scopes', { frameId: NONE }], ['variables', { variablesReference: NONE }], ['stackTrace', { threadId: NONE }], ['next', { threadId: NONE }]] as const) {
            const answer = await client.response(command, args);
            expect(answer.success, command).to.equal(false);
            expect(answer.message).to.match(/^there is no such (?:frame|value|thread): /);
          }
          expect(await steps.variable(frameId, 'total')).to.include({ value: '10' });
          await client.ask('setBreakpoints', { source: { path }, breakpoints: [] });
          expect(await steps.finish(() => client.ask('continue', { threadId }))).to.equal(0);
          expect(steps.output('stdout')).to.equal('sum 10\n');
          expect(steps.output('stderr').replace(/^(?:Debugger .*|Waiting for .*|Visit .*)\n/gm, '')).to.equal('');
          expect(client.faults).to.deep.equal([]);
          expect(await command.exited).to.equal(0);
        });

        it('is told first, and in order, where the program cannot be read', async () => {
          const path = sourceFile(file, wrong);
          const { client, ...command } = new DapCommand();
          const steps = new Steps(client);
          const terminated = client.event('terminated');
          if (language === 'go') {
            await client.ask('initialize');
            expect((await client.response('launch', { program: path, runtime })).success).to.equal(false);
            await terminated;
            expect(steps.output('console')).to.contain('main.go:5:1: syntax error');
          } else {
            const { go } = await steps.begin({ program: path, runtime });
            const going = go().catch(() => undefined);
            await terminated;
            await going;
            expect(client.events('exited')).to.deep.equal([{ exitCode: 1 }]);
            if (runtime === 'deno') expect(steps.output('stderr')).to.contain(path);
            else expect(steps.output('stderr').replace(dirname(path), '').slice(0, told.length - 'FILE'.length + file.length + 1)).to.equal(told.replace('FILE', `/${file}`));
          }
          await client.ask('disconnect');
          expect(await command.exited).to.equal(0);
        });
      });
    }
  }

  describe('what is changed in Python', () => {
    for (const [part, probe] of Object.entries(needs.native)) before(need(part, probe));

    it('is the variable of the scope that is named, and none is made', async () => {
      const text = 'total = 1\nother = 2\ndef work(total):\n    return total # here\nprint(work(5), total, other, "nobody" in globals())\n';
      const path = sourceFile('main.py', text);
      const { client, ...command } = new DapCommand();
      const steps = new Steps(client);
      const { go } = await steps.begin({ program: path, runtime: 'native' });
      await client.ask('setBreakpoints', { source: { path }, breakpoints: [{ line: lineOf(text, 'here') }] });
      const { threadId } = await steps.stop(go);
      const { id: frameId } = await steps.top(threadId);
      const { scopes } = await client.ask('scopes', { frameId });
      const [locals, globals] = ['Locals', 'Globals'].map((name) => scopes.find((scope: Json) => scope.name === name).variablesReference);
      const set = (variablesReference: number, name: string, value: string) => client.response('setVariable', { variablesReference, name, value });
      expect((await set(globals, 'total', 'total + 10')).body).to.include({ value: '15', type: 'int' });
      expect((await set(locals, 'total', '6')).body).to.include({ value: '6', type: 'int' });
      for (const [holder, name] of [[locals, 'other'], [locals, 'nobody'], [globals, 'nobody'], [globals, 'Globals.other']] as const) {
        expect(await set(holder, name, '7')).to.include({ success: false, message: `There is no variable "${name}" here.` });
      }
      expect(await client.response('setExpression', { expression: 'nobody', value: '7', frameId })).to.include({ success: false, message: 'There is no variable "nobody" here.' });
      expect((await set(globals, 'other', 'nobody')).message).to.equal("NameError: name 'nobody' is not defined");
      expect((await client.ask('setExpression', { expression: 'other', value: '8', frameId })).value).to.equal('8');
      await steps.finish(() => client.ask('continue', { threadId }));
      expect(steps.output('stdout')).to.equal('6 15 8 False\n');
      expect(await command.exited).to.equal(0);
    });
  });

  for (const runtime of ['docker', 'native'] as const) {
    describe(`an exception in Python, ${runtime}`, () => {
      for (const [part, probe] of Object.entries(needs[runtime])) before(need(part, probe));

      it('has the frames of the program alone, and ends it as it always does', async () => {
        for (const [code, exitCode, last] of [['raise ValueError("wrong")', 1, 'ValueError: wrong\n'], ['os.kill(os.getpid(), signal.SIGINT)', 130, 'KeyboardInterrupt\n']] as const) {
          const path = sourceFile('main.py', `import os, signal\ndef f():\n    ${code}\nf()\n`);
          const { client, ...command } = new DapCommand();
          const steps = new Steps(client);
          const { go } = await steps.begin({ program: path, runtime });
          expect(await steps.finish(go)).to.equal(exitCode);
          expect(steps.output('stderr')).to.equal(`Traceback (most recent call last):\n  File "${path}", line 4, in <module>\n    f()\n  File "${path}", line 3, in f\n    ${code}\n${last}`);
          expect(await command.exited).to.equal(0);
        }
      });
    });
  }
});
