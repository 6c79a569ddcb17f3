/* Files that are being written: their bytes come in pieces. Nobody ever sees half of the new content of a file that is there. */
#include "agent.h"
#include "files.h"
#include "loop.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum mode { OVERWRITE, CREATE, APPEND };

struct writing {
    struct writing *next;
    uint32_t channel;
    int fd;
    int error;
    char *path, *temporary;
    bool own; /* the file that is open is new, and nothing of it is left if it can't be written */
    bool executable;
    mode_t permissions; /* 0: as they come */
    uint64_t mtime_ms; /* 0: now */
};

static struct writing *writings;

static struct writing *find(uint32_t channel) {
    struct writing *each = writings;
    while (each && each->channel != channel) each = each->next;
    return each;
}

bool file_has(uint32_t channel) { return find(channel) != NULL; }

/* A file beside `path` that will take its place, so that nobody ever sees half of the new content. Returns -1 where that can't be. */
static int open_temporary(struct writing *writing, mode_t mode) {
    static uint32_t number;
    const char *slash = strrchr(writing->path, '/');
    size_t folder = slash ? (size_t)(slash - writing->path) + 1 : 0;
    writing->temporary = allocate(folder + 64);
    memcpy(writing->temporary, writing->path, folder);
    snprintf(writing->temporary + folder, 64, ".codebeaker-%x-%llx", ++number, (unsigned long long)now_ms());
    int fd = open(writing->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd >= 0 && mode) fchmod(fd, mode);
    if (fd >= 0) return fd;
    free(writing->temporary);
    writing->temporary = NULL;
    return -1;
}

/* A file that is also known elsewhere, or is somebody else's, is written where it is, and what a link leads to as well. */
static int open_for_writing(struct writing *writing, enum mode mode) {
    struct stat status;
    bool exists = stat(writing->path, &status) == 0;
    if (exists && !S_ISREG(status.st_mode)) {
        errno = wrong_type(status.st_mode);
        return -1;
    }
    if (mode == CREATE) {
        int fd = open_regular(writing->path, O_WRONLY | O_CREAT | O_EXCL, 0666);
        writing->own = fd >= 0;
        return fd;
    }
    if (mode == APPEND) {
        int fd = open_regular(writing->path, O_WRONLY | O_CREAT | O_APPEND, 0666);
        writing->own = fd >= 0 && !exists;
        return fd;
    }
    struct stat own;
    bool replaceable = lstat(writing->path, &own) == 0 ? S_ISREG(own.st_mode) && own.st_nlink == 1 && own.st_uid == geteuid() && access(writing->path, W_OK) == 0 : !exists;
    if (replaceable) {
        int fd = open_temporary(writing, exists ? own.st_mode & 07777 : 0);
        writing->own = fd >= 0;
        if (fd >= 0) return fd;
    }
    return open_regular(writing->path, O_WRONLY | O_CREAT | O_TRUNC, 0666);
}

void write_begin(uint32_t channel, struct reader *reader) {
    struct writing *writing = allocate(sizeof *writing);
    *writing = (struct writing){.next = writings, .channel = channel, .fd = -1};
    writings = writing;
    enum mode mode = (enum mode)read_u8(reader);
    writing->executable = read_u8(reader);
    writing->permissions = read_u16(reader) & 0777;
    writing->mtime_ms = read_u64(reader);
    writing->path = strdup(read_text(reader));
    insist(reader);
    if (!writing->path) give_up("no memory is left for the agent");
    writing->fd = open_for_writing(writing, mode);
    if (writing->fd < 0 && errno == ENOENT) {
        writing->error = make_directories(writing->path, false);
        if (!writing->error) writing->fd = open_for_writing(writing, mode);
    }
    if (writing->fd < 0 && !writing->error) writing->error = errno;
}

void file_data(uint32_t channel, const uint8_t *bytes, size_t size) {
    struct writing *writing = find(channel);
    while (writing && !writing->error && size > 0) {
        ssize_t written = write(writing->fd, bytes, size);
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) {
            writing->error = errno;
            return;
        }
        bytes += written;
        size -= (size_t)written;
    }
}

/* Returns an errno. */
static int set_attributes(const struct writing *writing) {
    struct stat status;
    if (fstat(writing->fd, &status) < 0) return errno;
    mode_t mode = (writing->permissions ? writing->permissions : status.st_mode & 07777) | (writing->executable ? 0111 : 0);
    if (mode != (status.st_mode & 07777) && fchmod(writing->fd, mode) < 0) return errno;
    struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, {.tv_sec = (time_t)(writing->mtime_ms / 1000), .tv_nsec = (long)(writing->mtime_ms % 1000) * 1000000}};
    return writing->mtime_ms && futimens(writing->fd, times) < 0 ? errno : 0;
}

static void forget(struct writing *writing) {
    struct writing **link = &writings;
    while (*link != writing) link = &(*link)->next;
    *link = writing->next;
    free(writing->path);
    free(writing->temporary);
    free(writing);
}

void file_end(uint32_t channel) {
    struct writing *writing = find(channel);
    if (!writing) return;
    if (!writing->error && (writing->executable || writing->permissions || writing->mtime_ms)) writing->error = set_attributes(writing);
    if (writing->fd >= 0 && close(writing->fd) < 0 && !writing->error) writing->error = errno;
    writing->fd = -1;
    if (writing->temporary && !writing->error && rename(writing->temporary, writing->path) < 0) writing->error = errno;
    if (writing->error && writing->own) unlink(writing->temporary ? writing->temporary : writing->path);
    answer(channel, writing->error, NULL, 0);
    forget(writing);
}

bool file_give_up(uint32_t channel) {
    struct writing *writing = find(channel);
    if (!writing) return false;
    if (!writing->error) writing->error = ECANCELED;
    file_end(channel);
    return true;
}
