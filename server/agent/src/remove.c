/*
 * Removes a directory with all that is in it, however deep that is: no path is put together, and few descriptors are held.
 * No link is followed. Programs may change everything meanwhile.
 */
#include "files.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* So many directories are kept open on the way down. Below them only the innermost is, and the one above it is opened again through it. */
enum { KEPT_OPEN = 64 };

/* A directory on the way down. */
struct level {
    struct level *above;
    size_t depth;
    DIR *folder; /* NULL: it is closed for now */
    dev_t device;
    ino_t inode;
    /* Something stays in it, which would be found again and again. */
    bool stuck;
    char name[];
};

static int open_folder(int folder, const char *name) {
    return openat(folder, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
}

/* Opens a directory that is to be emptied, also where its owner may not. */
static int open_to_empty(int folder, const char *name) {
    int fd = open_folder(folder, name);
    if (fd < 0 && errno == EACCES && fchmodat(folder, name, 0700, 0) == 0) fd = open_folder(folder, name);
    struct stat status;
    if (fd >= 0 && fstat(fd, &status) == 0 && (status.st_mode & 0700) != 0700) fchmod(fd, 0700);
    return fd;
}

static DIR *read_folder(int fd) {
    DIR *folder = fdopendir(fd);
    if (!folder) give_up("no memory is left for the agent");
    return folder;
}

static struct level *enter(struct level *above, int fd, const char *name) {
    struct level *level = allocate(sizeof *level + strlen(name) + 1);
    struct stat status = {0};
    fstat(fd, &status);
    *level = (struct level){.above = above, .depth = above ? above->depth + 1 : 0, .device = status.st_dev, .inode = status.st_ino};
    strcpy(level->name, name);
    level->folder = read_folder(fd);
    if (above && level->depth > KEPT_OPEN) {
        closedir(above->folder);
        above->folder = NULL;
    }
    return level;
}

/* Opens the directory above again. Returns false where that is another one by now. */
static bool open_above(const struct level *level) {
    struct level *above = level->above;
    struct stat status;
    int fd = open_folder(dirfd(level->folder), "..");
    if (fd < 0) return false;
    if (fstat(fd, &status) < 0 || status.st_dev != above->device || status.st_ino != above->inode) {
        close(fd);
        return false;
    }
    above->folder = read_folder(fd);
    return true;
}

static struct level *forget(struct level *level) {
    struct level *above = level->above;
    if (level->folder) closedir(level->folder);
    free(level);
    return above;
}

/* Removes a directory that has been emptied, as far as that could be done, and returns the one above. */
static struct level *leave(struct level *level, int *error) {
    struct level *above = level->above;
    bool again = above && !above->folder;
    if (again && !open_above(level)) {
        if (!*error) *error = ESTALE;
        while (level) level = forget(level);
        return NULL;
    }
    if (unlinkat(above ? dirfd(above->folder) : AT_FDCWD, level->name, AT_REMOVEDIR) < 0 && errno != ENOENT) {
        if (!*error) *error = errno;
        if (again) above->stuck = true;
    }
    return forget(level);
}

/* Removes an entry, or returns the descriptor of a directory that must be emptied before. Returns -1 where there is nothing more to do. */
static int take(int folder, const char *name, int *error) {
    if (unlinkat(folder, name, 0) == 0 || errno == ENOENT) return -1;
    int why = errno;
    if (why == EISDIR || why == EPERM) {
        int fd = open_to_empty(folder, name);
        if (fd >= 0) return fd;
        if (why == EISDIR) why = errno;
        if (unlinkat(folder, name, AT_REMOVEDIR) == 0) return -1;
    }
    if (!*error) *error = why;
    return -1;
}

int remove_tree(const char *path, const char *unused) {
    (void)unused;
    int error = 0;
    int fd = take(AT_FDCWD, path, &error);
    struct level *level = fd < 0 ? NULL : enter(NULL, fd, path);
    while (level) {
        const struct dirent *entry = level->stuck ? NULL : readdir(level->folder);
        if (!entry) {
            level = leave(level, &error);
        } else if (!is_dots(entry->d_name)) {
            fd = take(dirfd(level->folder), entry->d_name, &error);
            if (fd >= 0) level = enter(level, fd, entry->d_name);
        }
    }
    return error;
}
