/* Frames to and from the daemon, over one stream in each direction. */
#include "agent.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What waits to be sent: no more than this, and a few small frames. */
enum { OUT_BYTES = 192 * 1024, OUT_RESERVE = 64 * 1024 };

/* -1: there is no wire. */
static int in_fd = -1, out_fd = -1;
static uint8_t fixed[HEADER_BYTES + MAX_PAYLOAD + SEAL_BYTES];
/* Where frames are received: `fixed`, or more room for one long START. */
static uint8_t *in = fixed;
static size_t in_room = sizeof fixed, in_size;
static uint8_t out[OUT_BYTES];
static size_t out_begin, out_end;
/* What comes after each frame: SEAL_BYTES or nothing. */
static size_t seal_bytes;
static uint64_t frames_sent, frames_received;

void wire_open(int input, int output) {
    in_fd = input;
    out_fd = output;
}

void wire_seal(int input) {
    uint8_t key[SEAL_KEY_BYTES];
    for (size_t size = 0; size < sizeof key;) {
        ssize_t got = read(input, key + size, sizeof key - size);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) _exit(0);
        size += (size_t)got;
    }
    seal_with(key);
    seal_bytes = SEAL_BYTES;
}

void wire_leave(void) { in_fd = out_fd = -1; }

int wire_input(void) { return in_fd; }
int wire_output(void) { return out_fd; }
bool wire_waits(void) { return out_begin < out_end; }

_Noreturn void give_up(const char *why) {
    if (out_fd < 0) _exit(ENOMEM);
    commands_pass_begun();
    size_t size = strlen(why);
    if (out_end + HEADER_BYTES + size + seal_bytes <= OUT_BYTES) wire_put(LOST, 0, why, size);
    wire_send();
    _exit(1);
}

uint8_t *put_u32(uint8_t *at, uint32_t value) {
    for (int byte = 0; byte < 4; byte++) *at++ = (uint8_t)(value >> (8 * byte));
    return at;
}

uint8_t *put_u64(uint8_t *at, uint64_t value) {
    return put_u32(put_u32(at, (uint32_t)value), (uint32_t)(value >> 32));
}

static uint64_t read_number(struct reader *reader, int bytes) {
    uint64_t value = 0;
    if (reader->end - reader->at < bytes) {
        reader->broken = true;
        return 0;
    }
    for (int byte = 0; byte < bytes; byte++) value |= (uint64_t)*reader->at++ << (8 * byte);
    return value;
}

uint8_t read_u8(struct reader *reader) { return (uint8_t)read_number(reader, 1); }
uint16_t read_u16(struct reader *reader) { return (uint16_t)read_number(reader, 2); }
uint32_t read_u32(struct reader *reader) { return (uint32_t)read_number(reader, 4); }
uint64_t read_u64(struct reader *reader) { return read_number(reader, 8); }

const char *read_text(struct reader *reader) {
    const uint8_t *nul = reader->at < reader->end ? memchr(reader->at, 0, (size_t)(reader->end - reader->at)) : NULL;
    if (!nul) {
        reader->broken = true;
        return "";
    }
    const char *text = (const char *)reader->at;
    reader->at = nul + 1;
    return text;
}

/* Makes room at the end of `out`, if there may be more. */
static bool room_for(size_t size, size_t limit) {
    size += HEADER_BYTES + seal_bytes;
    if (out_end + size <= limit) return true;
    if (out_begin > 0) {
        memmove(out, out + out_begin, out_end - out_begin);
        out_end -= out_begin;
        out_begin = 0;
    }
    return out_end + size <= limit;
}

uint8_t *wire_reserve(size_t size) {
    return room_for(size, OUT_BYTES - OUT_RESERVE) ? out + out_end + HEADER_BYTES : NULL;
}

void wire_commit(enum frame_type type, uint32_t channel, size_t size) {
    uint8_t *at = put_u32(put_u32(out + out_end, (uint32_t)size), channel);
    *at = (uint8_t)type;
    size += HEADER_BYTES;
    if (seal_bytes) seal_frame(true, frames_sent++, out + out_end, size, out + out_end + size);
    out_end += size + seal_bytes;
}

void wire_put(enum frame_type type, uint32_t channel, const void *payload, size_t size) {
    while (!room_for(size, OUT_BYTES)) {
        /* The daemon reads small frames at once: that it does not means that it has gone, or hangs. */
        wire_send();
        if (!room_for(size, OUT_BYTES)) usleep(1000);
    }
    if (size) memcpy(out + out_end + HEADER_BYTES, payload, size);
    wire_commit(type, channel, size);
}

void wire_send(void) {
    while (out_begin < out_end) {
        ssize_t sent = write(out_fd, out + out_begin, out_end - out_begin);
        if (sent < 0 && errno == EINTR) continue;
        if (sent < 0 && errno == EAGAIN) return;
        if (sent <= 0) _exit(0);
        out_begin += (size_t)sent;
    }
    out_begin = out_end = 0;
}

static void check_seal(const uint8_t *frame, size_t size) {
    uint8_t right[SEAL_BYTES], difference = 0;
    seal_frame(false, frames_received++, frame, size, right);
    for (int at = 0; at < SEAL_BYTES; at++) difference |= (uint8_t)(right[at] ^ frame[size + (size_t)at]);
    if (difference) give_up("a program has changed what the daemon sent");
}

static bool known(uint8_t type) { return type >= START && type <= WATCH_PORTS; }

/* Handles the frames that are complete. Returns how many bytes the next one needs. */
static size_t take_frames(void) {
    size_t at = 0;
    size_t wanted = HEADER_BYTES;
    while (in_size - at >= HEADER_BYTES) {
        struct reader header = {in + at, in + in_size, false};
        size_t size = read_u32(&header);
        uint32_t channel = read_u32(&header);
        uint8_t type = read_u8(&header);
        if (!known(type) || size > (type == START ? MAX_START_PAYLOAD : MAX_PAYLOAD)) give_up("the daemon sent a frame that makes no sense");
        wanted = HEADER_BYTES + size + seal_bytes;
        if (in_size - at < wanted) break;
        if (seal_bytes) check_seal(in + at, HEADER_BYTES + size);
        handle(type, channel, (struct reader){header.at, header.at + size, false});
        at += wanted;
        wanted = HEADER_BYTES;
    }
    in_size -= at;
    memmove(in, in + at, in_size);
    return wanted;
}

static void resize(size_t room) {
    uint8_t *other = room > sizeof fixed ? allocate(room) : fixed;
    memcpy(other, in, in_size);
    if (in != fixed) free(in);
    in = other;
    in_room = other == fixed ? sizeof fixed : room;
}

void wire_receive(void) {
    ssize_t got = read(in_fd, in + in_size, in_room - in_size);
    if (got < 0 && (errno == EINTR || errno == EAGAIN)) return;
    if (got <= 0) _exit(0);
    in_size += (size_t)got;
    size_t wanted = take_frames();
    if (wanted > in_room) resize(wanted);
    else if (in != fixed && in_size <= sizeof fixed && wanted <= sizeof fixed) resize(sizeof fixed);
}
