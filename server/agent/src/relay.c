/*
 * The relay: connections of programs lead through it to the daemon, and those of the daemon to programs. It understands
 * nothing of what they say. A port on which it listens can be taken by no program, for nothing shares it.
 */
#include "relay.h"
#include "loop.h"
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    MAX_LISTENERS = 32,
    MAX_CONNECTIONS = 512,
    /* So many wait in the kernel to be taken. */
    BACKLOG = 1024,
    /* So many of one port are taken in one turn of the loop. */
    ACCEPTS = 16,
    /* So long none is taken after the kernel had no room for one. */
    REST_MS = 50,
    /* Accepted connections have channels from here on. The daemon chooses those below. */
    FIRST_CHANNEL = 1u << 31,
};

static struct listener { uint32_t channel, credit; uint16_t port; int fd, poll; } listeners[MAX_LISTENERS];
static size_t listening;
static struct connection *connections;
static size_t connected;
static uint32_t last_channel = UINT32_MAX;
static int64_t rest_until;

static struct connection *find(uint32_t channel) {
    struct connection *each = connections;
    while (each && each->channel != channel) each = each->next;
    return each;
}

static struct listener *find_listener(uint32_t channel) {
    for (size_t at = 0; at < listening; at++) {
        if (listeners[at].channel == channel) return &listeners[at];
    }
    return NULL;
}

bool relay_has(uint32_t channel) { return find(channel) != NULL; }

bool relay_listens_at(uint16_t port) {
    for (size_t at = 0; at < listening; at++) {
        if (listeners[at].port == port) return true;
    }
    return false;
}

/* Half of all descriptors stay for programs and files. */
static size_t most_connections(void) {
    static size_t most;
    struct rlimit limit;
    if (most > 0) return most;
    most = MAX_CONNECTIONS;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur / 2 < MAX_CONNECTIONS + MAX_LISTENERS) most = limit.rlim_cur / 2 > MAX_LISTENERS ? (size_t)limit.rlim_cur / 2 - MAX_LISTENERS : 1;
    return most;
}

static void tell_opened(uint32_t channel, int error, uint16_t port) {
    uint8_t payload[6];
    uint8_t *at = put_u32(payload, (uint32_t)error);
    at[0] = (uint8_t)port;
    at[1] = (uint8_t)(port >> 8);
    wire_put(OPENED, channel, payload, sizeof payload);
}

static int open_socket(int family) { return socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0); }

/* Listens at 127.0.0.1. Returns the descriptor, or -1 and sets errno. `port` becomes the one that it is. */
static int listen_at(uint16_t *port) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(*port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t size = sizeof address;
    int fd = open_socket(AF_INET);
    if (fd < 0) return -1;
    if (bind(fd, (struct sockaddr *)&address, size) == 0 && listen(fd, BACKLOG) == 0 && getsockname(fd, (struct sockaddr *)&address, &size) == 0) {
        *port = ntohs(address.sin_port);
        return fd;
    }
    int error = errno;
    close(fd);
    errno = error;
    return -1;
}

void relay_listen(uint32_t channel, uint16_t port, uint32_t credit) {
    if (find_listener(channel) || relay_has(channel)) give_up("the daemon asked for a port that makes no sense");
    errno = EMFILE;
    int fd = listening < MAX_LISTENERS ? listen_at(&port) : -1;
    tell_opened(channel, fd < 0 ? errno : 0, port);
    if (fd >= 0) listeners[listening++] = (struct listener){.channel = channel, .credit = credit, .port = port, .fd = fd, .poll = -1};
}

static struct connection *add(uint32_t channel, int fd, uint32_t credit) {
    struct connection *connection = allocate(sizeof *connection);
    *connection = (struct connection){.next = connections, .channel = channel, .fd = fd, .credit = credit, .poll = -1};
    connections = connection;
    connected++;
    connection_settle(fd);
    return connection;
}

static uint32_t next_channel(void) {
    do last_channel = last_channel == UINT32_MAX ? FIRST_CHANNEL : last_channel + 1;
    while (relay_has(last_channel));
    return last_channel;
}

static void accept_some(const struct listener *listener) {
    size_t most = most_connections();
    for (int times = 0; times < ACCEPTS && connected < most && wire_reserve(OUTPUT_CHUNK / 2); times++) {
        int fd = accept4(listener->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (fd < 0) {
            if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED) rest_until = now_ms() + REST_MS;
            return;
        }
        uint8_t payload[4];
        put_u32(payload, listener->channel);
        struct connection *connection = add(next_channel(), fd, listener->credit);
        wire_put(ACCEPTED, connection->channel, payload, sizeof payload);
        /* What the program has sent already goes with it. */
        if (connection_may_read(connection)) connection_pump(connection);
    }
}

/* Begins to connect. Returns the descriptor, or -1 and sets errno. `now`: it is connected already. */
static int connect_to(int family, uint16_t port, bool *now) {
    struct sockaddr_in four = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
    struct sockaddr_in6 six = {.sin6_family = AF_INET6, .sin6_port = htons(port), .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    int fd = open_socket(family);
    if (fd < 0) return -1;
    int result = family == AF_INET ? connect(fd, (struct sockaddr *)&four, sizeof four) : connect(fd, (struct sockaddr *)&six, sizeof six);
    *now = result == 0;
    if (result == 0 || errno == EINPROGRESS) return fd;
    int error = errno;
    close(fd);
    errno = error;
    return -1;
}

/* Where nobody listens, the kernel can connect a socket to itself. */
static bool is_own_peer(int fd, uint16_t port) {
    struct sockaddr_in6 own;
    socklen_t size = sizeof own;
    /* The port is at the same place for both families. */
    return getsockname(fd, (struct sockaddr *)&own, &size) == 0 && own.sin6_port == htons(port);
}

/* Goes on with one that is being made. `error` is what has become of it. */
static void go_on(struct connection *connection, int error) {
    if (error == 0 && is_own_peer(connection->fd, connection->port)) error = ECONNREFUSED;
    bool now = false;
    if (error != 0 && !connection->second) {
        connection->second = true;
        int fd = connect_to(AF_INET6, connection->port, &now);
        if (fd >= 0) {
            close(connection->fd);
            connection->fd = fd;
            connection_settle(fd);
            if (!now) return;
            error = is_own_peer(fd, connection->port) ? ECONNREFUSED : 0;
        }
    }
    tell_opened(connection->channel, error, connection->port);
    connection->connecting = false;
    if (error == 0) return;
    close(connection->fd);
    free(connection->pending);
    connection->over = true;
}

void relay_connect(uint32_t channel, uint16_t port, uint32_t credit) {
    if (find_listener(channel) || relay_has(channel)) give_up("the daemon asked for a connection that makes no sense");
    bool now = false, second = false;
    errno = relay_listens_at(port) ? ECONNREFUSED : EMFILE;
    int fd = errno == EMFILE && connected < most_connections() ? connect_to(AF_INET, port, &now) : -1;
    if (fd < 0 && errno == ECONNREFUSED && !relay_listens_at(port)) {
        second = true;
        fd = connect_to(AF_INET6, port, &now);
        if (fd < 0) errno = ECONNREFUSED;
    }
    if (fd < 0) {
        tell_opened(channel, errno, port);
        return;
    }
    struct connection *connection = add(channel, fd, credit);
    connection->connecting = true;
    connection->port = port;
    connection->second = second;
    if (now) go_on(connection, 0);
}

void relay_data(uint32_t channel, const uint8_t *bytes, size_t size) {
    struct connection *connection = find(channel);
    if (connection && !connection->over) connection_input(connection, bytes, size);
}

void relay_end(uint32_t channel) {
    struct connection *connection = find(channel);
    if (connection && !connection->over) connection_end_input(connection);
}

void relay_credit(uint32_t channel, uint32_t bytes) {
    struct connection *connection = find(channel);
    if (connection) connection->credit += bytes;
}

void relay_close(uint32_t channel) {
    struct connection *connection = find(channel);
    struct listener *listener = find_listener(channel);
    if (connection && !connection->over) connection_leave(connection);
    if (!listener) return;
    close(listener->fd);
    *listener = listeners[--listening];
    uint8_t none[4] = {0};
    wire_put(CLOSED, channel, none, sizeof none);
}

void relay_poll(void) {
    bool room = connected < most_connections() && wire_reserve(OUTPUT_CHUNK / 2);
    if (listening > 0 && now_ms() < rest_until) {
        wake_at(rest_until);
        room = false;
    }
    for (size_t at = 0; at < listening; at++) listeners[at].poll = room ? poll_add(listeners[at].fd, POLLIN) : -1;
    for (struct connection *each = connections; each; each = each->next) {
        bool gives = !each->over && (each->connecting || each->pending_size > 0);
        bool reads = connection_may_read(each);
        if (reads && now_ms() < each->rest_until) {
            wake_at(each->rest_until);
            reads = false;
        }
        short events = (short)((reads ? POLLIN : 0) | (gives ? POLLOUT : 0));
        each->poll = events ? poll_add(each->fd, events) : -1;
        if (each->over) wake_at(now_ms());
    }
}

static void take_turn(struct connection *connection) {
    if (connection->connecting) {
        int error = 0;
        socklen_t size = sizeof error;
        if (getsockopt(connection->fd, SOL_SOCKET, SO_ERROR, &error, &size) < 0) error = errno;
        go_on(connection, error);
    }
    if (!connection->over && !connection->connecting) connection_feed(connection);
}

/* Whoever was served goes behind the others, so that each gets its turn however little room there is. */
void relay_turn(void) {
    struct connection **link = &connections, *served = NULL, **served_end = &served;
    for (struct connection *each; (each = *link);) {
        bool ready = each->poll >= 0 && poll_result(each->poll);
        bool passed = false;
        each->poll = -1;
        if (ready && !each->over) take_turn(each);
        if (ready && !each->over && connection_may_read(each)) passed = connection_pump(each);
        if (each->over || passed) *link = each->next;
        else link = &each->next;
        if (each->over) {
            connected--;
            free(each);
        } else if (passed) {
            each->next = NULL;
            *served_end = each;
            served_end = &each->next;
        }
    }
    *link = served;
    for (size_t at = 0; at < listening; at++) {
        if (listeners[at].poll >= 0 && poll_result(listeners[at].poll)) accept_some(&listeners[at]);
        listeners[at].poll = -1;
    }
}
