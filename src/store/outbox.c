#include "store/outbox.h"

#include "store/internal.h"

#include <time.h>

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

/*
 * The one writer counts on: 0. Several would wait for each other: their messages are in the order
 * of the time, and of each process in that of their making, also when the clock is set back.
 */
static int64_t next_position(struct ph_store *store)
{
    int64_t last = atomic_load(&store->last_position), next;
    struct timespec now;

    if (!store->driver->several) {
        return 0;
    }
    clock_gettime(CLOCK_REALTIME, &now);
    do {
        next = (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
        next = next > last ? next : last + 1;
    } while (!atomic_compare_exchange_weak(&store->last_position, &last, next));
    return next;
}

struct ph_message *ph_outbox_seal(struct ph_ctx *ctx, const struct ph_message *messages,
                                  size_t count)
{
    struct ph_message *sealed = ph_arena_array(ctx->arena, count + 1, struct ph_message);

    for (size_t i = 0; i < count; i++) {
        const struct ph_place body = place_of(&messages[i], "body");
        const struct ph_place code = place_of(&messages[i], "code");

        sealed[i] = messages[i];
        sealed[i].body = ph_record_seal(ctx, &body, messages[i].body);
        sealed[i].code = ph_record_seal(ctx, &code, messages[i].code);
        sealed[i].position = next_position(ctx->store);
    }
    return sealed;
}

static const char INSERT_MESSAGE[] =
    "INSERT INTO outbox (id, pool_id, username, medium, destination, reason, subject, body, code,"
    " created_ms, due_ms, position) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10,"
    " $11 + (SELECT COALESCE(MAX(position), 0) + 1 FROM outbox WHERE $11 = CAST(0 AS BIGINT)))";

void ph_outbox_insert(struct ph_tx *tx, const struct ph_message *sealed, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct ph_message *m = &sealed[i];

        (void)PH_RUN(tx, INSERT_MESSAGE, ph_v_text(m->id), ph_v_text(m->pool_id),
                     ph_v_text(m->username), ph_v_int(m->medium), ph_v_text(m->destination),
                     ph_v_text(m->reason), ph_v_text(m->subject), ph_v_bytes(m->body),
                     ph_v_bytes(m->code), ph_v_int(m->created_ms), ph_v_int(m->position));
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
#define MESSAGE_COLUMNS                                                                            \
    "id, pool_id, username, medium, destination, reason, subject, body, code, created_ms"

static const char LIST_MESSAGES[] =
    "SELECT " MESSAGE_COLUMNS " FROM outbox WHERE medium < 2 AND position > COALESCE((SELECT "
    "position FROM outbox WHERE id = $1),"
    " (SELECT MAX(position) FROM outbox WHERE id < $1), 0)"
    " AND (CAST($2 AS TEXT) IS NULL OR username = $2) AND (CAST($3 AS TEXT) IS NULL OR destination "
    "= $3)"
    " ORDER BY position DESC LIMIT $4";

static void decode_message(struct ph_q *q, struct ph_ctx *ctx, struct ph_message *m)
{
    struct ph_place body, code;

    m->id = ph_q_str(q, ctx->arena, 0);
    m->pool_id = ph_q_str(q, ctx->arena, 1);
    m->username = ph_q_str(q, ctx->arena, 2);
    m->medium = (enum ph_medium)ph_q_int(q, 3);
    m->destination = ph_q_str(q, ctx->arena, 4);
    m->reason = ph_q_str(q, ctx->arena, 5);
    m->subject = ph_q_str(q, ctx->arena, 6);
    m->created_ms = ph_q_int(q, 9);
    body = place_of(m, "body");
    code = place_of(m, "code");
    if (!ph_record_open(ctx, &body, ph_q_str(q, ctx->arena, 7), &m->body) ||
        !ph_record_open(ctx, &code, ph_q_str(q, ctx->arena, 8), &m->code)) {
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

/* --- delivery --- */

static const char NEXT_DUE[] = "SELECT id FROM outbox WHERE medium = $1 AND state < 2"
                               " AND due_ms <= $2 AND created_ms >= $3 ORDER BY due_ms LIMIT 1";

/* Said twice: whoever waited for another's claim of the same row looks at it again. */
static const char CLAIM[] = "UPDATE outbox SET state = 1, claims = claims + 1, due_ms = $4"
                            " WHERE id = (SELECT id FROM outbox WHERE medium = $1 AND state < 2"
                            " AND due_ms <= $2 AND created_ms >= $3 ORDER BY due_ms LIMIT 1)"
                            " AND state < 2 AND due_ms <= $2"
                            " RETURNING " MESSAGE_COLUMNS ", claims, refusals";

struct claiming {
    struct ph_ctx *ctx;
    const struct ph_claim_wish *wish;
    int64_t now_ms;
    struct ph_claim *claim;
};

static void claim_next(struct ph_tx *tx, void *arg)
{
    struct claiming *c = arg;
    struct ph_q q;

    PH_QUERY(tx, &q, CLAIM, ph_v_int(c->wish->medium), ph_v_int(c->now_ms),
             ph_v_int(c->wish->since_ms), ph_v_int(c->wish->claimed_until));
    if (ph_q_row(&q)) {
        c->claim = ph_arena_new(c->ctx->arena, struct ph_claim);
        decode_message(&q, c->ctx, &c->claim->message);
        c->claim->number = ph_q_int(&q, 10);
        c->claim->refusals = ph_q_int(&q, 11);
    }
    ph_q_end(&q);
}

struct ph_err ph_store_outbox_claim(struct ph_ctx *ctx, const struct ph_claim_wish *wish,
                                    struct ph_claim **claim)
{
    struct claiming c = { .ctx = ctx, .wish = wish, .now_ms = ph_now_ms(ctx) };
    struct ph_q q;
    bool any;

    /* An empty outbox is asked many times a second: that must not write. */
    PH_READ(ctx, &q, NEXT_DUE, ph_v_int(wish->medium), ph_v_int(c.now_ms),
            ph_v_int(wish->since_ms));
    any = ph_q_row(&q);
    PH_TRY(ph_read_end(&q));
    if (any) {
        PH_TRY(ph_write(ctx, claim_next, &c));
    }
    *claim = c.claim;
    return PH_OK;
}

static const char PUT_OFF[] = "UPDATE outbox SET state = 0, due_ms = $3, refusals = $4"
                              " WHERE id = $1 AND state = 1 AND claims = $2";
static const char KEEP[] = "UPDATE outbox SET state = 2, ended_ms = $3"
                           " WHERE id = $1 AND state = 1 AND claims = $2";
static const char FAIL[] = "UPDATE outbox SET state = 3, ended_ms = $3, destination = NULL,"
                           " subject = NULL, body = NULL, code = NULL"
                           " WHERE id = $1 AND state = 1 AND claims = $2";
static const char DELETE[] = "DELETE FROM outbox WHERE id = $1 AND state = 1 AND claims = $2";

struct ending {
    const char *sql;
    const struct ph_claim *claim;
    int64_t when_ms;
    int64_t refusals;
};

static void end_claim(struct ph_tx *tx, void *arg)
{
    const struct ending *e = arg;
    const struct ph_db_value values[] = { ph_v_text(e->claim->message.id),
                                          ph_v_int(e->claim->number), ph_v_int(e->when_ms),
                                          ph_v_int(e->refusals) };
    const size_t wanted = e->sql == DELETE ? 2 : e->sql == PUT_OFF ? 4 : 3;

    (void)ph_tx_run(tx, e->sql, values, wanted);
}

struct ph_err ph_store_outbox_put_off(struct ph_ctx *ctx, const struct ph_claim *claim,
                                      int64_t due_ms, int64_t refusals)
{
    struct ending e = { .sql = PUT_OFF, .claim = claim, .when_ms = due_ms, .refusals = refusals };

    return ph_write(ctx, end_claim, &e);
}

struct ph_err ph_store_outbox_delete(struct ph_ctx *ctx, const struct ph_claim *claim)
{
    struct ending e = { .sql = DELETE, .claim = claim };

    return ph_write(ctx, end_claim, &e);
}

struct ph_err ph_store_outbox_keep(struct ph_ctx *ctx, const struct ph_claim *claim)
{
    struct ending e = { .sql = KEEP, .claim = claim, .when_ms = ph_now_ms(ctx) };

    return ph_write(ctx, end_claim, &e);
}

struct ph_err ph_store_outbox_fail(struct ph_ctx *ctx, const struct ph_claim *claim)
{
    struct ending e = { .sql = FAIL, .claim = claim, .when_ms = ph_now_ms(ctx) };

    return ph_write(ctx, end_claim, &e);
}

static const char RELEASE[] = "UPDATE outbox SET state = 0, due_ms = $1 WHERE state = 1";

static void release(struct ph_tx *tx, void *arg)
{
    const int64_t *now_ms = arg;

    (void)PH_RUN(tx, RELEASE, ph_v_int(*now_ms));
}

struct ph_err ph_store_outbox_release(struct ph_ctx *ctx)
{
    int64_t now_ms = ph_now_ms(ctx);

    if (ctx->store->driver->several) {
        return PH_OK; /* others may be carrying them: claims end by themselves */
    }
    return ph_write(ctx, release, &now_ms);
}

static const char SWEEP_OLD[] =
    "UPDATE outbox SET state = 3, ended_ms = $2, destination = NULL, subject = NULL, body = NULL,"
    " code = NULL WHERE id IN (SELECT id FROM outbox WHERE state < 2 AND created_ms < $1"
    " ORDER BY created_ms LIMIT 500) AND (state = 0 OR due_ms < $2)";
static const char SWEEP_FAILED[] = "DELETE FROM outbox WHERE id IN (SELECT id FROM outbox"
                                   " WHERE state = 3 AND ended_ms < $1 LIMIT 500)";
static const char SWEEP_FAR[] = "UPDATE outbox SET due_ms = $2 WHERE id IN (SELECT id FROM outbox"
                                " WHERE state < 2 AND due_ms > $1 LIMIT 500)";

/* Is there anything to do? Else nothing is written. */
static const char SWEEP_WANTED[] =
    "SELECT 1 WHERE EXISTS (SELECT 1 FROM outbox WHERE state < 2 AND created_ms < $1)"
    " OR EXISTS (SELECT 1 FROM outbox WHERE state = 3 AND ended_ms < $2)"
    " OR EXISTS (SELECT 1 FROM outbox WHERE medium IN (0, 1, 2) AND state < 2 AND due_ms > $3)";

struct sweeping {
    const struct ph_outbox_limits *limits;
    int64_t now_ms;
    int64_t failed;
};

static void sweep(struct ph_tx *tx, void *arg)
{
    struct sweeping *s = arg;

    s->failed = PH_RUN(tx, SWEEP_OLD, ph_v_int(s->limits->written_before), ph_v_int(s->now_ms));
    (void)PH_RUN(tx, SWEEP_FAILED, ph_v_int(s->limits->ended_before));
    (void)PH_RUN(tx, SWEEP_FAR, ph_v_int(s->limits->latest_due), ph_v_int(s->now_ms));
}

struct ph_err ph_store_outbox_sweep(struct ph_ctx *ctx, const struct ph_outbox_limits *limits,
                                    int64_t *failed)
{
    struct sweeping s = { .limits = limits, .now_ms = ph_now_ms(ctx) };
    struct ph_q q;
    bool wanted;

    PH_READ(ctx, &q, SWEEP_WANTED, ph_v_int(limits->written_before), ph_v_int(limits->ended_before),
            ph_v_int(limits->latest_due));
    wanted = ph_q_row(&q);
    PH_TRY(ph_read_end(&q));
    if (wanted) {
        PH_TRY(ph_write(ctx, sweep, &s));
    }
    *failed = s.failed;
    return PH_OK;
}

static const char COUNT_WAITING[] = "SELECT COUNT(*), COALESCE(MIN(created_ms), 0) FROM outbox"
                                    " WHERE state < 2 AND created_ms >= $1";

struct ph_err ph_store_outbox_count(struct ph_ctx *ctx, int64_t since_ms,
                                    struct ph_outbox_count *count)
{
    struct ph_outbox_count found = { 0 };
    struct ph_q q;

    PH_READ(ctx, &q, COUNT_WAITING, ph_v_int(since_ms));
    if (ph_q_row(&q)) {
        found.waiting = ph_q_int(&q, 0);
        found.oldest_ms = ph_q_int(&q, 1);
    }
    PH_TRY(ph_read_end(&q));
    *count = found;
    return PH_OK;
}
