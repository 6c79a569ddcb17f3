#!/bin/sh
# The keeper: it reads lines from the daemon on stdin. When stdin ends, the daemon has ended, and the keeper removes what
# it has left. The lines:
#
#   +GROUP           records a process group that must not outlive the daemon
#   -GROUP           forgets the group
#   @FOLDER          records the daemon's control group, to be removed at the end, here and in the daemon's folder
#   =FOLDER          records a folder of the daemon's in another place, which is emptied at the end, but for its lock
#   /FOLDER          removes the folder of another daemon, which is dead, and the control groups that are recorded in it
#   !COMMAND         sets what is run at the end, quoted for sh; an empty command is not run
#
# At the end every recorded process group is killed, the daemon's folders and its control groups are removed, and
# meanwhile the command is run.
# $1 is the daemon's folder.
trap '' HUP INT QUIT TERM PIPE TSTP
groups=' '
command=
controls=
places=
forget() {
  while case $groups in *" $1 "*) true ;; *) false ;; esac; do
    groups="${groups%%" $1 "*} ${groups#*" $1 "}"
  done
}
remove() {
  rm -rf -- "$1" && return
  chmod -R u+rwx -- "$1"
  rm -rf -- "$1"
}
ungroup() {
  for _ in 1 2 3 4 5 6 7 8 9 10; do
    rmdir "$1"/*/
    rmdir "$1"
    [ -d "$1" ] || return 0
    sleep 0.1
  done
  return 1
}
ungroupall() {
  left=0
  while IFS= read -r line; do ungroup "$line" || left=1; done
  return $left
}
# The lock and the list of control groups go last. Whatever is left after an interruption is found by the next daemon, by
# the lock that nobody holds.
empty() {
  for each in "$1"/* "$1"/.[!.]*; do
    case ${each##*/} in alive-* | groups) ;; *) remove "$each" ;; esac
  done
}
bury() {
  empty "$1"
  [ ! -f "$1/groups" ] || ungroupall <"$1/groups" || return
  remove "$1"
}
bury_own() {
  bury "$1"
  [ -d "$1" ] && sleep 1 && bury "$1"
  # Somebody may have removed the list with the folder.
  printf %s "$controls" | ungroupall
  printf %s "$places" | while IFS= read -r line; do empty "$line"; done
}
while IFS= read -r line; do
  rest=${line#?}
  case $line in
    +*) forget "$rest"; groups="$groups$rest " ;;
    -*) forget "$rest" ;;
    @*) controls="$controls$rest
"; printf '%s\n' "$rest" >>"$1/groups" ;;
    =*) places="$places$rest
" ;;
    /*) bury "$line" & ;;
    !*) command=$rest ;;
  esac
done
for group in $groups; do kill -s KILL -- "-$group"; done
bury_own "$1" &
[ -n "$command" ] || { wait $!; exit; }
trap - HUP INT QUIT TERM PIPE TSTP
eval "exec $command"
