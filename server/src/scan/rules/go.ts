/** The rules for Go. */
import type { Rule } from '../rule.ts';
import { SQL, textRules } from './texts.ts';

const program = (statement: string) => `package main\n\nfunc main() {\n\t${statement}\n}\n`;
const CALL = 'function: (selector_expression operand: (identifier) @module field: (field_identifier) @name)';

export const go: readonly Rule[] = [
  {
    id: 'go/shell', category: 'command', severity: 'warning', cwe: 78,
    message: 'A shell runs a command line that was put together, so what is in its parts can be commands. Give exec.Command the program and its arguments.',
    query: `((call_expression ${CALL} arguments: (argument_list (interpreted_string_literal) @shell . (interpreted_string_literal) @option . [(binary_expression) (call_expression)])) @at
      (#eq? @module "exec") (#any-of? @name "Command" "CommandContext") (#match? @shell "^\\"(/bin/)?(ba|da|z)?sh\\"$") (#eq? @option "\\"-c\\""))`,
    found: ['exec.Command("sh", "-c", "ls "+path).Run()', 'exec.CommandContext(ctx, "bash", "-c", fmt.Sprintf("ls %s", path)).Run()'].map(program),
    clean: ['exec.Command("ls", path).Run()', 'exec.Command("sh", "-c", "ls | wc").Run()', 'exec.Command("git", "-c", "a"+b)'].map(program),
  },
  {
    id: 'go/weak-tls', category: 'tls', severity: 'warning', cwe: 295,
    message: 'The certificate of the server is not checked, so anybody on the way can answer in its place. Leave the check on, and put an authority of your own into RootCAs.',
    query: `((keyed_element . (literal_element (identifier) @key) (literal_element (true))) @at (#eq? @key "InsecureSkipVerify"))
      ((assignment_statement left: (expression_list (selector_expression field: (field_identifier) @key)) right: (expression_list (true))) @at (#eq? @key "InsecureSkipVerify"))`,
    found: ['c := &tls.Config{InsecureSkipVerify: true}\n\t_ = c', 'c.InsecureSkipVerify = true'].map(program),
    clean: ['c := &tls.Config{InsecureSkipVerify: false}\n\t_ = c', 'c := &tls.Config{MinVersion: tls.VersionTLS12}\n\t_ = c'].map(program),
  },
  {
    id: 'go/ssh-host', category: 'tls', severity: 'warning', cwe: 295,
    message: 'The key of the host is not checked, so anybody on the way can answer in its place. Use the package knownhosts.',
    query: `((call_expression ${CALL}) @at (#eq? @module "ssh") (#eq? @name "InsecureIgnoreHostKey"))`,
    found: [program('c := ssh.ClientConfig{HostKeyCallback: ssh.InsecureIgnoreHostKey()}\n\t_ = c')],
    clean: [program('c := ssh.ClientConfig{HostKeyCallback: ssh.FixedHostKey(key)}\n\t_ = c')],
  },
  {
    id: 'go/sql', category: 'sql', severity: 'warning', cwe: 89,
    message: 'A statement of SQL is put together as text, so what is in its parts can change it. Pass the values as parameters: Query("… WHERE name = ?", name).',
    query: `((call_expression function: (selector_expression field: (field_identifier) @name) arguments: (argument_list [(binary_expression) (call_expression)] @statement)) @at
      (#any-of? @name "Query" "QueryRow" "Exec" "QueryContext" "QueryRowContext" "ExecContext" "Raw")
      (#match? @statement "^(fmt[.]Sprintf[(])?[\\"\\\\x60]\\\\s*${SQL}"))`,
    found: ['db.Query("SELECT * FROM t WHERE a = " + a)', 'db.ExecContext(ctx, fmt.Sprintf("DELETE FROM t WHERE a = %s", a))'].map(program),
    clean: ['db.Query("SELECT * FROM t WHERE a = ?", a)', 'db.Query(statement)', 'u.Query("a" + b)'].map(program),
  },
  {
    id: 'go/destruction', category: 'destruction', severity: 'error', cwe: 506,
    message: 'This removes everything below the root or the home folder.',
    query: `((call_expression ${CALL} arguments: (argument_list . (_) @target)) @at
      (#eq? @module "os") (#eq? @name "RemoveAll") (#match? @target "^\\"(/|/home/?|/etc/?|/usr/?)\\"$|^os[.]Getenv[(]\\"HOME\\"[)]$"))`,
    found: ['os.RemoveAll("/")', 'os.RemoveAll(os.Getenv("HOME"))'].map(program),
    clean: ['os.RemoveAll("/tmp/x")', 'os.RemoveAll(folder)'].map(program),
  },
  {
    id: 'go/fork-bomb', category: 'exhaustion', severity: 'error', cwe: 400,
    message: 'This starts processes without end.',
    query: `((for_statement . body: (block) @body) @at (#match? @body "^[{]\\\\s*exec[.]Command[(]os[.]Args[[]0[^;]*[.]Start[(][)]\\\\s*[}]$"))`,
    found: [program('for {\n\t\texec.Command(os.Args[0]).Start()\n\t}')],
    clean: ['for {\n\t\tf()\n\t}', 'exec.Command(os.Args[0]).Start()', 'for i := 0; i < 3; i++ {\n\t\texec.Command(os.Args[0]).Start()\n\t}'].map(program),
  },
  ...textRules({ prefix: 'go', nodes: ['interpreted_string_literal_content', 'raw_string_literal_content'], literal: (text) => program(`f("${text}")`) }),
];
