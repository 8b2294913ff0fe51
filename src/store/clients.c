#include "store/internal.h"
#include "store/pool_row.h"
#include "store/pools.h"

/* The same for both secrets of a client: the second one becomes the first when that is deleted. */
static struct ph_place place_of(struct ph_str pool_id, struct ph_str client_id)
{
    return (struct ph_place){
        .table = "clients",
        .column = "secret",
        .pool_id = pool_id,
        .key = client_id,
    };
}

struct client_writing {
    const struct ph_client_record *client;
    struct ph_str pool_id;
    struct ph_str client_id;
    struct ph_str secrets[PH_CLIENT_SECRETS_MAX]; /* sealed */
    enum ph_write_result result;
};

static void give_up(struct ph_tx *tx, struct client_writing *w, enum ph_write_result result)
{
    w->result = result;
    ph_tx_abandon(tx);
}

static void seal_secrets(struct ph_ctx *ctx, const struct ph_pool_ref *pool,
                         struct client_writing *w)
{
    const struct ph_place place = place_of(pool->id, w->client->id);

    for (size_t i = 0; i < PH_CLIENT_SECRETS_MAX; i++) {
        w->secrets[i] = ph_pool_seal(ctx->arena, pool, &place, w->client->secrets[i].value);
    }
}

/* --- making --- */

static const char INSERT_CLIENT[] =
    "INSERT INTO clients (id, pool_id, name, settings, secret, secret_ms, second_secret,"
    " second_secret_ms, created_ms, modified_ms, revision)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 1) ON CONFLICT (id) DO NOTHING";

static void insert_client(struct ph_tx *tx, void *arg)
{
    struct client_writing *w = arg;
    const struct ph_client_record *c = w->client;

    if (!ph_pool_bump(tx, w->pool_id)) {
        give_up(tx, w, PH_WRITE_GONE);
        return;
    }
    if (PH_RUN(tx, INSERT_CLIENT, ph_v_text(c->id), ph_v_text(w->pool_id), ph_v_text(c->name),
               ph_v_text(c->settings), ph_v_bytes(w->secrets[0]),
               ph_v_int(c->secrets[0].created_ms), ph_v_bytes(w->secrets[1]),
               ph_v_int(c->secrets[1].created_ms), ph_v_int(c->created_ms),
               ph_v_int(c->modified_ms)) == 0) {
        give_up(tx, w, PH_WRITE_TAKEN);
    }
}

struct ph_err ph_store_client_insert(struct ph_ctx *ctx, const struct ph_pool_ref *pool,
                                     const struct ph_client_record *client,
                                     enum ph_write_result *result)
{
    struct client_writing w = {
        .client = client,
        .pool_id = pool->id,
        .result = PH_WRITE_DONE,
    };

    seal_secrets(ctx, pool, &w);
    PH_TRY(ph_write_sealed(ctx, pool, insert_client, &w));
    *result = w.result;
    return PH_OK;
}

/* --- reading --- */

#define CLIENT_COLUMNS                                                                             \
    "id, pool_id, name, settings, created_ms, modified_ms, revision, secret, secret_ms,"           \
    " second_secret, second_secret_ms"

static void decode_client(struct ph_q *q, struct ph_arena *arena, struct ph_client_record *client)
{
    client->id = ph_q_str(q, arena, 0);
    client->pool_id = ph_q_str(q, arena, 1);
    client->name = ph_q_str(q, arena, 2);
    client->settings = ph_q_str(q, arena, 3);
    client->created_ms = ph_q_int(q, 4);
    client->modified_ms = ph_q_int(q, 5);
    client->revision = ph_q_int(q, 6);
    for (int i = 0; i < PH_CLIENT_SECRETS_MAX; i++) {
        client->secrets[i].value = ph_q_str(q, arena, 7 + 2 * i);
        client->secrets[i].created_ms = ph_q_int(q, 8 + 2 * i);
    }
}

static const char FIND_CLIENT[] = "SELECT " CLIENT_COLUMNS " FROM clients WHERE id = $1";

struct ph_err ph_store_client_find(struct ph_ctx *ctx, struct ph_str client_id,
                                   struct ph_client_record **client)
{
    struct ph_client_record *found = NULL;
    struct ph_q q;

    PH_READ(ctx, &q, FIND_CLIENT, ph_v_text(client_id));
    if (ph_q_row(&q)) {
        found = ph_arena_new(ctx->arena, struct ph_client_record);
        decode_client(&q, ctx->arena, found);
    }
    PH_TRY(ph_read_end(&q));
    *client = found;
    return PH_OK;
}

struct ph_err ph_store_client_open_secrets(struct ph_ctx *ctx, const struct ph_pool_ref *pool,
                                           struct ph_client_record *client)
{
    const struct ph_place place = place_of(pool->id, client->id);

    for (size_t i = 0; i < PH_CLIENT_SECRETS_MAX; i++) {
        struct ph_str *value = &client->secrets[i].value;

        if (!ph_pool_open(ctx->arena, pool, &place, *value, value)) {
            return ph_internal(ctx, "the secret of a client does not open");
        }
    }
    return PH_OK;
}

static const char CLIENT_REVISION[] = "SELECT revision FROM clients WHERE id = $1";

struct ph_err ph_store_client_revision(struct ph_ctx *ctx, struct ph_str client_id,
                                       int64_t *revision)
{
    return ph_read_int(ctx, CLIENT_REVISION, client_id, revision);
}

static const char LIST_CLIENTS[] = "SELECT " CLIENT_COLUMNS " FROM clients"
                                   " WHERE pool_id = $1 AND id > $2 ORDER BY id LIMIT $3";

struct ph_err ph_store_client_list(struct ph_ctx *ctx, struct ph_str pool_id, struct ph_str after,
                                   size_t limit, struct ph_client_record **clients, size_t *count)
{
    const struct ph_str from = after.p == NULL ? PH_STR("") : after;
    struct ph_list list = { 0 };
    struct ph_q q;

    PH_READ(ctx, &q, LIST_CLIENTS, ph_v_text(pool_id), ph_v_text(from), ph_v_int((int64_t)limit));
    while (ph_q_row(&q)) {
        decode_client(&q, ctx->arena, PH_LIST_ADD(ctx->arena, &list, struct ph_client_record));
    }
    PH_TRY(ph_read_end(&q));
    *clients = list.items;
    *count = list.count;
    return PH_OK;
}

static const char COUNT_CLIENTS[] = "SELECT COUNT(*) FROM clients WHERE pool_id = $1";

struct ph_err ph_store_client_count(struct ph_ctx *ctx, struct ph_str pool_id, int64_t *count)
{
    return ph_read_int(ctx, COUNT_CLIENTS, pool_id, count);
}

/* --- changing and deleting --- */

static const char UPDATE_CLIENT[] = "UPDATE clients SET name = $2, settings = $3, modified_ms = $4,"
                                    " revision = revision + 1 WHERE id = $1 AND revision = $5";

static void update_client(struct ph_tx *tx, void *arg)
{
    struct client_writing *w = arg;
    const struct ph_client_record *c = w->client;

    if (PH_RUN(tx, UPDATE_CLIENT, ph_v_text(c->id), ph_v_text(c->name), ph_v_text(c->settings),
               ph_v_int(c->modified_ms), ph_v_int(c->revision)) == 0) {
        give_up(tx, w,
                ph_row_exists(tx, CLIENT_REVISION, c->id) ? PH_WRITE_CONFLICT : PH_WRITE_GONE);
    }
}

struct ph_err ph_store_client_update(struct ph_ctx *ctx, const struct ph_client_record *client,
                                     enum ph_write_result *result)
{
    struct client_writing w = { .client = client, .result = PH_WRITE_DONE };

    PH_TRY(ph_write(ctx, update_client, &w));
    *result = w.result;
    return PH_OK;
}

static const char PUT_SECRETS[] =
    "UPDATE clients SET secret = $2, secret_ms = $3, second_secret = $4, second_secret_ms = $5,"
    " modified_ms = $6, revision = revision + 1 WHERE id = $1 AND revision = $7";

static void put_secrets(struct ph_tx *tx, void *arg)
{
    struct client_writing *w = arg;
    const struct ph_client_record *c = w->client;

    if (PH_RUN(tx, PUT_SECRETS, ph_v_text(c->id), ph_v_bytes(w->secrets[0]),
               ph_v_int(c->secrets[0].created_ms), ph_v_bytes(w->secrets[1]),
               ph_v_int(c->secrets[1].created_ms), ph_v_int(c->modified_ms),
               ph_v_int(c->revision)) == 0) {
        give_up(tx, w,
                ph_row_exists(tx, CLIENT_REVISION, c->id) ? PH_WRITE_CONFLICT : PH_WRITE_GONE);
    }
}

struct ph_err ph_store_client_put_secrets(struct ph_ctx *ctx, const struct ph_pool_ref *pool,
                                          const struct ph_client_record *client,
                                          enum ph_write_result *result)
{
    struct client_writing w = { .client = client, .result = PH_WRITE_DONE };

    seal_secrets(ctx, pool, &w);
    PH_TRY(ph_write_sealed(ctx, pool, put_secrets, &w));
    *result = w.result;
    return PH_OK;
}

static const char DELETE_CONFIGURATIONS[] = "DELETE FROM configurations"
                                            " WHERE pool_id = $1 AND client_id = $2";
static const char DELETE_CLIENT[] = "DELETE FROM clients WHERE id = $1 AND pool_id = $2";

static void delete_client(struct ph_tx *tx, void *arg)
{
    struct client_writing *w = arg;

    if (!ph_pool_bump(tx, w->pool_id) || /* first: it keeps parts and configurations away */
        PH_RUN(tx, DELETE_CLIENT, ph_v_text(w->client_id), ph_v_text(w->pool_id)) == 0) {
        give_up(tx, w, PH_WRITE_GONE);
        return;
    }
    (void)PH_RUN(tx, DELETE_CONFIGURATIONS, ph_v_text(w->pool_id), ph_v_text(w->client_id));
    ph_parts_delete_with(tx, w->pool_id, w->client_id);
}

struct ph_err ph_store_client_delete(struct ph_ctx *ctx, struct ph_str pool_id,
                                     struct ph_str client_id, enum ph_write_result *result)
{
    struct client_writing w = {
        .pool_id = pool_id,
        .client_id = client_id,
        .result = PH_WRITE_DONE,
    };

    PH_TRY(ph_write(ctx, delete_client, &w));
    *result = w.result;
    return PH_OK;
}
