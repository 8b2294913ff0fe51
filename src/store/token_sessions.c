#include "store/token_sessions.h"

#include "store/pool_row.h"

/* --- beginning --- */

struct beginning {
    struct ph_ctx *ctx;
    struct ph_str pool_id;
    const struct ph_token_session *session;
    int64_t most;
    int64_t sure_ms; /* what expired before has expired by every clock */
};

/* Those that ended without anybody telling this table: they must not push out good ones. */
static const char FORGET_DEAD[] =
    "DELETE FROM token_sessions WHERE pool_id = $1 AND sub = $2 AND (expires_ms < $3"
    " OR created_ms < (SELECT tokens_valid_after_ms FROM users WHERE pool_id = $1 AND sub = $2)"
    " OR NOT EXISTS (SELECT 1 FROM clients WHERE clients.id = token_sessions.client_id))";
static const char LAST_USED[] =
    "SELECT family, expires_ms FROM token_sessions WHERE pool_id = $1 AND sub = $2"
    " ORDER BY active_ms DESC, created_ms DESC, id LIMIT $3";
static const char INSERT[] =
    "INSERT INTO token_sessions (pool_id, sub, id, family, client_id, device_type, address,"
    " created_ms, active_ms, expires_ms) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";

enum { EVICTED_MAX = 1000 }; /* at once; the next sign-in ends more */

struct ending {
    struct ph_str family;
    int64_t expires_ms;
};

/* All that come after the last used ones. */
static void evict(struct ph_tx *tx, const struct beginning *b)
{
    int64_t kept = 0;
    struct ph_list list = { 0 };
    const struct ending *endings;
    struct ph_q q;

    PH_QUERY(tx, &q, LAST_USED, ph_v_text(b->pool_id), ph_v_text(b->session->sub),
             ph_v_int(b->most + EVICTED_MAX));
    while (ph_q_row(&q)) {
        if (++kept < b->most) {
            continue;
        }
        struct ending *ending = PH_LIST_ADD(b->ctx->arena, &list, struct ending);

        ending->family = ph_q_str(&q, b->ctx->arena, 0);
        ending->expires_ms = ph_q_int(&q, 1);
    }
    ph_q_end(&q);
    endings = list.items;
    for (size_t i = 0; i < list.count; i++) {
        ph_family_end(tx, b->pool_id, endings[i].family, endings[i].expires_ms);
    }
}

static void begin(struct ph_tx *tx, void *arg)
{
    const struct beginning *b = arg;
    const struct ph_token_session *s = b->session;

    if (!ph_user_hold(tx, b->pool_id, s->sub)) { /* two at once would both find room */
        return;
    }
    (void)PH_RUN(tx, FORGET_DEAD, ph_v_text(b->pool_id), ph_v_text(s->sub), ph_v_int(b->sure_ms));
    evict(tx, b);
    (void)PH_RUN(tx, INSERT, ph_v_text(b->pool_id), ph_v_text(s->sub), ph_v_text(s->id),
                 ph_v_text(s->family), ph_v_text(s->client_id), ph_v_text(s->device_type),
                 ph_v_text(s->address), ph_v_int(s->created_ms), ph_v_int(s->active_ms),
                 ph_v_int(s->expires_ms));
}

struct ph_err ph_store_token_session_begin(struct ph_ctx *ctx, struct ph_str pool_id,
                                           const struct ph_token_session *session, int64_t most)
{
    struct beginning b = {
        .ctx = ctx,
        .pool_id = pool_id,
        .session = session,
        .most = most,
        .sure_ms = ph_store_forget_until_ms(ctx->store, ph_now_ms(ctx)),
    };

    return ph_write(ctx, begin, &b);
}

/* --- activity --- */

struct touching {
    struct ph_str pool_id;
    struct ph_token_session session; /* its slices point into bytes */
    uint8_t bytes[];
};

static const char TOUCH[] = "UPDATE token_sessions SET device_type = $3, address = $4,"
                            " active_ms = $5 WHERE pool_id = $1 AND family = $2";

static void touch(struct ph_tx *tx, void *arg)
{
    const struct touching *t = arg;
    const struct ph_token_session *s = &t->session;

    (void)PH_RUN(tx, TOUCH, ph_v_text(t->pool_id), ph_v_text(s->family), ph_v_text(s->device_type),
                 ph_v_text(s->address), ph_v_int(s->active_ms));
}

void ph_store_token_session_touch(struct ph_ctx *ctx, struct ph_str pool_id,
                                  const struct ph_token_session *session)
{
    const size_t n = pool_id.n + session->family.n + session->device_type.n + session->address.n;
    struct touching *t = ph_later_new(sizeof *t + n + 1);
    uint8_t *at = t->bytes;

    t->pool_id = ph_later_keep(pool_id, &at);
    t->session.family = ph_later_keep(session->family, &at);
    t->session.device_type = ph_later_keep(session->device_type, &at);
    t->session.address = ph_later_keep(session->address, &at);
    t->session.active_ms = session->active_ms;
    ph_writer_later(ctx->store->writer, touch, t);
}

/* --- reading --- */

#define GOOD_SESSIONS                                                                              \
    "SELECT s.id, s.family, s.client_id, s.device_type, s.address, s.created_ms, s.active_ms,"     \
    " s.expires_ms FROM token_sessions s"                                                          \
    " JOIN users u ON u.pool_id = s.pool_id AND u.sub = s.sub"                                     \
    " JOIN clients c ON c.id = s.client_id"                                                        \
    " WHERE s.pool_id = $1 AND s.sub = $2 AND s.expires_ms > $3"                                   \
    " AND s.created_ms >= u.tokens_valid_after_ms"

static const char LIST[] = GOOD_SESSIONS " ORDER BY s.created_ms DESC, s.id LIMIT $4";
static const char FIND[] = GOOD_SESSIONS " AND s.id = $4";

static void decode(struct ph_q *q, struct ph_arena *arena, struct ph_str sub,
                   struct ph_token_session *session)
{
    session->sub = sub;
    session->id = ph_q_str(q, arena, 0);
    session->family = ph_q_str(q, arena, 1);
    session->client_id = ph_q_str(q, arena, 2);
    session->device_type = ph_q_str(q, arena, 3);
    session->address = ph_q_str(q, arena, 4);
    session->created_ms = ph_q_int(q, 5);
    session->active_ms = ph_q_int(q, 6);
    session->expires_ms = ph_q_int(q, 7);
}

struct ph_err ph_store_token_session_list(struct ph_ctx *ctx, struct ph_str pool_id,
                                          struct ph_str sub, int64_t now_ms, size_t limit,
                                          struct ph_token_session **sessions, size_t *count)
{
    struct ph_list list = { 0 };
    struct ph_q q;

    PH_READ(ctx, &q, LIST, ph_v_text(pool_id), ph_v_text(sub), ph_v_int(now_ms),
            ph_v_int((int64_t)limit));
    while (ph_q_row(&q)) {
        decode(&q, ctx->arena, sub, PH_LIST_ADD(ctx->arena, &list, struct ph_token_session));
    }
    PH_TRY(ph_read_end(&q));
    *sessions = list.items;
    *count = list.count;
    return PH_OK;
}

struct ph_err ph_store_token_session_find(struct ph_ctx *ctx, struct ph_str pool_id,
                                          struct ph_str sub, struct ph_str id, int64_t now_ms,
                                          struct ph_token_session **session)
{
    struct ph_token_session *found = NULL;
    struct ph_q q;

    PH_READ(ctx, &q, FIND, ph_v_text(pool_id), ph_v_text(sub), ph_v_int(now_ms), ph_v_text(id));
    if (ph_q_row(&q)) {
        found = ph_arena_new(ctx->arena, struct ph_token_session);
        decode(&q, ctx->arena, sub, found);
    }
    PH_TRY(ph_read_end(&q));
    *session = found;
    return PH_OK;
}
