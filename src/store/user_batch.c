/* Many users at once, and counting where users came from: for who leaves another service. */
#include "store/user_row.h"

struct batch {
    struct ph_user_entry *entries;
    struct ph_user_writing **writings;
    size_t count;
    bool raced; /* a name or a sub was taken by somebody else at this very moment */
};

/* Looked up first: what is found in the way of one must not undo the others. */
static void insert_one(struct ph_tx *tx, struct batch *b, size_t i)
{
    struct ph_user_entry *entry = &b->entries[i];

    entry->result = PH_USER_DONE;
    if (ph_user_writing_is_taken(tx, b->writings[i], &entry->taken)) {
        entry->result = PH_USER_ALIAS_TAKEN;
        return;
    }
    ph_user_writing_run(tx, b->writings[i]);
    b->raced = tx->verdict == PH_DB_CONFLICT;
}

static void insert(struct ph_tx *tx, void *arg)
{
    struct batch *b = arg;

    for (size_t i = 0; i < b->count && tx->verdict == PH_DB_DONE; i++) {
        insert_one(tx, b, i);
    }
}

struct ph_err ph_store_users_insert(struct ph_ctx *ctx, const struct ph_pool_ref *pool,
                                    struct ph_user_entry *entries, size_t count)
{
    struct batch b = {
        .entries = entries,
        .writings = ph_arena_array(ctx->arena, count + 1, struct ph_user_writing *),
        .count = count,
    };

    for (size_t i = 0; i < count; i++) {
        b.writings[i] = ph_user_writing_new(ctx, pool, entries[i].change);
    }
    PH_TRY(ph_write_sealed(ctx, pool, insert, &b));
    for (size_t i = 0; i < count; i++) {
        if (b.raced) {
            entries[i].result = PH_USER_CONFLICT;
        } else if (entries[i].result == PH_USER_DONE) {
            (void)ph_user_writing_end(b.writings[i], NULL);
        }
    }
    return PH_OK;
}

/* --- where users came from --- */

static const char COUNT_ALL[] = "SELECT origin, count(*) FROM users WHERE origin > 0 AND $1 > 0"
                                " GROUP BY origin";
static const char COUNT_POOL[] = "SELECT origin, count(*) FROM users WHERE pool_id = $1"
                                 " AND origin > 0 GROUP BY origin";

static struct ph_err count(struct ph_ctx *ctx, const char *sql, struct ph_db_value of,
                           int64_t counts[PH_ORIGIN_COUNT])
{
    struct ph_q q;

    for (int i = 0; i < PH_ORIGIN_COUNT; i++) {
        counts[i] = 0;
    }
    PH_READ(ctx, &q, sql, of);
    while (ph_q_row(&q)) {
        const enum ph_user_origin origin = ph_user_origin_decode(ph_q_int(&q, 0));

        if (origin < PH_ORIGIN_COUNT) {
            counts[origin] += ph_q_int(&q, 1);
        }
    }
    return ph_read_end(&q);
}

struct ph_err ph_store_user_origins(struct ph_ctx *ctx, int64_t counts[PH_ORIGIN_COUNT])
{
    return count(ctx, COUNT_ALL, ph_v_int(1), counts);
}

struct ph_err ph_store_pool_origins(struct ph_ctx *ctx, struct ph_str pool_id,
                                    int64_t counts[PH_ORIGIN_COUNT])
{
    return count(ctx, COUNT_POOL, ph_v_text(pool_id), counts);
}
