#include "crypto/passphrase.h"

#include "crypto/random.h"
#include "crypto/seal.h"
#include "util/encode.h"

#include <openssl/evp.h>
#include <string.h>

enum {
    LN = 17,
    R = 8,
    P = 1,
    LN_MAX = 20,
    R_MAX = 8,
    P_MAX = 4,
    SALT_BYTES = 16,
    SALT_MAX = 64,
    SPARE_BYTES = 1024 * 1024,
};

#define PURPOSE PH_STR("key under a passphrase 1")

/* False when the library finds the cost too high for the machine. */
static bool derive(struct ph_str passphrase, const struct ph_wrapped_key *w, struct ph_key *key)
{
    const uint64_t n = UINT64_C(1) << w->ln, r = (uint64_t)w->r, p = (uint64_t)w->p;

    return EVP_PBE_scrypt((const char *)passphrase.p, passphrase.n, w->salt.p, w->salt.n, n, r, p,
                          128 * r * (n + p + 2) + SPARE_BYTES, key->bytes, sizeof key->bytes) == 1;
}

struct ph_str ph_passphrase_wrap(struct ph_arena *arena, struct ph_str passphrase,
                                 const struct ph_key *key)
{
    PH_AUTO(ph_key_wipe) struct ph_key own = { 0 };
    uint8_t *salt = ph_arena_alloc(arena, SALT_BYTES);
    const struct ph_wrapped_key w = { LN, R, P, { salt, SALT_BYTES }, { 0 } };
    struct ph_str sealed;

    ph_system_random.fill(NULL, salt, SALT_BYTES);
    if (!derive(passphrase, &w, &own)) {
        ph_fatal("scrypt failed: it needs 128 MiB of memory");
    }
    sealed = ph_seal(arena, &own, PURPOSE, (struct ph_str){ key->bytes, sizeof key->bytes });
    return ph_strf(arena, "scrypt:%d:%d:%d:%.*s:%.*s", LN, R, P, PH_FMT(ph_base64(arena, w.salt)),
                   PH_FMT(ph_base64(arena, sealed)));
}

static struct ph_str next_part(struct ph_str *rest)
{
    struct ph_str part;

    (void)ph_str_cut(*rest, ':', &part, rest);
    return part;
}

bool ph_wrapped_key_parse(struct ph_arena *arena, struct ph_str text, struct ph_wrapped_key *out)
{
    struct ph_wrapped_key w = { 0 };

    if (!ph_str_eq(next_part(&text), PH_STR("scrypt")) ||
        !ph_str_to_int(next_part(&text), 1, LN_MAX, &w.ln) ||
        !ph_str_to_int(next_part(&text), 1, R_MAX, &w.r) ||
        !ph_str_to_int(next_part(&text), 1, P_MAX, &w.p) ||
        !ph_base64_decode(arena, next_part(&text), &w.salt) ||
        !ph_base64_decode(arena, text, &w.sealed) || w.salt.n == 0 || w.salt.n > SALT_MAX ||
        w.sealed.n != PH_SEAL_OVERHEAD + PH_KEY_BYTES) {
        return false;
    }
    *out = w;
    return true;
}

bool ph_passphrase_unwrap(struct ph_arena *arena, struct ph_str passphrase,
                          const struct ph_wrapped_key *wrapped, struct ph_key *key)
{
    PH_AUTO(ph_key_wipe) struct ph_key own = { 0 };
    struct ph_str plain;

    if (!derive(passphrase, wrapped, &own) ||
        !ph_open(arena, &own, PURPOSE, wrapped->sealed, &plain) || plain.n != sizeof key->bytes) {
        return false;
    }
    memcpy(key->bytes, plain.p, sizeof key->bytes);
    return true;
}
