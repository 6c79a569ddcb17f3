/**
 * What the held shell knows before it reads its first line: POSIX sh, builtins wherever they will do.
 *
 * M is the held shell: it reads lines and evals them. A program runs as the child P of a subshell W, so that M goes
 * on reading while it runs, and control lines (signals, kills) need no process at all: they work when nothing can
 * be forked any more. Whoever runs something prints a random mark on both streams when it has ended; between the two
 * marks on stdout stands the trailer, which the program can't know how to forge.
 *
 * A `&` child ignores SIGINT and SIGQUIT, and has no session of its own: the launcher (launcher.ts) sees to both. It
 * is an open file that nobody can name any more. Where the machine is another one, or nothing can be executed in
 * /tmp, `env` and `setsid` do it, and where `env` can't (busybox) programs are deaf to SIGINT.
 *
 * Where nothing can be forked, a shell abandons the line: `cb_f` then says what is to be done instead.
 *
 * `jobs` is what tells death by a signal from an exit with 128 + n, in dash and in busybox; bash does not tell.
 */
import { isKnown, type Machine } from './elf.ts';
import { launcher } from './launcher.ts';
import { printfFormat } from './quote.ts';

const functions = String.raw`
cb_n='
'
# Names that begin with cb_ are looked at after a program's own variables have been set.

# t MARK STATUS: the end of something that M did itself.
t() { printf '%s%s %s' "$1" "$2" "$1"; printf %s "$1" >&2; }

# z MARK: waits for P and reports: status; memory peak; out-of-memory kills; who still holds the streams; ticks of
# processor time, of user and system; job state. One write, but for the job state.
z() {
  wait $! 2>/dev/null; s=$?
  h; c=; o=
  [ -n "$R" ] && read -r c <$R
  [ -n "$O" ] && while read -r a b; do [ "$a" = oom_kill ] && o=$b; done <$O
  mark=$1; slurp /proc/self/stat; set -- ${'$'}{v##*) }
  if [ $s -gt 128 ]; then printf '%s%s;%s;%s;%s;%s;%s;' $mark $s "$c" "$o" $L ${'$'}{14} ${'$'}{15}; jobs; printf %s $mark
  else printf '%s%s;%s;%s;%s;%s;%s;%s' $mark $s "$c" "$o" $L ${'$'}{14} ${'$'}{15} $mark; fi
  printf %s $mark >&2
}

# c N: copies N bytes, or all there are, from stdin to stdout. What can't be written is read all the same. One process;
# without a launcher several, of which dd never reads ahead, in GNU and in busybox.
c() {
  if [ -n "$cb_e" ]; then $cb_e $1; return; fi
  {
    [ $1 -lt 65536 ] || dd bs=65536 count=$(($1 / 65536)) iflag=fullblock 2>/dev/null
    [ $(($1 % 65536)) = 0 ] || dd bs=$(($1 % 65536)) count=1 iflag=fullblock 2>/dev/null
  } | { LC_ALL=C cat || { cat >/dev/null; false; }; }
}

# p OFFSET N FILE: a part of a file.
p() {
  if [ -n "$cb_e" ]; then $cb_e $1+$2 <"$3"; else tail -c +$(($1 + 1)) "$3" | head -c $2; fi
}

# d MARK: reads what nobody has taken of the bytes that came with a line. They end with the mark.
d() { while IFS= read -r cb_l; do case $cb_l in *$1) return;; esac; done; }

# x NAME [ARGUMENT...]: becomes the program, in a session of its own. What it looks for in PATH is found as execvp does.
x() {
  [ -n "$cb_e" ] || exec $cb_x "$@"
  case $1 in
  */*) cb_p=$1;;
  *)
    cb_p= IFS=:
    for cb_d in $PATH; do
      [ -f "$cb_d/$1" ] && [ -x "$cb_d/$1" ] && cb_p=$cb_d/$1 && break
    done;;
  esac
  [ -e "$cb_p" ] || { printf '%s: not found\n' "$1" >&2; exit 127; }
  [ -x "$cb_p" ] && [ ! -d "$cb_p" ] || { printf '%s: permission denied\n' "$1" >&2; exit 126; }
  exec $cb_e "$cb_p" "$@" 9<&-
}

# h: L=1 when somebody but us holds one of our streams. U holders are the quiet state; so are Q processes, which only
# the first shell can know: it began alone.
h() {
  L=0; set -- /proc/[0-9]*
  [ $# -le $((Q + 1)) ] && return
  u; [ $n -gt $((U + 1)) ] && L=1
}

# u: n = the number of processes that hold our stdout or stderr.
u() {
  n=0
  for d in /proc/[0-9]*; do
    for f in $d/fd/*; do
      if [ $f -ef /proc/self/fd/1 ] || [ $f -ef /proc/self/fd/2 ]; then n=$((n + 1)); break; fi
    done
  done
}

# slurp FILE: v = its text without newlines and NULs.
slurp() {
  v=
  { while IFS= read -r q || [ -n "$q" ]; do v=$v$q; done <$1; } 2>/dev/null
}

# m PID: T state, P parent, G process group, S session, Y terminal, B start time.
m() {
  slurp /proc/$1/stat; set -- ${'$'}{v##*) }
  [ $# -gt 19 ] || return 1
  T=$1 P=$2 G=$3 S=$4 Y=$5 B=${'$'}{20}
}

# since BASE: t0 = when BASE started. Known on if BASE is gone by now: its last signal told.
since() {
  if m $1; then t0=$B tb=$1; elif [ "$1" != "$tb" ]; then t0=; fi
}

# g SIGNAL BASE ID: to the process group of BASE's child, or to BASE 0's: the one with a terminal to itself.
g() {
  since $2
  for d in /proc/[0-9]*; do
    p=${'$'}{d#/proc/}; m $p || continue
    if [ $2 = 0 ]; then [ $S = $p ] && { [ $P = 0 ] || [ $Y != 0 ]; } && [ $p != 1 ] && [ $T != Z ] && slurp $d/environ || continue
      case $v in *CODEBEAKER_COMMAND_ID=$3*) ;; *) continue;; esac
    else [ $P = $2 ] || continue; fi
    if [ $G = $p ]; then kill -s $1 -- -$p; else kill -s $1 $p; fi
  done 2>/dev/null
}

# k ID BASE: kills every process of a command: those that carry its id in their environment, their children and
# sessions, and orphans younger than BASE that carry no id. Stops what it finds until a pass finds no more: with its
# process group, which holds nothing else, so that a fork bomb leaves us some time for all the others.
k() {
  K=' '; m $$; own=$G; since $2
  while n=; do
    for d in /proc/[0-9]*; do
      p=${'$'}{d#/proc/}
      case $K in *" $p "*) continue;; esac
      [ $p != 1 ] && [ $p != $$ ] && [ $p != $2 ] && m $p && [ $T != Z ] || continue
      case $K in
      *" $P "*|*" $S "*) ;;
      *)
        b=$B o=$P; slurp $d/environ
        case $v in
        *CODEBEAKER_COMMAND_ID=$1*) ;;
        *CODEBEAKER_COMMAND_ID=*) continue;;
        *) [ $o = 1 ] && [ -n "$t0" ] && [ $b -ge $t0 ] || continue;;
        esac;;
      esac
      [ $G = $own ] || kill -s STOP -- -$G
      kill -s STOP $p && K="$K$p " n=1
    done
    [ -n "$n" ] || break
  done 2>/dev/null
  [ "$K" = ' ' ] || kill -s KILL $K 2>/dev/null
}

# what this place is: facts, one a line
facts() {
  printf 'pid %s\n' $$
  while read -r a b; do case $a in Uid:|NoNewPrivs:|Seccomp:|CapEff:|CapBnd:) printf '%s %s\n' $a "$b";; esac; done </proc/self/status
  while read -r a b c d; do case $b in /|/workspace|/tmp) printf 'mount %s %s %s\n' $b $c "$d";; esac; done </proc/self/mounts
  while read -r a b; do case $a in *:*) printf 'net %s\n' "$a";; esac; done </proc/net/dev
  while read -r a b c d; do case $b in data) printf 'limit %s %s\n' $b $d;; processes) printf 'limit %s %s\n' $b $c;; esac; done </proc/self/limits
  read -r a b c </proc/meminfo && printf 'memory %s\n' $b
  read -r a b c d </proc/version && printf 'kernel %s\n' $c
  read -r a </proc/cmdline; case $a in *-gvisor*) printf 'gvisor\n';; esac
  for f in memory/memory.limit_in_bytes memory.max memory/memory.usage_in_bytes memory.current pids/pids.max pids.max cpu/cpu.cfs_quota_us cpu/cpu.cfs_period_us cpu.max; do
    [ -r /sys/fs/cgroup/$f ] && read -r a </sys/fs/cgroup/$f && printf 'cgroup %s %s\n' $f "$a"
  done
  for f in memory cpu pids .; do
    [ -r /sys/fs/cgroup/$f/cgroup.procs ] && while read -r a; do [ $a = $$ ] && printf 'member %s\n' $f; done </sys/fs/cgroup/$f/cgroup.procs
  done
}

LAUNCHER
cb_x=
if [ -z "$cb_e" ]; then
  sid=$(command -v setsid) && cb_x="$sid --"
  env --default-signal=INT,QUIT true 2>/dev/null && cb_x="$(command -v env) --default-signal=INT,QUIT $cb_x"
fi
cb_h=$(command -v sh)
R= O=
for f in /sys/fs/cgroup/memory/memory.max_usage_in_bytes /sys/fs/cgroup/memory.peak; do [ -r $f ] && R=$f; done
for f in /sys/fs/cgroup/memory/memory.oom_control /sys/fs/cgroup/memory.events; do [ -r $f ] && O=$f; done
tb= t0=
Q=0
case $PPID,$$,$2 in 1,*,|*,1,) set -- "$1" /proc/[0-9]*; Q=$(($# - 1));; esac
printf %s "$1"; facts 2>/dev/null; printf '%s' "$1"; printf %s "$1" >&2
u; U=$n
cb_f=
while IFS= read -r line; do command eval "$line"; [ -z "$cb_f" ] || { eval "$cb_f"; cb_f=; }; done
`;

/** Makes the launcher, as an open file. Leaves `cb_e` empty where it can't be used. */
const launching = (machine: Machine): string => `
cb_e=
l=/tmp/.$1
{ printf ${printfFormat(launcher(machine))} >$l && chmod 500 $l && exec 9<$l; rm -f $l; } 2>/dev/null
l=/proc/$$/fd/9
[ -x $l ] && { $l /- - 2>/dev/null; [ $? = 127 ] && cb_e=$l; }
`;

/**
 * Argument of `sh -c`; `$1` is the mark between which it prints its facts; `$2` is there for all but a sandbox's
 * first shell, where they can't be told apart by their parents. Comments don't travel.
 * `machine` is the one that it will run on. Without one no launcher is made: there is none, or `cb_e` names it.
 */
export function prelude(machine: string | undefined): string {
  return functions
    .replaceAll("${'$'}", '$')
    .replace(/^\s*#.*\n/gm, '')
    .replace('LAUNCHER\n', () => (isKnown(machine) ? launching(machine) : ''))
    .trim();
}
