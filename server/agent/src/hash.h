/* What the hash offers to the others. */
#ifndef HASH_H
#define HASH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { BLOCK = 64, DIGEST = 32 };

struct hash {
    uint32_t state[8];
    uint64_t size;
    uint8_t block[BLOCK];
};

/* From now on the instructions of this processor are used, where it has some for it. The result is the same. */
void hash_be_fast(void);
void hash_begin(struct hash *hash);
void hash_feed(struct hash *hash, const uint8_t *bytes, size_t size);
void hash_end(struct hash *hash, uint8_t digest[DIGEST]);

#endif
