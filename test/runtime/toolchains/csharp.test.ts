/** What dotnet is given for a program of several C# files (T5). */
import { expect } from 'chai';
import { dotnetPhases, dotnetPhasesFor } from '../../../server/src/runtime/toolchains/csharp.ts';
import { FakeFiles } from '../../fakes/files.ts';

const withFiles = async (texts: Readonly<Record<string, string>>) => {
  const files = new FakeFiles();
  for (const [path, text] of Object.entries(texts)) await files.write(path, Buffer.from(text), { mode: 'create', executable: undefined });
  return files;
};

describe('a C# program for dotnet', () => {
  const types = 'using System;\nnamespace N;\nclass Helper { static int Main2() => 1; }\n';

  it('of several files is a project of these files, whether or not it has a Main (T5)', async () => {
    for (const text of ['class P { static async Task<int> Main(string[] a) { return 1; } }', 'using System;\nConsole.WriteLine(new N.Helper());']) {
      const files = await withFiles({ '/workspace/a & b.cs': types, '/workspace/other.cs': 'Console.WriteLine("another program");', '/workspace/main.cs': text, '/workspace/sub/far.cs': types });
      const phases = (await dotnetPhasesFor({ path: '/workspace/main.cs', text }, files, '10.0.101'))('/workspace/main.cs', ['x'], '/tmp/s');
      expect(phases.map(({ command }) => command)).to.deep.equal([
        ['dotnet', 'build', '/tmp/s/program.csproj', '--output', '/tmp/s/out', '--nologo', '--verbosity', 'quiet'],
        ['dotnet', '/tmp/s/out/program.dll', 'x'],
      ]);
      const project = phases[0]?.files?.['/tmp/s/program.csproj'] ?? '';
      expect(project.match(/Include="[^"]*"/g)).to.deep.equal(['Include="/workspace/main.cs"', 'Include="/workspace/a &amp; b.cs"']);
      expect(project).to.include('<TargetFramework>net10.0</TargetFramework>');
    }
  });

  it('of one file is run as such', async () => {
    const text = 'Console.WriteLine(1);';
    expect(await dotnetPhasesFor({ path: '/workspace/main.cs', text }, await withFiles({ '/workspace/main.cs': text, '/workspace/b.cs': text }), '10.0.101')).to.equal(dotnetPhases);
  });
});
