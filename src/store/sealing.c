#include "crypto/seal.h"
#include "store/data_keys.h"
#include "store/internal.h"

#include <string.h>

/* table|pool|key|column. None of the first three can hold a '|' that would move a border. */
static struct ph_str purpose_of(struct ph_arena *arena, const struct ph_place *place)
{
    return ph_strf(arena, "%s|%.*s|%.*s|%s", place->table, PH_FMT(place->pool_id),
                   PH_FMT(place->key), place->column);
}

struct ph_str ph_place_seal(struct ph_arena *arena, const struct ph_key *key,
                            const struct ph_place *place, struct ph_str plain)
{
    return plain.p == NULL ? plain : ph_seal(arena, key, purpose_of(arena, place), plain);
}

bool ph_place_open(struct ph_arena *arena, const struct ph_key *key, const struct ph_place *place,
                   struct ph_str sealed, struct ph_str *plain)
{
    if (sealed.p == NULL) {
        *plain = sealed;
        return true;
    }
    return ph_open(arena, key, purpose_of(arena, place), sealed, plain);
}

struct ph_str ph_pool_seal(struct ph_arena *arena, const struct ph_pool_ref *pool,
                           const struct ph_place *place, struct ph_str plain)
{
    return ph_place_seal(arena, pool->data_key, place, plain);
}

bool ph_pool_open(struct ph_arena *arena, const struct ph_pool_ref *pool,
                  const struct ph_place *place, struct ph_str sealed, struct ph_str *plain)
{
    return ph_place_open(arena, pool->data_key, place, sealed, plain) ||
           (pool->other_key != NULL && ph_place_open(arena, pool->other_key, place, sealed, plain));
}

/* --- writes of what was sealed --- */

static const char KEY_OF_POOL[] = "SELECT key_number, key_state FROM pools WHERE id = $1";

bool ph_seal_is_late(struct ph_tx *tx, struct ph_str pool_id, int64_t key_number)
{
    bool late = false;
    struct ph_q q;

    if (key_number == 0) {
        return false;
    }
    PH_QUERY(tx, &q, KEY_OF_POOL, ph_v_text(pool_id));
    if (ph_q_row(&q)) { /* else the job finds out itself that there is no pool */
        const int64_t number = ph_q_int(&q, 0);

        late = key_number != number &&
               !(key_number == number - 1 && ph_q_int(&q, 1) == PH_DATA_KEY_REPLACED);
    }
    ph_q_end(&q);
    return late;
}

struct sealed_write {
    ph_job_run *run;
    void *arg;
    const void *before; /* a copy of what is at arg */
    size_t size;
    struct ph_str pool_id;
    int64_t key_number;
    bool late;
};

static void write_sealed(struct ph_tx *tx, void *arg)
{
    struct sealed_write *w = arg;

    w->late = ph_seal_is_late(tx, w->pool_id, w->key_number);
    if (w->late) {
        ph_tx_abandon(tx);
        return;
    }
    memcpy(w->arg, w->before, w->size); /* it may run again */
    w->run(tx, w->arg);
}

struct ph_err ph_write_sealed_sized(struct ph_ctx *ctx, const struct ph_pool_ref *pool,
                                    ph_job_run *run, void *arg, size_t size)
{
    struct sealed_write w = { .run = run, .arg = arg, .size = size };

    if (pool == NULL) {
        return ph_write_sized(ctx, run, arg, size);
    }
    w.before = ph_str_dup(ctx->arena, (struct ph_str){ arg, size }).p;
    w.pool_id = pool->id;
    w.key_number = pool->key_number;
    PH_TRY(ph_write(ctx, write_sealed, &w));
    return w.late ? ph_internal(ctx, "the data key of the pool was replaced meanwhile: try again")
                  : PH_OK;
}
