/*
 * Gives one stream of bytes after another to an agent, which a child process is for each of them. It is the first process
 * of a sandbox of its own, so that it can end whatever an agent leaves behind.
 *
 * On stdin: for each stream its pieces, each with its size in front, as four bytes, little-endian. After a piece nothing is
 * sent until the agent has been quiet for a moment. The size 0 ends a stream. On stdout: a byte for each stream.
 *   0 to 127  the exit code of the agent, which ended in time
 *   200       a sanitizer has reported something, which is printed on stderr
 *   201       the agent was ended by a signal
 *   202       the agent did not end within the time for one stream
 *   203       the agent sent what is no sequence of whole frames
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <ftw.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

int agent_main(int argc, char **argv);

enum { DEADLINE_MS = 20000, QUIET_MS = 3, MAX_READS = 64, MAX_FRAME = 64 * 1024 + 16, REPORTED = 200, SIGNALED, HUNG, GARBLED };

/* Takes apart what the agent sends. */
struct frames { uint8_t header[9]; size_t have; size_t left; int wrong; };

static void take(struct frames *frames, const uint8_t *bytes, size_t size) {
    for (size_t at = 0; at < size;) {
        if (frames->left > 0) {
            size_t some = size - at < frames->left ? size - at : frames->left;
            frames->left -= some;
            at += some;
            continue;
        }
        frames->header[frames->have++] = bytes[at++];
        if (frames->have < sizeof frames->header) continue;
        const uint8_t *header = frames->header;
        frames->left = header[0] | (size_t)header[1] << 8 | (size_t)header[2] << 16 | (size_t)header[3] << 24;
        if (frames->left > MAX_FRAME || header[8] < 64) frames->wrong = 1;
        frames->have = 0;
    }
}

/* Takes what comes for so long. Returns whether the agent has closed its end. */
static int listen_to(int fd, int ms, struct frames *frames) {
    static uint8_t bytes[64 * 1024];
    struct pollfd polled = {.fd = fd, .events = POLLIN};
    for (int times = 0; times < MAX_READS && poll(&polled, 1, ms) > 0; times++) {
        ssize_t got = read(fd, bytes, sizeof bytes);
        if (got <= 0) return 1;
        take(frames, bytes, (size_t)got);
    }
    return 0;
}

/* Sends a piece, and takes what comes meanwhile and afterwards. Returns whether the agent has closed its end. */
static int converse(int fd, const uint8_t *piece, size_t size, struct frames *frames) {
    while (size > 0) {
        ssize_t some = send(fd, piece, size, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (some < 0 && errno != EAGAIN) return 1;
        if (some < 0 && listen_to(fd, 1, frames)) return 1;
        if (some > 0) piece += some, size -= (size_t)some;
    }
    return listen_to(fd, QUIET_MS, frames);
}

/* Takes all that still comes. Returns whether the agent has closed its end in time. */
static int finish(int fd, struct frames *frames) {
    shutdown(fd, SHUT_WR);
    for (int times = 0; times < MAX_READS; times++) {
        if (listen_to(fd, DEADLINE_MS / MAX_READS, frames)) return 1;
    }
    return 0;
}

static _Noreturn void become_agent(int fd) {
    char number[16];
    snprintf(number, sizeof number, "%d", fd);
    char *argv[] = {"agent", "--descriptor", number, NULL};
    _exit(agent_main(3, argv));
}

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *where) {
    (void)status;
    (void)type;
    if (where->level > 0) remove(path);
    return 0;
}

/* Prints the reports of sanitizers. Returns whether there were any. */
static int print_reports(void) {
    int found = 0;
    DIR *folder = opendir("/dev/shm");
    for (struct dirent *entry; folder && (entry = readdir(folder));) {
        char path[512], line[1024];
        if (entry->d_name[0] == '.') continue;
        snprintf(path, sizeof path, "/dev/shm/%s", entry->d_name);
        FILE *report = strncmp(entry->d_name, "sanitizer", 9) == 0 ? fopen(path, "r") : NULL;
        while (report && fgets(line, sizeof line, report)) fputs(line, stderr);
        found |= report != NULL;
        if (report) fclose(report);
        remove(path);
    }
    if (folder) closedir(folder);
    return found;
}

/* Reads a size, which is 0 at the end of a stream. Returns false at the end of all. */
static int read_size(uint32_t *size) {
    uint8_t bytes[4];
    if (fread(bytes, 1, sizeof bytes, stdin) != sizeof bytes) return 0;
    *size = bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
    return 1;
}

static pid_t start_agent(int *fd) {
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0) abort();
    pid_t agent = fork();
    if (agent < 0) abort();
    if (agent == 0) {
        close(ends[0]);
        become_agent(ends[1]);
    }
    close(ends[1]);
    *fd = ends[0];
    return agent;
}

static int try_stream(uint32_t size) {
    int fd, closed = 0, status = 0;
    pid_t agent = start_agent(&fd);
    struct frames frames = {.left = 0};
    for (int more = 1; more && size > 0; more = read_size(&size)) {
        uint8_t *piece = malloc(size);
        if (!piece || fread(piece, 1, size, stdin) != size) abort();
        closed = closed || converse(fd, piece, size, &frames);
        free(piece);
    }
    int in_time = closed || finish(fd, &frames);
    if (!in_time) kill(agent, SIGKILL);
    close(fd);
    waitpid(agent, &status, 0);
    /* Everything but this process, which is the first. */
    kill(-1, SIGKILL);
    while (waitpid(-1, NULL, 0) > 0) { }
    nftw("/tmp", remove_one, 32, FTW_DEPTH | FTW_PHYS);
    if (print_reports()) return REPORTED;
    if (!in_time) return HUNG;
    if (!WIFEXITED(status)) return SIGNALED;
    return frames.wrong ? GARBLED : WEXITSTATUS(status);
}

int main(void) {
    for (uint32_t size; read_size(&size);) {
        putchar(try_stream(size));
        fflush(stdout);
    }
    return 0;
}
