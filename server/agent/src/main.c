/*
 * The agent: the first process of a sandbox. It starts programs and reads and writes files for the daemon, with which it
 * speaks in frames. When the daemon has gone it ends, and the kernel ends everything else in the sandbox with it.
 *
 *   agent [--user UID:GID] [--processes N] [--socket PATH | --descriptor N] [--sealed]
 *
 * The frames go over the socket at PATH or over the descriptor N, or, without either and where there is no such socket,
 * over stdin and stdout. The agent ends when the frames do, and, if it is connected to PATH, also when its stdin does.
 * `--sealed`: each frame has a seal (seal.c), and the key of all seals is what comes first on stdin.
 */
#include "agent.h"
#include "loop.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { SOCKET_BYTES = 1024 * 1024 };

static struct pollfd *polled;
static size_t poll_count, poll_room;
static int64_t wake;

int poll_add(int fd, short events) {
    if (poll_count == poll_room) {
        poll_room = poll_room ? poll_room * 2 : 16;
        struct pollfd *more = realloc(polled, poll_room * sizeof *polled);
        if (!more) give_up("no memory is left for the agent");
        polled = more;
    }
    polled[poll_count] = (struct pollfd){.fd = fd, .events = events};
    return (int)poll_count++;
}

bool poll_result(int place) { return polled[place].revents != 0; }

void wake_at(int64_t ms) {
    if (wake < 0 || ms < wake) wake = ms;
}

int64_t now_us(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int64_t now_ms(void) { return now_us() / 1000; }

void handle(enum frame_type type, uint32_t channel, struct reader reader) {
    size_t size = (size_t)(reader.end - reader.at);
    switch (type) {
    case START: command_start(channel, &reader); break;
    case DATA:
        if (relay_has(channel)) relay_data(channel, reader.at, size);
        else if (file_has(channel)) file_data(channel, reader.at, size);
        else command_input(channel, reader.at, size);
        break;
    case END:
        if (relay_has(channel)) relay_end(channel);
        else if (file_has(channel)) file_end(channel);
        else command_end_input(channel);
        break;
    case CREDIT: {
        uint32_t bytes = read_u32(&reader);
        if (relay_has(channel)) relay_credit(channel, bytes);
        else command_credit(channel, bytes);
        break;
    }
    case LISTEN:
    case CONNECT: {
        uint16_t port = read_u16(&reader);
        uint32_t credit = read_u32(&reader);
        if (reader.broken) give_up("the daemon sent a frame that makes no sense");
        if (type == LISTEN) relay_listen(channel, port, credit);
        else relay_connect(channel, port, credit);
        break;
    }
    case CLOSE:
        if (!file_give_up(channel) && !ports_close(channel)) relay_close(channel);
        break;
    case WATCH_PORTS: ports_watch(channel); break;
    case SIGNAL: command_signal(channel, read_u8(&reader)); break;
    case KILL: command_kill(channel); break;
    case RELEASE: command_release(channel); break;
    case RESIZE: {
        uint16_t cols = read_u16(&reader);
        command_resize(channel, cols, read_u16(&reader));
        break;
    }
    case FACTS: facts_send(channel, DONE); break;
    default: file_request(type, channel, &reader);
    }
}

static int connect_to(const char *path) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof address.sun_path) return -1;
    memcpy(address.sun_path, path, strlen(path) + 1);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) == 0) return fd;
    if (fd >= 0) close(fd);
    return -1;
}

static _Noreturn void usage(void) {
    static const char text[] = "usage: agent [--user UID:GID] [--processes N] [--socket PATH | --descriptor N] [--sealed]\n";
    if (write(2, text, sizeof text - 1) < 0) _exit(3);
    _exit(2);
}

/* Whether frames go over a socket that the agent has connected to. Its stdin is then only a lease. */
static bool connected;
static bool sealed;

/* Returns the descriptor for frames, or -1 for stdin and stdout. */
static int take_options(char **argv) {
    const char *user = NULL, *processes = NULL;
    int fd = -1;
    for (char **word = argv + 1; *word; word += 2) {
        if (strcmp(*word, "--sealed") == 0) {
            sealed = true;
            word--;
            continue;
        }
        if (!word[1]) usage();
        if (strcmp(*word, "--user") == 0) user = word[1];
        else if (strcmp(*word, "--processes") == 0) processes = word[1];
        else if (strcmp(*word, "--socket") == 0) connected = (fd = connect_to(word[1])) >= 0;
        else if (strcmp(*word, "--descriptor") == 0) fd = atoi(word[1]);
        else usage();
    }
    if (processes) limit_processes(processes);
    if (user) become_user(user);
    return fd;
}

static int open_signals(void) {
    signal(SIGPIPE, SIG_IGN);
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    sigprocmask(SIG_BLOCK, &set, NULL);
    return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

static void open_wire(int fd) {
    int input = fd, output = fd;
    if (fd < 0) {
        /* Their descriptors are given to other things in programs. */
        input = fcntl(0, F_DUPFD_CLOEXEC, 3);
        output = fcntl(1, F_DUPFD_CLOEXEC, 3);
    } else {
        fcntl(fd, F_SETFD, FD_CLOEXEC);
    }
    if (input < 0 || output < 0) _exit(1);
    /* The key comes over the lease, also where the frames do not. */
    if (sealed) wire_seal(0);
    /* A socket that is full takes nothing again before it is three quarters empty: in a small one the daemon would run dry. The kernel gives what it allows. */
    int bytes = SOCKET_BYTES;
    setsockopt(output, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes);
    fcntl(input, F_SETFL, fcntl(input, F_GETFL) | O_NONBLOCK);
    fcntl(output, F_SETFL, fcntl(output, F_GETFL) | O_NONBLOCK);
    wire_open(input, output);
}

/* What comes on stdin while frames come another way has no meaning; its end has. */
static void watch_lease(void) {
    char nothing[64];
    ssize_t got = read(0, nothing, sizeof nothing);
    if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) _exit(0);
}

static _Noreturn void run(int signals, bool lease) {
    for (;;) {
        poll_count = 0;
        wake = files_wait() ? now_ms() : -1;
        int receive = poll_add(wire_input(), POLLIN);
        if (wire_waits()) poll_add(wire_output(), POLLOUT);
        int children = poll_add(signals, POLLIN);
        int leased = lease ? poll_add(0, POLLIN) : -1;
        commands_poll();
        relay_poll();
        ports_poll();
        int64_t wait = wake < 0 ? -1 : wake - now_ms();
        if (poll(polled, poll_count, wait < 0 && wake >= 0 ? 0 : (int)wait) < 0 && errno != EINTR) _exit(1);
        bool ended = poll_result(children);
        if (leased >= 0 && poll_result(leased)) watch_lease();
        bool received = poll_result(receive);
        commands_turn();
        if (ended) {
            struct signalfd_siginfo information;
            while (read(signals, &information, sizeof information) > 0) { }
            commands_reap();
            commands_turn();
        }
        relay_turn();
        ports_turn();
        if (received) wire_receive();
        files_turn();
        wire_send();
    }
}

int main(int argc, char **argv) {
    (void)argc;
    open_offer();
    prctl(PR_SET_DUMPABLE, 0);
    int fd = take_options(argv);
    /* To become another user makes it what the host says. */
    prctl(PR_SET_DUMPABLE, 0);
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0) _exit(1);
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    come_first();
    filter_system_calls();
    landlock_version();
    umask(022);
    if (chdir("/") < 0) _exit(1);
    int signals = open_signals();
    open_wire(fd);
    facts_send(0, HELLO);
    run(signals, connected);
}
