/* Connections between programs of the sandbox and the daemon, as the files of the relay know them. */
#ifndef RELAY_H
#define RELAY_H

#include "agent.h"

/* A connection with a program. Its bytes are those of a channel. */
struct connection {
    struct connection *next;
    uint32_t channel;
    int fd;
    /* Whether it is still being made, and to which port. The second attempt is at ::1. */
    bool connecting, second;
    uint16_t port;
    /* So many bytes of the program may be passed on. */
    uint32_t credit;
    bool read_ended;  /* the program has ended its direction, and that was told */
    bool input_ended; /* the daemon has ended its direction */
    bool deaf;        /* the program takes nothing any more: what comes is dropped */
    bool leaving;     /* the daemon wants nothing any more, but what it has sent is still to arrive */
    bool over;
    /* What the program has not taken yet. NULL: nothing. */
    uint8_t *pending;
    size_t pending_begin, pending_size;
    /* How many small pieces have come one after the other, without anything from the daemon between them. */
    uint8_t small;
    /* Until then it is not read: a program that sends a little at a time, without end, would wake the agent and the daemon each time. */
    int64_t rest_until;
    int poll;
};

/* connection.c: the bytes of one connection. */
void connection_settle(int fd);
/* Passes on what the program has sent. Returns whether that was anything. */
bool connection_pump(struct connection *connection);
/* Whether what the program sends is wanted now, and there is room for it. */
bool connection_may_read(const struct connection *connection);
/* Gives the program what waits. */
void connection_feed(struct connection *connection);
void connection_input(struct connection *connection, const uint8_t *bytes, size_t size);
void connection_end_input(struct connection *connection);
/* Breaks it off, so that the program sees an error. */
void connection_break(struct connection *connection, int error);
/* The daemon is done with it. */
void connection_leave(struct connection *connection);

#endif
