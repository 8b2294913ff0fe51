#include "pool/purposes.h"

#include "crypto/hash.h"
#include "util/buf.h"
#include "util/encode.h"

#include <string.h>

#define HOUR_MS (INT64_C(3600) * 1000)

/* Codes are good for a day, refresh tokens for ten years (3650 days). */
#define SHORT (25 * HOUR_MS)
#define LONG (3650 * 24 * HOUR_MS)
#define FOR_EVER INT64_MAX

enum { KEPT_MAX = 1024 * 1024 };

/*
 * kept_ms: how long after the data key was replaced the old key still opens. FOR_EVER: it stays the
 * only one, because what it makes must stay the same, and is no secret: what nonexistent users look
 * like, names of devices and rows.
 */
static const struct {
    struct ph_str name; /* the key is derived by it */
    int64_t kept_ms;
} PURPOSES[PH_PURPOSE_COUNT] = {
    [PH_PURPOSE_SESSION] = { PH_STR_INIT("session"), SHORT },
    [PH_PURPOSE_SECRET_BLOCK] = { PH_STR_INIT("secret block"), SHORT },
    [PH_PURPOSE_REFRESH_TOKEN] = { PH_STR_INIT("refresh token"), LONG },
    [PH_PURPOSE_CODE] = { PH_STR_INIT("code"), SHORT },
    [PH_PURPOSE_ONE_TIME_CODE] = { PH_STR_INIT("one-time code"), SHORT },
    [PH_PURPOSE_PASSKEY_CHALLENGE] = { PH_STR_INIT("passkey challenge"), SHORT },
    [PH_PURPOSE_FEEDBACK] = { PH_STR_INIT("feedback"), SHORT },
    [PH_PURPOSE_IMPORT_UPLOAD] = { PH_STR_INIT("import upload"), SHORT },
    [PH_PURPOSE_DECOY] = { PH_STR_INIT("decoy"), FOR_EVER },
    [PH_PURPOSE_DEVICE_KEY] = { PH_STR_INIT("device key"), FOR_EVER },
    [PH_PURPOSE_DEVICE_GROUP] = { PH_STR_INIT("device group"), FOR_EVER },
    [PH_PURPOSE_ADOPTED_TOKEN] = { PH_STR_INIT("adopted refresh token"), FOR_EVER },
};

static void derive(const struct ph_key *data_key, enum ph_purpose purpose, struct ph_key *key)
{
    ph_key_derive(data_key, PURPOSES[purpose].name, key);
}

/* --- the text of those that are kept: a line "UNTIL KEY PURPOSE" for each --- */

static void add_kept(struct ph_buf *text, struct ph_arena *arena, enum ph_purpose purpose,
                     const struct ph_purpose_key *kept)
{
    const struct ph_str key = { kept->key.bytes, sizeof kept->key.bytes };

    ph_buf_addf(text, "%lld %.*s %.*s\n", (long long)kept->until_ms, PH_FMT(ph_base64(arena, key)),
                PH_FMT(PURPOSES[purpose].name));
}

/* False at the end. A purpose that we do not know is PH_PURPOSE_COUNT. */
static bool next_kept(struct ph_arena *arena, struct ph_str *text, enum ph_purpose *purpose,
                      struct ph_purpose_key *kept)
{
    struct ph_str line, until, key, name, bytes;

    if (text->n == 0) {
        return false;
    }
    ph_str_cut(*text, '\n', &line, text);
    ph_str_cut(line, ' ', &until, &line);
    ph_str_cut(line, ' ', &key, &name);
    *purpose = PH_PURPOSE_SESSION;
    while (*purpose < PH_PURPOSE_COUNT && !ph_str_eq(PURPOSES[*purpose].name, name)) {
        ++*purpose;
    }
    if (!ph_str_to_int(until, 0, INT64_MAX, &kept->until_ms) ||
        !ph_base64_decode(arena, key, &bytes) || bytes.n != sizeof kept->key.bytes) {
        ph_fatal("the kept keys of a pool are broken"); /* they were sealed: it is our fault */
    }
    memcpy(kept->key.bytes, bytes.p, bytes.n);
    return true;
}

/* --- reading --- */

static void add(struct ph_arena *arena, struct ph_purpose_keys *keys,
                const struct ph_purpose_key *key)
{
    struct ph_purpose_key *items = ph_arena_array(arena, keys->count + 1, struct ph_purpose_key);

    if (keys->count > 0) {
        memcpy(items, keys->items, keys->count * sizeof *items);
    }
    items[keys->count++] = *key;
    keys->items = items;
}

/* Of one that stays for ever nothing else counts. */
static void add_derived(struct ph_arena *arena, const struct ph_pool_record *record,
                        enum ph_purpose purpose, struct ph_purpose_keys *keys)
{
    PH_AUTO(ph_purpose_key_wipe) struct ph_purpose_key key = { .until_ms = INT64_MAX };
    const bool for_ever = PURPOSES[purpose].kept_ms == FOR_EVER;

    if (for_ever && keys->count > 0) {
        return;
    }
    derive(&record->data_key, purpose, &key.key);
    add(arena, keys, &key);
    if (record->keys.state == PH_DATA_KEY_ANNOUNCED && !for_ever) {
        derive(&record->keys.other, purpose, &key.key);
        add(arena, keys, &key);
    }
}

static void add_all_kept(struct ph_arena *arena, struct ph_str text, bool for_ever,
                         struct ph_purpose_keys *keys)
{
    PH_AUTO(ph_purpose_key_wipe) struct ph_purpose_key kept = { 0 };
    enum ph_purpose purpose;

    while (next_kept(arena, &text, &purpose, &kept)) {
        if (purpose < PH_PURPOSE_COUNT && (PURPOSES[purpose].kept_ms == FOR_EVER) == for_ever) {
            add(arena, &keys[purpose], &kept);
        }
    }
}

const struct ph_purpose_keys *ph_purposes_read(struct ph_arena *arena,
                                               const struct ph_pool_record *record)
{
    struct ph_purpose_keys *keys = ph_arena_array(arena, PH_PURPOSE_COUNT, struct ph_purpose_keys);

    add_all_kept(arena, record->keys.kept, true, keys);
    for (enum ph_purpose p = 0; p < PH_PURPOSE_COUNT; p++) {
        add_derived(arena, record, p, &keys[p]);
    }
    add_all_kept(arena, record->keys.kept, false, keys);
    return keys;
}

/* --- keeping --- */

struct ph_str ph_purposes_keep(struct ph_arena *arena, const struct ph_pool_record *record,
                               int64_t now_ms)
{
    const struct ph_purpose_keys *keys = ph_purposes_read(arena, record);
    struct ph_buf text;

    ph_buf_init(&text, arena, KEPT_MAX);
    for (enum ph_purpose p = 0; p < PH_PURPOSE_COUNT; p++) {
        const int64_t kept_ms = PURPOSES[p].kept_ms;

        for (size_t i = 0; i < keys[p].count; i++) {
            struct ph_purpose_key key = keys[p].items[i];

            if (i == 0 && kept_ms != FOR_EVER) {
                key.until_ms = now_ms + kept_ms;
            }
            /* The second one is that of the next data key, which need not be kept. */
            if ((i != 1 || kept_ms == FOR_EVER) && key.until_ms > now_ms) {
                add_kept(&text, arena, p, &key);
            }
            ph_purpose_key_wipe(&key);
        }
    }
    return ph_buf_str(&text);
}

struct ph_str ph_purposes_end(struct ph_arena *arena, const struct ph_pool_record *record)
{
    PH_AUTO(ph_purpose_key_wipe) struct ph_purpose_key kept = { 0 };
    struct ph_str rest = record->keys.kept;
    enum ph_purpose purpose;
    struct ph_buf text;

    ph_buf_init(&text, arena, KEPT_MAX);
    while (next_kept(arena, &rest, &purpose, &kept)) {
        if (purpose < PH_PURPOSE_COUNT && PURPOSES[purpose].kept_ms == FOR_EVER) {
            add_kept(&text, arena, purpose, &kept);
        }
    }
    return ph_buf_str(&text);
}

/* --- using --- */

void ph_purpose_key_wipe(struct ph_purpose_key *key)
{
    ph_wipe(key, sizeof *key);
}

bool ph_pool_next_key(const struct ph_pool *pool, enum ph_purpose purpose, int64_t now_ms,
                      size_t *at, struct ph_key *key)
{
    if (pool->purpose_keys == NULL) { /* one that was never in the store */
        derive(pool->ref.data_key, purpose, key);
        return (*at)++ == 0;
    }
    const struct ph_purpose_keys *keys = &pool->purpose_keys[purpose];
    while (*at < keys->count && keys->items[*at].until_ms <= now_ms) {
        ++*at;
    }
    if (*at == keys->count) {
        return false;
    }
    *key = keys->items[(*at)++].key;
    return true;
}

void ph_pool_key(const struct ph_pool *pool, enum ph_purpose purpose, struct ph_key *key)
{
    size_t first = 0;

    (void)ph_pool_next_key(pool, purpose, 0, &first, key);
}
