#include "store/master_keys.h"

#include "crypto/random.h"
#include "crypto/seal.h"
#include "store/internal.h"
#include "store/node_row.h"
#include "util/encode.h"

#include <string.h>

enum { LINK_BYTES = PH_KEY_BYTES + PH_SHA256_BYTES };

void ph_master_key_derive(const struct ph_key *key, struct ph_master_key *derived)
{
    PH_AUTO(ph_key_wipe) struct ph_key check = { 0 };

    ph_key_derive(key, PH_STR("poolhouse store wrapping 1"), &derived->wrapping);
    ph_key_derive(key, PH_STR("poolhouse store link 1"), &derived->link);
    ph_key_derive(key, PH_STR("poolhouse store check 1"), &check);
    PH_HMAC(((struct ph_str){ check.bytes, sizeof check.bytes }), &derived->check, PH_STR("check"));
}

void ph_master_key_wipe(struct ph_master_key *key)
{
    ph_wipe(key, sizeof *key);
}

void ph_key_pair_wipe(struct ph_key_pair *keys)
{
    ph_wipe(keys, sizeof *keys);
}

struct ph_str ph_master_key_name(struct ph_arena *arena, const struct ph_digest *check)
{
    return ph_hex(arena, (struct ph_str){ check->bytes, PH_MASTER_NAME_BYTES });
}

void ph_master_init(struct ph_master *master, const struct ph_key *key)
{
    ph_master_key_derive(key, &master->given);
    ph_key_derive(key, PH_STR("poolhouse store records 1"), &master->derived_records);
    pthread_mutex_init(&master->lock, NULL);
}

void ph_master_finish(struct ph_master *master)
{
    pthread_mutex_destroy(&master->lock);
    ph_wipe(master, sizeof *master);
}

/* --- rows of meta --- */

static const char READ_BYTES[] = "SELECT bytes FROM meta WHERE name = $1";
static const char WRITE_BYTES[] = "INSERT INTO meta (name, bytes) VALUES ($1, $2)"
                                  " ON CONFLICT (name) DO UPDATE SET bytes = excluded.bytes";
static const char MAKE_BYTES[] = "INSERT INTO meta (name, bytes) VALUES ($1, $2)"
                                 " ON CONFLICT (name) DO NOTHING";
static const char DELETE_BYTES[] = "DELETE FROM meta WHERE name = $1";

struct ph_str ph_meta_bytes(struct ph_tx *tx, struct ph_arena *arena, struct ph_str name)
{
    struct ph_str bytes = { 0 };
    struct ph_q q;

    PH_QUERY(tx, &q, READ_BYTES, ph_v_text(name));
    if (ph_q_row(&q)) {
        bytes = ph_q_str(&q, arena, 0);
    }
    ph_q_end(&q);
    return bytes;
}

void ph_meta_write_bytes(struct ph_tx *tx, struct ph_str name, struct ph_str bytes)
{
    if (bytes.p == NULL) {
        (void)PH_RUN(tx, DELETE_BYTES, ph_v_text(name));
    } else {
        (void)PH_RUN(tx, WRITE_BYTES, ph_v_text(name), ph_v_bytes(bytes));
    }
}

/* --- from one master key to the other --- */

struct ph_str ph_master_link_name(struct ph_arena *arena, const struct ph_digest *check)
{
    return PH_CONCAT(arena, PH_STR("master_link "), ph_master_key_name(arena, check));
}

static struct ph_place link_place(void)
{
    return (struct ph_place){ .table = "meta", .column = "bytes", .key = PH_STR("master_link") };
}

struct ph_place ph_record_key_place(void)
{
    return (struct ph_place){ .table = "meta", .column = "bytes", .key = PH_STR("record_key") };
}

struct ph_str ph_master_link_seal(struct ph_arena *arena, const struct ph_master_key *from,
                                  const struct ph_master_key *to)
{
    const struct ph_place place = link_place();
    const struct ph_str plain =
        PH_CONCAT(arena, ((struct ph_str){ to->wrapping.bytes, sizeof to->wrapping.bytes }),
                  ph_digest_str(&to->check));

    return ph_place_seal(arena, &from->link, &place, plain);
}

/* The other master key's wrapping key and check value, where ours opens the way to them. */
static bool follow_link(const struct ph_master *master, struct ph_tx *tx, struct ph_arena *arena,
                        struct ph_key *wrapping, struct ph_str *check)
{
    const struct ph_place place = link_place();
    const struct ph_str sealed =
        ph_meta_bytes(tx, arena, ph_master_link_name(arena, &master->given.check));
    struct ph_str plain;

    if (sealed.p == NULL || !ph_place_open(arena, &master->given.link, &place, sealed, &plain) ||
        plain.n != LINK_BYTES) {
        return false;
    }
    memcpy(wrapping->bytes, plain.p, sizeof wrapping->bytes);
    *check = ph_str_skip(plain, PH_KEY_BYTES);
    return true;
}

/* --- loading --- */

static bool find_wrapping(const struct ph_master *master, struct ph_tx *tx, struct ph_arena *arena,
                          struct ph_key_pair *pair, bool *given_seals)
{
    const struct ph_str current = ph_meta_bytes(tx, arena, PH_META_CHECK);
    struct ph_str linked = { 0 };
    struct ph_key other = { 0 };

    pair->two = follow_link(master, tx, arena, &other, &linked);
    *given_seals = ph_equal_secret(current, ph_digest_str(&master->given.check));
    if (!*given_seals && !(pair->two && ph_equal_secret(current, linked))) {
        return false;
    }
    pair->seals = *given_seals ? master->given.wrapping : other;
    pair->other = *given_seals ? other : master->given.wrapping;
    ph_key_wipe(&other);
    return true;
}

static bool open_records(struct ph_arena *arena, const struct ph_key_pair *wrapping,
                         struct ph_str sealed, struct ph_key *records)
{
    const struct ph_place place = ph_record_key_place();
    struct ph_str plain;

    if (!ph_pair_open(arena, wrapping, &place, sealed, &plain) ||
        plain.n != sizeof records->bytes) {
        return false;
    }
    memcpy(records->bytes, plain.p, sizeof records->bytes);
    return true;
}

static bool find_records(struct ph_master *master, struct ph_tx *tx, struct ph_arena *arena,
                         const struct ph_key_pair *wrapping, struct ph_key_pair *records)
{
    const struct ph_str sealed = ph_meta_bytes(tx, arena, PH_META_RECORDS);
    const struct ph_str other = ph_meta_bytes(tx, arena, PH_META_OTHER_RECORDS);

    records->two = other.p != NULL;
    if (sealed.p == NULL) {
        records->seals = master->derived_records;
    } else if (!open_records(arena, wrapping, sealed, &records->seals)) {
        return false;
    }
    return !records->two || open_records(arena, wrapping, other, &records->other);
}

/* The first master key of a database; a second process at the same time finds ours or we its. */
static void make(const struct ph_master *master, struct ph_tx *tx)
{
    (void)PH_RUN(tx, MAKE_BYTES, ph_v_text(PH_META_CHECK),
                 ph_v_bytes(ph_digest_str(&master->given.check)));
}

static void take_over(struct ph_master *master, const struct ph_key_pair *wrapping,
                      const struct ph_key_pair *records, bool given_seals, int64_t epoch)
{
    pthread_mutex_lock(&master->lock);
    master->wrapping = *wrapping;
    master->records = *records;
    master->given_seals = given_seals;
    master->epoch = epoch;
    pthread_mutex_unlock(&master->lock);
}

bool ph_master_load(struct ph_master *master, struct ph_tx *tx, bool makes)
{
    PH_AUTO(ph_key_pair_wipe) struct ph_key_pair wrapping = { 0 };
    PH_AUTO(ph_key_pair_wipe) struct ph_key_pair records = { 0 };
    struct ph_arena arena = { 0 };
    bool given_seals = false;
    int64_t epoch;
    bool loaded;

    if (makes) {
        make(master, tx);
    }
    epoch = ph_meta_number(tx, PH_META_EPOCH);
    loaded = find_wrapping(master, tx, &arena, &wrapping, &given_seals) &&
             find_records(master, tx, &arena, &wrapping, &records) && tx->verdict == PH_DB_DONE;
    ph_arena_finish(&arena);
    if (loaded) {
        take_over(master, &wrapping, &records, given_seals, epoch);
    }
    return loaded;
}

/* --- using --- */

void ph_master_wrapping(struct ph_master *master, struct ph_key_pair *keys)
{
    pthread_mutex_lock(&master->lock);
    *keys = master->wrapping;
    pthread_mutex_unlock(&master->lock);
}

void ph_master_records(struct ph_master *master, struct ph_key_pair *keys)
{
    pthread_mutex_lock(&master->lock);
    *keys = master->records;
    pthread_mutex_unlock(&master->lock);
}

int64_t ph_master_epoch(struct ph_master *master)
{
    int64_t epoch;

    pthread_mutex_lock(&master->lock);
    epoch = master->epoch;
    pthread_mutex_unlock(&master->lock);
    return epoch;
}

bool ph_master_given_seals(struct ph_master *master)
{
    bool seals;

    pthread_mutex_lock(&master->lock);
    seals = master->given_seals;
    pthread_mutex_unlock(&master->lock);
    return seals;
}

bool ph_pair_open(struct ph_arena *arena, const struct ph_key_pair *keys,
                  const struct ph_place *place, struct ph_str sealed, struct ph_str *plain)
{
    return ph_place_open(arena, &keys->seals, place, sealed, plain) ||
           (keys->two && ph_place_open(arena, &keys->other, place, sealed, plain));
}

struct ph_str ph_master_wrap(struct ph_ctx *ctx, const struct ph_place *place, struct ph_str plain)
{
    PH_AUTO(ph_key_pair_wipe) struct ph_key_pair keys = { 0 };

    ph_master_wrapping(&ctx->store->master, &keys);
    return ph_place_seal(ctx->arena, &keys.seals, place, plain);
}

bool ph_master_unwrap(struct ph_ctx *ctx, const struct ph_place *place, struct ph_str sealed,
                      struct ph_str *plain)
{
    PH_AUTO(ph_key_pair_wipe) struct ph_key_pair keys = { 0 };

    ph_master_wrapping(&ctx->store->master, &keys);
    return ph_pair_open(ctx->arena, &keys, place, sealed, plain);
}

struct ph_str ph_record_seal(struct ph_ctx *ctx, const struct ph_place *place, struct ph_str plain)
{
    PH_AUTO(ph_key_pair_wipe) struct ph_key_pair keys = { 0 };

    ph_master_records(&ctx->store->master, &keys);
    return ph_place_seal(ctx->arena, &keys.seals, place, plain);
}

bool ph_record_open(struct ph_ctx *ctx, const struct ph_place *place, struct ph_str sealed,
                    struct ph_str *plain)
{
    PH_AUTO(ph_key_pair_wipe) struct ph_key_pair keys = { 0 };

    ph_master_records(&ctx->store->master, &keys);
    return ph_pair_open(ctx->arena, &keys, place, sealed, plain);
}
