/** The scripts that complete the command line in bash, zsh and fish, made from the table of commands and options. */
import { languageIds } from '../protocol/index.ts';
import { runtimeKinds } from '../runtime/kinds/table.ts';
import { shownCommands } from './help.ts';
import { type CommandName, commands, commonOptions, type Completion, type OptionName, optionsOf, rowOf, type Shell, shells } from './table.ts';

export function completion(shell: Shell): string {
  return `${{ bash, zsh, fish }[shell]().join('\n')}\n`;
}

const words: Readonly<Record<Exclude<Completion, 'file' | 'folder'>, readonly string[]>> = {
  language: languageIds,
  runtime: runtimeKinds(undefined).map(({ id }) => id),
  shell: shells,
};

const optionsFor = (name: CommandName): OptionName[] => [...optionsOf(name), ...commonOptions];

const spellings = (name: OptionName): string[] => [`--${name}`, ...[rowOf(name).short].flatMap((short) => short ?? []).map((short) => `-${short}`)];

function bash(): string[] {
  const generate = (what: Completion | undefined) => (what === undefined ? 'COMPREPLY=()' : what === 'file' ? 'COMPREPLY=($(compgen -f -- "$word"))' : what === 'folder' ? 'COMPREPLY=($(compgen -d -- "$word"))' : `COMPREPLY=($(compgen -W "${words[what].join(' ')}" -- "$word"))`);
  const valued = (Object.keys(byName()) as OptionName[]).filter((name) => rowOf(name).value);
  return [
    '# Completion of codebeaker for bash: eval "$(codebeaker completion bash)"',
    '_codebeaker() {',
    '  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} command= at skip=',
    '  for ((at = 1; at < COMP_CWORD; at++)); do',
    '    if [[ -n $skip ]]; then skip=; continue; fi',
    '    case ${COMP_WORDS[at]} in',
    `      ${valued.flatMap(spellings).join('|')}) skip=1 ;;`,
    '      -*) ;;',
    '      *) if [[ -z $command ]]; then command=${COMP_WORDS[at]}; else COMPREPLY=($(compgen -f -- "$word")); return; fi ;;',
    '    esac',
    '  done',
    '  case $before in',
    ...valued.map((name) => `    ${spellings(name).join('|')}) ${generate(rowOf(name).completes)}; return ;;`),
    '  esac',
    '  case $command in',
    ...shownCommands.map((name) => `    ${name}) if [[ $word == -* ]]; then COMPREPLY=($(compgen -W "${optionsFor(name).map((each) => `--${each}`).join(' ')}" -- "$word")); else ${generate(commands[name].completes)}; fi ;;`),
    `    *) COMPREPLY=($(compgen -W "${[...shownCommands, ...optionsFor('serve').map((each) => `--${each}`)].join(' ')}" -- "$word")) ;;`,
    '  esac',
    '}',
    'complete -o filenames -F _codebeaker codebeaker',
  ];
}

function zsh(): string[] {
  const action = (what: Completion | undefined) => (what === undefined ? '' : what === 'file' ? '_files' : what === 'folder' ? '_files -/' : `(${words[what].join(' ')})`);
  const described = (text: string) => text.replace(/'/g, `'\\''`).replace(/([[\]:\\])/g, '\\$1');
  const spec = (name: OptionName) => {
    const { value, many, completes, text } = rowOf(name);
    return spellings(name).map((each) => `'${many ? '*' : ''}${each}[${described(text)}]${value ? `:${value}:${action(completes)}` : ''}'`);
  };
  const specs = (name: CommandName) => optionsFor(name).flatMap(spec).join(' ');
  return [
    '#compdef codebeaker',
    '# Completion of codebeaker for zsh: codebeaker completion zsh > a folder of $fpath/_codebeaker',
    '_codebeaker() {',
    '  local context state line',
    `  _arguments -C ${specs('serve')} '1: :(${shownCommands.join(' ')})' '*:: :->rest'`,
    '  [[ $state == rest ]] || return',
    '  case $words[1] in',
    ...shownCommands.map((name) => `    ${name}) _arguments ${specs(name)} '1: :${action(commands[name].completes)}'${name === 'run' ? ` '*: :_files'` : ''} ;;`),
    '  esac',
    '}',
    'if [[ $funcstack[1] == _codebeaker ]]; then _codebeaker "$@"; else compdef _codebeaker codebeaker; fi',
  ];
}

function fish(): string[] {
  const quoted = (text: string) => `'${text.replace(/(['\\])/g, '\\$1')}'`;
  const values = (what: Completion | undefined) => (what === undefined ? ['-x'] : what === 'file' || what === 'folder' ? ['-r'] : ['-x', '-a', quoted(words[what].join(' '))]);
  const line = (condition: string, name: OptionName) => {
    const { short, value, completes, text } = rowOf(name);
    return ['complete -c codebeaker', '-n', quoted(condition), '-l', name, ...(short ? ['-s', short] : []), ...(value ? values(completes) : []), '-d', quoted(text)].join(' ');
  };
  const none = '__fish_use_subcommand';
  return [
    '# Completion of codebeaker for fish: codebeaker completion fish | source',
    `complete -c codebeaker -n ${none} -f`,
    ...shownCommands.map((name) => `complete -c codebeaker -n ${none} -a ${name} -d ${quoted(commands[name].text)}`),
    ...optionsFor('serve').map((name) => line(none, name)),
    ...shownCommands.flatMap((name) => optionsFor(name).map((each) => line(`__fish_seen_subcommand_from ${name}`, each))),
    ...shownCommands.filter((name) => commands[name].completes !== 'file').map((name) => ['complete -c codebeaker -f', '-n', quoted(`__fish_seen_subcommand_from ${name}`), ...(commands[name].completes ? values(commands[name].completes).slice(1) : [])].join(' ')),
  ];
}

/** Every option that some command shown in the help takes. */
function byName(): Partial<Record<OptionName, true>> {
  return Object.fromEntries(shownCommands.flatMap(optionsFor).map((name) => [name, true as const]));
}
