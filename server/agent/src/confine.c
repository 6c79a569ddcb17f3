/* What the agent does to itself when it starts, and so to all that it will start. */
#include "agent.h"
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

static _Noreturn void refuse(const char *what) {
    perror(what);
    _exit(1);
}

/* `text` is UID:GID. Afterwards the process has no capability, and can't gain one. */
void become_user(const char *text) {
    char *rest;
    uid_t uid = (uid_t)strtoul(text, &rest, 10);
    if (*rest != ':') refuse("the agent needs --user UID:GID");
    gid_t gid = (gid_t)strtoul(rest + 1, &rest, 10);
    for (unsigned long capability = 0; prctl(PR_CAPBSET_DROP, capability) == 0;) capability++;
    if (setgroups(0, NULL) < 0 || setresgid(gid, gid, gid) < 0 || setresuid(uid, uid, uid) < 0) refuse("the agent can't become the user of the sandbox");
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
    struct __user_cap_data_struct none[2] = {{0, 0, 0}, {0, 0, 0}};
    if (syscall(SYS_capset, &header, none) < 0) refuse("the agent can't give up its capabilities");
}

void limit_processes(const char *text) {
    struct rlimit limit;
    limit.rlim_cur = limit.rlim_max = strtoul(text, NULL, 10);
    if (setrlimit(RLIMIT_NPROC, &limit) < 0) refuse("the agent can't limit the processes");
}

/* As in linux/sched/types.h, which the headers of musl do not have. */
struct schedule { uint32_t size, policy; uint64_t flags; int32_t nice; uint32_t priority; uint64_t runtime, deadline, period; };
enum { RESET_ON_FORK = 1, SLICE_NS = 100 * 1000, HIGHEST_PRIORITY = -20 };

void come_first(void) {
    static const struct rlimit none = {0, 0};
    setpriority(PRIO_PROCESS, 0, HIGHEST_PRIORITY);
    setrlimit(RLIMIT_NICE, &none);
    struct schedule schedule = {.size = sizeof schedule, .flags = RESET_ON_FORK, .nice = getpriority(PRIO_PROCESS, 0), .runtime = SLICE_NS};
    /* Kernels before 6.12 have no such turns. */
    syscall(SYS_sched_setattr, 0, &schedule, 0);
}

static int oom_file = -1;
static char oom_own[8];

void open_offer(void) {
    oom_file = open("/proc/self/oom_score_adj", O_RDWR | O_CLOEXEC);
    ssize_t size = oom_file < 0 ? -1 : read(oom_file, oom_own, sizeof oom_own - 1);
    if (size > 0) return;
    if (oom_file >= 0) close(oom_file);
    oom_file = -1;
}

void offer_to_kernel(bool offered) {
    const char *value = offered ? "1000" : oom_own;
    if (oom_file >= 0 && pwrite(oom_file, value, strlen(value), 0) < 0) oom_file = -1;
}

/* As in linux/landlock.h, which the headers of musl do not have. */
struct ruleset { uint64_t handled_access_fs, handled_access_net, scoped; };
struct path_rule { uint64_t allowed_access; int32_t parent_fd; } __attribute__((packed));
enum { CREATE_RULESET = 444, ADD_RULE = 445, RESTRICT_SELF = 446, VERSION = 1, PATH_BENEATH = 1 };
#define ACCESS_FS_MAKE_BLOCK (1ULL << 11)
#define ACCESS_FS_REFER (1ULL << 13)
/* From this version on, moving files between folders can be allowed. */
enum { OLDEST = 2 };

int landlock_version(void) {
    static int version = -1;
    if (version < 0) {
        long answer = syscall(CREATE_RULESET, NULL, 0, VERSION);
        version = answer < 0 ? 0 : (int)answer;
    }
    return version;
}

bool keeps_strangers_apart(void) { return landlock_version() >= OLDEST; }

/*
 * Nothing is forbidden in the domain but to make block devices, which no program here may do anyway. What a domain is
 * for: no process outside of it may trace what is in it, or read or write its memory, but the agent.
 */
int enter_domain(void) {
    if (!keeps_strangers_apart()) return 0;
    struct ruleset ruleset = {.handled_access_fs = ACCESS_FS_MAKE_BLOCK | ACCESS_FS_REFER};
    int rules = (int)syscall(CREATE_RULESET, &ruleset, sizeof(uint64_t), 0);
    if (rules < 0) return -1;
    struct path_rule everywhere = {.allowed_access = ruleset.handled_access_fs, .parent_fd = open("/", O_PATH | O_CLOEXEC)};
    bool entered = everywhere.parent_fd >= 0 && syscall(ADD_RULE, rules, PATH_BENEATH, &everywhere, 0) == 0 && syscall(RESTRICT_SELF, rules, 0) == 0;
    int error = errno;
    close(everywhere.parent_fd);
    close(rules);
    errno = error;
    return entered ? 0 : -1;
}
