/*
 * How a program has ended, as the agent itself sees it. Its supervisor tells that sooner, and more of it. But programs can
 * keep a supervisor from the processor, or trace the program, whose parent then can't wait for it.
 */
#include "command.h"
#include "loop.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum {
    /* So long the supervisor has to tell. */
    PATIENCE_MS = 100,
    PIDFD_SEND_SIGNAL = 424,
    PIDFD_OPEN = 434,
    /* The fields of /proc/PID/stat, by their numbers in proc(5). */
    FIELD_PARENT = 4, FIELD_SESSION = 6, FIELD_TIMES = 14, FIELD_EXIT_CODE = 52, FIELDS,
};

bool end_can_be_seen(void) { return !under_gvisor(); }

void end_watch(struct command *command) {
    if (end_can_be_seen()) command->watch = (int)syscall(PIDFD_OPEN, command->program, 0);
}

void end_poll(struct command *command) {
    command->watch_poll = -1;
    if (command->watch < 0) return;
    if (command->look_at == 0) command->watch_poll = poll_add(command->watch, POLLIN);
    else wake_at(command->look_at);
}

bool end_has_come(const struct command *command) {
    struct pollfd watched = {.fd = command->watch, .events = POLLIN};
    return command->watch >= 0 && poll(&watched, 1, 0) > 0;
}

void end_forget(struct command *command) {
    if (command->watch >= 0) close(command->watch);
    command->watch = -1;
}

/* Whoever may not look at a process is told that its exit code is 0. Who may is told that a dead one has no file. */
static bool may_look(pid_t program) {
    char path[32], nothing;
    snprintf(path, sizeof path, "/proc/%d/exe", (int)program);
    return readlink(path, &nothing, 1) < 0 && errno == ENOENT;
}

/* What the kernel says of a process that has ended, and that nobody has waited for. */
static bool read_fields(pid_t program, uint64_t fields[FIELDS]) {
    char path[32], text[2048];
    snprintf(path, sizeof path, "/proc/%d/stat", (int)program);
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) return false;
    ssize_t size = read(file, text, sizeof text - 1);
    close(file);
    text[size > 0 ? size : 0] = 0;
    /* The name may hold anything. After it comes the state, which is field 3. */
    char *at = strrchr(text, ')');
    if (!at || strncmp(at, ") Z ", 4) != 0) return false;
    at += 3;
    for (int field = FIELD_PARENT; field < FIELDS; field++) {
        char *begin = at;
        fields[field] = strtoull(begin, &at, 10);
        if (at == begin) return false;
    }
    return true;
}

bool end_seen(struct command *command, struct report *report) {
    if (command->watch < 0) return false;
    if (command->watch_poll >= 0 && poll_result(command->watch_poll)) command->look_at = now_ms() + PATIENCE_MS;
    if (command->look_at == 0 || now_ms() < command->look_at) return false;
    command->look_at = now_ms() + PATIENCE_MS;
    uint64_t fields[FIELDS];
    pid_t program = command->program;
    if (!may_look(program) || !read_fields(program, fields)) return false;
    if (fields[FIELD_PARENT] != (uint64_t)command->supervisor || fields[FIELD_SESSION] != (uint64_t)program) return false;
    /* It is still there, so all this was about it. */
    if (syscall(PIDFD_SEND_SIGNAL, command->watch, 0, NULL, 0) < 0) return false;
    uint64_t ticks = 0;
    for (int time = 0; time < 4; time++) ticks += fields[FIELD_TIMES + time];
    *report = (struct report){
        .kind = REPORT_ENDED, .channel = command->channel, .pid = program, .value = (int32_t)fields[FIELD_EXIT_CODE],
        .cpu_us = ticks * 1000000 / (uint64_t)sysconf(_SC_CLK_TCK),
    };
    return true;
}
