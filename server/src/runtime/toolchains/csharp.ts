/** How a C# file is run, together with the files beside it that hold the rest of its program: those that declare types, and begin no program of their own. */
import { posix } from 'node:path';
import type { SourceFile, SourceFiles, Toolchain, ToolchainPhase } from '../ports.ts';
import { bare, beside } from './companions.ts';

const env = {
  DOTNET_CLI_TELEMETRY_OPTOUT: '1',
  DOTNET_NOLOGO: '1',
  DOTNET_SKIP_FIRST_TIME_EXPERIENCE: '1',
};

const BUILD = ['dotnet', 'build'];
const QUIETLY = ['--nologo', '--verbosity', 'quiet'];

/** A single file is what dotnet calls a file-based app. */
export const dotnetPhases: Toolchain['phases'] = (file, args, scratch) => [
  { name: 'compile', command: [...BUILD, file, '--output', scratch, ...QUIETLY], env },
  { name: 'run', command: ['dotnet', `${scratch}/${posix.basename(file, '.cs')}.dll`, ...args], env },
];

/** Several files need a project. `version`: that of dotnet. */
export async function dotnetPhasesFor(source: SourceFile, files: SourceFiles, version: string): Promise<Toolchain['phases']> {
  const others = await companions(source, files);
  if (others.length === 0) return dotnetPhases;
  return (file, args, scratch) => [
    {
      name: 'compile', env, command: [...BUILD, `${scratch}/program.csproj`, '--output', `${scratch}/out`, ...QUIETLY],
      files: { [`${scratch}/program.csproj`]: project([file, ...others], version) },
    },
    { name: 'run', command: ['dotnet', `${scratch}/out/program.dll`, ...args], env },
  ];
}

export const monoPhases: Toolchain['phases'] = (file, args, scratch) => mono([file], args, scratch);

export async function monoPhasesFor(source: SourceFile, files: SourceFiles): Promise<Toolchain['phases']> {
  const others = await companions(source, files);
  return (file, args, scratch) => mono([file, ...others], args, scratch);
}

function mono(sources: readonly string[], args: readonly string[], scratch: string): ToolchainPhase[] {
  return [
    { name: 'compile', command: ['mcs', '-nologo', '-debug', `-out:${scratch}/program.exe`, ...sources], env: {} },
    { name: 'run', command: ['mono', '--debug', `${scratch}/program.exe`, ...args], env: {} },
  ];
}

async function companions(source: SourceFile, files: SourceFiles): Promise<string[]> {
  const hasMain = startsProgram(bare(source.text));
  const others = await beside(source, files, (name) => name.endsWith('.cs'));
  return others.filter(({ text }) => !hasMain || !startsProgram(text)).map(({ path }) => path);
}

/** Whether it has a method Main, or statements outside of all types. */
function startsProgram(text: string): boolean {
  if (/\bstatic\b[^;{}()]*\bMain\s*\(/.test(text)) return true;
  const code = text.replaceAll(/^\s*#.*$/gm, ' ').replaceAll(/^\s*(?:global\s+)?using\s[^;({]*;/gm, ' ').replaceAll(/^\s*\[[^\]]*\]/gm, ' ').trim();
  return code !== '' && !/^(?:(?:public|internal|static|abstract|sealed|partial|readonly|unsafe|file|ref)\s+)*(?:namespace|class|struct|record|interface|enum|delegate)\b/.test(code);
}

function project(sources: readonly string[], version: string): string {
  const [major = '10'] = version.split('.');
  const items = sources.map((path) => `    <Compile Include="${escape(path)}" />`).join('\n');
  return `<Project Sdk="Microsoft.NET.Sdk">
  <PropertyGroup>
    <OutputType>Exe</OutputType>
    <TargetFramework>net${major}.0</TargetFramework>
    <ImplicitUsings>enable</ImplicitUsings>
    <Nullable>enable</Nullable>
    <EnableDefaultCompileItems>false</EnableDefaultCompileItems>
  </PropertyGroup>
  <ItemGroup>
${items}
  </ItemGroup>
</Project>
`;
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;');
}
