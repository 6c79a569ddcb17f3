/*
 * The supervisor: the process between the agent and one program. It is a child subreaper, so that whatever the program
 * starts descends from it for ever, and it ends when nothing is left of that. No program can read or trace it, because it
 * is not dumpable. It holds nothing but the socket to which it reports.
 */
#include "agent.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { REPORTS_FD = 3, ORDERS_FD = 4, FIRST_SPARE_FD = 10 };

/* What went wrong in the child that was to become the program. It shares its memory with the supervisor until it has. */
struct failure { volatile int32_t error, stage; };

static void send_report(int kind, const struct launch *launch, int32_t pid, int32_t value, int32_t stage, const struct rusage *usage) {
    struct report report;
    memset(&report, 0, sizeof report);
    report.kind = kind;
    report.channel = launch->channel;
    report.pid = pid;
    report.value = value;
    report.stage = stage;
    if (usage) {
        report.cpu_us = (uint64_t)(usage->ru_utime.tv_sec + usage->ru_stime.tv_sec) * 1000000 + (uint64_t)(usage->ru_utime.tv_usec + usage->ru_stime.tv_usec);
        report.largest = (uint64_t)usage->ru_maxrss * 1024;
    }
    while (write(REPORTS_FD, &report, sizeof report) < 0 && errno == EINTR) { }
}

/* A script without a first line that names its interpreter is run by sh, as execvp does it. */
static void execute_script(const char *path, char *const *argv, char *const *env) {
    size_t count = 0;
    while (argv[count]) count++;
    const char **words = alloca((count + 2) * sizeof *words);
    words[0] = "sh";
    words[1] = path;
    for (size_t word = 1; word <= count; word++) words[word + 1] = argv[word];
    execve("/bin/sh", (char *const *)words, env);
}

static void execute_at(const char *path, char *const *argv, char *const *env) {
    execve(path, argv, env);
    if (errno != ENOEXEC) return;
    execute_script(path, argv, env);
    errno = ENOEXEC;
}

/* Becomes the program, which is looked for as execvp does, in the PATH of its own environment. Returns with errno set. */
static void execute(char *const *argv, char *const *env) {
    const char *name = argv[0];
    if (strchr(name, '/')) return execute_at(name, argv, env);
    const char *path = default_path;
    for (char *const *variable = env; *variable; variable++) {
        if (strncmp(*variable, "PATH=", 5) == 0) path = *variable + 5;
    }
    int error = ENOENT;
    char file[MAX_PATH];
    size_t name_size = strlen(name);
    for (const char *end; path; path = end ? end + 1 : NULL) {
        end = strchr(path, ':');
        size_t size = end ? (size_t)(end - path) : strlen(path);
        if (*name == 0 || size + name_size + 2 > sizeof file) continue;
        memcpy(file, path, size);
        if (size > 0) file[size++] = '/';
        memcpy(file + size, name, name_size + 1);
        execute_at(file, argv, env);
        if (errno == EACCES) error = EACCES;
        else if (errno != ENOENT && errno != ENOTDIR) return;
    }
    errno = error;
}

static int32_t take_streams(const struct launch *launch) {
    setsid();
    if (launch->terminal && ioctl(launch->input, TIOCSCTTY, 0) < 0) return STAGE_TERMINAL;
    if (dup2(launch->input, 0) < 0 || dup2(launch->output, 1) < 0 || dup2(launch->error, 2) < 0) return STAGE_START;
    return -1;
}

static _Noreturn void become(const struct launch *launch, struct failure *failure) {
    sigset_t none;
    sigemptyset(&none);
    int32_t stage = take_streams(launch);
    if (stage < 0 && chdir(launch->directory) < 0) stage = STAGE_DIRECTORY;
    if (stage < 0) {
        stage = STAGE_PROGRAM;
        if (enter_domain() == 0 && (!launch->held_at || hold_asked())) {
            signal(SIGPIPE, SIG_DFL);
            sigprocmask(SIG_SETMASK, &none, NULL);
            execute(launch->argv, launch->env);
        }
    }
    failure->error = errno;
    failure->stage = stage;
    _exit(127);
}

static __attribute__((noinline)) pid_t start(const struct launch *launch, struct failure *failure) {
    pid_t pid = vfork();
    if (pid == 0) become(launch, failure);
    return pid;
}

/* Moves the descriptors of the program out of the way, and closes all that are not its own. */
static bool keep_own(struct launch *own, int reports) {
    own->input = fcntl(own->input, F_DUPFD_CLOEXEC, FIRST_SPARE_FD);
    own->output = fcntl(own->output, F_DUPFD_CLOEXEC, FIRST_SPARE_FD);
    own->error = fcntl(own->error, F_DUPFD_CLOEXEC, FIRST_SPARE_FD);
    if (own->input < 0 || own->output < 0 || own->error < 0) return false;
    int orders = own->held_at ? fcntl(own->orders, F_DUPFD_CLOEXEC, FIRST_SPARE_FD) : -1;
    if (own->held_at && orders < 0) return false;
    if (dup3(reports, REPORTS_FD, O_CLOEXEC) < 0 && errno != EINVAL) return false;
    if (orders >= 0 && dup3(orders, ORDERS_FD, O_CLOEXEC) < 0) return false;
    int highest = own->error;
    if (own->output > highest) highest = own->output;
    if (own->input > highest) highest = own->input;
    for (int fd = 0; fd < highest; fd++) {
        if (fd != REPORTS_FD && (fd != ORDERS_FD || orders < 0) && fd != own->input && fd != own->output && fd != own->error) close(fd);
    }
    close_from(highest + 1);
    return true;
}

/* Afterwards reports can be sent, even if it fails. */
static bool prepare(struct launch *own, int reports) {
    if (prctl(PR_SET_CHILD_SUBREAPER, 1) == 0 && keep_own(own, reports)) return true;
    int error = errno;
    dup2(reports, REPORTS_FD);
    errno = error;
    return false;
}

/* A program can make its parent its tracer (PTRACE_TRACEME), and would then wait for it. It has stopped, and has not ended. */
static void release(pid_t pid, int signal) {
    ptrace(PTRACE_DETACH, pid, NULL, signal == SIGTRAP ? 0 : signal);
}

/* Waits until the agent says what is to become of the held program. */
static void wait_for_order(const struct launch *launch, pid_t program) {
    hold_look(launch->directory);
    send_report(REPORT_HELD, launch, program, 0, 0, NULL);
    char order = ORDER_END;
    while (read(ORDERS_FD, &order, 1) < 0 && errno == EINTR) { }
    bool goes = order == ORDER_GO && hold_unchanged(launch->directory);
    if (order == ORDER_GO) send_report(REPORT_RELEASED, launch, program, goes, 0, NULL);
    if (!goes) kill(program, SIGKILL);
    hold_release();
    close(ORDERS_FD);
}

static bool has_ended(const siginfo_t *event) {
    return event->si_code == CLD_EXITED || event->si_code == CLD_KILLED || event->si_code == CLD_DUMPED;
}

/* As wait tells it. */
static int32_t status_of(const siginfo_t *end) {
    if (end->si_code == CLD_EXITED) return (end->si_status & 0xff) << 8;
    return end->si_status | (end->si_code == CLD_DUMPED ? 0x80 : 0);
}

_Noreturn void supervise(const struct launch *launch, int reports) {
    struct launch own = *launch;
    struct failure failure = {0, STAGE_FORK};
    sigset_t all;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, NULL);
    pid_t program = prepare(&own, reports) ? start(&own, &failure) : -1;
    if (program < 0) {
        send_report(REPORT_FAILED, &own, 0, errno, STAGE_FORK, NULL);
        _exit(0);
    }
    close_from((own.held_at ? ORDERS_FD : REPORTS_FD) + 1);
    bool started = failure.error == 0;
    if (started && own.held_at && !hold_begin(program, own.held_at)) {
        started = false;
        failure = (struct failure){EPERM, STAGE_HOLD};
    }
    if (started) send_report(REPORT_STARTED, &own, program, 0, 0, NULL);
    else send_report(REPORT_FAILED, &own, program, failure.error, failure.stage, NULL);
    for (;;) {
        int status, options = own.held_at ? __WALL : 0;
        struct rusage usage;
        siginfo_t event;
        /* The end of the program is reported before it is waited for: until then the agent can see it as well (end.c). */
        if (end_can_be_seen() && syscall(SYS_waitid, P_ALL, 0, &event, WEXITED | WNOWAIT | options, &usage) == 0 && event.si_pid == program && has_ended(&event)) {
            if (started) send_report(REPORT_ENDED, &own, program, status_of(&event), 0, &usage);
            started = false;
        }
        pid_t ended = wait4(-1, &status, options, &usage);
        if (ended < 0 && errno == EINTR) continue;
        if (ended < 0) _exit(0);
        if (WIFSTOPPED(status)) {
            if (!hold_traces()) release(ended, WSTOPSIG(status));
            else if (hold_stopped(ended, status)) wait_for_order(&own, program);
            continue;
        }
        if (ended != program) {
            hold_thread_ended(ended);
            continue;
        }
        program = 0;
        if (started) send_report(REPORT_ENDED, &own, ended, status, 0, &usage);
        started = false;
    }
}
