/*
 * What descends from a process: found in /proc, because a subreaper keeps its descendants for ever.
 *
 * A tree that makes processes faster than they are found is first sealed: each process loses, for ever, the right to start
 * another one (RLIMIT_NPROC, which no program can raise again), and is stopped, so that it leaves the processor to the
 * agent. When a look at the tree finds nothing that was not sealed before, nothing new can come, and all of it is killed.
 * No process outside of the tree is touched.
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

/* A tree is killed after so many looks at it in any case: it will be looked at again. */
enum { MAX_LOOKS = 30 };

struct process {
    pid_t pid, parent;
    char state;
    bool below;
};

static struct process *all;
static size_t count, room;

/* The state and the parent. The name in front of them may hold anything. */
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
    *process = (struct process){.pid = pid, .state = after[2], .parent = (pid_t)strtol(after + 4, NULL, 10)};
    return true;
}

static bool look_at_all(void) {
    DIR *folder = opendir("/proc");
    if (!folder) return false;
    count = 0;
    for (struct dirent *entry; (entry = readdir(folder));) {
        if (entry->d_name[0] < '1' || entry->d_name[0] > '9') continue;
        if (count == room) {
            struct process *more = realloc(all, (room + 256) * sizeof *all);
            if (!more) break;
            all = more;
            room += 256;
        }
        if (look((pid_t)strtol(entry->d_name, NULL, 10), &all[count])) count++;
    }
    closedir(folder);
    return true;
}

static int by_pid(const void *a, const void *b) {
    return ((const struct process *)a)->pid - ((const struct process *)b)->pid;
}

static bool is_below(pid_t pid) {
    struct process key = {.pid = pid};
    const struct process *found = bsearch(&key, all, count, sizeof *all, by_pid);
    return found && found->below;
}

static bool mark_below(pid_t root) {
    if (!look_at_all()) return false;
    qsort(all, count, sizeof *all, by_pid);
    for (bool changed = true; changed;) {
        changed = false;
        for (size_t at = 0; at < count; at++) {
            struct process *each = &all[at];
            if (each->below || (each->parent != root && !is_below(each->parent))) continue;
            each->below = changed = true;
        }
    }
    return true;
}

static bool is_dead(char state) { return state == 'Z' || state == 'X'; }

/* Returns whether the process could start others until now. */
static bool seal(pid_t pid) {
    static const struct { uint64_t soft, hard; } none = {0, 0};
    struct { uint64_t soft, hard; } before = {0, 0};
    long result = syscall(SYS_prlimit64, pid, RLIMIT_NPROC, &none, &before);
    kill(pid, SIGSTOP);
    return result == 0 && before.hard != 0;
}

void tree_kill(pid_t root) {
    for (int look = 0, fresh = 1; fresh > 0 && look < MAX_LOOKS; look++) {
        if (!mark_below(root)) return;
        fresh = 0;
        for (size_t at = 0; at < count; at++) {
            if (all[at].below && !is_dead(all[at].state) && seal(all[at].pid)) fresh++;
        }
    }
    for (size_t at = 0; at < count; at++) {
        if (all[at].below && !is_dead(all[at].state)) kill(all[at].pid, SIGKILL);
    }
}
