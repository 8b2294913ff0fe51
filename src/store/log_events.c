#include "store/log_events.h"

#include "store/internal.h"

/* --- writing --- */

struct appending {
    struct ph_log_event event; /* its slices point into bytes */
    uint8_t bytes[];
};

static const char APPEND[] =
    "INSERT INTO log_events (id, target, arn, pool_id, source, body, created_ms)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7)";

static void append(struct ph_tx *tx, void *arg)
{
    const struct appending *a = arg;
    const struct ph_log_event *e = &a->event;

    (void)PH_RUN(tx, APPEND, ph_v_text(e->id), ph_v_text(e->lane.target), ph_v_text(e->lane.arn),
                 ph_v_text(e->lane.pool_id), ph_v_text(e->lane.source), ph_v_text(e->body),
                 ph_v_int(e->created_ms));
}

void ph_store_log_append(struct ph_ctx *ctx, const struct ph_log_event *event)
{
    const struct ph_log_lane *lane = &event->lane;
    const size_t n = event->id.n + event->body.n + lane->target.n + lane->arn.n + lane->pool_id.n +
                     lane->source.n;
    struct appending *a = ph_later_new(sizeof *a + n + 1);
    uint8_t *at = a->bytes;

    a->event.id = ph_later_keep(event->id, &at);
    a->event.body = ph_later_keep(event->body, &at);
    a->event.lane.target = ph_later_keep(lane->target, &at);
    a->event.lane.arn = ph_later_keep(lane->arn, &at);
    a->event.lane.pool_id = ph_later_keep(lane->pool_id, &at);
    a->event.lane.source = ph_later_keep(lane->source, &at);
    a->event.created_ms = event->created_ms;
    ph_writer_later(ctx->store->writer, append, a);
}

/* --- reading --- */

static const char LANES[] = "SELECT arn, pool_id, source FROM log_events WHERE target = $1"
                            " GROUP BY arn, pool_id, source ORDER BY MIN(id) LIMIT $2";

struct ph_err ph_store_log_lanes(struct ph_ctx *ctx, struct ph_str target, size_t limit,
                                 struct ph_log_lane **lanes, size_t *count)
{
    struct ph_list list = { 0 };
    struct ph_q q;

    PH_READ(ctx, &q, LANES, ph_v_text(target), ph_v_int((int64_t)limit));
    while (ph_q_row(&q)) {
        struct ph_log_lane *lane = PH_LIST_ADD(ctx->arena, &list, struct ph_log_lane);

        lane->target = target;
        lane->arn = ph_q_str(&q, ctx->arena, 0);
        lane->pool_id = ph_q_str(&q, ctx->arena, 1);
        lane->source = ph_q_str(&q, ctx->arena, 2);
    }
    PH_TRY(ph_read_end(&q));
    *lanes = list.items;
    *count = list.count;
    return PH_OK;
}

static const char BATCH[] =
    "SELECT id, body, created_ms FROM log_events WHERE target = $1 AND arn = $2"
    " AND pool_id = $3 AND source = $4 ORDER BY id LIMIT $5";

struct ph_err ph_store_log_batch(struct ph_ctx *ctx, const struct ph_log_lane *lane, size_t limit,
                                 struct ph_log_event **events, size_t *count)
{
    struct ph_list list = { 0 };
    struct ph_q q;

    PH_READ(ctx, &q, BATCH, ph_v_text(lane->target), ph_v_text(lane->arn), ph_v_text(lane->pool_id),
            ph_v_text(lane->source), ph_v_int((int64_t)limit));
    while (ph_q_row(&q)) {
        struct ph_log_event *event = PH_LIST_ADD(ctx->arena, &list, struct ph_log_event);

        event->lane = *lane;
        event->id = ph_q_str(&q, ctx->arena, 0);
        event->body = ph_q_str(&q, ctx->arena, 1);
        event->created_ms = ph_q_int(&q, 2);
    }
    PH_TRY(ph_read_end(&q));
    *events = list.items;
    *count = list.count;
    return PH_OK;
}

/* --- one process for each lane --- */

struct leasing {
    const struct ph_log_lane *lane;
    struct ph_str node;
    int64_t now_ms, until_ms;
    bool leased;
};

static const char HELD[] = "SELECT node, until_ms FROM log_leases"
                           " WHERE target = $1 AND arn = $2 AND pool_id = $3 AND source = $4";
static const char LEASE[] =
    "INSERT INTO log_leases (target, arn, pool_id, source, node, until_ms)"
    " VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (target, arn, pool_id, source)"
    " DO UPDATE SET node = excluded.node, until_ms = excluded.until_ms"
    " WHERE log_leases.node = excluded.node OR log_leases.until_ms <= $7";

static void lease(struct ph_tx *tx, void *arg)
{
    struct leasing *l = arg;
    const struct ph_log_lane *lane = l->lane;

    l->leased = PH_RUN(tx, LEASE, ph_v_text(lane->target), ph_v_text(lane->arn),
                       ph_v_text(lane->pool_id), ph_v_text(lane->source), ph_v_text(l->node),
                       ph_v_int(l->until_ms), ph_v_int(l->now_ms)) > 0;
}

/* What another process has is looked at many times a second: that must not write. */
struct ph_err ph_store_log_lease(struct ph_ctx *ctx, const struct ph_log_lane *lane,
                                 int64_t length_ms, bool *leased)
{
    struct leasing l = {
        .lane = lane,
        .node = ph_store_node(ctx->store),
        .now_ms = ph_now_ms(ctx),
        .until_ms = ph_now_ms(ctx) + length_ms,
    };
    bool others = false;
    struct ph_q q;

    *leased = !ctx->store->driver->several;
    if (*leased) {
        return PH_OK;
    }
    PH_READ(ctx, &q, HELD, ph_v_text(lane->target), ph_v_text(lane->arn), ph_v_text(lane->pool_id),
            ph_v_text(lane->source));
    if (ph_q_row(&q)) {
        others = !ph_str_eq(ph_q_str(&q, ctx->arena, 0), l.node) && ph_q_int(&q, 1) > l.now_ms;
    }
    PH_TRY(ph_read_end(&q));
    if (!others) {
        PH_TRY(ph_write(ctx, lease, &l));
    }
    *leased = l.leased;
    return PH_OK;
}

static const char RELEASE[] = "DELETE FROM log_leases WHERE target = $1 AND arn = $2"
                              " AND pool_id = $3 AND source = $4 AND node = $5";
static const char RELEASE_ALL[] = "DELETE FROM log_leases WHERE node = $1";

static void release(struct ph_tx *tx, void *arg)
{
    const struct leasing *l = arg;

    if (l->lane == NULL) {
        (void)PH_RUN(tx, RELEASE_ALL, ph_v_text(l->node));
    } else {
        (void)PH_RUN(tx, RELEASE, ph_v_text(l->lane->target), ph_v_text(l->lane->arn),
                     ph_v_text(l->lane->pool_id), ph_v_text(l->lane->source), ph_v_text(l->node));
    }
}

struct ph_err ph_store_log_release(struct ph_ctx *ctx, const struct ph_log_lane *lane)
{
    struct leasing l = { .lane = lane, .node = ph_store_node(ctx->store) };

    return ctx->store->driver->several ? ph_write(ctx, release, &l) : PH_OK;
}

static const char COUNT[] = "SELECT COUNT(*) FROM log_events WHERE target = $1";

struct ph_err ph_store_log_count(struct ph_ctx *ctx, struct ph_str target, int64_t *count)
{
    int64_t found = 0;
    struct ph_q q;

    PH_READ(ctx, &q, COUNT, ph_v_text(target));
    if (ph_q_row(&q)) {
        found = ph_q_int(&q, 0);
    }
    PH_TRY(ph_read_end(&q));
    *count = found;
    return PH_OK;
}

/* --- deleting --- */

struct deleting {
    const struct ph_log_event *events;
    size_t count;
};

static const char DELETE[] = "DELETE FROM log_events WHERE id = $1";

static void delete_events(struct ph_tx *tx, void *arg)
{
    const struct deleting *d = arg;

    for (size_t i = 0; i < d->count; i++) {
        (void)PH_RUN(tx, DELETE, ph_v_text(d->events[i].id));
    }
}

struct ph_err ph_store_log_delete(struct ph_ctx *ctx, const struct ph_log_event *events,
                                  size_t count)
{
    struct deleting d = { .events = events, .count = count };

    return ph_write(ctx, delete_events, &d);
}

struct expiring {
    int64_t before_ms;
    int64_t count;
};

static const char ANY_OLD[] = "SELECT 1 FROM log_events WHERE created_ms < $1 LIMIT 1";
static const char EXPIRE[] = "DELETE FROM log_events WHERE id IN"
                             " (SELECT id FROM log_events WHERE created_ms < $1 LIMIT 5000)";

static void expire(struct ph_tx *tx, void *arg)
{
    struct expiring *e = arg;

    e->count = PH_RUN(tx, EXPIRE, ph_v_int(e->before_ms));
}

struct ph_err ph_store_log_expire(struct ph_ctx *ctx, int64_t before_ms, int64_t *count)
{
    struct expiring e = { .before_ms = before_ms };
    struct ph_q q;
    bool any;

    PH_READ(ctx, &q, ANY_OLD, ph_v_int(before_ms));
    any = ph_q_row(&q);
    PH_TRY(ph_read_end(&q));
    if (any) {
        PH_TRY(ph_write(ctx, expire, &e));
    }
    *count = e.count;
    return PH_OK;
}
