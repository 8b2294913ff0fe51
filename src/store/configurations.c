#include "store/configurations.h"

#include "store/pool_row.h"

/* Snapshots of the pool hold those. */
static bool is_in_snapshot(enum ph_configuration_kind kind)
{
    return kind == PH_CONFIGURATION_LOG_DELIVERY || kind == PH_CONFIGURATION_ORIGIN;
}

/* The absent slice would be NULL, which equals nothing. */
static struct ph_db_value owner(struct ph_str client_id)
{
    return ph_v_text(client_id.p == NULL ? PH_STR("") : client_id);
}

/* --- writing --- */

struct putting {
    const struct ph_configuration *given;
    bool gone;
    int64_t created_ms;
};

static const char PUT[] =
    "INSERT INTO configurations (pool_id, kind, client_id, document, created_ms, modified_ms)"
    " SELECT id, $2, $3, $4, $5, $6 FROM pools WHERE id = $1"
    " AND ($3 = '' OR EXISTS (SELECT 1 FROM clients WHERE clients.id = $3 AND pool_id = $1))"
    " ON CONFLICT (pool_id, kind, client_id) DO UPDATE SET document = excluded.document,"
    " modified_ms = excluded.modified_ms";
static const char CREATED[] = "SELECT created_ms FROM configurations"
                              " WHERE pool_id = $1 AND kind = $2 AND client_id = $3";

static void put(struct ph_tx *tx, void *arg)
{
    struct putting *p = arg;
    const struct ph_configuration *g = p->given;
    struct ph_q q;

    p->gone =
        !ph_pool_hold(tx, g->pool_id) ||
        PH_RUN(tx, PUT, ph_v_text(g->pool_id), ph_v_int(g->kind), owner(g->client_id),
               ph_v_text(g->document), ph_v_int(g->created_ms), ph_v_int(g->modified_ms)) == 0;
    if (is_in_snapshot(g->kind)) {
        (void)ph_pool_bump(tx, g->pool_id);
    }
    PH_QUERY(tx, &q, CREATED, ph_v_text(g->pool_id), ph_v_int(g->kind), owner(g->client_id));
    if (ph_q_row(&q)) {
        p->created_ms = ph_q_int(&q, 0);
    }
    ph_q_end(&q);
}

struct ph_err ph_store_configuration_put(struct ph_ctx *ctx, const struct ph_configuration *given,
                                         bool *gone, int64_t *created_ms)
{
    struct putting p = { .given = given };

    PH_TRY(ph_write_sealed(ctx, given->sealed_by, put, &p));
    *gone = p.gone;
    *created_ms = p.created_ms;
    return PH_OK;
}

struct replacing {
    const struct ph_configuration *given;
    struct ph_str old;
};

static const char REPLACE[] = "UPDATE configurations SET document = $4"
                              " WHERE pool_id = $1 AND kind = $2 AND client_id = $3"
                              " AND document = $5";

static void replace(struct ph_tx *tx, void *arg)
{
    const struct replacing *r = arg;
    const struct ph_configuration *g = r->given;

    if (ph_pool_hold(tx, g->pool_id) &&
        PH_RUN(tx, REPLACE, ph_v_text(g->pool_id), ph_v_int(g->kind), owner(g->client_id),
               ph_v_text(g->document), ph_v_text(r->old)) > 0 &&
        is_in_snapshot(g->kind)) {
        (void)ph_pool_bump(tx, g->pool_id);
    }
}

struct ph_err ph_store_configuration_replace(struct ph_ctx *ctx,
                                             const struct ph_configuration *given,
                                             struct ph_str old)
{
    struct replacing r = { given, old };

    return ph_write_sealed(ctx, given->sealed_by, replace, &r);
}

struct deleting {
    struct ph_str pool_id;
    enum ph_configuration_kind kind;
    struct ph_str client_id;
};

static const char DELETE[] = "DELETE FROM configurations"
                             " WHERE pool_id = $1 AND kind = $2 AND client_id = $3";

static void delete_one(struct ph_tx *tx, void *arg)
{
    const struct deleting *d = arg;

    (void)PH_RUN(tx, DELETE, ph_v_text(d->pool_id), ph_v_int(d->kind), owner(d->client_id));
    if (is_in_snapshot(d->kind)) {
        (void)ph_pool_bump(tx, d->pool_id);
    }
}

struct ph_err ph_store_configuration_delete(struct ph_ctx *ctx, struct ph_str pool_id,
                                            enum ph_configuration_kind kind,
                                            struct ph_str client_id)
{
    struct deleting d = { pool_id, kind, client_id };

    return ph_write(ctx, delete_one, &d);
}

/* --- reading --- */

static const char FIND[] = "SELECT document, created_ms, modified_ms FROM configurations"
                           " WHERE pool_id = $1 AND kind = $2 AND client_id = $3";

struct ph_err ph_store_configuration_find(struct ph_ctx *ctx, struct ph_str pool_id,
                                          enum ph_configuration_kind kind, struct ph_str client_id,
                                          struct ph_configuration **found)
{
    struct ph_configuration *read = NULL;
    struct ph_q q;

    PH_READ(ctx, &q, FIND, ph_v_text(pool_id), ph_v_int(kind), owner(client_id));
    if (ph_q_row(&q)) {
        read = ph_arena_new(ctx->arena, struct ph_configuration);
        *read = (struct ph_configuration){
            .kind = kind,
            .pool_id = pool_id,
            .client_id = client_id,
            .document = ph_q_str(&q, ctx->arena, 0),
            .created_ms = ph_q_int(&q, 1),
            .modified_ms = ph_q_int(&q, 2),
        };
    }
    PH_TRY(ph_read_end(&q));
    *found = read;
    return PH_OK;
}
