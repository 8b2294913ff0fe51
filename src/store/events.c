/* What is written without anybody waiting: spent nonces and sign-in events. */
#include "store/internal.h"
#include "store/sign_in.h"
#include "util/memory.h"

#include <string.h>

/* --- nonces --- */

struct spent_row {
    struct ph_digest digest;
    int64_t expires_ms;
};

static const char INSERT_SPENT[] = "INSERT INTO spent (digest, expires_ms) VALUES ($1, $2)"
                                   " ON CONFLICT (digest) DO NOTHING";

static void insert_spent(struct ph_tx *tx, void *arg)
{
    const struct spent_row *row = arg;

    (void)PH_RUN(tx, INSERT_SPENT, ph_v_bytes(ph_digest_str(&row->digest)),
                 ph_v_int(row->expires_ms));
}

void *ph_later_new(size_t size)
{
    void *p = ph_heap_zeroed(1, size);

    return p;
}

/* Decided in memory; the row follows. */
static bool spend_here(struct ph_ctx *ctx, const struct spent_row *row)
{
    struct spent_row *later;

    if (!ph_spent_set_add(ctx->store->spent, &row->digest, row->expires_ms,
                          ph_store_forget_until_ms(ctx->store, ph_now_ms(ctx)))) {
        return false;
    }
    later = ph_later_new(sizeof *later);
    *later = *row;
    ph_writer_later(ctx->store->writer, insert_spent, later);
    return true;
}

static const char FIND_SPENT[] = "SELECT 1 FROM spent WHERE digest = $1";

static struct ph_err has_row(struct ph_ctx *ctx, const struct ph_digest *digest, bool *found)
{
    struct ph_q q;

    PH_READ(ctx, &q, FIND_SPENT, ph_v_bytes(ph_digest_str(digest)));
    *found = ph_q_row(&q);
    return ph_read_end(&q);
}

struct spending {
    const struct spent_row *row;
    bool first;
};

static void spend_row(struct ph_tx *tx, void *arg)
{
    struct spending *s = arg;

    s->first = PH_RUN(tx, INSERT_SPENT, ph_v_bytes(ph_digest_str(&s->row->digest)),
                      ph_v_int(s->row->expires_ms)) > 0;
}

/*
 * The row decides. While there is no primary each process decides for itself, after a look at a
 * standby: sign-ins go on, and one who has seen the very request could use it once more elsewhere.
 */
static struct ph_err spend_everywhere(struct ph_ctx *ctx, const struct spent_row *row, bool *first)
{
    struct spending s = { .row = row };
    const enum ph_verdict verdict = ph_write_verdict(ctx, spend_row, &s, sizeof s);
    bool found;

    if (verdict == PH_DB_AWAY) {
        PH_TRY(has_row(ctx, &row->digest, &found));
        *first = !found && spend_here(ctx, row);
        return PH_OK;
    }
    *first = s.first && !ph_spent_set_has(ctx->store->spent, &row->digest);
    return verdict == PH_DB_DONE ? PH_OK : PH_BROKEN;
}

struct ph_err ph_store_spend(struct ph_ctx *ctx, struct ph_str nonce, int64_t expires_ms,
                             bool *first)
{
    struct spent_row row = { .expires_ms = expires_ms };

    PH_SHA256(&row.digest, nonce);
    if (ctx->store->driver->several) {
        return spend_everywhere(ctx, &row, first);
    }
    *first = spend_here(ctx, &row);
    return PH_OK;
}

struct ph_err ph_store_is_spent(struct ph_ctx *ctx, struct ph_str nonce, bool *spent)
{
    struct ph_digest digest;

    PH_SHA256(&digest, nonce);
    *spent = ph_spent_set_has(ctx->store->spent, &digest);
    return *spent || !ctx->store->driver->several ? PH_OK : has_row(ctx, &digest, spent);
}

/* --- events --- */

struct event_row {
    struct ph_auth_event event; /* its slices point into bytes */
    uint8_t bytes[];
};

static const char INSERT_EVENT[] =
    "INSERT INTO auth_events (pool_id, id, sub, client_id, type, response, detail, at_ms)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (pool_id, id) DO UPDATE SET"
    " response = excluded.response, detail = excluded.detail"
    " WHERE auth_events.response = 'InProgress'";

static const char USER_EXISTS[] = "SELECT COUNT(*) FROM users WHERE pool_id = $1 AND sub = $2";
static const char POOL_EXISTS[] = "SELECT COUNT(*) FROM pools WHERE id = $1";

/* Whoever it is about may have been deleted since: nobody would ever delete the event. */
static bool is_about_somebody(struct ph_tx *tx, const struct ph_auth_event *e)
{
    int64_t count = 0;
    struct ph_q q;

    if (e->sub.p != NULL) {
        PH_QUERY(tx, &q, USER_EXISTS, ph_v_text(e->pool_id), ph_v_text(e->sub));
    } else {
        PH_QUERY(tx, &q, POOL_EXISTS, ph_v_text(e->pool_id));
    }
    while (ph_q_row(&q)) {
        count = ph_q_int(&q, 0);
    }
    ph_q_end(&q);
    return count > 0;
}

static void insert_event(struct ph_tx *tx, void *arg)
{
    const struct event_row *row = arg;
    const struct ph_auth_event *e = &row->event;

    if (!is_about_somebody(tx, e)) {
        return;
    }
    (void)PH_RUN(tx, INSERT_EVENT, ph_v_text(e->pool_id), ph_v_text(e->id), ph_v_text(e->sub),
                 ph_v_text(e->client_id), ph_v_text(e->type), ph_v_text(e->response),
                 ph_v_text(e->detail), ph_v_int(e->at_ms));
}

struct ph_str ph_later_keep(struct ph_str s, uint8_t **at)
{
    const struct ph_str kept = { *at, s.n };

    if (s.p == NULL) {
        return s;
    }
    if (s.n > 0) {
        memcpy(*at, s.p, s.n);
        *at += s.n;
    }
    return kept;
}

static struct event_row *copy_event(const struct ph_auth_event *event)
{
    const size_t n = event->id.n + event->pool_id.n + event->sub.n + event->client_id.n +
                     event->type.n + event->response.n + event->detail.n;
    struct event_row *row = ph_later_new(sizeof *row + n + 1);
    uint8_t *at = row->bytes;

    row->event = *event;
    row->event.id = ph_later_keep(event->id, &at);
    row->event.pool_id = ph_later_keep(event->pool_id, &at);
    row->event.sub = ph_later_keep(event->sub, &at);
    row->event.client_id = ph_later_keep(event->client_id, &at);
    row->event.type = ph_later_keep(event->type, &at);
    row->event.response = ph_later_keep(event->response, &at);
    row->event.detail = ph_later_keep(event->detail, &at);
    return row;
}

void ph_store_event_append(struct ph_ctx *ctx, const struct ph_auth_event *event)
{
    ph_writer_later(ctx->store->writer, insert_event, copy_event(event));
}

static const char LIST_EVENTS[] =
    "SELECT id, client_id, type, response, detail, at_ms, feedback, feedback_by, feedback_ms"
    " FROM auth_events WHERE pool_id = $1 AND sub = $2 AND (at_ms, id) < ($3, $4)"
    " ORDER BY at_ms DESC, id DESC LIMIT $5";

static void decode_event(struct ph_q *q, struct ph_arena *arena, struct ph_auth_event *event)
{
    event->id = ph_q_str(q, arena, 0);
    event->client_id = ph_q_str(q, arena, 1);
    event->type = ph_q_str(q, arena, 2);
    event->response = ph_q_str(q, arena, 3);
    event->detail = ph_q_str(q, arena, 4);
    event->at_ms = ph_q_int(q, 5);
    event->feedback = ph_q_str(q, arena, 6);
    event->feedback_by = ph_q_str(q, arena, 7);
    event->feedback_ms = ph_q_int(q, 8);
}

struct ph_err ph_store_event_list(struct ph_ctx *ctx, struct ph_str pool_id, struct ph_str sub,
                                  const struct ph_auth_event *after, size_t limit,
                                  struct ph_auth_event **events, size_t *count)
{
    struct ph_list list = { 0 };
    struct ph_q q;

    PH_READ(ctx, &q, LIST_EVENTS, ph_v_text(pool_id), ph_v_text(sub), ph_v_int(after->at_ms),
            ph_v_text(after->id.p == NULL ? PH_STR("") : after->id), ph_v_int((int64_t)limit));
    while (ph_q_row(&q)) {
        struct ph_auth_event *event = PH_LIST_ADD(ctx->arena, &list, struct ph_auth_event);

        decode_event(&q, ctx->arena, event);
        event->pool_id = pool_id;
        event->sub = sub;
    }
    PH_TRY(ph_read_end(&q));
    *events = list.items;
    *count = list.count;
    return PH_OK;
}

/* --- feedback --- */

struct feedback {
    const struct ph_auth_event *event;
    bool found;
};

static const char SET_FEEDBACK[] =
    "UPDATE auth_events SET feedback = $4, feedback_by = $5, feedback_ms = $6"
    " WHERE pool_id = $1 AND id = $2 AND sub = $3";

static void set_feedback(struct ph_tx *tx, void *arg)
{
    struct feedback *f = arg;
    const struct ph_auth_event *e = f->event;

    f->found =
        PH_RUN(tx, SET_FEEDBACK, ph_v_text(e->pool_id), ph_v_text(e->id), ph_v_text(e->sub),
               ph_v_text(e->feedback), ph_v_text(e->feedback_by), ph_v_int(e->feedback_ms)) > 0;
}

struct ph_err ph_store_event_feedback(struct ph_ctx *ctx, const struct ph_auth_event *event,
                                      bool *found)
{
    struct feedback f = { .event = event };

    PH_TRY(ph_write(ctx, set_feedback, &f));
    *found = f.found;
    return PH_OK;
}
