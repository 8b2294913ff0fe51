#include "crypto/password_hash.h"

#include "crypto/algorithms.h"
#include "crypto/secret.h"
#include "util/encode.h"

#include <argon2.h>
#include <crypt.h>
#include <openssl/evp.h>
#include <string.h>

enum {
    BCRYPT_CHARS = 60,
    BCRYPT_SETTING_CHARS = 29,
    BCRYPT_COST_MIN = 4,
    BCRYPT_COST_MAX = 12,
    SCRYPT_N_MAX = 65536,
    SCRYPT_R_MAX = 8,
    SCRYPT_P_MAX = 1,
    SCRYPT_SPARE_BYTES = 1 << 20, /* beside its large table, in the library's limit */
    ARGON2_KIB_MIN = 8,
    ARGON2_KIB_MAX = 19456,
    ARGON2_PASSES_MAX = 2,
    PBKDF2_ITERATIONS_MAX = 600000,
    SALT_MIN = 1,
    ARGON2_SALT_MIN = 8,
    HASH_MIN = 16, /* shorter ones are guessed */
};

/* A hash taken apart. The numbers are the costs, named as their algorithm names them. */
struct parsed {
    enum ph_hash_algorithm algorithm;
    int64_t n, r, p;
    struct ph_str salt;
    struct ph_str hash;
};

static const struct ph_str NAMES[] = {
    [PH_HASH_NONE] = { NULL, 0 },
    [PH_HASH_BCRYPT] = PH_STR_INIT("BCRYPT"),
    [PH_HASH_SCRYPT] = PH_STR_INIT("SCRYPT"),
    [PH_HASH_ARGON2ID] = PH_STR_INIT("ARGON2ID"),
    [PH_HASH_PBKDF2_SHA256] = PH_STR_INIT("PBKDF2_SHA256"),
};
enum { NAME_COUNT = sizeof NAMES / sizeof NAMES[0] };

struct ph_str ph_hash_algorithm_name(enum ph_hash_algorithm algorithm)
{
    return NAMES[algorithm];
}

enum ph_hash_algorithm ph_hash_algorithm_of(struct ph_str name)
{
    for (int i = PH_HASH_NONE + 1; i < NAME_COUNT; i++) {
        if (ph_str_eq(NAMES[i], name)) {
            return (enum ph_hash_algorithm)i;
        }
    }
    return PH_HASH_NONE;
}

/* --- taking apart --- */

static bool has_sizes(const struct parsed *parsed, size_t salt_min)
{
    return parsed->salt.n >= salt_min && parsed->salt.n <= PH_HASH_BYTES_MAX &&
           parsed->hash.n >= HASH_MIN && parsed->hash.n <= PH_HASH_BYTES_MAX;
}

/* Cuts the next part off *rest, up to a '$' that must be there. */
static bool next_part(struct ph_str *rest, struct ph_str *part)
{
    return ph_str_cut(*rest, '$', part, rest);
}

static bool is_bcrypt_text(struct ph_str s)
{
    for (size_t i = 0; i < s.n; i++) {
        const uint8_t c = s.p[i];

        if (!(c == '.' || c == '/' || (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
              (c >= 'a' && c <= 'z'))) {
            return false;
        }
    }
    return true;
}

/* "$2b$12$" and 22 characters of salt, 31 of hash. */
static bool parse_bcrypt(struct ph_arena *arena, struct ph_str text, struct parsed *out)
{
    (void)arena;
    if (text.n != BCRYPT_CHARS || !ph_str_has_byte(PH_STR("abxy"), text.p[2]) || text.p[3] != '$' ||
        text.p[6] != '$' ||
        !ph_str_to_int((struct ph_str){ text.p + 4, 2 }, BCRYPT_COST_MIN, BCRYPT_COST_MAX,
                       &out->n)) {
        return false;
    }
    out->hash = text;
    return is_bcrypt_text(ph_str_skip(text, 7));
}

static bool parse_scrypt(struct ph_arena *arena, struct ph_str text, struct parsed *out)
{
    struct ph_str n, r, p, salt;

    return next_part(&text, &n) && next_part(&text, &r) && next_part(&text, &p) &&
           next_part(&text, &salt) && ph_str_to_int(n, 2, SCRYPT_N_MAX, &out->n) &&
           (out->n & (out->n - 1)) == 0 && ph_str_to_int(r, 1, SCRYPT_R_MAX, &out->r) &&
           ph_str_to_int(p, 1, SCRYPT_P_MAX, &out->p) && ph_hex_decode(arena, salt, &out->salt) &&
           ph_hex_decode(arena, text, &out->hash) && has_sizes(out, SALT_MIN);
}

/* Base64 without padding, or with it, where '.' may stand for '+'. */
static bool decode_base64(struct ph_arena *arena, struct ph_str text, struct ph_str *bytes)
{
    uint8_t *copy = ph_arena_alloc(arena, text.n + 1);
    size_t n = text.n;

    while (n > 0 && text.n - n < 2 && text.p[n - 1] == '=') {
        n--;
    }
    if (n != text.n && text.n % 4 != 0) {
        return false;
    }
    for (size_t i = 0; i < n; i++) { /* to the alphabet of URLs, which is read without padding */
        const uint8_t c = text.p[i];

        if (c == '-' || c == '_') {
            return false;
        }
        copy[i] = c == '.' || c == '+' ? '-' : (c == '/' ? '_' : c);
    }
    return ph_base64url_decode(arena, (struct ph_str){ copy, n }, bytes);
}

static bool parse_pbkdf2(struct ph_arena *arena, struct ph_str text, struct parsed *out)
{
    struct ph_str iterations, salt;

    text = ph_str_skip(text, sizeof "$pbkdf2-sha256$" - 1);
    return next_part(&text, &iterations) && next_part(&text, &salt) &&
           ph_str_to_int(iterations, 1, PBKDF2_ITERATIONS_MAX, &out->n) &&
           decode_base64(arena, salt, &out->salt) && decode_base64(arena, text, &out->hash) &&
           has_sizes(out, SALT_MIN);
}

/* "m=19456,t=2,p=1" */
static bool parse_argon2_costs(struct ph_str text, struct parsed *out)
{
    struct ph_str m, t;

    if (!ph_str_cut(text, ',', &m, &text) || !ph_str_cut(text, ',', &t, &text) ||
        !ph_str_starts(m, PH_STR("m=")) || !ph_str_starts(t, PH_STR("t=")) ||
        !ph_str_eq(text, PH_STR("p=1"))) {
        return false;
    }
    out->p = 1;
    return ph_str_to_int(ph_str_skip(m, 2), ARGON2_KIB_MIN, ARGON2_KIB_MAX, &out->n) &&
           ph_str_to_int(ph_str_skip(t, 2), 1, ARGON2_PASSES_MAX, &out->r);
}

static bool parse_argon2id(struct ph_arena *arena, struct ph_str text, struct parsed *out)
{
    struct ph_str costs, salt;

    text = ph_str_skip(text, sizeof "$argon2id$v=19$" - 1);
    return next_part(&text, &costs) && next_part(&text, &salt) && parse_argon2_costs(costs, out) &&
           !ph_str_has_byte(salt, '=') && !ph_str_has_byte(text, '=') &&
           decode_base64(arena, salt, &out->salt) && decode_base64(arena, text, &out->hash) &&
           has_sizes(out, ARGON2_SALT_MIN);
}

static const struct {
    struct ph_str prefix;
    enum ph_hash_algorithm algorithm;
    bool (*parse)(struct ph_arena *arena, struct ph_str text, struct parsed *out);
} FORMS[] = {
    { PH_STR_INIT("$2"), PH_HASH_BCRYPT, parse_bcrypt },
    { PH_STR_INIT("$argon2id$v=19$"), PH_HASH_ARGON2ID, parse_argon2id },
    { PH_STR_INIT("$pbkdf2-sha256$"), PH_HASH_PBKDF2_SHA256, parse_pbkdf2 },
    { PH_STR_INIT(""), PH_HASH_SCRYPT, parse_scrypt },
};

static bool parse(struct ph_arena *arena, struct ph_str text, struct parsed *out)
{
    *out = (struct parsed){ .algorithm = PH_HASH_NONE };
    if (text.n == 0 || text.n > PH_HASH_TEXT_MAX) {
        return false;
    }
    for (size_t i = 0; i < sizeof FORMS / sizeof FORMS[0]; i++) {
        if (ph_str_starts(text, FORMS[i].prefix)) {
            out->algorithm = FORMS[i].algorithm;
            return FORMS[i].parse(arena, text, out);
        }
    }
    return false;
}

enum ph_hash_algorithm ph_password_hash_kind(struct ph_arena *arena, struct ph_str hash)
{
    struct parsed parsed;

    return parse(arena, hash, &parsed) ? parsed.algorithm : PH_HASH_NONE;
}

/* --- computing --- */

/* The last character of the salt has bits that do not count: what follows it is compared. */
static bool matches_bcrypt(struct ph_arena *arena, const struct parsed *parsed,
                           struct ph_str password)
{
    const char *text = ph_cstr(arena, password);
    const char *setting = ph_cstr(arena, parsed->hash);
    struct crypt_data *data = ph_arena_new(arena, struct crypt_data);
    const char *made = crypt_rn(text == NULL ? "" : text, setting, data, sizeof *data);

    return made != NULL && ph_equal_secret(ph_str_skip(ph_str_from(made), BCRYPT_SETTING_CHARS),
                                           ph_str_skip(parsed->hash, BCRYPT_SETTING_CHARS));
}

static bool compute_scrypt(const struct parsed *parsed, struct ph_str password, uint8_t *out)
{
    const uint64_t n = (uint64_t)parsed->n, r = (uint64_t)parsed->r, p = (uint64_t)parsed->p;

    return EVP_PBE_scrypt((const char *)password.p, password.n, parsed->salt.p, parsed->salt.n, n,
                          r, p, 128 * r * (n + p) + SCRYPT_SPARE_BYTES, out, parsed->hash.n) == 1;
}

static bool compute_argon2id(const struct parsed *parsed, struct ph_str password, uint8_t *out)
{
    return argon2id_hash_raw((uint32_t)parsed->r, (uint32_t)parsed->n, (uint32_t)parsed->p,
                             password.p, password.n, parsed->salt.p, parsed->salt.n, out,
                             parsed->hash.n) == ARGON2_OK;
}

static bool compute_pbkdf2(const struct parsed *parsed, struct ph_str password, uint8_t *out)
{
    return PKCS5_PBKDF2_HMAC((const char *)password.p, (int)password.n, parsed->salt.p,
                             (int)parsed->salt.n, (int)parsed->n, ph_algorithms()->sha256,
                             (int)parsed->hash.n, out) == 1;
}

static bool compute(const struct parsed *parsed, struct ph_str password, uint8_t *out)
{
    switch (parsed->algorithm) {
    case PH_HASH_SCRYPT:
        return compute_scrypt(parsed, password, out);
    case PH_HASH_ARGON2ID:
        return compute_argon2id(parsed, password, out);
    case PH_HASH_PBKDF2_SHA256:
        return compute_pbkdf2(parsed, password, out);
    case PH_HASH_NONE:
    case PH_HASH_BCRYPT:
        break;
    }
    return false;
}

/*
 * A NUL ends a password for bcrypt, and HMAC takes one at its end for padding: a password with a
 * NUL is nobody's, at the same cost.
 */
bool ph_password_hash_matches(struct ph_arena *arena, struct ph_str hash, struct ph_str password)
{
    const bool has_nul = ph_str_has_byte(password, 0);
    uint8_t made[PH_HASH_BYTES_MAX] = { 0 };
    struct parsed parsed;
    bool matches;

    if (!parse(arena, hash, &parsed)) {
        return false;
    }
    if (password.p == NULL) {
        password = PH_STR("");
    }
    if (parsed.algorithm == PH_HASH_BCRYPT) {
        return matches_bcrypt(arena, &parsed, password) && !has_nul;
    }
    matches = compute(&parsed, password, made) &&
              ph_equal_secret((struct ph_str){ made, parsed.hash.n }, parsed.hash);
    ph_wipe(made, sizeof made);
    return matches && !has_nul;
}
