/** A debug adapter that has waited, in real runtimes and with the real debuggers. */
import { expect } from 'chai';
import { randomUUID } from 'node:crypto';
import { ProtocolDebug } from '../debug/dap-client.ts';
import { dockerImage, need, npmPackage, program, type Probe } from '../require.ts';
import { daemonEnvironment, image, processes, until } from './environment.ts';
import { RawClient } from './raw-client.ts';

const probes: Record<string, Probe> = { docker: dockerImage(image), native: program('bwrap'), deno: async () => (await program('bwrap')()) ?? npmPackage('deno')() };

/** Each prints what a program can see of how it was started, and exits with 3. */
const programs = {
  python: `import colorsys, os, sys
def work(n):
    return n * 2
print(work(21), sys.argv[1:], os.getcwd(), os.environ.get("A"), __name__, sys.path[0], sys.stdin.read(), "scratch" if any("codebeaker" in path for path in sys.argv) else "", flush=True)
print("to stderr", file=sys.stderr, flush=True)
sys.exit(3)
`,
  javascript: `const { isMainThread, Worker } = require('node:worker_threads');
function work(n) {
  return n * 2;
}
console.log(work(21), process.argv.slice(1), process.execArgv, process.cwd(), process.env.A, require.main === module, require.main.filename, __filename, module.paths, isMainThread, process.stdin.isTTY, Object.keys(process.env).sort());
console.error('to stderr');
new Worker('console.log(process.cwd(), process.argv.slice(1), process.execArgv)', { eval: true }).once('exit', () => process.exit(3));
`,
  ruby: `# prints
def work(n)
  n * 2
end
puts "#{work(21)} #{[ARGV, Dir.pwd, ENV['A'], __FILE__, $0, __LINE__, caller, STDIN.read, DATA.read, DATA.lineno, __ENCODING__, DATA.external_encoding]}"
warn 'to stderr'
exit 3
__END__
data
`,
  deno: `const { basename } = require('node:path');
function work(n) {
  return n * 2;
}
console.log(work(21), process.argv.slice(1), Deno.args, process.cwd(), process.env.A, require.main === module, basename(__filename), Deno.mainModule, Object.keys(Deno.env.toObject()).sort());
console.error('to stderr');
process.exit(3);
`,
} as const;
type Kind = keyof typeof programs;

/** What is debugged where. Those without a count of processes wait for one program, and can be told by its arguments. */
const kinds: Record<Kind, { readonly language: string; readonly file: string; readonly places: readonly string[]; readonly processes?: number }> = {
  python: { language: 'python', file: 'main.py', places: ['docker', 'native'], processes: 3 },
  javascript: { language: 'javascript', file: 'main.js', places: ['docker', 'native'], processes: 2 },
  ruby: { language: 'ruby', file: 'main.rb', places: ['native'] },
  deno: { language: 'javascript', file: 'main.js', places: ['deno'] },
};
/** The line of the function at which it stops. */
const LINE = 3;

/** Debugs the program to its end. Resolves with what it printed and with the names of the frames of its stack. */
async function debugOnce(raw: RawClient, { sessionId, path, args, cwd, debugId }: { sessionId: string; path: string; args: readonly string[]; cwd: string; debugId: string }) {
  const debug = new ProtocolDebug(raw, debugId);
  await raw.request('debug/start', { sessionId, path, args, cwd, debugId });
  const { client } = debug;
  await client.ask('initialize', { adapterID: 'codebeaker', linesStartAt1: true, columnsStartAt1: true, pathFormat: 'path' });
  const initialized = client.event('initialized');
  const launched = client.ask('launch');
  await initialized;
  const set = await client.ask('setBreakpoints', { source: { path: `/workspace/${path}` }, breakpoints: [{ line: LINE }] });
  const stopped = client.event('stopped');
  await client.ask('configurationDone');
  await launched;
  const { threadId } = await stopped;
  const { stackFrames } = await client.ask('stackTrace', { threadId });
  const terminated = client.event('terminated');
  await client.ask('continue', { threadId });
  await terminated;
  await client.ask('disconnect', {});
  const printed = (category: string) => client.events('output').filter((body) => body.category === category).map(({ output }) => output).join('');
  return { verified: set.breakpoints[0].verified, frames: stackFrames.map(({ name }: { name: string }) => name), stdout: printed('stdout'), stderr: printed('stderr'), ended: await debug.ended, faults: client.faults };
}

/** Replaces whatever it finds of what waits in the sandbox, and what the program loads would come from there. */
const intruders = {
  python: `import glob, os
for folder in glob.glob("/tmp/.codebeaker-*"):
    for path in glob.glob(folder + "/**/*.py", recursive=True):
        open(path, "w").write("print('intruder')")
    open(folder + "/site/colorsys.py", "w").write("print('intruder')")
`,
  javascript: `const fs = require('node:fs');
for (const name of fs.readdirSync('/tmp').filter((each) => each.startsWith('.codebeaker-'))) {
  for (const file of fs.readdirSync('/tmp/' + name)) fs.writeFileSync('/tmp/' + name + '/' + file, "throw new Error('intruder');");
}
`,
  ruby: `Dir['/tmp/.codebeaker-*/**/*.rb'].each { |path| File.write(path, "puts 'intruder'") }
`,
  // Nothing of what debugs in Deno lies where a program can write.
  deno: '',
} as const;

for (const [kind, { language, file: path, places, processes: count }] of Object.entries(kinds) as [Kind, (typeof kinds)[Kind]][]) {
  for (const runtime of places) {
    describe(`a debug adapter for ${kind} that has waited, ${runtime}`, () => {
      before(need(runtime, probes[runtime] as Probe));

      /** The arguments of the program. */
      const args = ['x', randomUUID()];
      // One that waits for a program waits in the folder of the session.
      const cwd = count === undefined ? '.' : 'sub';

      /** Waits until a debugger waits in the session: all of its processes are there. */
      const waits = (raw: RawClient, sessionId: string) => until('a debugger waits', async () => {
        if (count === undefined) return processes(args.join(' ')).length === 1;
        const { entries } = await raw.request('command/listDirectory', { sessionId, path: '/tmp' });
        return entries.some(({ name }: { name: string }) => processes(name).length === count);
      }, 20_000);

      /** Hands over a session that was debugged once, and what was seen of that. */
      async function debugged(use: (at: { raw: RawClient; sessionId: string; fresh: Awaited<ReturnType<typeof debugOnce>> }) => Promise<void>): Promise<void> {
        const raw = new RawClient({ env: daemonEnvironment({ pool: { native: { shellscript: 0 } } }) });
        try {
          await raw.initialize({ debug: { adapter: true } });
          const { sessionId } = await raw.request('session/create', { runtime, language, env: { A: 'b' } });
          await raw.request('command/writeFile', { sessionId, path, content: programs[kind] });
          await raw.request('command/createDirectory', { sessionId, path: 'sub' });
          const fresh = await debugOnce(raw, { sessionId, path, args, cwd, debugId: 'fresh' });
          expect(fresh.ended).to.deep.equal({ debugId: 'fresh', outcome: 'exited', exitCode: 3 });
          await use({ raw, sessionId, fresh });
          await raw.request('session/close', { sessionId });
        } finally {
          expect(await raw.end()).to.equal(0);
        }
        expect(raw.stderr).to.equal('');
        expect(processes(args.join(' '))).to.deep.equal([]);
      }

      it('debugs as one that was started for the program, and leaves nothing', () => debugged(async ({ raw, sessionId, fresh }) => {
        // As without a debugger.
        const { stdout, stderr } = await raw.request('command/runCode', { sessionId, path, args, cwd, env: { A: 'b' } });
        expect(fresh).to.include({ stdout, stderr });
        expect(stdout).to.contain('42');
        expect(fresh.verified).to.equal(true);
        await waits(raw, sessionId);
        // The processes that wait are there, and belong to no command.
        expect((await raw.request('session/list')).sessions[0].state).to.equal('ready');
        const again = await debugOnce(raw, { sessionId, path, args, cwd, debugId: 'again' });
        expect({ ...again, ended: fresh.ended }).to.deep.equal(fresh);
        expect(again.ended.exitCode).to.equal(3);
        // With other variables it would not be the one that waited.
        await waits(raw, sessionId);
        if (count !== undefined) return;
        // The program may be another one by now.
        await raw.request('command/writeFile', { sessionId, path, content: `${programs[kind]}`.replace('n * 2', 'n * 3') });
        const changed = await debugOnce(raw, { sessionId, path, args, cwd, debugId: 'changed' });
        expect(changed).to.deep.equal({ ...fresh, stdout: stdout.replace('42', '63'), ended: { ...fresh.ended, debugId: 'changed' } });
      }));

      it('has nothing of what a program wrote that ran meanwhile', () => debugged(async ({ raw, sessionId, fresh }) => {
        await waits(raw, sessionId);
        const waited = processes(args.join(' '));
        expect(await raw.request('command/runCode', { sessionId, code: intruders[kind] })).to.include({ exitCode: 0, stderr: '' });
        await until('what waited has ended', () => !processes(args.join(' ')).some((pid) => waited.includes(pid)));
        const after = await debugOnce(raw, { sessionId, path, args, cwd, debugId: 'after' });
        expect(after).to.deep.equal({ ...fresh, ended: { ...fresh.ended, debugId: 'after' } });
      }));
    });
  }
}
