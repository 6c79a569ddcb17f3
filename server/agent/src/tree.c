/*
 * What descends from a process: found in /proc, because a subreaper keeps its descendants for ever.
 *
 * Most trees are one group of processes, which the kernel kills at once, also those that are just being made. Of others each
 * process is killed as soon as it is found, and looked for again until a look finds nothing new. No process outside of the
 * tree is touched.
 */
#include "agent.h"
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

/* After so many looks in a row the agent does something else, and then looks again. */
enum { MAX_LOOKS = 30 };

struct process {
    pid_t pid, parent;
    bool below;
};

static struct process *all;
static size_t count, room;

/* The parent is told after the state. The name in front of them may hold anything. */
static bool look(pid_t pid, struct process *process) {
    char path[32], text[512];
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) return false;
    ssize_t size = read(file, text, sizeof text - 1);
    close(file);
    if (size <= 0) return false;
    text[size] = 0;
    const char *after = strrchr(text, ')');
    if (!after || strlen(after) < 5) return false;
    *process = (struct process){.pid = pid, .parent = (pid_t)strtol(after + 4, NULL, 10)};
    return true;
}

static int by_pid(const void *a, const void *b) {
    return ((const struct process *)a)->pid - ((const struct process *)b)->pid;
}

/* Kills a process, and takes the right to start others from it, which no program can take back. Returns whether it had that right until now. */
static bool end(pid_t pid) {
    static const struct { uint64_t soft, hard; } none = {0, 0};
    struct { uint64_t soft, hard; } before = {0, 0};
    bool fresh = syscall(SYS_prlimit64, pid, RLIMIT_NPROC, &none, &before) == 0 && before.hard != 0;
    kill(pid, SIGKILL);
    return fresh;
}

/* Signals a process if it is found to be below the root; SIGKILL ends it. The processes that it may be below must be in order. Returns whether `end` found it to be new. */
static bool signal_below(struct process *process, pid_t root, int signal) {
    struct process key = {.pid = process->parent};
    const struct process *parent = process->parent == root ? NULL : bsearch(&key, all, count, sizeof *all, by_pid);
    if (process->below || (process->parent != root && (!parent || !parent->below))) return false;
    process->below = true;
    /* Also one that looks like a zombie: its first thread has ended, and others may not have. */
    if (signal == SIGKILL) return end(process->pid);
    kill(process->pid, signal);
    return false;
}

/* Looks at all processes, and signals those below the root as soon as they are found. Returns whether `end` found any to be new. */
static bool signal_all(pid_t root, int signal) {
    DIR *folder = opendir("/proc");
    bool fresh = false;
    count = 0;
    for (struct dirent *entry; folder && (entry = readdir(folder));) {
        if (entry->d_name[0] < '1' || entry->d_name[0] > '9') continue;
        if (count == room) {
            struct process *more = realloc(all, (room + 256) * sizeof *all);
            if (!more) break;
            all = more;
            room += 256;
        }
        if (!look((pid_t)strtol(entry->d_name, NULL, 10), &all[count])) continue;
        /* The kernel lists them in order, and most parents come before their children. */
        if (signal_below(&all[count], root, signal)) fresh = true;
        count++;
    }
    if (folder) closedir(folder);
    qsort(all, count, sizeof *all, by_pid);
    for (bool changed = true; changed;) {
        changed = false;
        for (size_t at = 0; at < count; at++) {
            if (all[at].below) continue;
            if (signal_below(&all[at], root, signal)) fresh = true;
            if (all[at].below) changed = true;
        }
    }
    return fresh;
}

void tree_kill(pid_t root, pid_t group) {
    if (group > 0) kill(-group, SIGKILL);
    for (int look = 0; signal_all(root, SIGKILL) && look < MAX_LOOKS; look++) { }
}

void tree_signal(pid_t root, int signal) { signal_all(root, signal); }
