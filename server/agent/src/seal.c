/*
 * Seals of frames, for where a program of the sandbox can open what carries them: under gVisor the stdin and stdout of the
 * agent are in /proc/1/fd for everybody of its user. A seal is the beginning of HMAC-SHA256 of the direction, the number
 * of the frame and the frame, with a key that the daemon sends before any program runs.
 */
#include "agent.h"
#include <string.h>

enum { BLOCK = 64, DIGEST = 32 };

struct hash {
    uint32_t state[8];
    uint64_t size;
    uint8_t block[BLOCK];
};

static const uint32_t constants[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74,
    0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d,
    0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e,
    0x92722c85, 0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5,
    0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

static inline __attribute__((always_inline)) uint32_t turn(uint32_t word, int bits) { return word >> bits | word << (32 - bits); }

/* The registers move on by one place in each round: instead, their names do. */
#define REGISTER(name) v[((name) - at) & 7]

/* Everything that is sealed passes through here. */
static __attribute__((optimize("O3", "unroll-loops"))) void mix(uint32_t state[8], const uint8_t *block) {
    uint32_t words[64], v[8];
    for (int at = 0; at < 16; at++) words[at] = (uint32_t)block[4 * at] << 24 | (uint32_t)block[4 * at + 1] << 16 | (uint32_t)block[4 * at + 2] << 8 | block[4 * at + 3];
    for (int at = 16; at < 64; at++) {
        uint32_t a = words[at - 15], b = words[at - 2];
        words[at] = words[at - 16] + (turn(a, 7) ^ turn(a, 18) ^ a >> 3) + words[at - 7] + (turn(b, 17) ^ turn(b, 19) ^ b >> 10);
    }
    memcpy(v, state, sizeof v);
    for (unsigned at = 0; at < 64; at++) {
        uint32_t a = REGISTER(0), b = REGISTER(1), c = REGISTER(2), e = REGISTER(4);
        uint32_t one = REGISTER(7) + (turn(e, 6) ^ turn(e, 11) ^ turn(e, 25)) + ((e & REGISTER(5)) ^ (~e & REGISTER(6))) + constants[at] + words[at];
        REGISTER(3) += one;
        REGISTER(7) = one + (turn(a, 2) ^ turn(a, 13) ^ turn(a, 22)) + ((a & b) ^ (a & c) ^ (b & c));
    }
    for (int at = 0; at < 8; at++) state[at] += v[at];
}

static void begin(struct hash *hash) {
    static const uint32_t first[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
    memcpy(hash->state, first, sizeof first);
    hash->size = 0;
}

static void feed(struct hash *hash, const uint8_t *bytes, size_t size) {
    size_t used = hash->size % BLOCK;
    hash->size += size;
    if (used > 0) {
        size_t part = size < BLOCK - used ? size : BLOCK - used;
        memcpy(hash->block + used, bytes, part);
        if (used + part < BLOCK) return;
        mix(hash->state, hash->block);
        bytes += part;
        size -= part;
    }
    for (; size >= BLOCK; bytes += BLOCK, size -= BLOCK) mix(hash->state, bytes);
    memcpy(hash->block, bytes, size);
}

static void end(struct hash *hash, uint8_t digest[DIGEST]) {
    static const uint8_t padding[BLOCK] = {0x80};
    uint64_t bits = hash->size * 8;
    uint8_t length[8];
    size_t used = hash->size % BLOCK;
    feed(hash, padding, (used < 56 ? 56 : 120) - used);
    for (int at = 0; at < 8; at++) length[at] = (uint8_t)(bits >> (56 - 8 * at));
    feed(hash, length, sizeof length);
    for (int at = 0; at < DIGEST; at++) digest[at] = (uint8_t)(hash->state[at / 4] >> (24 - 8 * (at % 4)));
}

/* The states of the hash after the two blocks that are made of the key. */
static struct hash inner, outer;

void seal_with(const uint8_t key[SEAL_KEY_BYTES]) {
    uint8_t blocks[2][BLOCK];
    for (int at = 0; at < BLOCK; at++) {
        uint8_t byte = at < SEAL_KEY_BYTES ? key[at] : 0;
        blocks[0][at] = byte ^ 0x36;
        blocks[1][at] = byte ^ 0x5c;
    }
    begin(&inner);
    feed(&inner, blocks[0], BLOCK);
    begin(&outer);
    feed(&outer, blocks[1], BLOCK);
}

void seal_frame(bool from_agent, uint64_t number, const uint8_t *frame, size_t size, uint8_t tag[SEAL_BYTES]) {
    uint8_t head[9], digest[DIGEST];
    head[0] = from_agent;
    put_u64(head + 1, number);
    struct hash hash = inner;
    feed(&hash, head, sizeof head);
    feed(&hash, frame, size);
    end(&hash, digest);
    hash = outer;
    feed(&hash, digest, sizeof digest);
    end(&hash, digest);
    memcpy(tag, digest, SEAL_BYTES);
}
