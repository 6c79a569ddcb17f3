/*
 * Removes a directory with all that is in it. However deep that is, a few directories are known at once, and no path is put
 * together: a directory that lies too deep is moved up into the first one, and emptied from there.
 * No link is followed. Programs may change everything meanwhile.
 */
#include "files.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* So many directories are entered at once. Where a program has filled the memory with directories, there must be room for that. */
enum { MAX_DEPTH = 32 };

/* A directory on the way down. */
struct level {
    DIR *folder;
    char name[NAME_MAX + 1];
};

struct removal {
    struct level levels[MAX_DEPTH];
    int depth;
    /* Something was moved into the first directory, which must be read once more. */
    bool again;
    uint32_t moved;
    int error; /* the first one */
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

static void failed(struct removal *removal, int error) {
    if (!removal->error) removal->error = error;
}

/* Removes an entry, or returns the descriptor of a directory that must be emptied before. Returns -1 where there is nothing more to do. */
static int take(struct removal *removal, int folder, const char *name) {
    if (unlinkat(folder, name, 0) == 0 || errno == ENOENT) return -1;
    int why = errno;
    if (why == EISDIR || why == EPERM) {
        int fd = open_to_empty(folder, name);
        if (fd >= 0) return fd;
        if (why == EISDIR) why = errno;
        if (unlinkat(folder, name, AT_REMOVEDIR) == 0) return -1;
    }
    failed(removal, why);
    return -1;
}

static void enter(struct removal *removal, int fd, const char *name) {
    DIR *folder = fdopendir(fd);
    if (!folder) {
        failed(removal, errno);
        close(fd);
        return;
    }
    struct level *level = &removal->levels[removal->depth++];
    level->folder = folder;
    memcpy(level->name, name, strlen(name) + 1);
}

static int innermost(const struct removal *removal) { return dirfd(removal->levels[removal->depth - 1].folder); }

/* Moves a directory of the innermost one into the first one. A name that is taken there is passed over. */
static void move_up(struct removal *removal, const char *name) {
    char free_name[24];
    int error = EEXIST;
    for (int tries = 0; tries < 100 && (error == EEXIST || error == ENOTEMPTY || error == ENOTDIR); tries++) {
        snprintf(free_name, sizeof free_name, "removed-%u", removal->moved++);
        error = renameat(innermost(removal), name, dirfd(removal->levels[0].folder), free_name) < 0 ? errno : 0;
    }
    if (!error) removal->again = true;
    else if (error != ENOENT) failed(removal, error);
}

/* Removes the innermost directory, which has been emptied as far as that could be done. */
static void leave(struct removal *removal, const char *first) {
    struct level *level = &removal->levels[--removal->depth];
    closedir(level->folder);
    bool top = removal->depth == 0;
    if (unlinkat(top ? AT_FDCWD : innermost(removal), top ? first : level->name, AT_REMOVEDIR) < 0 && errno != ENOENT) failed(removal, errno);
}

int remove_tree(const char *path, const char *unused) {
    (void)unused;
    static struct removal removal;
    removal = (struct removal){0};
    int fd = take(&removal, AT_FDCWD, path);
    if (fd >= 0) enter(&removal, fd, "");
    while (removal.depth > 0) {
        const struct dirent *entry = readdir(removal.levels[removal.depth - 1].folder);
        if (!entry && removal.depth == 1 && removal.again) {
            removal.again = false;
            rewinddir(removal.levels[0].folder);
        } else if (!entry) {
            leave(&removal, path);
        } else if (!is_dots(entry->d_name) && (fd = take(&removal, innermost(&removal), entry->d_name)) >= 0) {
            if (removal.depth < MAX_DEPTH) {
                enter(&removal, fd, entry->d_name);
                continue;
            }
            close(fd);
            move_up(&removal, entry->d_name);
        }
    }
    return removal.error;
}
