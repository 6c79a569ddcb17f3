/*
 * The system call filter: classic BPF. It denies what is dangerous instead of allowing what is known, so that no program
 * breaks that has done nothing wrong. It comes on top of the filter that the engine may have.
 *
 * Denied with EPERM: the calls below; what would slow the agent down, stop it or take its resources away; new namespaces by
 * clone; putting characters into the input of a terminal; unusual personalities. Sockets of families with a history do not
 * exist. clone3 does not exist either, because its flags can't be looked at: every C library then takes clone. A call of
 * another machine's kind ends the process.
 */
#include "agent.h"
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__x86_64__)
#define OWN_MACHINE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define OWN_MACHINE AUDIT_ARCH_AARCH64
#else
#error "the filter does not know this machine"
#endif

#ifndef SYS_clone3
#define SYS_clone3 435
#endif

/* Programs do not need them, and they have been ways out of sandboxes. */
static const uint16_t denied[] = {
    /* Namespaces and mounts. Numbers from 424 on are the same on all machines, and newer than some headers. */
    SYS_unshare, SYS_setns, SYS_mount, SYS_umount2, SYS_pivot_root, SYS_chroot, SYS_quotactl, SYS_name_to_handle_at, SYS_open_by_handle_at,
    428 /* open_tree */, 429 /* move_mount */, 430 /* fsopen */, 431 /* fsconfig */, 432 /* fsmount */, 433 /* fspick */, 442 /* mount_setattr */, 443 /* quotactl_fd */,
    /* The kernel itself */
    SYS_bpf, SYS_perf_event_open, SYS_userfaultfd, 425 /* io_uring_setup */, 426 /* io_uring_enter */, 427 /* io_uring_register */,
    SYS_init_module, SYS_finit_module, SYS_delete_module, SYS_kexec_load, SYS_kexec_file_load, SYS_add_key, SYS_request_key, SYS_keyctl,
    SYS_syslog, SYS_vhangup, SYS_acct, SYS_swapon, SYS_swapoff, SYS_reboot,
#ifdef __x86_64__
    SYS_iopl, SYS_ioperm, SYS_modify_ldt, SYS_uselib, SYS__sysctl,
#endif
#ifdef SYS_lookup_dcookie
    SYS_lookup_dcookie,
#endif
    /* Turns on the processor as short as the agent's, which would come before it again */
    SYS_sched_setattr,
    /* The machine's name and time */
    SYS_sethostname, SYS_setdomainname, SYS_settimeofday, SYS_clock_settime, SYS_clock_adjtime, SYS_adjtimex,
};

/* Other processes: denied where nothing else keeps commands from one another. */
static const uint16_t strangers[] = {SYS_process_vm_readv, SYS_process_vm_writev, SYS_kcmp, 438 /* pidfd_getfd */, 440 /* process_madvise */};

/* PTRACE_ATTACH, PTRACE_SEIZE: without them a process can trace none but its own child that wants it. */
static const uint32_t tracing[] = {16, 0x4206};

/* They change how the process of their first argument is scheduled and limited, and are allowed for each of the same user. The agent is not to be changed. */
static const uint16_t limiting[] = {SYS_prlimit64, SYS_sched_setscheduler, SYS_sched_setparam, SYS_sched_setaffinity};

/* They send a signal to the process of their first argument, or prepare that. Denied for the agent where the kernel takes signals for it: one that has been stopped would be neither there nor gone. */
static const uint16_t signaling[] = {SYS_kill, SYS_tkill, SYS_tgkill, SYS_rt_sigqueueinfo, SYS_rt_tgsigqueueinfo, 434 /* pidfd_open */};

/* CLONE_NEWTIME, NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET */
static const uint32_t new_namespaces = 0x7e020080;
/* TIOCSTI, TIOCLINUX */
static const uint32_t terminal_input[] = {0x5412, 0x541c};
/* AF_ALG, AF_VSOCK, AF_PACKET, AF_BLUETOOTH, AF_RDS, AF_TIPC, AF_KEY: all but a few programs never ask for them. */
static const uint32_t families[] = {38, 40, 17, 31, 21, 30, 15};
/* PER_LINUX, PER_LINUX32, and the question which it is */
static const uint32_t personalities[] = {0, 8, 0xffffffff};

enum { MAX_INSTRUCTIONS = 320, X32_BIT = 0x40000000 };
#define COUNT(list) (sizeof(list) / sizeof *(list))
#define DENY(error) (SECCOMP_RET_ERRNO | (error))
/* The lower half of an argument. Both machines are little-endian. */
#define ARGUMENT(index) (offsetof(struct seccomp_data, args) + 8 * (index))

static struct sock_filter program[MAX_INSTRUCTIONS];
static unsigned short length;

static void add(uint16_t code, uint8_t yes, uint8_t no, uint32_t value) {
    if (length == MAX_INSTRUCTIONS) abort();
    program[length++] = (struct sock_filter){code, yes, no, value};
}
static void load(uint32_t offset) { add(BPF_LD | BPF_W | BPF_ABS, 0, 0, offset); }
static void reply(uint32_t value) { add(BPF_RET | BPF_K, 0, 0, value); }
/* Goes on if the value is this one, else skips some instructions. */
static void when_equal(uint32_t value, uint8_t otherwise) { add(BPF_JMP | BPF_JEQ | BPF_K, 0, otherwise, value); }

static void deny_calls(const uint16_t *calls, size_t count) {
    for (size_t at = 0; at < count; at++) {
        when_equal(calls[at], 1);
        reply(DENY(EPERM));
    }
}

/* Replies `found` if an argument of the call is one of the values, else `otherwise`. */
static void when_argument(uint32_t call, uint32_t index, const uint32_t *values, size_t count, uint32_t found, uint32_t otherwise) {
    when_equal(call, (uint8_t)(2 + 2 * count));
    load(ARGUMENT(index));
    for (size_t at = 0; at < count; at++) {
        when_equal(values[at], 1);
        reply(found);
    }
    reply(otherwise);
}

/* No program makes all processes of its user slower, or the agent. */
static void keep_priority(uint32_t agent) {
    when_equal(SYS_setpriority, 7);
    load(ARGUMENT(0));
    when_equal(PRIO_USER, 1);
    reply(DENY(EPERM));
    load(ARGUMENT(1));
    when_equal(agent, 1);
    reply(DENY(EPERM));
    reply(SECCOMP_RET_ALLOW);
}

void filter_system_calls(void) {
    load(offsetof(struct seccomp_data, arch));
    add(BPF_JMP | BPF_JEQ | BPF_K, 1, 0, OWN_MACHINE);
    reply(SECCOMP_RET_KILL_PROCESS);
    load(offsetof(struct seccomp_data, nr));
#ifdef __x86_64__
    /* Calls of programs with short pointers */
    add(BPF_JMP | BPF_JGE | BPF_K, 0, 1, X32_BIT);
    reply(SECCOMP_RET_KILL_PROCESS);
#endif
    when_equal(SYS_clone3, 1);
    reply(DENY(ENOSYS));
    when_equal(SYS_clone, 4);
    load(ARGUMENT(0));
    add(BPF_JMP | BPF_JSET | BPF_K, 0, 1, new_namespaces);
    reply(DENY(EPERM));
    reply(SECCOMP_RET_ALLOW);
    when_argument(SYS_ioctl, 1, terminal_input, COUNT(terminal_input), DENY(EPERM), SECCOMP_RET_ALLOW);
    when_argument(SYS_socket, 0, families, COUNT(families), DENY(EAFNOSUPPORT), SECCOMP_RET_ALLOW);
    when_argument(SYS_personality, 0, personalities, COUNT(personalities), SECCOMP_RET_ALLOW, DENY(EPERM));
    if (!keeps_strangers_apart()) when_argument(SYS_ptrace, 0, tracing, COUNT(tracing), DENY(EPERM), SECCOMP_RET_ALLOW);
    const uint32_t agent[] = {(uint32_t)getpid()};
    for (size_t at = 0; at < COUNT(limiting); at++) when_argument(limiting[at], 0, agent, COUNT(agent), DENY(EPERM), SECCOMP_RET_ALLOW);
    bool protected = getpid() == 1 && !under_gvisor();
    for (size_t at = 0; !protected && at < COUNT(signaling); at++) when_argument(signaling[at], 0, agent, COUNT(agent), DENY(EPERM), SECCOMP_RET_ALLOW);
    keep_priority(agent[0]);
    deny_calls(denied, COUNT(denied));
    if (!keeps_strangers_apart()) deny_calls(strangers, COUNT(strangers));
    reply(SECCOMP_RET_ALLOW);
    struct sock_fprog filter = {.len = length, .filter = program};
    /* Where it fails, the facts say that there is no filter. */
    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter);
}
