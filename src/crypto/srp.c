#include "crypto/srp.h"

#include "util/clock.h"
#include "util/encode.h"

#include <string.h>

static struct ph_str slice(const uint8_t *p, size_t n)
{
    return (struct ph_str){ p, n };
}

void ph_srp_claim_key_wipe(struct ph_srp_claim_key *key)
{
    explicit_bzero(key->bytes, sizeof key->bytes);
}

void ph_srp_x(struct ph_arena *arena, const struct ph_srp_identity *identity,
              struct ph_str password, struct ph_str salt, uint8_t x[PH_SRP_EXPONENT])
{
    struct ph_digest inner, outer;

    PH_SHA256(&inner, identity->pool_name, identity->user_id, PH_STR(":"), password);
    PH_SHA256(&outer, ph_srp_bi(arena, salt), ph_digest_str(&inner));
    memcpy(x, outer.bytes, PH_SRP_EXPONENT);
    explicit_bzero(&inner, sizeof inner);
    explicit_bzero(&outer, sizeof outer);
}

void ph_srp_verifier(struct ph_arena *arena, const struct ph_srp_identity *identity,
                     struct ph_str password, struct ph_str salt, struct ph_srp_number *verifier)
{
    uint8_t x[PH_SRP_EXPONENT];

    ph_srp_x(arena, identity, password, salt, x);
    ph_srp_power_of_g(x, verifier);
    explicit_bzero(x, sizeof x);
}

void ph_srp_u(struct ph_arena *arena, const struct ph_srp_number *a, const struct ph_srp_number *b,
              uint8_t u[PH_SRP_EXPONENT])
{
    struct ph_digest d;

    PH_SHA256(&d, ph_srp_bi(arena, slice(a->bytes, sizeof a->bytes)),
              ph_srp_bi(arena, slice(b->bytes, sizeof b->bytes)));
    memcpy(u, d.bytes, PH_SRP_EXPONENT);
}

void ph_srp_key_from_secret(struct ph_arena *arena, const uint8_t u[PH_SRP_EXPONENT],
                            const struct ph_srp_number *secret, struct ph_srp_claim_key *key)
{
    ph_hkdf_sha256(ph_srp_bi(arena, slice(secret->bytes, sizeof secret->bytes)),
                   ph_srp_bi(arena, slice(u, PH_SRP_EXPONENT)), PH_STR("Caldera Derived Key"),
                   key->bytes, sizeof key->bytes);
}

static bool is_zero(const uint8_t u[PH_SRP_EXPONENT])
{
    uint8_t any = 0;

    for (size_t i = 0; i < PH_SRP_EXPONENT; i++) {
        any |= u[i];
    }
    return any == 0;
}

bool ph_srp_server_key(struct ph_arena *arena, const struct ph_srp_number *a,
                       const struct ph_srp_number *b, const struct ph_srp_number *verifier,
                       struct ph_str secret_b, struct ph_srp_claim_key *key)
{
    PH_AUTO(ph_srp_number_wipe) struct ph_srp_number secret = { 0 };
    uint8_t u[PH_SRP_EXPONENT];

    ph_srp_u(arena, a, b, u);
    if (ph_srp_number_is_zero(a) || is_zero(u)) {
        return false;
    }
    ph_srp_server_secret(a, verifier, u, secret_b, &secret);
    ph_srp_key_from_secret(arena, u, &secret, key);
    return true;
}

void ph_srp_claim(const struct ph_srp_claim_key *key, const struct ph_srp_identity *identity,
                  struct ph_str secret_block, struct ph_str timestamp, struct ph_digest *claim)
{
    PH_HMAC(slice(key->bytes, sizeof key->bytes), claim, identity->pool_name, identity->user_id,
            secret_block, timestamp);
}

bool ph_srp_read_hex(struct ph_arena *arena, struct ph_str hex, struct ph_srp_number *out)
{
    struct ph_str bytes;

    if (hex.n == 0 || hex.n > PH_SRP_HEX_MAX) {
        return false;
    }
    if (hex.n % 2 != 0) {
        hex = ph_strf(arena, "0%.*s", PH_FMT(hex));
    }
    return ph_hex_decode(arena, hex, &bytes) && ph_srp_number_read(bytes, out);
}

struct ph_str ph_srp_hex(struct ph_arena *arena, struct ph_str big_endian)
{
    struct ph_str hex = ph_hex(arena, big_endian);

    while (hex.n > 1 && hex.p[0] == '0') {
        hex = ph_str_skip(hex, 1);
    }
    return hex.n == 0 ? PH_STR("0") : hex;
}

/* Takes the text up to the next space. */
static struct ph_str word(struct ph_str *rest)
{
    struct ph_str head;

    ph_str_cut(*rest, ' ', &head, rest);
    return head;
}

/* 1 to 12, or 0. */
static int month_number(struct ph_str name)
{
    for (int i = 0; i < 12; i++) {
        if (ph_str_eq(name, ph_str_from(ph_month_names[i]))) {
            return i + 1;
        }
    }
    return 0;
}

static bool is_weekday(struct ph_str name)
{
    for (size_t i = 0; i < 7; i++) {
        if (ph_str_eq(name, ph_str_from(ph_weekday_names[i]))) {
            return true;
        }
    }
    return false;
}

static bool number(struct ph_str text, size_t least, size_t most, int *value)
{
    int64_t n;

    if (text.n < least || text.n > most || text.p[0] == '-' || !ph_str_to_int(text, 0, 9999, &n)) {
        return false;
    }
    *value = (int)n;
    return true;
}

static bool time_of_day(struct ph_str text, struct ph_date *date)
{
    struct ph_str hour, minute;

    ph_str_cut(text, ':', &hour, &text);
    ph_str_cut(text, ':', &minute, &text);
    return number(hour, 2, 2, &date->hour) && number(minute, 2, 2, &date->minute) &&
           number(text, 2, 2, &date->second);
}

bool ph_srp_timestamp(struct ph_str text, int64_t *epoch_s)
{
    struct ph_date date = { 0 };
    const struct ph_str weekday = word(&text);
    const struct ph_str month = word(&text);
    const struct ph_str day = word(&text);
    const struct ph_str time = word(&text);
    const struct ph_str zone = word(&text);

    date.month = month_number(month);
    return is_weekday(weekday) && date.month > 0 && number(day, 1, 2, &date.day) &&
           time_of_day(time, &date) &&
           (ph_str_eq(zone, PH_STR("UTC")) || ph_str_eq(zone, PH_STR("GMT"))) &&
           number(text, 4, 4, &date.year) && ph_date_to_epoch(&date, epoch_s);
}
