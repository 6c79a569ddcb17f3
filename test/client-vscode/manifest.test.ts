/** The manifest agrees with the code and with the protocol. */
import { expect } from 'chai';
import { languageIds } from 'codebeaker/protocol';
import { readdirSync, readFileSync } from 'node:fs';
import { debuggableLanguages } from '../../client-vscode/src/debug/languages.ts';
import { launchMemberNames } from '../../client-vscode/src/debug/launch-members.ts';
import { readSettings } from '../../client-vscode/src/base/settings.ts';
import { withLanguages } from '../../client-vscode/scripts/manifest.mts';
import { createParts } from '../../client-vscode/src/parts.ts';
import { languageOf } from '../../client-vscode/src/run/source/language.ts';
import { debugLanguages } from '../../server/src/debug/adapters/table.ts';
import { FakeClock } from '../fakes/clock.ts';
import { FakeCode } from '../fakes/code.ts';

const folder = new URL('../../client-vscode/', import.meta.url);
const read = (name: string) => readFileSync(new URL(name, folder), 'utf8');
const manifest = JSON.parse(read('package.json'));
const { contributes } = manifest;
const settings: Record<string, any> = contributes.configuration.properties;

function sources(below = 'src/'): string[] {
  return readdirSync(new URL(below, folder), { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory() ? sources(`${below}${entry.name}/`) : entry.name.endsWith('.ts') ? [read(`${below}${entry.name}`)] : [],
  );
}

describe('the manifest', () => {
  it('declares exactly the commands that are registered', () => {
    const editor = new FakeCode();
    const context = { subscriptions: [], globalState: editor.memento(), workspaceState: editor.memento(), secrets: editor.secrets() };
    createParts({ code: editor.code, context: context as never, clock: new FakeClock(), process: { execPath: '', env: {}, pid: 1 }, newId: String, random: () => 1 });
    expect([...editor.commands.keys()].sort()).to.deep.equal(contributes.commands.map(({ command }: any) => command).sort());
  });

  it('uses only commands that it declares', () => {
    const there = contributes.commands.map(({ command }: any) => command);
    const named = [...Object.values<any[]>(contributes.menus).flat(), ...contributes.keybindings].map(({ command }) => command);
    expect(there).to.include.members(named);
  });

  it('names a schema for the files of the configuration that the build writes', () => {
    const build = readFileSync(new URL('../server/build.mjs', folder), 'utf8');
    for (const { url } of contributes.jsonValidation) expect(build).to.contain(`client-vscode/${url.replace('./', '')}`);
    expect(contributes.jsonValidation.flatMap(({ fileMatch }: any) => fileMatch)).to.include('.codebeaker.json');
  });

  it('has exactly the languages of the protocol in each clause and in the activation events', () => {
    const manifestText = read('package.json');
    expect(withLanguages(manifestText, languageIds, debuggableLanguages), 'npm run -w client-vscode manifest').to.equal(manifestText);
    const clauses = manifestText.match(/LangId =~ \/\^\([^)]*\)\$\//g) ?? [];
    expect(clauses.length).to.be.above(5);
    const listed = (clause: string) => /\((.*)\)/.exec(clause)?.[1]?.split('|');
    for (const line of manifestText.split('\n').filter((each) => each.includes('LangId =~'))) {
      const wanted = line.includes('"codebeaker.debug"') ? debuggableLanguages : languageIds;
      expect(listed(line.slice(line.indexOf('LangId')).split('$/')[0] ?? ''), line).to.deep.equal([...wanted]);
    }
    const events = manifest.activationEvents.filter((event: string) => event.startsWith('onLanguage:'));
    expect(events).to.deep.equal(languageIds.map((id) => `onLanguage:${id}`));
  });

  it('offers to debug exactly the languages for which the daemon has a debugger (issue 16)', () => {
    expect([...debuggableLanguages].sort()).to.deep.equal(debugLanguages.map(({ language }) => language).sort());
    const [{ languages, configurationAttributes }] = contributes.debuggers;
    expect(languages).to.deep.equal(debuggableLanguages);
    expect(configurationAttributes.launch.properties.language.enum).to.deep.equal(debuggableLanguages);
    expect(contributes.breakpoints.map(({ language }: any) => language)).to.deep.equal(debuggableLanguages);
  });

  it('declares exactly the members of a launch configuration that count, and the page on debugging says which do not', () => {
    const [{ configurationAttributes: { launch } }] = contributes.debuggers;
    expect(Object.keys(launch.properties).sort()).to.deep.equal([...launchMemberNames].sort());
    const page = readFileSync(new URL('../docs/debugging.md', folder), 'utf8');
    const [, table = ''] = page.split('## What launch takes');
    const rows = [...(table.split('\n## ')[0] ?? '').matchAll(/^\| (`.*?) \|/gm)].flatMap(([, cell = '']) => [...cell.matchAll(/`(\w+)`/g)].map(([, name = '']) => name));
    expect(rows.filter((name) => !launchMemberNames.includes(name))).to.deep.equal(['preference', 'strict']);
    expect(launchMemberNames.filter((name) => !rows.includes(name))).to.deep.equal([]);
  });

  it('has no clause on a language that is not generated', () => {
    expect(read('package.json').match(/LangId(?! =~ \/\^\()/g)).to.equal(null);
  });

  it('names every language in the description of codebeaker.languages', () => {
    const { 'setting.languages': description } = JSON.parse(read('package.nls.json'));
    for (const id of languageIds) expect(description).to.include(`\`${id}\``);
  });

  it('names only languages that can be run', () => {
    for (const id of languageIds) expect(languageOf(id)).to.equal(id);
    expect(languageOf('cobol')).to.equal(undefined);
  });

  it('does not let a workspace set what only the machine may set (F-F8)', () => {
    const machine = Object.entries(settings).filter(([, { scope }]) => scope === 'machine').map(([name]) => name);
    expect(machine).to.include.members(['codebeaker.server.path', 'codebeaker.server.config', 'codebeaker.strict', 'codebeaker.preference', 'codebeaker.network']);
    const others = Object.keys(settings).filter((name) => !machine.includes(name));
    expect(manifest.capabilities.untrustedWorkspaces.restrictedConfigurations.sort(), 'in Restricted Mode').to.deep.equal(others.sort());
  });

  it('declares the defaults that the code uses', () => {
    const { code } = new FakeCode();
    const bare = readSettings(code);
    const { code: told, settings: values } = new FakeCode();
    for (const [name, { default: value }] of Object.entries(settings)) values.set(name, value);
    expect(readSettings(told)).to.deep.equal(bare);
  });

  it('has exactly the texts that it refers to', () => {
    const texts = JSON.parse(read('package.nls.json'));
    const wanted = [...read('package.json').matchAll(/"%([\w.]+)%"/g)].map(([, key]) => key);
    expect(Object.keys(texts).sort()).to.deep.equal([...new Set(wanted)].sort());
  });

  it('has exactly the texts of the sources in the bundle for translators', () => {
    const used = sources().flatMap((text) => [...text.matchAll(/l10n\.t\(\s*'((?:[^'\\]|\\.)*)'/g)].map(([, string]) => string?.replace(/\\(.)/g, '$1')));
    const bundle = JSON.parse(read('l10n/bundle.l10n.json'));
    expect(Object.keys(bundle).sort()).to.deep.equal([...new Set(used)].sort());
    expect(sources().join('\n').match(/l10n\.t\(\s*[^'\s]/g), 'a text that nobody can find').to.equal(null);
  });

  it('contains no code that sends data over the network', () => {
    expect(sources().join('\n')).not.to.match(/telemetry|TelemetryLogger|\bfetch\(|node:https?\b/i);
  });
});
