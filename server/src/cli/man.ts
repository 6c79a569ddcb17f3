/** The manual page, made from the table of commands and options, in the form that man(1) reads. */
import { codeRows, shownCommands, spelling, synopsis } from './help.ts';
import { commands, commonOptions, type OptionName, optionsOf, rowOf } from './table.ts';

export function manPage(version: string): string {
  return [
    `.TH CODEBEAKER 1 "" "codebeaker ${version}" "User Commands"`,
    '.SH NAME',
    'codebeaker \\- runs code in a real sandbox',
    '.SH SYNOPSIS',
    ...shownCommands.flatMap((name, at) => [...(at === 0 ? [] : ['.br']), plain(synopsis(name))]),
    '.SH DESCRIPTION',
    'The program runs in a sandbox that is made for it and removed afterwards: a container, a bubblewrap sandbox, Deno or Bun, whichever this machine has and suits best.',
    'It has no network, sees no file of this machine but those that go along, and can use no more than its limits.',
    ...shownCommands.flatMap((name) => [`.SH ${plain(synopsis(name)).toUpperCase()}`, plain(commands[name].text), ...optionsOf(name).flatMap(entry)]),
    '.SH OPTIONS OF ALL COMMANDS',
    ...commonOptions.flatMap(entry),
    '.SH EXIT STATUS',
    'That of the program, or one of these:',
    ...codeRows().flatMap(([code, text]) => ['.TP', `.B ${code}`, plain(text)]),
    '.SH FILES',
    'What .gitignore files name does not go along, and neither do .git, node_modules, .venv and their like, links that lead out of the folder, and devices.',
    'Of the home folder, and of folders such as /tmp, only the files that lie directly in it go along; of a folder that holds keys or belongs to the system, none.',
    '',
  ].join('\n');
}

function entry(name: OptionName): string[] {
  return ['.TP', `.B ${plain(spelling(name))}`, plain(rowOf(name).text)];
}

/** A line of text, in which nothing is an instruction to man. */
function plain(text: string): string {
  return text.replaceAll('\\', '\\e').replaceAll('-', '\\-').replace(/^(?=[.'])/, '\\&');
}
