/*
 * Holding a program: it is started as any other, and stopped where it first names a certain path, which is the file that
 * it is to run. The supervisor traces it until then. An interpreter that is held there has done all that it does before
 * it looks at its program; when it is let go nothing traces it any more, and nothing of it shows that it was held, but
 * the clock that tells when it was started.
 *
 * While it is held nothing of it runs, so whatever another program does to it can be seen before it is let go
 * (portrait.c). If something was done, it is not let go but killed, and another must be started in its place.
 */
#include "agent.h"
#include <elf.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    MAX_THREADS = 256,
    SYSCALL_STOP = SIGTRAP | 0x80,
};

struct thread {
    pid_t id;
    bool known; /* it has stopped for the first time */
    bool stopped;
};

static enum { OFF, RUNNING, STOPPING, HELD } phase = OFF;
static struct thread threads[MAX_THREADS];
static size_t thread_count;
static pid_t program;
static const char *wanted;

static struct thread *thread_of(pid_t id) {
    for (size_t at = 0; at < thread_count; at++) {
        if (threads[at].id == id) return &threads[at];
    }
    if (thread_count == MAX_THREADS) return NULL;
    threads[thread_count] = (struct thread){.id = id};
    return &threads[thread_count++];
}

static void go_on(pid_t id, int signal) { ptrace(PTRACE_SYSCALL, id, NULL, (void *)(intptr_t)signal); }

/* The first two arguments of the system call that a thread is in. */
static bool arguments(pid_t id, uint64_t into[2]) {
    struct user_regs_struct registers;
    struct iovec place = {&registers, sizeof registers};
    if (ptrace(PTRACE_GETREGSET, id, (void *)NT_PRSTATUS, &place) < 0) return false;
#if defined(__x86_64__)
    into[0] = registers.rdi;
    into[1] = registers.rsi;
#else
    into[0] = registers.regs[0];
    into[1] = registers.regs[1];
#endif
    return true;
}

/* Reads an absolute path from the memory of the program. Returns false where none is there. */
static bool read_path(pid_t id, uint64_t at, char *path) {
    size_t size = 0;
    for (;;) {
        errno = 0;
        long word = ptrace(PTRACE_PEEKDATA, id, (void *)(uintptr_t)(at + size), NULL);
        if (errno != 0) return false;
        memcpy(path + size, &word, sizeof word);
        if (*path != '/') return false;
        if (memchr(path + size, 0, sizeof word)) return true;
        size += sizeof word;
        if (size + sizeof word > MAX_PATH) return false;
    }
}

/* Whether this thread is about to look at the file. */
static bool names_wanted(pid_t id) {
    uint64_t pointers[2];
    char path[MAX_PATH];
    if (!arguments(id, pointers)) return false;
    for (int at = 0; at < 2; at++) {
        if (pointers[at] < 4096 || !read_path(id, pointers[at], path)) continue;
        if (strcmp(path, wanted) == 0) return true;
        if (!portrait_remember(path)) kill(program, SIGKILL);
    }
    return false;
}

/* gVisor lets nobody trace what is not dumpable. The memory is the supervisor's until the program is executed. */
bool hold_asked(void) {
    if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) == 0) return true;
    return prctl(PR_SET_DUMPABLE, 1) == 0 && ptrace(PTRACE_TRACEME, 0, NULL, NULL) == 0;
}

bool hold_begin(pid_t pid, const char *path) {
    prctl(PR_SET_DUMPABLE, 0);
    int status;
    /* It stops when it has become the program. */
    if (waitpid(pid, &status, __WALL) < 0 || !WIFSTOPPED(status)) return false;
    long options = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL;
    if (ptrace(PTRACE_SETOPTIONS, pid, NULL, (void *)options) < 0) {
        kill(pid, SIGKILL);
        return false;
    }
    program = pid;
    wanted = path;
    phase = RUNNING;
    threads[0] = (struct thread){.id = pid, .known = true};
    thread_count = 1;
    go_on(pid, 0);
    return true;
}

/* All other threads are to stop as well. */
static void stop_others(pid_t id) {
    phase = STOPPING;
    for (size_t at = 0; at < thread_count; at++) {
        if (threads[at].id != id) syscall(SYS_tgkill, program, threads[at].id, SIGSTOP);
    }
}

static bool all_stopped(void) {
    for (size_t at = 0; at < thread_count; at++) {
        if (!threads[at].stopped) return false;
    }
    return true;
}

static void add_new_thread(pid_t parent) {
    unsigned long id = 0;
    if (ptrace(PTRACE_GETEVENTMSG, parent, NULL, &id) < 0 || !thread_of((pid_t)id)) kill(program, SIGKILL);
}

bool hold_traces(void) { return phase != OFF; }

bool hold_stopped(pid_t id, int status) {
    struct thread *thread = thread_of(id);
    int signal = WSTOPSIG(status);
    int event = status >> 16;
    if (phase == HELD || !thread) {
        kill(program, SIGKILL);
        return false;
    }
    if (event == PTRACE_EVENT_CLONE) add_new_thread(id);
    if (event != 0) {
        thread->known = true;
        go_on(id, 0);
        return false;
    }
    if (signal == SYSCALL_STOP) {
        thread->known = true;
        thread->stopped = names_wanted(id);
        if (thread->stopped && phase == RUNNING) stop_others(id);
        else if (!thread->stopped) go_on(id, 0);
    } else if (signal == SIGSTOP && (!thread->known || phase == STOPPING)) {
        thread->known = true;
        thread->stopped = phase == STOPPING;
        if (!thread->stopped) go_on(id, 0);
    } else if (signal == SIGCHLD && phase == RUNNING) {
        go_on(id, signal);
    } else {
        /* Somebody has sent it a signal. */
        kill(program, SIGKILL);
    }
    if (phase != STOPPING || !all_stopped()) return false;
    phase = HELD;
    return true;
}

void hold_thread_ended(pid_t id) {
    for (size_t at = 0; at < thread_count; at++) {
        if (threads[at].id == id) threads[at] = threads[--thread_count];
    }
}

static uint64_t before;

static struct portrait portrait(const char *directory) {
    pid_t ids[MAX_THREADS];
    for (size_t at = 0; at < thread_count; at++) ids[at] = threads[at].id;
    return portrait_take(ids, thread_count, directory, wanted);
}

/*
 * A thread whose stop was told may still be on its way from the processor, and the kernel has yet to count that in its
 * status. The kernel answers a question about it only when it has arrived.
 */
static void await_rest(void) {
    unsigned long message;
    for (size_t at = 0; at < thread_count; at++) ptrace(PTRACE_GETEVENTMSG, threads[at].id, NULL, &message);
}

void hold_look(const char *directory) {
    await_rest();
    portrait_settle();
    before = portrait(directory).likeness;
}

bool hold_unchanged(const char *directory) {
    struct portrait now = portrait(directory);
    return now.likeness == before && !now.signaled;
}

void hold_release(void) {
    phase = OFF;
    for (size_t at = 0; at < thread_count; at++) ptrace(PTRACE_DETACH, threads[at].id, NULL, NULL);
}
