/*
 * Seals of frames, for where a program of the sandbox can open what carries them: under gVisor the stdin and stdout of the
 * agent are in /proc/1/fd for everybody of its user. A seal is the beginning of HMAC-SHA256 of the direction, the number
 * of the frame and the frame, with a key that the daemon sends before any program runs.
 */
#include "agent.h"
#include "hash.h"
#include <string.h>

/* The states of the hash after the two blocks that are made of the key. */
static struct hash inner, outer;

void seal_with(const uint8_t key[SEAL_KEY_BYTES]) {
    uint8_t blocks[2][BLOCK];
    hash_be_fast();
    for (int at = 0; at < BLOCK; at++) {
        uint8_t byte = at < SEAL_KEY_BYTES ? key[at] : 0;
        blocks[0][at] = byte ^ 0x36;
        blocks[1][at] = byte ^ 0x5c;
    }
    hash_begin(&inner);
    hash_feed(&inner, blocks[0], BLOCK);
    hash_begin(&outer);
    hash_feed(&outer, blocks[1], BLOCK);
}

void seal_frame(bool from_agent, uint64_t number, const uint8_t *frame, size_t size, uint8_t tag[SEAL_BYTES]) {
    uint8_t head[9], digest[DIGEST];
    head[0] = from_agent;
    put_u64(head + 1, number);
    struct hash hash = inner;
    hash_feed(&hash, head, sizeof head);
    hash_feed(&hash, frame, size);
    hash_end(&hash, digest);
    hash = outer;
    hash_feed(&hash, digest, sizeof digest);
    hash_end(&hash, digest);
    memcpy(tag, digest, SEAL_BYTES);
}
