/** The command lines with which Go programs are run, and those with which they are made to be debugged. */
import { expect } from 'chai';
import type { SourceFiles } from '../../../server/src/runtime/ports.ts';
import { goDebugPhasesFor, goPhases, goPhasesFor } from '../../../server/src/runtime/toolchains/go.ts';

/** A sandbox with these files. */
function files(texts: Readonly<Record<string, string>>): SourceFiles {
  return {
    list: async (path, { accept }) => ({ entries: Object.keys(texts).filter((each) => each.startsWith(`${path}/`) && !each.slice(path.length + 1).includes('/') && accept(each.slice(path.length + 1))).map((each) => ({ path: each, type: 'file' })) }),
    read: async (path) => {
      const text = texts[path];
      if (text === undefined) throw new Error('there is no such file');
      return { bytes: Buffer.from(text) };
    },
  };
}

const main = 'package main\n\nfunc main() {}\n';
const flags = ['go', 'build', '-buildvcs=false', '-gcflags=-N -l'];

async function commands(make: typeof goPhasesFor, texts: Readonly<Record<string, string>>, path = '/workspace/main.go'): Promise<(readonly string[])[]> {
  const phases = await make({ path, text: texts[path] ?? main }, files(texts), '/workspace');
  return phases(path, ['x'], '/tmp/s').map(({ command }) => command);
}

describe('Go', () => {
  it('runs a file that is alone as go run does, and looks for nothing', () => {
    expect(goPhases('/workspace/main.go', ['x'], '/tmp/s').map(({ command }) => command)).to.deep.equal([['go', 'run', '-exec', 'mv', '/workspace/main.go', '/tmp/s/program'], ['/tmp/s/program', 'x']]);
  });

  it('compiles what is debugged as it was written', async () => {
    expect(await commands(goDebugPhasesFor, { '/workspace/main.go': main })).to.deep.equal([[...flags, '-o', '/tmp/s/program', '/workspace/main.go'], ['/tmp/s/program', 'x']]);
  });

  it('does the same with all packages of the module, and with no library', async () => {
    const texts = { '/workspace/go.mod': '// The sums.\nmodule example.org/sums // here\n\ngo 1.19\n', '/workspace/main.go': main, '/workspace/other.go': 'package main\n' };
    const module = '-gcflags=example.org/sums/...=-N -l';
    expect(await commands(goDebugPhasesFor, texts)).to.deep.equal([[...flags, module, '-o', '/tmp/s/program', './'], ['/tmp/s/program', 'x']]);
    expect((await commands(goDebugPhasesFor, { ...texts, '/workspace/cmd/a/a.go': main }, '/workspace/cmd/a/a.go'))[0]).to.include(module);
  });

  it('leaves out what is another program, whether it is run or debugged', async () => {
    const texts = { '/workspace/main.go': main, '/workspace/other.go': 'package main\n', '/workspace/second.go': main };
    for (const make of [goPhasesFor, goDebugPhasesFor]) {
      const phases = (await make({ path: '/workspace/main.go', text: main }, files(texts), '/workspace'))('/workspace/main.go', [], '/tmp/s');
      expect(phases[0]?.command).to.include.members(['-overlay', '/tmp/s/overlay.json']);
      expect(phases[0]).to.deep.include({ env: { GO111MODULE: 'off' }, files: { '/tmp/s/overlay.json': '{"Replace":{"/workspace/second.go":""}}' } });
    }
  });
});
