#include "store/parts.h"

#include "store/pool_row.h"

/* --- documents --- */

static struct ph_place place_of(struct ph_arena *arena, const struct ph_pool_ref *pool,
                                enum ph_part_kind kind, struct ph_str name)
{
    return (struct ph_place){
        .table = "pool_parts",
        .column = "document",
        .pool_id = pool->id,
        .key = ph_strf(arena, "%d/%.*s", (int)kind, PH_FMT(name)),
    };
}

static struct ph_str seal_document(struct ph_arena *arena, const struct ph_pool_ref *pool,
                                   const struct ph_part *part)
{
    const struct ph_place place = place_of(arena, pool, part->kind, part->name);

    return ph_pool_seal(arena, pool, &place,
                        ph_json_text(arena, part->document, PH_JSON_INSERTION));
}

/* --- reading --- */

#define COLUMNS "kind, name, created_ms, modified_ms, revision, client_id, document"
enum { COLUMN_DOCUMENT = 6 };

static void decode(struct ph_q *q, struct ph_arena *arena, const struct ph_pool_ref *pool,
                   struct ph_part *part)
{
    struct ph_place place;
    struct ph_str text;

    *part = (struct ph_part){
        .kind = (enum ph_part_kind)ph_q_int(q, 0),
        .name = ph_q_str(q, arena, 1),
        .created_ms = ph_q_int(q, 2),
        .modified_ms = ph_q_int(q, 3),
        .revision = ph_q_int(q, 4),
        .client_id = ph_q_str(q, arena, 5),
    };
    place = place_of(arena, pool, part->kind, part->name);
    if (ph_pool_open(arena, pool, &place, ph_q_str(q, arena, COLUMN_DOCUMENT), &text)) {
        part->document = ph_json_parse(arena, text);
    }
    if (part->document == NULL) {
        ph_q_broken(q, "the document of a part of a pool does not open");
    }
}

static const char FIND_PART[] = "SELECT " COLUMNS " FROM pool_parts"
                                " WHERE pool_id = $1 AND kind = $2 AND name = $3";

struct ph_err ph_store_part_find(struct ph_ctx *ctx, const struct ph_pool_ref *pool,
                                 enum ph_part_kind kind, struct ph_str name, struct ph_part **part)
{
    struct ph_part *found = NULL;
    struct ph_q q;

    PH_READ(ctx, &q, FIND_PART, ph_v_text(pool->id), ph_v_int(kind), ph_v_text(name));
    if (ph_q_row(&q)) {
        found = ph_arena_new(ctx->arena, struct ph_part);
        decode(&q, ctx->arena, pool, found);
    }
    PH_TRY(ph_read_end(&q));
    *part = found;
    return PH_OK;
}

static const char LIST_PARTS[] = "SELECT " COLUMNS " FROM pool_parts"
                                 " WHERE pool_id = $1 AND kind = $2 AND name > $3"
                                 " ORDER BY name LIMIT $4";

struct ph_err ph_store_part_list(struct ph_ctx *ctx, const struct ph_pool_ref *pool,
                                 enum ph_part_kind kind, struct ph_str after, size_t limit,
                                 struct ph_part **parts, size_t *count)
{
    const struct ph_str from = after.p == NULL ? PH_STR("") : after;
    struct ph_list list = { 0 };
    struct ph_q q;

    PH_READ(ctx, &q, LIST_PARTS, ph_v_text(pool->id), ph_v_int(kind), ph_v_text(from),
            ph_v_int((int64_t)limit));
    while (ph_q_row(&q)) {
        decode(&q, ctx->arena, pool, PH_LIST_ADD(ctx->arena, &list, struct ph_part));
    }
    PH_TRY(ph_read_end(&q));
    *parts = list.items;
    *count = list.count;
    return PH_OK;
}

static const char FIND_CLAIM[] = "SELECT pool_id, name FROM part_claims"
                                 " WHERE space = $1 AND kind = $2 AND value = $3";

struct ph_err ph_store_part_owner(struct ph_ctx *ctx, struct ph_str pool_id, enum ph_part_kind kind,
                                  struct ph_str claim, struct ph_str *owner_pool_id,
                                  struct ph_str *name)
{
    const struct ph_str space = pool_id.p == NULL ? PH_STR("") : pool_id;
    struct ph_str found_pool = { 0 }, found_name = { 0 };
    struct ph_q q;

    PH_READ(ctx, &q, FIND_CLAIM, ph_v_text(space), ph_v_int(kind), ph_v_text(claim));
    if (ph_q_row(&q)) {
        found_pool = ph_q_str(&q, ctx->arena, 0);
        found_name = ph_q_str(&q, ctx->arena, 1);
    }
    PH_TRY(ph_read_end(&q));
    *owner_pool_id = found_pool;
    *name = found_name;
    return PH_OK;
}

/* --- writing --- */

struct part_writing {
    struct ph_str pool_id;
    const struct ph_part *part;
    struct ph_str document; /* sealed */
    int64_t most;
    enum ph_part_write result;
};

static void give_up(struct ph_tx *tx, struct part_writing *w, enum ph_part_write result)
{
    w->result = result;
    ph_tx_abandon(tx);
}

static struct ph_err write_part(struct ph_ctx *ctx, const struct ph_pool_ref *pool, ph_job_run *run,
                                struct part_writing *w, enum ph_part_write *result)
{
    w->result = PH_PART_DONE;
    PH_TRY(ph_write_sealed(ctx, pool, run, w));
    *result = w->result;
    return PH_OK;
}

static const char INSERT_CLAIM[] =
    "INSERT INTO part_claims (space, kind, value, pool_id, name) VALUES ($1, $2, $3, $4, $5)"
    " ON CONFLICT (space, kind, value) DO NOTHING";
static const char DELETE_CLAIMS[] = "DELETE FROM part_claims"
                                    " WHERE pool_id = $1 AND kind = $2 AND name = $3";

/* False when one of them is taken. */
static bool put_claims(struct ph_tx *tx, const struct part_writing *w)
{
    const struct ph_part *p = w->part;
    const struct ph_str space = p->kind == PH_PART_DOMAIN ? PH_STR("") : w->pool_id;

    (void)PH_RUN(tx, DELETE_CLAIMS, ph_v_text(w->pool_id), ph_v_int(p->kind), ph_v_text(p->name));
    for (size_t i = 0; i < p->claim_count; i++) {
        if (PH_RUN(tx, INSERT_CLAIM, ph_v_text(space), ph_v_int(p->kind), ph_v_text(p->claims[i]),
                   ph_v_text(w->pool_id), ph_v_text(p->name)) == 0) {
            return false;
        }
    }
    return true;
}

static const char COUNT_PARTS[] =
    "SELECT COUNT(*) FROM pool_parts WHERE pool_id = $1 AND kind = $2";
static const char INSERT_PART[] =
    "INSERT INTO pool_parts (pool_id, kind, name, document, created_ms, modified_ms, revision,"
    " client_id) VALUES ($1, $2, $3, $4, $5, $6, 1, $7)"
    " ON CONFLICT (pool_id, kind, name) DO NOTHING";
static const char HOLD_CLIENT[] = "UPDATE clients SET revision = revision"
                                  " WHERE id = $1 AND pool_id = $2";

/*
 * The pool, and the client of the part, if it has one, are there and stay so. All that write parts
 * and claims of a pool hold it first: they count, and a claim must not outlive its part.
 */
static bool hold_owner(struct ph_tx *tx, const struct part_writing *w)
{
    return ph_pool_hold(tx, w->pool_id) &&
           (w->part->client_id.p == NULL ||
            PH_RUN(tx, HOLD_CLIENT, ph_v_text(w->part->client_id), ph_v_text(w->pool_id)) > 0);
}

static bool is_too_many(struct ph_tx *tx, const struct part_writing *w)
{
    bool too_many;
    struct ph_q q;

    PH_QUERY(tx, &q, COUNT_PARTS, ph_v_text(w->pool_id), ph_v_int(w->part->kind));
    too_many = ph_q_row(&q) && ph_q_int(&q, 0) > w->most;
    ph_q_end(&q);
    return too_many;
}

static void insert_part(struct ph_tx *tx, void *arg)
{
    struct part_writing *w = arg;
    const struct ph_part *p = w->part;

    if (!hold_owner(tx, w)) {
        give_up(tx, w, PH_PART_GONE);
    } else if (PH_RUN(tx, INSERT_PART, ph_v_text(w->pool_id), ph_v_int(p->kind), ph_v_text(p->name),
                      ph_v_bytes(w->document), ph_v_int(p->created_ms), ph_v_int(p->modified_ms),
                      ph_v_text(p->client_id)) == 0) {
        give_up(tx, w, PH_PART_TAKEN);
    } else if (is_too_many(tx, w)) {
        give_up(tx, w, PH_PART_FULL);
    } else if (!put_claims(tx, w)) {
        give_up(tx, w, PH_PART_CLAIMED);
    }
}

struct ph_err ph_store_part_insert(struct ph_ctx *ctx, const struct ph_pool_ref *pool,
                                   const struct ph_part *part, int64_t most,
                                   enum ph_part_write *result)
{
    struct part_writing w = {
        .pool_id = pool->id,
        .part = part,
        .document = seal_document(ctx->arena, pool, part),
        .most = most,
    };

    return write_part(ctx, pool, insert_part, &w, result);
}

static const char UPDATE_PART[] =
    "UPDATE pool_parts SET document = $4, modified_ms = $5, revision = revision + 1"
    " WHERE pool_id = $1 AND kind = $2 AND name = $3 AND revision = $6";

static void update_part(struct ph_tx *tx, void *arg)
{
    struct part_writing *w = arg;
    const struct ph_part *p = w->part;

    if (!ph_pool_hold(tx, w->pool_id) ||
        PH_RUN(tx, UPDATE_PART, ph_v_text(w->pool_id), ph_v_int(p->kind), ph_v_text(p->name),
               ph_v_bytes(w->document), ph_v_int(p->modified_ms), ph_v_int(p->revision)) == 0) {
        give_up(tx, w, PH_PART_CONFLICT);
    } else if (!put_claims(tx, w)) {
        give_up(tx, w, PH_PART_CLAIMED);
    }
}

struct ph_err ph_store_part_update(struct ph_ctx *ctx, const struct ph_pool_ref *pool,
                                   const struct ph_part *part, enum ph_part_write *result)
{
    struct part_writing w = {
        .pool_id = pool->id,
        .part = part,
        .document = seal_document(ctx->arena, pool, part),
    };

    return write_part(ctx, pool, update_part, &w, result);
}

static const char DELETE_PART[] = "DELETE FROM pool_parts"
                                  " WHERE pool_id = $1 AND kind = $2 AND name = $3";

static void delete_part(struct ph_tx *tx, void *arg)
{
    struct part_writing *w = arg;
    const struct ph_part *p = w->part;

    if (!ph_pool_hold(tx, w->pool_id) || PH_RUN(tx, DELETE_PART, ph_v_text(w->pool_id),
                                                ph_v_int(p->kind), ph_v_text(p->name)) == 0) {
        give_up(tx, w, PH_PART_GONE);
        return;
    }
    (void)PH_RUN(tx, DELETE_CLAIMS, ph_v_text(w->pool_id), ph_v_int(p->kind), ph_v_text(p->name));
}

struct ph_err ph_store_part_delete(struct ph_ctx *ctx, const struct ph_pool_ref *pool,
                                   enum ph_part_kind kind, struct ph_str name,
                                   enum ph_part_write *result)
{
    const struct ph_part part = { .kind = kind, .name = name };
    struct part_writing w = { .pool_id = pool->id, .part = &part };

    return write_part(ctx, pool, delete_part, &w, result);
}

/* --- with a client --- */

static const char DELETE_CLIENT_CLAIMS[] =
    "DELETE FROM part_claims WHERE (pool_id, kind, name) IN"
    " (SELECT pool_id, kind, name FROM pool_parts WHERE pool_id = $1 AND client_id = $2)";
static const char DELETE_CLIENT_PARTS[] = "DELETE FROM pool_parts"
                                          " WHERE pool_id = $1 AND client_id = $2";

void ph_parts_delete_with(struct ph_tx *tx, struct ph_str pool_id, struct ph_str client_id)
{
    (void)PH_RUN(tx, DELETE_CLIENT_CLAIMS, ph_v_text(pool_id), ph_v_text(client_id));
    (void)PH_RUN(tx, DELETE_CLIENT_PARTS, ph_v_text(pool_id), ph_v_text(client_id));
}
