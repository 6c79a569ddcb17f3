/* What descends from a process: found in /proc, because a subreaper keeps its descendants for ever. */
#include "agent.h"
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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
static bool is_stopped(char state) { return state == 'T' || state == 't'; }

int tree_signal(pid_t root, int signal) {
    if (!mark_below(root)) return -1;
    int left = 0;
    for (size_t at = 0; at < count; at++) {
        const struct process *each = &all[at];
        if (!each->below || is_dead(each->state) || (signal == SIGSTOP && is_stopped(each->state))) continue;
        kill(each->pid, signal);
        left++;
    }
    return left;
}

int tree_kill_frozen(pid_t root) {
    if (!mark_below(root)) return -1;
    /* What was stopped before stays stopped. */
    size_t stopped = 0;
    pid_t *sleepers = allocate((count + 1) * sizeof *sleepers);
    for (size_t at = 0; at < count; at++) {
        if (is_stopped(all[at].state)) sleepers[stopped++] = all[at].pid;
    }
    kill(-1, SIGSTOP);
    int left = tree_signal(root, SIGKILL);
    for (size_t at = 0; at < count; at++) {
        const struct process *each = &all[at];
        bool keep = each->below || each->pid == getpid();
        for (size_t sleeper = 0; sleeper < stopped && !keep; sleeper++) keep = sleepers[sleeper] == each->pid;
        if (!keep) kill(each->pid, SIGCONT);
    }
    free(sleepers);
    return left;
}
