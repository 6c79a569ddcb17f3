/* SHA-256. */
#include "hash.h"
#include <string.h>
#ifdef __x86_64__
#include <cpuid.h>
#include <immintrin.h>
#endif

static const _Alignas(16) uint32_t constants[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74,
    0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d,
    0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e,
    0x92722c85, 0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5,
    0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

static inline __attribute__((always_inline)) uint32_t turn(uint32_t word, int bits) { return word >> bits | word << (32 - bits); }

/* The registers move on by one place in each round: instead, their names do. */
#define REGISTER(name) v[((name) - at) & 7]

static __attribute__((optimize("O3", "unroll-loops"))) void mix_plainly(uint32_t state[8], const uint8_t *block) {
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

#ifdef __x86_64__
/* The same with the instructions that most processors have for it, in an eighth of the time. A register has four words. */
static __attribute__((target("sha,sse4.1"), optimize("O3"))) void mix_fast(uint32_t state[8], const uint8_t *block) {
    const __m128i swap = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
    __m128i words[4], first = _mm_loadu_si128((const __m128i *)state), last = _mm_loadu_si128((const __m128i *)(state + 4));
    /* The instructions want the words in this order: a b e f, and c d g h. */
    first = _mm_shuffle_epi32(first, 0xb1);
    last = _mm_shuffle_epi32(last, 0x1b);
    __m128i abef = _mm_alignr_epi8(first, last, 8), cdgh = _mm_blend_epi16(last, first, 0xf0), abef_before = abef, cdgh_before = cdgh;
    for (int at = 0; at < 4; at++) words[at] = _mm_shuffle_epi8(_mm_loadu_si128((const __m128i *)(block + 16 * at)), swap);
#pragma GCC unroll 16
    for (int at = 0; at < 16; at++) {
        __m128i *one = &words[at & 3], two = words[(at + 1) & 3], three = words[(at + 2) & 3], four = words[(at + 3) & 3];
        if (at >= 4) *one = _mm_sha256msg2_epu32(_mm_add_epi32(_mm_sha256msg1_epu32(*one, two), _mm_alignr_epi8(four, three, 4)), four);
        __m128i sum = _mm_add_epi32(*one, _mm_load_si128((const __m128i *)(constants + 4 * at)));
        cdgh = _mm_sha256rnds2_epu32(cdgh, abef, sum);
        abef = _mm_sha256rnds2_epu32(abef, cdgh, _mm_shuffle_epi32(sum, 0x0e));
    }
    abef = _mm_shuffle_epi32(_mm_add_epi32(abef, abef_before), 0x1b);
    cdgh = _mm_shuffle_epi32(_mm_add_epi32(cdgh, cdgh_before), 0xb1);
    _mm_storeu_si128((__m128i *)state, _mm_blend_epi16(abef, cdgh, 0xf0));
    _mm_storeu_si128((__m128i *)(state + 4), _mm_alignr_epi8(cdgh, abef, 8));
}

static bool may_be_fast(void) {
    unsigned a, b, c, d;
    if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & bit_SSE4_1)) return false;
    return __get_cpuid_count(7, 0, &a, &b, &c, &d) && (b & bit_SHA);
}

/* Everything that is sealed passes through here. */
static void (*mix)(uint32_t state[8], const uint8_t *block) = mix_plainly;

void hash_be_fast(void) {
    if (may_be_fast()) mix = mix_fast;
}
#else
static void mix(uint32_t state[8], const uint8_t *block) { mix_plainly(state, block); }
void hash_be_fast(void) { }
#endif

void hash_begin(struct hash *hash) {
    static const uint32_t first[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
    memcpy(hash->state, first, sizeof first);
    hash->size = 0;
}

void hash_feed(struct hash *hash, const uint8_t *bytes, size_t size) {
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

void hash_end(struct hash *hash, uint8_t digest[DIGEST]) {
    static const uint8_t padding[BLOCK] = {0x80};
    uint64_t bits = hash->size * 8;
    uint8_t length[8];
    size_t used = hash->size % BLOCK;
    hash_feed(hash, padding, (used < 56 ? 56 : 120) - used);
    for (int at = 0; at < 8; at++) length[at] = (uint8_t)(bits >> (56 - 8 * at));
    hash_feed(hash, length, sizeof length);
    for (int at = 0; at < DIGEST; at++) digest[at] = (uint8_t)(hash->state[at / 4] >> (24 - 8 * (at % 4)));
}
