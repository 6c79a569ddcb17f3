/* The bytes of one connection between a program and the daemon: in both directions with credit, and each can end by itself. */
#include "relay.h"
#include "loop.h"
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    /* A piece below this is small. */
    SMALL_BYTES = 4096,
    /* After so many it rests. */
    SMALL_PIECES = 8,
    REST_MS = 1,
};

void connection_settle(int fd) {
    int yes = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
}

static void forget_pending(struct connection *connection) {
    free(connection->pending);
    connection->pending = NULL;
    connection->pending_begin = connection->pending_size = 0;
}

/* Tells the daemon that nothing more comes and goes. */
static void finish(struct connection *connection, int error) {
    uint8_t payload[4];
    put_u32(payload, (uint32_t)error);
    wire_put(CLOSED, connection->channel, payload, sizeof payload);
    close(connection->fd);
    forget_pending(connection);
    connection->over = true;
}

void connection_break(struct connection *connection, int error) {
    /* The kernel then tells the program of a reset. */
    struct linger none = {.l_onoff = 1, .l_linger = 0};
    setsockopt(connection->fd, SOL_SOCKET, SO_LINGER, &none, sizeof none);
    finish(connection, error);
}

static void finish_if_done(struct connection *connection) {
    bool given = connection->deaf || (connection->input_ended && connection->pending_size == 0);
    if (!connection->over && given && (connection->read_ended || connection->leaving)) finish(connection, connection->deaf ? ECONNRESET : 0);
}

static void tell_taken(const struct connection *connection, size_t bytes) {
    uint8_t payload[4];
    put_u32(payload, (uint32_t)bytes);
    if (bytes > 0) wire_put(TAKEN, connection->channel, payload, sizeof payload);
}

/* Gives the program as much as it takes. Returns how much that is. */
static size_t give(struct connection *connection, const uint8_t *bytes, size_t size) {
    size_t given = 0;
    while (given < size && !connection->deaf) {
        ssize_t sent = send(connection->fd, bytes + given, size - given, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent < 0 && errno == EINTR) continue;
        if (sent < 0 && errno == EAGAIN) return given;
        /* It may still have sent something, which is read before the end is told. */
        if (sent < 0) connection->deaf = true;
        else given += (size_t)sent;
    }
    return size;
}

/* All has been given that the daemon has sent so far. */
static void settle_input(struct connection *connection) {
    if (connection->input_ended && !connection->deaf) shutdown(connection->fd, SHUT_WR);
    finish_if_done(connection);
}

void connection_feed(struct connection *connection) {
    if (connection->pending_size == 0) return;
    size_t given = give(connection, connection->pending + connection->pending_begin, connection->pending_size);
    connection->pending_begin += given;
    connection->pending_size -= given;
    tell_taken(connection, given);
    if (connection->pending_size > 0) return;
    forget_pending(connection);
    settle_input(connection);
}

void connection_input(struct connection *connection, const uint8_t *bytes, size_t size) {
    connection->small = 0;
    size_t given = connection->connecting || connection->pending_size > 0 ? 0 : give(connection, bytes, size);
    tell_taken(connection, given);
    bytes += given;
    size -= given;
    if (size == 0) {
        finish_if_done(connection);
        return;
    }
    if (connection->pending_size + size > RELAY_WINDOW) give_up("the daemon sent more to a connection than was asked for");
    if (!connection->pending) connection->pending = allocate(RELAY_WINDOW);
    if (connection->pending_begin + connection->pending_size + size > RELAY_WINDOW) {
        memmove(connection->pending, connection->pending + connection->pending_begin, connection->pending_size);
        connection->pending_begin = 0;
    }
    memcpy(connection->pending + connection->pending_begin + connection->pending_size, bytes, size);
    connection->pending_size += size;
}

void connection_end_input(struct connection *connection) {
    if (connection->input_ended) return;
    connection->input_ended = true;
    if (connection->pending_size == 0) settle_input(connection);
}

bool connection_may_read(const struct connection *connection) {
    if (connection->over || connection->connecting || connection->read_ended || connection->leaving || connection->credit == 0) return false;
    return wire_reserve((connection->credit < OUTPUT_CHUNK ? connection->credit : OUTPUT_CHUNK) + 1) != NULL;
}

bool connection_pump(struct connection *connection) {
    size_t limit = connection->credit < OUTPUT_CHUNK ? connection->credit : OUTPUT_CHUNK;
    uint8_t *place = wire_reserve(limit + 1);
    if (!place) return false;
    ssize_t got = recv(connection->fd, place + 1, limit, MSG_DONTWAIT);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return false;
    if (got < 0) {
        connection_break(connection, errno);
        return true;
    }
    if (got == 0) {
        wire_put(ENDED, connection->channel, NULL, 0);
        connection->read_ended = true;
        finish_if_done(connection);
        return true;
    }
    *place = CONTENT;
    wire_commit(OUTPUT, connection->channel, (size_t)got + 1);
    connection->credit -= (uint32_t)got;
    if (got >= SMALL_BYTES) connection->small = 0;
    else if (connection->small < SMALL_PIECES) connection->small++;
    if (connection->small == SMALL_PIECES) connection->rest_until = now_ms() + REST_MS;
    return true;
}

void connection_leave(struct connection *connection) {
    if (!connection->input_ended || connection->deaf) {
        connection_break(connection, 0);
        return;
    }
    connection->leaving = true;
    finish_if_done(connection);
}
