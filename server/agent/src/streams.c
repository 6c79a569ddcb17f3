/* What goes into a program and comes out of it. */
#include "command.h"
#include "loop.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
        /* What a program that has ended left behind may still print. It is read and dropped, so fast and no faster. */
    DROP_EVERY_MS = 20,
    /* So long it rests when it has given little twice. */
    REST_MS = 1,
};

void close_source(struct source *source) {
    if (source->fd >= 0) close(source->fd);
    source->fd = -1;
    source->left = 0;
}

void close_input(struct command *command) {
    /* On a terminal it is the same descriptor as the output. */
    if (command->input >= 0 && !command->terminal) close(command->input);
    command->input = -1;
    free(command->pending);
    command->pending = NULL;
    command->pending_size = 0;
}

void feed(struct command *command) {
    size_t taken = 0;
    while (command->input >= 0 && command->pending_size > 0) {
        ssize_t written = write(command->input, command->pending + command->pending_begin, command->pending_size);
        if (written < 0 && errno == EINTR) continue;
        if (written < 0 && errno == EAGAIN) break;
        if (written < 0) {
            /* Nobody reads it any more: what comes is taken and dropped. */
            taken += command->pending_size;
            close_input(command);
            break;
        }
        taken += (size_t)written;
        command->pending_begin += (size_t)written;
        command->pending_size -= (size_t)written;
    }
    if (command->pending_size == 0 && command->input_ended) close_input(command);
    if (taken == 0) return;
    uint8_t payload[4];
    put_u32(payload, (uint32_t)taken);
    wire_put(TAKEN, command->channel, payload, sizeof payload);
}

void command_input(uint32_t channel, const uint8_t *bytes, size_t size) {
    struct command *command = command_find(channel);
    if (!command || command->told) return;
    if (command->input < 0) {
        uint8_t payload[4];
        put_u32(payload, (uint32_t)size);
        wire_put(TAKEN, channel, payload, sizeof payload);
        return;
    }
    if (!command->pending) command->pending = allocate(STDIN_WINDOW);
    if (command->pending_begin > 0) {
        memmove(command->pending, command->pending + command->pending_begin, command->pending_size);
        command->pending_begin = 0;
    }
    if (command->pending_size + size > STDIN_WINDOW) give_up("the daemon sent more input than was asked for");
    memcpy(command->pending + command->pending_size, bytes, size);
    command->pending_size += size;
    feed(command);
}

void command_end_input(uint32_t channel) {
    struct command *command = command_find(channel);
    if (!command) return;
    command->input_ended = true;
    feed(command);
}

bool may_read(const struct command *command, const struct source *source) {
    return source->fd >= 0 && !command->told && !command->killing && command->credit > 0 && (!command->ended || source->left > 0);
}

void pump(struct command *command, struct source *source) {
    size_t limit = command->credit < OUTPUT_CHUNK ? command->credit : OUTPUT_CHUNK;
    if (command->ended && source->left < limit) limit = source->left;
    if (limit == 0) return;
    uint8_t *place = wire_reserve(limit + 1);
    if (!place) return;
    ssize_t got = read(source->fd, place + 1, limit);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
        /* On a terminal what is left can be less than what was counted. */
        if (command->ended && errno == EAGAIN) source->left = 0;
        return;
    }
    if (got <= 0) {
        close_source(source);
        if (command->terminal) close_input(command);
        return;
    }
    *place = (uint8_t)source->stream;
    wire_commit(OUTPUT, command->channel, (size_t)got + 1);
    command->credit -= (uint32_t)got;
    if (command->ended) source->left -= (size_t)got;
    bool small = got < OUTPUT_CHUNK / 2;
    source->rest_until = small && source->small ? now_ms() + REST_MS : 0;
    source->small = small;
}

void drop(struct command *command, struct source *source) {
    static uint8_t nowhere[OUTPUT_CHUNK];
    ssize_t got = read(source->fd, nowhere, sizeof nowhere);
    if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) close_source(source);
    command->drop_at = now_ms() + DROP_EVERY_MS;
}
