/** The help of the command line, made from the table of commands and options. */
import { Exit, exitTexts } from './exit-codes.ts';
import { type CommandName, commands, commonOptions, type OptionName, optionsOf, rowOf } from './table.ts';
import { wrap } from './text.ts';

const WIDTH = 80;
const INDENT = 2;
/** Where the texts of options begin. */
const COLUMN = 26;

/** The help of one command, or of all. */
export function help(topic: CommandName | undefined): string {
  return topic === undefined ? overview() : [
    usageOf(topic),
    ...wrap(commands[topic].text, WIDTH),
    '',
    ...[...optionsOf(topic), ...commonOptions].flatMap(line),
    ...(topic === 'run' ? ['', ...codes()] : []),
    '',
  ].join('\n');
}

/** How a command is typed. */
export function usageOf(name: CommandName): string {
  return `Usage: ${synopsis(name)}`;
}

export function synopsis(name: CommandName): string {
  const { operands } = commands[name];
  return ['codebeaker', name === 'serve' ? '[serve]' : name, ...(optionsOf(name).length > 0 ? ['[options]'] : []), ...(operands ? [operands] : [])].join(' ');
}

export const shownCommands = (Object.keys(commands) as CommandName[]).filter((name) => !commands[name].hidden);

/** An option as it is typed: `-e, --env NAME=VALUE`. */
export function spelling(name: OptionName): string {
  const { short, value } = rowOf(name);
  return `${short ? `-${short}, ` : ''}--${name}${value ? ` ${value}` : ''}`;
}

/** The exit codes and what they mean, in the order of their numbers. */
export function codeRows(): [code: number, text: string][] {
  return (Object.keys(Exit) as (keyof typeof Exit)[]).map((name) => [Exit[name], exitTexts[name]]);
}

function overview(): string {
  const sections = shownCommands.map((name) => [synopsis(name), ...indented(commands[name].text, 4), ...optionsOf(name).flatMap(line), '']);
  return ['codebeaker: runs code in a real sandbox', '', ...sections.flat(), 'Options of all commands', ...commonOptions.flatMap(line), '', ...codes(), ''].join('\n');
}

function codes(): string[] {
  return [
    ...wrap('The exit code of codebeaker run is the program\'s own. Other codes of codebeaker are:', WIDTH),
    ...codeRows().flatMap(([code, text]) => wrap(text, WIDTH - 8).map((each, at) => `  ${(at === 0 ? `${code}` : '').padEnd(6)}${each}`)),
  ];
}

function line(name: OptionName): string[] {
  const head = ' '.repeat(INDENT) + spelling(name);
  const lines = wrap(rowOf(name).text, WIDTH - COLUMN);
  const rest = (from: number) => lines.slice(from).map((each) => ' '.repeat(COLUMN) + each);
  return head.length < COLUMN - 1 ? [head.padEnd(COLUMN) + (lines[0] ?? ''), ...rest(1)] : [head, ...rest(0)];
}

function indented(text: string, by: number): string[] {
  return wrap(text, WIDTH - by).map((each) => ' '.repeat(by) + each);
}
