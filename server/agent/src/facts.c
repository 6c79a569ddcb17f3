/* What is in force in this sandbox: one fact a line, read when it is asked for. */
#include "agent.h"
#include <errno.h>
#include <fcntl.h>
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

bool under_gvisor(void) {
    static enum { UNKNOWN, NO, YES } answer = UNKNOWN;
    char line[512];
    if (answer == UNKNOWN) answer = slurp("/proc/cmdline", line, sizeof line) && strstr(line, "-gvisor") ? YES : NO;
    return answer == YES;
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

/* The kernel writes spaces and the like in paths as three octal digits after a backslash. */
static void unescape(char *path) {
    char *to = path;
    for (const char *from = path; *from;) {
        bool escaped = from[0] == '\\' && from[1] && from[2] && from[3];
        *to++ = escaped ? (char)((from[1] - '0') * 64 + (from[2] - '0') * 8 + from[3] - '0') : *from;
        from += escaped ? 4 : 1;
    }
    *to = 0;
}

/* The places that every sandbox has. An image can have a link at one of them: what is mounted behind it is told under its name. */
static const char *const places[] = {"/workspace", "/tmp"};
enum { PLACES = sizeof places / sizeof *places };

/* The file systems that matter: the three that every sandbox has, and whatever else can be written. Their paths are told as the kernel writes them, so that each stays one word. */
static void say_mounts(void) {
    FILE *mounts = fopen("/proc/self/mounts", "re");
    char *line = NULL, *rest, path[MAX_PATH];
    size_t room = 0;
    static char behind[PLACES][MAX_PATH];
    for (int place = 0; place < PLACES; place++) {
        if (!realpath(places[place], behind[place])) behind[place][0] = 0;
    }
    while (mounts && getline(&line, &room, mounts) > 0) {
        strtok_r(line, " ", &rest);
        const char *folder = strtok_r(NULL, " ", &rest), *type = strtok_r(NULL, " ", &rest), *options = strtok_r(NULL, " ", &rest);
        if (!options || strlen(folder) >= sizeof path) continue;
        unescape(strcpy(path, folder));
        bool own = strcmp(path, "/") == 0;
        for (int place = 0; place < PLACES; place++) {
            if (strcmp(path, behind[place]) != 0) continue;
            own = true;
            folder = places[place];
        }
        bool writable = strncmp(options, "rw", 2) == 0 && !is_kernels(type);
        bool allowed = writable && access(path, W_OK) == 0;
        struct stat status;
        bool there = stat(path, &status) == 0;
        /* Below a folder that can't be written there may be others. A device or a file of the system's, such as /etc/hosts, holds what it holds. */
        bool matters = writable && there && (S_ISDIR(status.st_mode) || (S_ISREG(status.st_mode) && allowed));
        if (!own && !matters) continue;
        say("mount %s %s %s\n", folder, type, options);
        if (allowed) say("writable %s\n", folder);
    }
    free(line);
    if (mounts) fclose(mounts);
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

/*
 * Tries, as a program would, to open what is the agent's own. Returns a bit for each file that could be opened. Not by
 * vfork: a process that shares the memory of the agent may always open it.
 */
static int look_from_outside(const char *environment, const char *memory) {
    pid_t child = fork();
    if (child == 0) _exit((open(environment, O_RDONLY | O_CLOEXEC) < 0 ? 0 : 1) | (open(memory, O_RDWR | O_CLOEXEC) < 0 ? 0 : 2));
    int status;
    return child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status) ? WEXITSTATUS(status) : 3;
}

/* It is tried once, before any program runs that could disturb it, and does not change. */
static void say_verdicts(void) {
    static int open_files = -1;
    say("landlock %d\n", landlock_version());
    if (getpid() == 1) say("first\n");
    if (open_files < 0) {
        char environment[64], memory[64];
        snprintf(environment, sizeof environment, "/proc/%d/environ", (int)getpid());
        snprintf(memory, sizeof memory, "/proc/%d/mem", (int)getpid());
        open_files = look_from_outside(environment, memory);
    }
    if (!(open_files & 1)) say("private\n");
    if (!(open_files & 2)) say("closed\n");
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
    if (under_gvisor()) say("gvisor\n");
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

/* 2 and 1: of control groups. -1: there are none. */
static int groups_version(void) {
    static int version;
    if (version == 0) version = access("/sys/fs/cgroup/memory.events", R_OK) == 0 ? 2 : access("/sys/fs/cgroup/memory/memory.oom_control", R_OK) == 0 ? 1 : -1;
    return version;
}

uint64_t facts_kills(void) {
    int version = groups_version();
    if (version < 0) return 0;
    return number_in(version == 2 ? "/sys/fs/cgroup/memory.events" : "/sys/fs/cgroup/memory/memory.oom_control", "oom_kill ");
}

struct memory_events facts_memory(void) {
    int version = groups_version();
    if (version < 0) return (struct memory_events){0, 0};
    return (struct memory_events){facts_kills(), number_in(version == 2 ? "/sys/fs/cgroup/memory.peak" : "/sys/fs/cgroup/memory/memory.max_usage_in_bytes", "")};
}
