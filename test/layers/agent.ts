/** The layers that the agent puts around itself and around each program: who it becomes, what it gives up, its filter, its supervisors and its seals. */
import type { Layer } from './layer.ts';

const src = 'server/agent/src';
const promises = 'test/runtime/agent/promises';
const filter = `${src}/filter.c`;
const filterTest = `${promises}/filter.test.ts`;
const native = 'test/runtime/kinds/native/layers.test.ts';

/** Takes something out of the filter of system calls. */
const unfiltered = (name: string, from: string, to: string, title = 'the system call filter: native'): Layer => ({ name: `the filter: ${name}`, file: filter, from, to, test: filterTest, title });

export const agent: readonly Layer[] = [
  unfiltered('all of it', 'prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter);', '(void)filter;'),
  unfiltered('calls that are denied', 'deny_calls(denied, COUNT(denied));', '(void)denied;'),
  unfiltered('calls of another kind of machine', 'reply(SECCOMP_RET_KILL_PROCESS);\n    load(offsetof(struct seccomp_data, nr));', 'reply(SECCOMP_RET_ALLOW);\n    load(offsetof(struct seccomp_data, nr));'),
  unfiltered('calls with short pointers', 'add(BPF_JMP | BPF_JGE | BPF_K, 0, 1, X32_BIT);\n    reply(SECCOMP_RET_KILL_PROCESS);', '(void)X32_BIT;'),
  unfiltered('clone3', 'when_equal(SYS_clone3, 1);\n    reply(DENY(ENOSYS));', ''),
  unfiltered('namespaces by clone', 'add(BPF_JMP | BPF_JSET | BPF_K, 0, 1, new_namespaces);\n    reply(DENY(EPERM));', '(void)new_namespaces;\n    load(ARGUMENT(0));\n    load(ARGUMENT(0));'),
  unfiltered('input of terminals', 'when_argument(SYS_ioctl, 1, terminal_input, COUNT(terminal_input), DENY(EPERM), SECCOMP_RET_ALLOW);', '(void)terminal_input;'),
  unfiltered('families of sockets', 'when_argument(SYS_socket, 0, families, COUNT(families), DENY(EAFNOSUPPORT), SECCOMP_RET_ALLOW);', '(void)families;'),
  unfiltered('personalities', 'when_argument(SYS_personality, 0, personalities, COUNT(personalities), SECCOMP_RET_ALLOW, DENY(EPERM));', '(void)personalities;'),
  ...['SYS_prlimit64', 'SYS_sched_setscheduler', 'SYS_sched_setaffinity'].map((call): Layer => ({ name: `the filter: ${call} of the agent`, file: filter, from: 'limiting[] = {SYS_prlimit64, SYS_sched_setscheduler, SYS_sched_setparam, SYS_sched_setaffinity};', to: `limiting[] = {${['SYS_prlimit64', 'SYS_sched_setscheduler', 'SYS_sched_setparam', 'SYS_sched_setaffinity'].filter((each) => each !== call).join(', ')}};`, test: `${promises}/verdicts.test.ts`, title: 'can not be reached by a program' })),
  { name: 'the filter: priorities', file: filter, from: '    keep_priority(agent[0]);\n', to: '    (void)keep_priority;\n', test: `${promises}/verdicts.test.ts`, title: 'can not be reached by a program' },
  { name: 'the filter: signals to the agent, where the kernel takes them for it', file: filter, from: 'for (size_t at = 0; !protected', to: 'for (size_t at = COUNT(signaling); !protected', test: `${promises}/verdicts.test.ts`, title: 'can not be signalled' },
  { name: 'no new privileges', file: `${src}/main.c`, from: 'if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0) _exit(1);', to: '', test: 'test/runtime/kinds/native/filter.test.ts' },
  { name: 'the user', file: `${src}/main.c`, from: 'if (user) become_user(user);', to: '(void)user;', test: native },
  { name: 'the bounding set of capabilities', file: `${src}/confine.c`, from: 'prctl(PR_CAPBSET_DROP, capability) == 0;', to: 'prctl(PR_CAPBSET_READ, capability) >= 0;', test: native },
  { name: 'the groups of the daemon', file: `${src}/confine.c`, from: 'setgroups(0, NULL) < 0 || ', to: '', test: native },
  { name: 'the agent is not dumpable', file: `${src}/main.c`, from: '    prctl(PR_SET_DUMPABLE, 0);\n    if', to: '    prctl(PR_SET_DUMPABLE, 1);\n    if', test: `${promises}/verdicts.test.ts`, title: 'the agent: native' },
  { name: 'supervisors are not dumpable', file: `${src}/supervisor.c`, from: 'struct failure failure = {0, STAGE_FORK};', to: 'struct failure failure = {0, STAGE_FORK};\n    prctl(PR_SET_DUMPABLE, 1);', test: `${promises}/verdicts.test.ts`, title: 'can not be reached by a program' },
  { name: 'a domain of Landlock for each program', file: `${src}/supervisor.c`, from: 'if (enter_domain() == 0 && (', to: 'if ((', test: `${promises}/verdicts.test.ts`, title: 'can not be reached by a program' },
  { name: 'supervisors block signals', file: `${src}/supervisor.c`, from: '    sigfillset(&all);\n', to: '    sigemptyset(&all);\n', test: `${promises}/verdicts.test.ts`, title: 'signal that can be blocked' },
  { name: 'supervisors are the parents of what was left', file: `${src}/supervisor.c`, from: 'prctl(PR_SET_CHILD_SUBREAPER, 1) == 0 && ', to: '', test: `${promises}/trees.test.ts`, title: 'native' },
  { name: 'a program has only its own descriptors', file: `${src}/supervisor.c`, from: '    close_from(highest + 1);\n', to: '', test: 'test/runtime/kinds/native/programs.test.ts', title: 'only its own descriptors' },
  { name: 'the end of a supervisor is no success', file: `${src}/course.c`, from: 'give_up("a program has ended its supervisor, so nobody can tell what became of it");', to: 'if (!command->ended) take_end(command, &(struct report){.channel = command->channel});', test: `${promises}/loss.test.ts`, title: 'native' },
  { name: 'programs are offered to the kernel where memory runs out', file: `${src}/launch.c`, from: '    offer_to_kernel(true);\n', to: '', test: `${promises}/verdicts.test.ts`, title: 'offers programs to the kernel' },
  { name: 'descriptors that the agent keeps for itself', file: `${src}/launch.c`, from: '(rlim_t)fd + SPARE_DESCRIPTORS < limit.rlim_cur', to: '(rlim_t)fd + SPARE_DESCRIPTORS * 0 < limit.rlim_cur', test: `${promises}/starting.test.ts`, title: 'native' },
  { name: 'the seals of what the daemon sends', file: `${src}/wire.c`, from: 'if (difference) give_up', to: 'if (difference && in_size == 0) give_up', test: 'test/agent/start.test.ts', title: 'puts a seal on each frame' },
  { name: 'the lease of an agent on a socket', file: `${src}/main.c`, from: "if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) _exit(0);", to: '(void)got;', test: 'test/agent/start.test.ts', title: 'ends when its stdin does' },
  { name: 'the lease: an agent whose connection has ended', file: `${src}/wire.c`, from: "    if (got <= 0) _exit(0);\n    in_size", to: '    if (got <= 0) return;\n    in_size', test: 'test/agent/start.test.ts', title: 'ends when its connection does' },
  { name: 'the limit of processes where there are no control groups', file: `${src}/main.c`, from: 'if (processes) limit_processes(processes);', to: '(void)processes;', test: 'test/runtime/kinds/native/user.test.ts' },
];
