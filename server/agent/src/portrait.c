/*
 * What can be seen of a program that is held: how the kernel describes it, and the files that it has looked for. Two
 * portraits of it are alike if nothing has happened to it in between, and to none of these files.
 */
#include "agent.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

/* So many bytes of paths are kept. */
enum { MAX_NAME_BYTES = 256 * 1024 };

/* The paths that the program has named, one after another, each ended by NUL. */
static char *names;
static size_t names_size;
static uint64_t likeness;
static bool signaled;

bool portrait_remember(const char *path) {
    for (const char *name = names; name < names + names_size; name += strlen(name) + 1) {
        if (strcmp(name, path) == 0) return true;
    }
    size_t size = strlen(path) + 1;
    if (!names) names = malloc(MAX_NAME_BYTES);
    if (!names || names_size + size > MAX_NAME_BYTES) return false;
    memcpy(names + names_size, path, size);
    names_size += size;
    return true;
}

static void mix(const void *bytes, size_t size) {
    const uint8_t *at = bytes;
    for (size_t byte = 0; byte < size; byte++) likeness = (likeness ^ at[byte]) * 0x100000001b3;
}

static void mix_number(int64_t value) { mix(&value, sizeof value); }

/* What the kernel says of a process or a thread, without what changes by itself. */
static void mix_lines(const char *path) {
    char line[512];
    FILE *file = fopen(path, "re");
    if (!file) return mix_number(errno);
    while (fgets(line, sizeof line, file)) {
        static const char *const restless[] = {"Vm", "Rss", "SigQ", "Huge"};
        bool skip = false;
        for (size_t word = 0; word < sizeof restless / sizeof *restless; word++) skip = skip || strncmp(line, restless[word], strlen(restless[word])) == 0;
        if (!skip) mix(line, strlen(line));
        bool tells = strncmp(line, "SigPnd:", 7) == 0 || strncmp(line, "ShdPnd:", 7) == 0;
        if (tells && strspn(line + 7, "\t 0\n") < strlen(line + 7)) signaled = true;
    }
    fclose(file);
}

static void mix_file(pid_t id, const char *name) {
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/%s", (int)id, name);
    mix_lines(path);
}

/* Limits of the sandbox, which runtimes read when they start. The daemon can change them. */
static bool is_limit(const char *path) {
    static const char *const ends[] = {".max", ".high", "limit_in_bytes", "quota_us", "period_us"};
    if (strncmp(path, "/sys/fs/cgroup/", 15) != 0) return false;
    for (size_t at = 0; at < sizeof ends / sizeof *ends; at++) {
        size_t size = strlen(ends[at]);
        if (strlen(path) > size && strcmp(path + strlen(path) - size, ends[at]) == 0) return true;
    }
    return false;
}

/* A directory that programs write to all the time differs by its times alone. */
static bool is_busy(const char *path, const char *wanted) {
    char parent[MAX_PATH];
    snprintf(parent, sizeof parent, "%s", wanted);
    char *end = strrchr(parent, '/');
    if (end) *end = 0;
    return strcmp(path, parent) == 0 || strcmp(path, "/workspace") == 0 || strcmp(path, "/tmp") == 0;
}

static void mix_path(const char *path, bool with_times) {
    struct stat status;
    if (is_limit(path)) return mix_lines(path);
    if (stat(path, &status) < 0) return mix_number(-errno);
    mix_number((int64_t)status.st_dev);
    mix_number((int64_t)status.st_ino);
    mix_number((int64_t)status.st_mode);
    if (!with_times) return;
    mix_number(status.st_size);
    mix_number(status.st_mtim.tv_sec);
    mix_number(status.st_mtim.tv_nsec);
    mix_number(status.st_ctim.tv_sec);
    mix_number(status.st_ctim.tv_nsec);
}

/* Whether the place of a path is on a file system that can be written. */
static bool can_change(const char *path) {
    if (is_limit(path)) return true;
    static const char *const kernels[] = {"/proc/", "/sys/", "/dev/"};
    for (size_t at = 0; at < sizeof kernels / sizeof *kernels; at++) {
        if (strncmp(path, kernels[at], strlen(kernels[at])) == 0) return false;
    }
    char place[MAX_PATH];
    snprintf(place, sizeof place, "%s", path);
    for (;;) {
        struct statvfs status;
        if (statvfs(place, &status) == 0) return !(status.f_flag & ST_RDONLY);
        char *end = strrchr(place, '/');
        if (!end || end == place) return false;
        *end = 0;
    }
}

void portrait_settle(void) {
    size_t kept = 0;
    for (size_t at = 0, size; at < names_size; at += size) {
        size = strlen(names + at) + 1;
        if (!can_change(names + at)) continue;
        memmove(names + kept, names + at, size);
        kept += size;
    }
    names_size = kept;
}

struct portrait portrait_take(const pid_t *threads, size_t count, const char *directory, const char *wanted) {
    likeness = 0xcbf29ce484222325;
    signaled = false;
    for (size_t at = 0; at < count; at++) {
        mix_file(threads[at], "status");
        mix_number(getpriority(PRIO_PROCESS, (id_t)threads[at]));
        mix_number(syscall(SYS_sched_getscheduler, threads[at]));
        mix_number(syscall(SYS_ioprio_get, 1, threads[at]));
    }
    mix_file(threads[0], "limits");
    mix_file(threads[0], "oom_score_adj");
    mix_file(threads[0], "autogroup");
    mix_file(threads[0], "coredump_filter");
    mix_path(directory, false);
    for (const char *name = names; name < names + names_size; name += strlen(name) + 1) mix_path(name, !is_busy(name, wanted));
    return (struct portrait){likeness, signaled};
}
