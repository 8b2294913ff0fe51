#include "store/outbox.h"

#include "store/internal.h"

/* Rows must be readable without the pool's record: they are sealed with a key of the master key. */
static struct ph_place place_of(const struct ph_message *message, const char *column)
{
    return (struct ph_place){
        .table = "outbox",
        .column = column,
        .pool_id = message->pool_id,
        .key = message->id,
    };
}

struct ph_message *ph_outbox_seal(struct ph_ctx *ctx, const struct ph_message *messages,
                                  size_t count)
{
    const struct ph_key *key = &ctx->store->record_key;
    struct ph_message *sealed = ph_arena_array(ctx->arena, count + 1, struct ph_message);

    for (size_t i = 0; i < count; i++) {
        const struct ph_place body = place_of(&messages[i], "body");
        const struct ph_place code = place_of(&messages[i], "code");

        sealed[i] = messages[i];
        sealed[i].body = ph_place_seal(ctx->arena, key, &body, messages[i].body);
        sealed[i].code = ph_place_seal(ctx->arena, key, &code, messages[i].code);
    }
    return sealed;
}

static const char INSERT_MESSAGE[] =
    "INSERT INTO outbox (id, pool_id, username, medium, destination, reason, subject, body, code,"
    " created_ms, position) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10,"
    " (SELECT COALESCE(MAX(position), 0) + 1 FROM outbox))";

void ph_outbox_insert(struct ph_tx *tx, const struct ph_message *sealed, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct ph_message *m = &sealed[i];

        (void)PH_RUN(tx, INSERT_MESSAGE, ph_v_text(m->id), ph_v_text(m->pool_id),
                     ph_v_text(m->username), ph_v_int(m->medium), ph_v_text(m->destination),
                     ph_v_text(m->reason), ph_v_text(m->subject), ph_v_bytes(m->body),
                     ph_v_bytes(m->code), ph_v_int(m->created_ms));
    }
}

struct putting {
    const struct ph_message *sealed;
    size_t count;
};

static void put_messages(struct ph_tx *tx, void *arg)
{
    const struct putting *p = arg;

    ph_outbox_insert(tx, p->sealed, p->count);
}

struct ph_err ph_store_outbox_put(struct ph_ctx *ctx, const struct ph_message *messages,
                                  size_t count)
{
    struct putting p = { .sealed = ph_outbox_seal(ctx, messages, count), .count = count };

    return ph_write(ctx, put_messages, &p);
}

static const char LIST_MESSAGES[] =
    "SELECT id, pool_id, username, medium, destination, reason, subject, body, code, created_ms"
    " FROM outbox WHERE position > COALESCE((SELECT position FROM outbox WHERE id = $1),"
    " (SELECT MAX(position) FROM outbox WHERE id < $1), 0)"
    " AND ($2 IS NULL OR username = $2) AND ($3 IS NULL OR destination = $3)"
    " ORDER BY position DESC LIMIT $4";

static void decode_message(struct ph_q *q, struct ph_ctx *ctx, struct ph_message *m)
{
    const struct ph_key *key = &ctx->store->record_key;
    struct ph_place body, code;

    m->id = ph_q_str(q, ctx->arena, 0);
    m->pool_id = ph_q_str(q, ctx->arena, 1);
    m->username = ph_q_str(q, ctx->arena, 2);
    m->medium = ph_q_int(q, 3) == PH_MEDIUM_SMS ? PH_MEDIUM_SMS : PH_MEDIUM_EMAIL;
    m->destination = ph_q_str(q, ctx->arena, 4);
    m->reason = ph_q_str(q, ctx->arena, 5);
    m->subject = ph_q_str(q, ctx->arena, 6);
    m->created_ms = ph_q_int(q, 9);
    body = place_of(m, "body");
    code = place_of(m, "code");
    if (!ph_place_open(ctx->arena, key, &body, ph_q_str(q, ctx->arena, 7), &m->body) ||
        !ph_place_open(ctx->arena, key, &code, ph_q_str(q, ctx->arena, 8), &m->code)) {
        ph_q_broken(q, "a message in the outbox does not open");
    }
}

struct ph_err ph_store_outbox_list(struct ph_ctx *ctx, const struct ph_outbox_query *query,
                                   struct ph_message **messages, size_t *count)
{
    struct ph_list list = { 0 };
    struct ph_q q;

    PH_READ(ctx, &q, LIST_MESSAGES, ph_v_text(query->after_id), ph_v_text(query->username),
            ph_v_text(query->destination), ph_v_int((int64_t)query->limit));
    while (ph_q_row(&q)) {
        decode_message(&q, ctx, PH_LIST_ADD(ctx->arena, &list, struct ph_message));
    }
    PH_TRY(ph_read_end(&q));
    *messages = list.items;
    *count = list.count;
    return PH_OK;
}
