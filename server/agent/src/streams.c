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
    /* So long it rests when it has given little twice, and twice as long each time there is something again at the end of a rest, up to the most. */
    REST_MS = 1,
    MOST_REST_MS = 4,
    /* So long the beginning of a line waits for the rest: Python's print writes each of its words by itself. */
    LINE_US = 1000,
    /* What is longer does not wait. */
    LINE_BYTES = 4096,
    /* Where more than this lies between two pieces, the program has paused. */
    PAUSE_US = 3000,
};

void close_source(struct source *source) {
    if (source->fd >= 0) close(source->fd);
    source->fd = -1;
    source->left = 0;
}

static struct source *other_of(struct command *command, const struct source *source) {
    return source == &command->sources[0] ? &command->sources[1] : &command->sources[0];
}

/* How much may be read next. */
static size_t limit_of(const struct command *command, const struct source *source) {
    size_t limit = OUTPUT_CHUNK - source->begun_size;
    if (command->credit < limit) limit = command->credit;
    return command->ended && source->left < limit ? source->left : limit;
}

bool has_room(struct command *command, const struct source *source) {
    size_t others = other_of(command, source)->begun_size;
    size_t own = source->begun_size + limit_of(command, source) + 1;
    return wire_reserve(own + (others > 0 ? others + 1 + HEADER_BYTES + SEAL_BYTES : 0)) != NULL;
}

/* Passes on what lies in `place`, behind the byte that tells the stream. */
static void pass(const struct command *command, struct source *source, uint8_t *place, size_t size) {
    *place = (uint8_t)source->stream;
    source->endless_until = command->terminal || place[size] == '\n' ? 0 : now_us() + PAUSE_US;
    wire_commit(OUTPUT, command->channel, size + 1);
    bool small = size < OUTPUT_CHUNK / 2;
    int64_t now = now_ms();
    /* A terminal holds 4 KiB: a program on it would wait during a longer rest. */
    bool goes_on = !command->terminal && source->rest > 0 && now <= source->rest_until;
    if (!small || !source->small) source->rest = 0;
    else source->rest = !goes_on ? REST_MS : source->rest < MOST_REST_MS ? 2 * source->rest : MOST_REST_MS;
    source->rest_until = source->rest > 0 ? now + source->rest : 0;
    source->small = small;
    source->begun_size = 0;
}

bool pass_begun(struct command *command, struct source *source) {
    if (source->begun_size == 0) return true;
    uint8_t *place = wire_reserve(source->begun_size + 1);
    if (!place) return false;
    memcpy(place + 1, source->begun, source->begun_size);
    pass(command, source, place, source->begun_size);
    return true;
}

void pass_all_begun(struct command *command) {
    for (int at = 0; at < 2; at++) pass_begun(command, &command->sources[at]);
}

void commands_pass_begun(void) {
    for (struct command *each = commands; each; each = each->next) pass_all_begun(each);
}

static bool is_overdue(const struct command *command, const struct source *source) {
    return command->ended || source->fd < 0 || now_us() >= source->begun_until;
}

void pass_overdue(struct command *command, struct source *source) {
    if (source->begun_size > 0 && is_overdue(command, source)) pass_begun(command, source);
}

void wake_for_begun(const struct command *command, const struct source *source) {
    if (source->begun_size == 0 || !wire_reserve(source->begun_size + 1)) return;
    wake_at(is_overdue(command, source) ? now_ms() : now_ms() + 1);
}

/* Whether the pipe was emptied, and what was read does not end a line of which the rest may come at once. */
static bool waits_for_line(const struct command *command, struct source *source, const uint8_t *bytes, size_t size, size_t limit) {
    if (command->terminal || command->ended || size == limit || bytes[size - 1] == '\n' || source->begun_size + size > LINE_BYTES) return false;
    int64_t now = now_us();
    if (now < source->endless_until || (source->begun_size > 0 && now >= source->begun_until)) return false;
    if (source->begun_size == 0) source->begun_until = now + LINE_US;
    return true;
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
    /* It may be a question, whose answer nobody is to wait for. */
    for (int at = 0; at < 2; at++) command->sources[at].small = false, command->sources[at].rest_until = 0;
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
    size_t limit = limit_of(command, source);
    if (limit == 0 || !pass_begun(command, other_of(command, source))) return;
    uint8_t *place = wire_reserve(source->begun_size + limit + 1);
    if (!place) return;
    uint8_t *bytes = place + 1 + source->begun_size;
    ssize_t got = read(source->fd, bytes, limit);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
        /* On a terminal what is left is not counted: it can be less. */
        if (command->ended && errno == EAGAIN) source->left = 0;
        return;
    }
    if (got <= 0) {
        close_source(source);
        if (command->terminal) close_input(command);
        return;
    }
    size_t size = (size_t)got;
    command->credit -= (uint32_t)size;
    if (command->ended) source->left -= size;
    if (waits_for_line(command, source, bytes, size, limit)) {
        if (!source->begun) source->begun = allocate(LINE_BYTES);
        memcpy(source->begun + source->begun_size, bytes, size);
        source->begun_size += size;
        return;
    }
    if (source->begun_size > 0) memcpy(place + 1, source->begun, source->begun_size);
    pass(command, source, place, source->begun_size + size);
}

void drop(struct command *command, struct source *source) {
    static uint8_t nowhere[OUTPUT_CHUNK];
    ssize_t got = read(source->fd, nowhere, sizeof nowhere);
    if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) close_source(source);
    command->drop_at = now_ms() + DROP_EVERY_MS;
}
