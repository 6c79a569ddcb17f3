/* What is in force in this sandbox: one fact a line, read when it is asked for. */
#include "agent.h"
#include <errno.h>
#include <fcntl.h>
#include <mntent.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

enum { TEXT_BYTES = 24 * 1024 };
static char *text;
static size_t size;

static __attribute__((format(printf, 1, 2))) void say(const char *format, ...) {
    va_list values;
    va_start(values, format);
    int written = vsnprintf(text + size, TEXT_BYTES - size, format, values);
    va_end(values);
    if (written > 0 && size + (size_t)written < TEXT_BYTES) size += (size_t)written;
}

/* The beginning of a small file. Returns false where it can't be read. */
static bool slurp(const char *path, char *into, size_t room) {
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) return false;
    ssize_t got = read(file, into, room - 1);
    close(file);
    into[got > 0 ? got : 0] = 0;
    return got > 0;
}

/* Says the lines of a file that begin with one of some words. */
static void say_lines(const char *path, const char *before, const char *const *words) {
    FILE *file = fopen(path, "re");
    char line[1024];
    while (file && fgets(line, sizeof line, file)) {
        for (const char *const *word = words; *word; word++) {
            if (strncmp(line, *word, strlen(*word)) == 0) say("%s%s", before, line);
        }
    }
    if (file) fclose(file);
}

/* File systems that hold no files of programs. */
static bool is_kernels(const char *type) {
    static const char *const types[] = {"proc", "sysfs", "cgroup", "cgroup2", "devpts", "mqueue", "devtmpfs", NULL};
    for (const char *const *each = types; *each; each++) {
        if (strcmp(type, *each) == 0) return true;
    }
    return false;
}

/* The file systems that matter: those that every sandbox has, and whatever else can be written. */
static void say_mounts(void) {
    FILE *mounts = setmntent("/proc/self/mounts", "re");
    for (struct mntent *mount; mounts && (mount = getmntent(mounts));) {
        bool own = strcmp(mount->mnt_dir, "/") == 0 || strcmp(mount->mnt_dir, "/workspace") == 0 || strcmp(mount->mnt_dir, "/tmp") == 0;
        bool writable = hasmntopt(mount, "rw") && !is_kernels(mount->mnt_type);
        bool allowed = writable && access(mount->mnt_dir, W_OK) == 0;
        struct stat status;
        bool there = stat(mount->mnt_dir, &status) == 0;
        /* Below a folder that can't be written there may be others. A device or a file of the system's, such as /etc/hosts, holds what it holds. */
        bool matters = writable && there && (S_ISDIR(status.st_mode) || (S_ISREG(status.st_mode) && allowed));
        if (!own && !matters) continue;
        /* A fact is one line, whatever a folder is called. */
        for (char *at = mount->mnt_dir; *at; at++) {
            if ((unsigned char)*at <= ' ') *at = '?';
        }
        say("mount %s %s %s\n", mount->mnt_dir, mount->mnt_type, mount->mnt_opts);
        if (allowed) say("writable %s\n", mount->mnt_dir);
    }
    if (mounts) endmntent(mounts);
}

static void say_limit(const char *name, int which) {
    struct rlimit limit;
    if (getrlimit(which, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY) say("limit %s %llu\n", name, (unsigned long long)limit.rlim_cur);
}

static void say_groups(void) {
    static const char *const files[] = {"memory/memory.limit_in_bytes", "memory.max", "memory/memory.usage_in_bytes", "memory.current", "pids/pids.max", "pids.max", "cpu/cpu.cfs_quota_us", "cpu/cpu.cfs_period_us", "cpu.max", NULL};
    static const char *const groups[] = {"memory", "cpu", "pids", ".", NULL};
    char path[128], line[256];
    for (const char *const *file = files; *file; file++) {
        snprintf(path, sizeof path, "/sys/fs/cgroup/%s", *file);
        if (slurp(path, line, sizeof line)) say("cgroup %s %.*s\n", *file, (int)strcspn(line, "\n"), line);
    }
    for (const char *const *group = groups; *group; group++) {
        snprintf(path, sizeof path, "/sys/fs/cgroup/%s/cgroup.procs", *group);
        FILE *members = fopen(path, "re");
        while (members && fgets(line, sizeof line, members)) {
            if (strtol(line, NULL, 10) == getpid()) say("member %s\n", *group);
        }
        if (members) fclose(members);
    }
}

/* Tries, as a program would, to look into the agent. Returns whether that is impossible. */
static bool is_closed(void) {
    pid_t agent = getpid();
    pid_t child = fork();
    if (child < 0) return false;
    if (child == 0) {
        char path[64];
        snprintf(path, sizeof path, "/proc/%d/environ", (int)agent);
        int environment = open(path, O_RDONLY | O_CLOEXEC);
        snprintf(path, sizeof path, "/proc/%d/mem", (int)agent);
        int memory = open(path, O_RDWR | O_CLOEXEC);
        _exit(environment < 0 && memory < 0 ? 0 : 1);
    }
    int status;
    return waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* It is tried once, before any program runs that could disturb it, and does not change. */
static void say_verdicts(void) {
    enum { UNKNOWN, CLOSED, OPEN };
    static int state = UNKNOWN;
    if (state == UNKNOWN) state = is_closed() ? CLOSED : OPEN;
    say("landlock %d\n", landlock_version());
    if (getpid() == 1) say("first\n");
    if (state == CLOSED) say("closed\n");
}

static void gather(void) {
    static const char *const status[] = {"Uid:", "NoNewPrivs:", "Seccomp:", "CapEff:", "CapBnd:", NULL};
    static const char *const memory[] = {"MemTotal:", NULL};
    struct utsname kernel;
    char line[512];
    say("pid %d\n", (int)getpid());
    say_lines("/proc/self/status", "", status);
    say_mounts();
    FILE *interfaces = fopen("/proc/net/dev", "re");
    while (interfaces && fgets(line, sizeof line, interfaces)) {
        char *colon = strchr(line, ':');
        if (colon) say("net %.*s\n", (int)(colon - line - (long)strspn(line, " ")), line + strspn(line, " "));
    }
    if (interfaces) fclose(interfaces);
    say_limit("data", RLIMIT_DATA);
    say_limit("processes", RLIMIT_NPROC);
    say_lines("/proc/meminfo", "memory ", memory);
    if (uname(&kernel) == 0) say("kernel %s\n", kernel.release);
    if (slurp("/proc/cmdline", line, sizeof line) && strstr(line, "-gvisor")) say("gvisor\n");
    say_groups();
    say_verdicts();
}

void facts_send(uint32_t channel, enum frame_type type) {
    size = 0;
    text = allocate(TEXT_BYTES + 4);
    char *payload = text;
    /* HELLO begins with the version of the protocol, DONE with the errno 0. */
    put_u32((uint8_t *)payload, type == HELLO ? PROTOCOL_VERSION : 0);
    text = payload + 4;
    gather();
    wire_put(type, channel, payload, size + 4);
    free(payload);
}

static uint64_t number_in(const char *path, const char *word) {
    char content[1024];
    if (!slurp(path, content, sizeof content)) return 0;
    const char *at = content;
    if (*word) {
        at = strstr(content, word);
        if (!at) return 0;
        at += strlen(word);
    }
    return strtoull(at, NULL, 10);
}

struct memory_events facts_memory(void) {
    static int version;
    if (version == 0) version = access("/sys/fs/cgroup/memory.events", R_OK) == 0 ? 2 : access("/sys/fs/cgroup/memory/memory.oom_control", R_OK) == 0 ? 1 : -1;
    if (version < 0) return (struct memory_events){0, 0};
    if (version == 2) return (struct memory_events){number_in("/sys/fs/cgroup/memory.events", "oom_kill "), number_in("/sys/fs/cgroup/memory.peak", "")};
    return (struct memory_events){number_in("/sys/fs/cgroup/memory/memory.oom_control", "oom_kill "), number_in("/sys/fs/cgroup/memory/memory.max_usage_in_bytes", "")};
}
