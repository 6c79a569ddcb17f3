/* The file commands, by system calls. Programs of the sandbox may change everything while they run: each is as safe as a program's own. */
#include "agent.h"
#include "files.h"
#include "loop.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PROC_MAGIC = 0x9fa0, SYSFS_MAGIC = 0x62656572, CGROUP_MAGIC = 0x27e0eb, CGROUP2_MAGIC = 0x63677270 };

/* What is done in steps: bytes of a file that go, a directory that is listed, work of a child. */
struct job {
    struct job *next;
    uint32_t channel;
    enum frame_type type;
    int fd;
    int error;
    bool done;
    /* READ */
    uint64_t offset, left;
    /* LIST */
    struct listing *listing;
    /* COPY and REMOVE */
    pid_t child;
};

static struct job *jobs;

void answer(uint32_t channel, int error, const void *payload, size_t size) {
    uint8_t frame[64];
    put_u32(frame, (uint32_t)error);
    if (size) memcpy(frame + 4, payload, size);
    wire_put(DONE, channel, frame, 4 + size);
}

void insist(const struct reader *reader) {
    if (reader->broken) give_up("the daemon sent a file command that makes no sense");
}

static struct job *add(uint32_t channel, enum frame_type type) {
    struct job *job = allocate(sizeof *job);
    *job = (struct job){.next = jobs, .channel = channel, .type = type, .fd = -1};
    jobs = job;
    return job;
}

/* What a directory, or what is no file, is called. */
int wrong_type(mode_t mode) { return S_ISDIR(mode) ? EISDIR : ESPIPE; }

static bool is_kernels(int fd) {
    struct statfs system;
    if (fstatfs(fd, &system) < 0) return false;
    unsigned long type = (unsigned long)system.f_type;
    return type == PROC_MAGIC || type == SYSFS_MAGIC || type == CGROUP_MAGIC || type == CGROUP2_MAGIC;
}

int open_regular(const char *path, int flags, mode_t mode) {
    int fd = open(path, flags | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, mode);
    if (fd < 0) {
        /* A pipe that nobody reads. */
        if (errno == ENXIO) errno = ESPIPE;
        return -1;
    }
    struct stat status;
    int error = fstat(fd, &status) < 0 ? errno : !S_ISREG(status.st_mode) ? wrong_type(status.st_mode) : is_kernels(fd) ? EACCES : 0;
    if (!error) return fd;
    close(fd);
    errno = error;
    return -1;
}

/* Makes the directories that `path` is in, and `path` itself if `whole`. */
int make_directories(const char *path, bool whole) {
    if (*path == 0) return ENOENT;
    char *copy = strdup(path);
    if (!copy) return ENOMEM;
    int error = 0;
    for (char *slash = copy + 1; !error; slash++) {
        slash = strchr(slash, '/');
        if (!slash && !whole) break;
        if (slash) *slash = 0;
        if (mkdir(copy, 0777) < 0 && errno != EEXIST) error = errno;
        /* Where something is read-only, it may be there all the same. */
        struct stat status;
        if (error && stat(copy, &status) == 0 && S_ISDIR(status.st_mode)) error = 0;
        if (!slash) break;
        *slash = '/';
    }
    free(copy);
    return error;
}

static void forget(struct job *job) {
    struct job **link = &jobs;
    while (*link != job) link = &(*link)->next;
    *link = job->next;
    if (job->fd >= 0) close(job->fd);
    if (job->listing) listing_close(job->listing);
    free(job);
}

static void begin_read(uint32_t channel, struct reader *reader) {
    struct job *job = add(channel, READ);
    job->offset = read_u64(reader);
    job->left = read_u64(reader);
    const char *path = read_text(reader);
    insist(reader);
    job->fd = open_regular(path, O_RDONLY, 0);
    if (job->fd < 0) job->error = errno;
}

static void step_read(struct job *job) {
    enum { PIECE = 64 * 1024 };
    while (!job->error && job->left > 0) {
        size_t wanted = job->left < PIECE ? (size_t)job->left : PIECE;
        uint8_t *place = wire_reserve(wanted + 1);
        if (!place) return;
        ssize_t got = pread(job->fd, place + 1, wanted, (off_t)job->offset);
        if (got < 0) job->error = errno;
        if (got <= 0) break;
        *place = CONTENT;
        wire_commit(OUTPUT, job->channel, (size_t)got + 1);
        job->offset += (uint64_t)got;
        job->left -= (uint64_t)got;
    }
    struct stat status = {0};
    if (!job->error && fstat(job->fd, &status) < 0) job->error = errno;
    uint8_t size[8];
    put_u64(size, (uint64_t)status.st_size);
    answer(job->channel, job->error, size, sizeof size);
    job->done = true;
}

static void begin_list(uint32_t channel, struct reader *reader) {
    struct job *job = add(channel, LIST);
    bool recursive = read_u8(reader);
    const char *path = read_text(reader);
    insist(reader);
    job->listing = listing_open(path, recursive, &job->error);
}

static void step_list(struct job *job) {
    if (!job->error && !listing_step(job->listing, job->channel)) return;
    uint8_t incomplete = job->listing && listing_is_incomplete(job->listing);
    answer(job->channel, job->error, &incomplete, 1);
    job->done = true;
}

/* Work that can take long is done by a child, so that nothing waits for it. Where there is no room for one, it is done here. */
static void apart(uint32_t channel, enum frame_type type, int (*work)(const char *, const char *), const char *a, const char *b) {
    pid_t pid = fork();
    if (pid == 0) {
        wire_leave();
        /* Nothing that belongs to a command may be held open by it. */
        close_from(0);
        _exit(work(a, b));
    }
    if (pid < 0) answer(channel, work(a, b), NULL, 0);
    else add(channel, type)->child = pid;
}

void file_child_changed(pid_t pid, int status) {
    for (struct job *each = jobs; each; each = each->next) {
        if (each->child != pid) continue;
        if (WIFSTOPPED(status)) {
            kill(pid, SIGCONT);
            continue;
        }
        answer(each->channel, WIFEXITED(status) ? WEXITSTATUS(status) : ENOMEM, NULL, 0);
        each->done = true;
    }
}

static void copy(uint32_t channel, struct reader *reader) {
    bool recursive = read_u8(reader);
    bool overwrite = read_u8(reader);
    const char *from = read_text(reader), *to = read_text(reader);
    insist(reader);
    struct stat source, target;
    int error = stat(from, &source) < 0 ? errno : 0;
    bool there = stat(to, &target) == 0;
    bool taken = there || lstat(to, &target) == 0;
    bool directory = !error && S_ISDIR(source.st_mode);
    if (!error && !(directory ? recursive : S_ISREG(source.st_mode))) error = wrong_type(source.st_mode);
    if (!error && there && (directory ? !S_ISDIR(target.st_mode) : !S_ISREG(target.st_mode))) error = wrong_type(target.st_mode);
    if (!error && taken && !overwrite) error = EEXIST;
    if (error) answer(channel, error, NULL, 0);
    else apart(channel, COPY, directory ? copy_tree : copy_file, from, to);
}

static void remove_entry(uint32_t channel, struct reader *reader) {
    bool recursive = read_u8(reader);
    const char *path = read_text(reader);
    insist(reader);
    struct stat status;
    int error = lstat(path, &status) < 0 ? errno : 0;
    if (!error && S_ISDIR(status.st_mode) && recursive) return apart(channel, REMOVE, remove_tree, path, NULL);
    if (!error && (S_ISDIR(status.st_mode) ? rmdir(path) : unlink(path)) < 0) error = errno;
    answer(channel, error, NULL, 0);
}

static void make_directory(uint32_t channel, struct reader *reader) {
    bool recursive = read_u8(reader);
    const char *path = read_text(reader);
    insist(reader);
    struct stat status;
    uint8_t made = 0;
    int error = 0;
    if (stat(path, &status) == 0) {
        error = S_ISDIR(status.st_mode) ? 0 : EEXIST;
    } else {
        if (recursive) error = make_directories(path, true);
        else if (mkdir(path, 0777) < 0) error = errno;
        made = error == 0;
    }
    answer(channel, error, &made, 1);
}

static void tell_status(uint32_t channel, struct reader *reader) {
    const char *path = read_text(reader);
    insist(reader);
    struct stat status = {0};
    int error = stat(path, &status) < 0 ? errno : 0;
    uint8_t payload[16];
    put_u64(put_u64(payload, (uint64_t)status.st_dev), (uint64_t)status.st_ino);
    answer(channel, error, payload, sizeof payload);
}

static bool is_program(const char *folder, size_t size, const char *name) {
    char path[MAX_PATH];
    struct stat status;
    if (snprintf(path, sizeof path, "%.*s/%s", (int)size, folder, name) >= (int)sizeof path) return false;
    return stat(path, &status) == 0 && S_ISREG(status.st_mode) && access(path, X_OK) == 0;
}

/* Tells which of some programs are in PATH: a byte for each. */
static void find_programs(uint32_t channel, struct reader *reader) {
    uint8_t found[32];
    size_t names = 0;
    while (reader->at < reader->end && !reader->broken && names < sizeof found) {
        const char *name = read_text(reader);
        const char *path = getenv("PATH");
        if (!path) path = default_path;
        found[names] = 0;
        for (const char *end; path && !found[names]; path = end ? end + 1 : NULL) {
            end = strchr(path, ':');
            found[names] = is_program(path, end ? (size_t)(end - path) : strlen(path), name);
        }
        names++;
    }
    insist(reader);
    answer(channel, 0, found, names);
}

void file_request(enum frame_type type, uint32_t channel, struct reader *reader) {
    switch (type) {
    case READ: begin_read(channel, reader); break;
    case WRITE: write_begin(channel, reader); break;
    case LIST: begin_list(channel, reader); break;
    case COPY: copy(channel, reader); break;
    case REMOVE: remove_entry(channel, reader); break;
    case STATUS: tell_status(channel, reader); break;
    case FIND: find_programs(channel, reader); break;
    default: make_directory(channel, reader);
    }
}

static bool steps(const struct job *job) { return job->type == READ || job->type == LIST; }

bool files_wait(void) {
    for (const struct job *each = jobs; each; each = each->next) {
        if (steps(each) && wire_reserve(MAX_PAYLOAD)) return true;
    }
    return false;
}

void files_turn(void) {
    struct job *next;
    for (struct job *each = jobs; each; each = next) {
        next = each->next;
        if (each->type == READ && !each->done) step_read(each);
        if (each->type == LIST && !each->done) step_list(each);
        if (each->done) forget(each);
    }
}
