/** TypeScript and other sources with source maps, in the bridge from the Debug Adapter Protocol to Node. */
import { expect } from 'chai';
import ts from 'typescript';
import { fileURLToPath } from 'node:url';
import { bundles, need } from '../../require.ts';
import { debug, newerNode } from './session.ts';

const loader = fileURLToPath(new URL('../../../server/dist/typescript/loader.cjs', import.meta.url));

const source = `interface Shape {
  side: number;
}
enum Kind { Small = 1 }
function area(shape: Shape): number {
  const { side } = shape; // area
  return side * side; // back
}
console.log(area({ side: 3 }), Kind.Small); // print
`;

const compile = (inline: boolean) =>
  ts.transpileModule(source, {
    fileName: 'src/main.ts',
    compilerOptions: { module: ts.ModuleKind.CommonJS, target: ts.ScriptTarget.ES2022, sourceMap: !inline, inlineSourceMap: inline },
  });

const stopsIn = async (session: Parameters<Parameters<typeof debug>[2]>[0], file: string) => {
  const [breakpoint] = session.breakpoints[file] ?? [];
  const stop = await session.stopped();
  expect(stop.text).to.equal('const { side } = shape; // area');
  expect(stop.frames[1]).to.deep.include({ line: 9, source: { name: 'main.ts', path: session.path(file) } });
  expect((await session.go('next')).text).to.equal('return side * side; // back');
  expect(await session.finish()).to.equal(0);
  return breakpoint;
};

describe('TypeScript in Node', () => {
  before(need('the build', bundles));

  for (const inline of [false, true]) {
    it(`is shown where a compiler has left a source map ${inline ? 'in the file' : 'beside it'}`, () => {
      const { outputText, sourceMapText = '' } = compile(inline);
      const text = inline ? outputText : outputText.replace(/sourceMappingURL=.*/, 'sourceMappingURL=main.js.map');
      const map = sourceMapText.replace('"main.ts"', '"../src/main.ts"');
      const inlined = text.replace(/base64,(\S+)/, (_, data: string) => `base64,${Buffer.from(Buffer.from(data, 'base64').toString().replace('"main.ts"', '"../src/main.ts"')).toString('base64')}`);
      const files = { 'src/main.ts': source, 'dist/main.js': inlined, 'dist/main.js.map': map };
      return debug(files, { main: 'dist/main.js', breakpoints: { 'src/main.ts': ['// area'] } }, async (session) => {
        expect(await stopsIn(session, 'src/main.ts')).to.include({ verified: true, line: 6 });
      });
    });
  }

  it('is shown from its map where its file is gone', () => {
    const { outputText } = compile(true);
    const withContent = outputText.replace(/base64,(\S+)/, (_, data: string) => {
      const map = { ...(JSON.parse(Buffer.from(data, 'base64').toString()) as object), sourcesContent: [source] };
      return `base64,${Buffer.from(JSON.stringify(map)).toString('base64')}`;
    });
    return debug({ 'main.js': `${withContent.replace('const { side }', 'debugger; const { side }')}` }, {}, async (session) => {
      const { frames } = await session.stopped();
      const { content } = await session.client.get('source', { source: frames[0].source, sourceReference: frames[0].source.sourceReference });
      expect(content).to.equal(source);
    });
  });

  describe('that runs by itself', () => {
    before(need('another Node', newerNode.probe));

    it('is debugged as it is', () => {
      const files = { 'main.ts': source.replace('enum Kind { Small = 1 }', 'const Kind = { Small: 1 };') };
      return debug(files, { main: 'main.ts', node: newerNode.path, breakpoints: { 'main.ts': ['// area'] } }, async (session) => {
        expect(await stopsIn(session, 'main.ts')).to.include({ verified: true, line: 6 });
      });
    });

    it('stops on entry where the loader of a sandbox translates it', () =>
      debug({ 'main.ts': source }, { main: 'main.ts', node: newerNode.path, launch: { runtimeArgs: ['--require', loader], stopOnEntry: true } }, async (session) => {
        const { reason, frames } = await session.stopped();
        expect([reason, frames[0].source.name]).to.deep.equal(['entry', 'main.ts']);
      }));

    it('stops in functions, by their names, where Node has read WebAssembly to translate it', () => {
      const text = 'function two(one: number): number {\n  return one + 1; // two\n}\nconsole.log(two(1));\n';
      return debug({ 'main.ts': text }, { main: 'main.ts', node: newerNode.path, functions: [{ name: 'two' }] }, async (session) => {
        expect((await session.stopped()).text).to.equal('return one + 1; // two');
        expect(await session.finish()).to.equal(0);
      });
    });

    it('has its own lines where the loader of a sandbox leaves some out', () => {
      const text = `const one: number = 1; // one\n\n\nfunction two(): number {\n  return 2; // two\n}\n\nconsole.log(one, two()); // print\n`;
      return debug({ 'main.ts': text }, { main: 'main.ts', node: newerNode.path, launch: { runtimeArgs: ['--require', loader] }, breakpoints: { 'main.ts': ['// two'] } }, async (session) => {
        expect(session.breakpoints['main.ts']?.[0]).to.include({ verified: true, line: 5 });
        const { breakpoints } = await session.client.get('breakpointLocations', { source: { path: session.path('main.ts') }, line: 1, endLine: 8 });
        expect(breakpoints.map(({ line }: any) => line)).to.include.members([5, 8]).and.not.include(2);
        expect((await session.stopped()).text).to.equal('return 2; // two');
        expect(await session.finish()).to.equal(0);
      });
    });

    it('is debugged where the loader of a sandbox translates it', () =>
      debug({ 'main.ts': source }, { main: 'main.ts', node: newerNode.path, launch: { runtimeArgs: ['--require', loader] }, breakpoints: { 'main.ts': ['// area'] } }, async (session) => {
        expect(await stopsIn(session, 'main.ts')).to.include({ verified: true, line: 6 });
      }));
  });
});
