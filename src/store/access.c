#include "store/access.h"

#include "store/internal.h"

static struct ph_place place_of(struct ph_str id, const char *column)
{
    return (struct ph_place){ .table = "access_keys", .column = column, .key = id };
}

/* --- making --- */

struct making {
    const struct ph_access_key *key;
    struct ph_str secret;        /* sealed */
    struct ph_str session_token; /* sealed */
    bool taken;
};

static const char INSERT_KEY[] =
    "INSERT INTO access_keys (id, secret, session_token, user_name, policy, created_ms,"
    " expires_ms) VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (id) DO NOTHING";

static void insert_key(struct ph_tx *tx, void *arg)
{
    struct making *m = arg;
    const struct ph_access_key *k = m->key;

    m->taken = PH_RUN(tx, INSERT_KEY, ph_v_text(k->id), ph_v_bytes(m->secret),
                      ph_v_bytes(m->session_token), ph_v_text(k->user_name), ph_v_text(k->policy),
                      ph_v_int(k->created_ms), ph_v_int(k->expires_ms)) == 0;
}

struct ph_err ph_store_access_key_insert(struct ph_ctx *ctx, const struct ph_access_key *key,
                                         bool *taken)
{
    const struct ph_place secret = place_of(key->id, "secret");
    const struct ph_place token = place_of(key->id, "session_token");
    struct making m = {
        .key = key,
        .secret = ph_record_seal(ctx, &secret, key->secret),
        .session_token = ph_record_seal(ctx, &token, key->session_token),
    };

    PH_TRY(ph_write(ctx, insert_key, &m));
    *taken = m.taken;
    return PH_OK;
}

/* --- reading --- */

static void decode_key(struct ph_q *q, struct ph_arena *arena, struct ph_access_key *key)
{
    key->id = ph_q_str(q, arena, 0);
    key->user_name = ph_q_str(q, arena, 1);
    key->policy = ph_q_str(q, arena, 2);
    key->created_ms = ph_q_int(q, 3);
    key->expires_ms = ph_q_int(q, 4);
}

static void open_secrets(struct ph_q *q, struct ph_ctx *ctx, struct ph_access_key *key)
{
    const struct ph_place secret = place_of(key->id, "secret");
    const struct ph_place token = place_of(key->id, "session_token");

    if (!ph_record_open(ctx, &secret, ph_q_str(q, ctx->arena, 5), &key->secret) ||
        !ph_record_open(ctx, &token, ph_q_str(q, ctx->arena, 6), &key->session_token)) {
        ph_q_broken(q, "the secret of an access key does not open");
    }
}

static const char FIND_KEY[] = "SELECT id, user_name, policy, created_ms, expires_ms, secret,"
                               " session_token FROM access_keys WHERE id = $1";

struct ph_err ph_store_access_key_find(struct ph_ctx *ctx, struct ph_str id,
                                       struct ph_access_key **key)
{
    struct ph_access_key *found = NULL;
    struct ph_q q;

    PH_READ(ctx, &q, FIND_KEY, ph_v_text(id));
    if (ph_q_row(&q)) {
        found = ph_arena_new(ctx->arena, struct ph_access_key);
        decode_key(&q, ctx->arena, found);
        open_secrets(&q, ctx, found);
    }
    PH_TRY(ph_read_end(&q));
    *key = found;
    return PH_OK;
}

static const char LIST_KEYS[] = "SELECT id, user_name, policy, created_ms, expires_ms"
                                " FROM access_keys ORDER BY created_ms, id";

struct ph_err ph_store_access_key_list(struct ph_ctx *ctx, struct ph_access_key **keys,
                                       size_t *count)
{
    struct ph_list list = { 0 };
    struct ph_q q;

    ph_read_begin(ctx, &q, LIST_KEYS, NULL, 0);
    while (ph_q_row(&q)) {
        decode_key(&q, ctx->arena, PH_LIST_ADD(ctx->arena, &list, struct ph_access_key));
    }
    PH_TRY(ph_read_end(&q));
    *keys = list.items;
    *count = list.count;
    return PH_OK;
}

/* --- deleting --- */

struct deleting {
    struct ph_str id;
    bool existed;
};

static const char DELETE_KEY[] = "DELETE FROM access_keys WHERE id = $1";

static void delete_key(struct ph_tx *tx, void *arg)
{
    struct deleting *d = arg;

    d->existed = PH_RUN(tx, DELETE_KEY, ph_v_text(d->id)) > 0;
}

struct ph_err ph_store_access_key_delete(struct ph_ctx *ctx, struct ph_str id, bool *existed)
{
    struct deleting d = { .id = id };

    PH_TRY(ph_write(ctx, delete_key, &d));
    *existed = d.existed;
    return PH_OK;
}
