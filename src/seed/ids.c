/* Ids that follow from names: the same file gives the same ones on every machine. */
#include "seed/internal.h"

#include "crypto/hash.h"
#include "util/encode.h"

#define LETTERS PH_STR("0123456789abcdefghijklmnopqrstuvwxyz")
#define ALL_LETTERS PH_STR("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")

enum { POOL_CHARS = 9, CLIENT_CHARS = 26, SECRET_CHARS = 51 };

/* The names are separated, so that "a" and "bc" give others than "ab" and "c". */
static void digest(struct ph_arena *arena, const char *purpose, struct ph_str a, struct ph_str b,
                   int round, struct ph_digest *out)
{
    const struct ph_str text = ph_strf(arena, "poolhouse seed %s %d %zu:%.*s %.*s", purpose, round,
                                       a.n, PH_FMT(a), PH_FMT(b));

    PH_SHA256(out, text);
}

static struct ph_str text_of(struct ph_arena *arena, const char *purpose, struct ph_str a,
                             struct ph_str b, size_t n, struct ph_str alphabet)
{
    const size_t fair = 256 - 256 % alphabet.n;
    uint8_t *text = ph_arena_alloc(arena, n + 1);
    size_t made = 0;

    for (int round = 0; made < n; round++) {
        struct ph_digest bytes;

        digest(arena, purpose, a, b, round, &bytes);
        for (size_t i = 0; i < sizeof bytes.bytes && made < n; i++) {
            if (bytes.bytes[i] < fair) {
                text[made++] = alphabet.p[bytes.bytes[i] % alphabet.n];
            }
        }
    }
    return (struct ph_str){ text, n };
}

struct ph_str ph_seed_pool_id(struct ph_arena *arena, struct ph_str region, struct ph_str stack,
                              struct ph_str name)
{
    const struct ph_str where = ph_strf(arena, "%.*s/%.*s", PH_FMT(region), PH_FMT(stack));

    return ph_strf(arena, "%.*s_%.*s", PH_FMT(region),
                   PH_FMT(text_of(arena, "pool", where, name, POOL_CHARS, ALL_LETTERS)));
}

struct ph_str ph_seed_client_id(struct ph_arena *arena, struct ph_str pool_id, struct ph_str name)
{
    return text_of(arena, "client", pool_id, name, CLIENT_CHARS, LETTERS);
}

struct ph_str ph_seed_client_secret(struct ph_arena *arena, struct ph_str pool_id,
                                    struct ph_str client_id)
{
    return text_of(arena, "secret", pool_id, client_id, SECRET_CHARS, LETTERS);
}

struct ph_str ph_seed_sub(struct ph_arena *arena, struct ph_str pool_id, struct ph_str username)
{
    struct ph_digest bytes;

    digest(arena, "sub", pool_id, username, 0, &bytes);
    ph_uuid4_set(bytes.bytes);
    return ph_uuid_text(arena, bytes.bytes);
}
