/** One TypeScript everywhere (T6): the same programs print the same in every runtime. */
import { expect } from 'chai';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { createBunRuntime } from '../../../server/src/runtime/kinds/bun/bun.ts';
import { createNativeRuntime } from '../../../server/src/runtime/kinds/native/native.ts';
import { bundles, dockerImage, need, npmPackage, ociRuntime, type Probe } from '../../require.ts';
import { RealSession } from '../../warm/real-session.ts';
import type { Subject } from '../contract/contract.ts';
import { useSandbox, write } from '../contract/harness.ts';
import { denoSubject } from '../kinds/deno/subject.ts';
import { containerSubject } from '../kinds/docker/contract-subject.ts';
import { debian, gvisor, plain } from '../kinds/docker/real.ts';
import { bubblewrap, layeredSubject, nativeSubject } from '../kinds/native/subject.ts';
import { failures, samples } from './samples.ts';

interface Place {
  readonly make: () => Promise<Subject>;
  readonly needs: Readonly<Record<string, Probe>>;
  /** Whether interpreters can wait there. */
  readonly waits: boolean;
  /** What does not run there yet. */
  readonly lacks?: readonly string[];
}

/** Those of test/setup/nodes.sh: the host and the image have others. */
const nodes = ['24.22.3', '26.10.0'];

function withNode(version: string): Place {
  const folder = fileURLToPath(new URL(`../../../.cache/nodes/v${version}/bin`, import.meta.url));
  const there: Probe = () => (existsSync(folder) ? undefined : `there is no ${folder}; run test/setup/nodes.sh`);
  return { make: () => nativeSubject(createNativeRuntime, `${folder}:${process.env.PATH}`), needs: { bubblewrap, [`Node ${version}`]: there }, waits: true };
}

/** Deno does not ask the hooks of a loader what a module imports that a file in CommonJS requires. */
const denoLacks = ['a module with imports that is required'];

const places: Readonly<Record<string, Place>> = {
  docker: { make: () => containerSubject(debian, plain), needs: { docker: dockerImage(debian) }, waits: true },
  gvisor: { make: () => containerSubject(debian, gvisor), needs: { docker: dockerImage(debian), gVisor: ociRuntime('runsc') }, waits: true },
  ...Object.fromEntries(nodes.map((version) => [`native with Node ${version}`, withNode(version)])),
  bun: { make: () => nativeSubject((options) => createBunRuntime(process.env.PATH, options)), needs: { bubblewrap, bun: npmPackage('bun') }, waits: false },
  deno: { make: denoSubject, needs: { deno: npmPackage('deno') }, waits: false, lacks: denoLacks },
  'deno in bubblewrap': { make: layeredSubject, needs: { bubblewrap, deno: npmPackage('deno') }, waits: false, lacks: denoLacks },
};

for (const [place, { make, needs, waits, lacks = [] }] of Object.entries(places)) {
  describe(`TypeScript in ${place} (T6)`, function () {
    this.timeout(60_000);
    before(need('the build', bundles));
    for (const [part, probe] of Object.entries(needs)) before(need(part, probe));
    const held = useSandbox({ make }, { language: 'typescript' });
    const env = { NO_COLOR: '1' };
    let count = 0;

    /** Writes the files into a folder of their own. */
    async function folderWith(files: Readonly<Record<string, string>>): Promise<string> {
      const folder = `/workspace/program-${(count += 1)}`;
      for (const [name, text] of Object.entries(files)) await write(held.sandbox, `${folder}/${name}`, text);
      return folder;
    }

    for (const [name, { files, entry, prints }] of Object.entries(samples)) {
      if (lacks.includes(name)) continue;
      it(`runs ${name}`, async () => {
        const real = new RealSession(held.sandbox, 'typescript');
        const folder = await folderWith(files);
        const ran = await real.code({ path: `${folder}/${entry ?? 'main.ts'}`, cwd: folder, env });
        expect([ran.stdout, ran.exitCode], ran.stderr).to.deep.equal([prints, 0]);
        if (entry !== undefined) return;
        const text = await real.code({ code: files['main.ts'], env });
        expect([text.stdout, text.exitCode], text.stderr).to.deep.equal([prints, 0]);
      });
    }

    for (const [name, { files, says }] of Object.entries(failures)) {
      it(`says it well: ${name}`, async () => {
        const real = new RealSession(held.sandbox, 'typescript');
        const folder = await folderWith(files);
        const { stderr, exitCode } = await real.code({ path: `${folder}/main.ts`, cwd: folder, env });
        expect(exitCode).to.equal(1);
        for (const part of says) expect(stderr).to.match(part);
      });
    }

    if (!waits) return;
    it('has waiting interpreters that read the file, and what it imports, as they are at the run', async () => {
      const real = new RealSession(held.sandbox, 'typescript');
      const folder = await folderWith({ 'main.ts': 'throw new Error("old");\n', 'tsconfig.json': '{}' });
      const path = `${folder}/main.ts`;
      await real.wait('typescript', { file: path, settings: { cwd: '/workspace', env, stdin: 'none', pty: undefined } });
      for (const [name, text] of Object.entries({ 'main.ts': 'import { E } from "@/e";\nconsole.log(E.A);\n', 'e.ts': 'export enum E { A = 7 }\n', 'tsconfig.json': '{ "compilerOptions": { "paths": { "@/*": ["./*"] } } }' })) {
        await write(held.sandbox, `${folder}/${name}`, text);
      }
      const ran = await real.code({ path, env });
      expect([ran.stdout, ran.exitCode, real.used], ran.stderr).to.deep.equal(['7\n', 0, true]);
    });
  });
}
