/* Directories with all that is in them: listed and copied. No link is followed but the first. */
#include "files.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <unistd.h>

/* So many bytes of paths are kept at once: a tree may have more than there is memory. What is left out is told to be missing. */
enum { MAX_PENDING_BYTES = 16 * 1024 * 1024 };

/* The directories that are still to be listed, by their paths below the first. */
struct pending {
    struct pending *next;
    char path[];
};

struct listing {
    char *root;
    bool recursive, incomplete;
    struct pending *pending;
    size_t pending_bytes;
    DIR *open;
    char *current;
};

bool is_dots(const char *name) { return name[0] == '.' && (name[1] == 0 || (name[1] == '.' && name[2] == 0)); }

static char *join(const char *a, const char *b) {
    size_t size = strlen(a);
    char *path = allocate(size + strlen(b) + 2);
    memcpy(path, a, size);
    if (size > 0 && *b) path[size++] = '/';
    strcpy(path + size, b);
    return path;
}

static DIR *open_directory(const char *path, bool follow) {
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NONBLOCK | (follow ? 0 : O_NOFOLLOW));
    if (fd < 0) return NULL;
    DIR *folder = fdopendir(fd);
    if (!folder) close(fd);
    return folder;
}

struct listing *listing_open(const char *path, bool recursive, int *error) {
    DIR *folder = open_directory(path, true);
    if (!folder) {
        *error = errno;
        return NULL;
    }
    struct listing *listing = allocate(sizeof *listing);
    *listing = (struct listing){.root = join(path, ""), .recursive = recursive, .open = folder, .current = join("", "")};
    return listing;
}

void listing_close(struct listing *listing) {
    for (struct pending *next; listing->pending; listing->pending = next) {
        next = listing->pending->next;
        free(listing->pending);
    }
    if (listing->open) closedir(listing->open);
    free(listing->current);
    free(listing->root);
    free(listing);
}

bool listing_is_incomplete(const struct listing *listing) { return listing->incomplete; }

static size_t size_of(const char *path) { return sizeof(struct pending) + strlen(path) + 1; }

static void remember(struct listing *listing, const char *path) {
    size_t size = size_of(path);
    if (listing->pending_bytes + size > MAX_PENDING_BYTES) {
        listing->incomplete = true;
        return;
    }
    struct pending *pending = allocate(size);
    listing->pending_bytes += size;
    strcpy(pending->path, path);
    pending->next = listing->pending;
    listing->pending = pending;
}

/* Opens the next directory. Returns false where there is none. */
static bool open_next(struct listing *listing) {
    while (!listing->open && listing->pending) {
        struct pending *pending = listing->pending;
        listing->pending = pending->next;
        listing->pending_bytes -= size_of(pending->path);
        char *path = join(listing->root, pending->path);
        listing->open = open_directory(path, false);
        if (!listing->open && errno != ENOENT) listing->incomplete = true;
        free(path);
        free(listing->current);
        listing->current = join(pending->path, "");
        free(pending);
    }
    return listing->open != NULL;
}

static uint8_t type_of(mode_t mode) { return S_ISREG(mode) ? 0 : S_ISDIR(mode) ? 1 : S_ISLNK(mode) ? 2 : 3; }

/* Writes one entry. Returns the place after it, or NULL where it has gone meanwhile. */
static uint8_t *put_entry(struct listing *listing, const char *name, uint8_t *at) {
    struct stat status;
    if (fstatat(dirfd(listing->open), name, &status, AT_SYMLINK_NOFOLLOW) < 0) return NULL;
    char *path = join(listing->current, name);
    *at++ = type_of(status.st_mode);
    at = put_u32(at, status.st_mode & 07777);
    at = put_u64(at, (uint64_t)status.st_size);
    at = put_u64(at, (uint64_t)status.st_mtim.tv_sec * 1000 + (uint64_t)status.st_mtim.tv_nsec / 1000000);
    size_t size = strlen(path) + 1;
    memcpy(at, path, size);
    if (listing->recursive && S_ISDIR(status.st_mode)) remember(listing, path);
    free(path);
    return at + size;
}

bool listing_step(struct listing *listing, uint32_t channel) {
    enum { ENTRY_ROOM = 32 + MAX_PATH + 256, ENTRIES_A_STEP = 500 };
    uint8_t *begin = wire_reserve(MAX_PAYLOAD);
    if (!begin) return false;
    uint8_t *at = begin;
    bool more = true;
    for (int count = 0; count < ENTRIES_A_STEP && begin + MAX_PAYLOAD - at > ENTRY_ROOM && (more = open_next(listing)); count++) {
        struct dirent *entry = readdir(listing->open);
        if (!entry) {
            closedir(listing->open);
            listing->open = NULL;
        } else if (strlen(listing->current) + strlen(entry->d_name) + 2 > MAX_PATH) {
            listing->incomplete = true;
        } else if (!is_dots(entry->d_name)) {
            uint8_t *after = put_entry(listing, entry->d_name, at);
            if (after) at = after;
        }
    }
    if (at > begin) wire_commit(ENTRIES, channel, (size_t)(at - begin));
    return !more;
}

/* The first fault of several is kept. */
static int first(int a, int b) { return a ? a : b; }

static int copy_bytes(int from, int to) {
    for (;;) {
        ssize_t sent = sendfile(to, from, NULL, 1 << 20);
        if (sent == 0) return 0;
        if (sent > 0 || errno == EINTR) continue;
        if (errno != EINVAL && errno != ENOSYS) return errno;
        char bytes[16 * 1024];
        ssize_t got = read(from, bytes, sizeof bytes);
        if (got <= 0) return got < 0 ? errno : 0;
        for (ssize_t at = 0; at < got;) {
            ssize_t written = write(to, bytes + at, (size_t)(got - at));
            if (written < 0) return errno;
            at += written;
        }
    }
}

int copy_file(const char *from, const char *to) {
    int source = open_regular(from, O_RDONLY, 0);
    if (source < 0) return errno;
    struct stat status;
    int error = fstat(source, &status) < 0 ? errno : make_directories(to, false);
    if (!error) {
        int target = open_regular(to, O_WRONLY | O_CREAT, status.st_mode & 0777);
        struct stat other;
        if (target < 0) error = errno;
        else if (fstat(target, &other) == 0 && other.st_dev == status.st_dev && other.st_ino == status.st_ino) error = 0;
        else error = ftruncate(target, 0) < 0 ? errno : copy_bytes(source, target);
        if (target >= 0 && close(target) < 0) error = first(error, errno);
    }
    close(source);
    return error;
}

static int copy_link(const char *from, const char *to) {
    char target[MAX_PATH];
    ssize_t size = readlink(from, target, sizeof target - 1);
    if (size < 0) return errno;
    target[size] = 0;
    unlink(to);
    return symlink(target, to) < 0 ? errno : 0;
}

typedef int visit(const char *from, const char *to, const struct stat *avoid);

/* Calls `each` for everything in `from`, with the path of the same name in `to`. */
static int for_each(const char *from, const char *to, const struct stat *avoid, visit *each) {
    DIR *folder = open_directory(from, false);
    if (!folder) return errno;
    int error = 0;
    for (struct dirent *entry; (entry = readdir(folder));) {
        if (is_dots(entry->d_name)) continue;
        char *a = join(from, entry->d_name), *b = join(to, entry->d_name);
        error = first(error, each(a, b, avoid));
        free(a);
        free(b);
    }
    closedir(folder);
    return error;
}

static int copy_entry(const char *from, const char *to, const struct stat *avoid) {
    struct stat status;
    if (lstat(from, &status) < 0) return errno == ENOENT ? 0 : errno;
    if (S_ISREG(status.st_mode)) return copy_file(from, to);
    if (S_ISLNK(status.st_mode)) return copy_link(from, to);
    if (S_ISFIFO(status.st_mode)) return mkfifo(to, status.st_mode & 0777) < 0 && errno != EEXIST ? errno : 0;
    /* A directory is not copied into itself for ever. */
    if (!S_ISDIR(status.st_mode) || (status.st_dev == avoid->st_dev && status.st_ino == avoid->st_ino)) return 0;
    if (mkdir(to, 0777) < 0 && errno != EEXIST) return errno;
    int error = for_each(from, to, avoid, copy_entry);
    if (chmod(to, status.st_mode & 0777) < 0) error = first(error, errno);
    return error;
}

int copy_tree(const char *from, const char *to) {
    int error = make_directories(to, true);
    struct stat target;
    if (error || stat(to, &target) < 0) return error ? error : errno;
    char *source = realpath(from, NULL);
    if (!source) return errno;
    error = for_each(source, to, &target, copy_entry);
    free(source);
    return error;
}
