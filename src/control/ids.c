/* Random numbers that follow from a text, an operation and the number of its calls. */
#include "control/internal.h"

#include "crypto/hash.h"

#include <string.h>

struct fixed {
    struct ph_random random;
    struct ph_str seed;
    uint64_t block;
    struct ph_digest bytes;
    size_t used; /* of the block */
};

static void next_block(struct fixed *fixed)
{
    uint8_t number[8];

    for (size_t i = 0; i < sizeof number; i++) {
        number[i] = (uint8_t)(fixed->block >> (8 * i));
    }
    fixed->block++;
    PH_SHA256(&fixed->bytes, fixed->seed, ((struct ph_str){ number, sizeof number }));
    fixed->used = 0;
}

static void fill(void *self, uint8_t *bytes, size_t n)
{
    struct fixed *fixed = self;

    for (size_t i = 0; i < n; i++) {
        if (fixed->used == sizeof fixed->bytes.bytes) {
            next_block(fixed);
        }
        bytes[i] = fixed->bytes.bytes[fixed->used++];
    }
}

const char *ph_fixed_ids_set(struct ph_fixed_ids *ids, struct ph_str text)
{
    if (text.n >= sizeof ids->text || ph_str_has_byte(text, 0)) {
        return "seed is a text of less than 128 bytes";
    }
    memset(ids, 0, sizeof *ids);
    memcpy(ids->text, text.n > 0 ? text.p : (const uint8_t *)"", text.n);
    return NULL;
}

const struct ph_random *ph_fixed_ids_next(struct ph_arena *arena, struct ph_fixed_ids *ids,
                                          const struct ph_operation *operation)
{
    struct fixed *fixed;

    if (ids->text[0] == '\0') {
        return NULL;
    }
    fixed = ph_arena_new(arena, struct fixed);
    fixed->random = (struct ph_random){ fill, fixed };
    fixed->seed = ph_strf(arena, "poolhouse ids %s %s %u ", ids->text, operation->name,
                          (unsigned)++ids->calls[operation->id]);
    fixed->used = sizeof fixed->bytes.bytes;
    return &fixed->random;
}
