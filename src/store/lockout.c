#include "store/internal.h"
#include "store/sign_in.h"

/*
 * From the fifth failure on the lock lasts 2^(n-5) seconds, at most 900; 15 minutes after the last
 * failure the count begins anew. WINDOW stands in the texts as a number, too, and so does TOO_LATE:
 * a lock that would last longer than any does was made before the clock was set back, and is over.
 * The second more is for requests at the same time, which do not read the clock in their order.
 */
enum { WINDOW_MS = 900000, TOO_LATE_MS = WINDOW_MS + 1000 };

static const char FIND_LOCKOUT[] = "SELECT failures, locked_until_ms, last_ms FROM lockouts"
                                   " WHERE pool_id = $1 AND subject = $2";

struct ph_err ph_store_lockout_find(struct ph_ctx *ctx, struct ph_str pool_id, struct ph_str key,
                                    struct ph_lockout *lockout)
{
    const int64_t now_ms = ph_now_ms(ctx);
    struct ph_lockout found = { 0 };
    struct ph_q q;

    PH_READ(ctx, &q, FIND_LOCKOUT, ph_v_text(pool_id), ph_v_bytes(key));
    if (ph_q_row(&q) && ph_q_int(&q, 2) > now_ms - WINDOW_MS) {
        const int64_t until_ms = ph_q_int(&q, 1);

        found.failures = ph_q_int(&q, 0);
        found.locked_until_ms = until_ms > now_ms + TOO_LATE_MS ? 0 : until_ms;
    }
    PH_TRY(ph_read_end(&q));
    *lockout = found;
    return PH_OK;
}

struct failing {
    struct ph_str pool_id;
    struct ph_str key;
    int64_t now_ms;
    bool was_locked;
};

/* Nothing changes while the key is locked: of parallel guesses only the first counts. */
static const char COUNT_FAILURE[] =
    "INSERT INTO lockouts (pool_id, subject, failures, last_ms, locked_until_ms)"
    " VALUES ($1, $2, 1, $3, 0)"
    " ON CONFLICT (pool_id, subject) DO UPDATE SET"
    " failures = CASE WHEN lockouts.last_ms <= $3 - 900000 THEN 1 ELSE lockouts.failures + 1 END,"
    " last_ms = $3,"
    " locked_until_ms = CASE WHEN lockouts.last_ms <= $3 - 900000 OR lockouts.failures < 4 THEN 0"
    " WHEN lockouts.failures < 14"
    " THEN $3 + 1000 * (CAST(1 AS BIGINT) << CAST(lockouts.failures - 4 AS INTEGER))"
    " ELSE $3 + 900000 END"
    " WHERE lockouts.locked_until_ms <= $3 OR lockouts.locked_until_ms > $3 + 901000";

static void count_failure(struct ph_tx *tx, void *arg)
{
    struct failing *f = arg;

    f->was_locked = PH_RUN(tx, COUNT_FAILURE, ph_v_text(f->pool_id), ph_v_bytes(f->key),
                           ph_v_int(f->now_ms)) == 0;
}

struct ph_err ph_store_lockout_fail(struct ph_ctx *ctx, struct ph_str pool_id, struct ph_str key,
                                    int64_t now_ms, bool *was_locked)
{
    struct failing f = { .pool_id = pool_id, .key = key, .now_ms = now_ms };

    PH_TRY(ph_write(ctx, count_failure, &f));
    *was_locked = f.was_locked;
    return PH_OK;
}

static const char CLEAR_LOCKOUT[] = "DELETE FROM lockouts WHERE pool_id = $1 AND subject = $2";

static void clear_lockout(struct ph_tx *tx, void *arg)
{
    const struct failing *f = arg;

    (void)PH_RUN(tx, CLEAR_LOCKOUT, ph_v_text(f->pool_id), ph_v_bytes(f->key));
}

struct ph_err ph_store_lockout_clear(struct ph_ctx *ctx, struct ph_str pool_id, struct ph_str key)
{
    struct failing f = { .pool_id = pool_id, .key = key };

    return ph_write(ctx, clear_lockout, &f);
}

/* --- tries that are counted by the hour, from now on when the clock was set back --- */

struct trying {
    struct ph_str pool_id;
    struct ph_str subject;
    int64_t now_ms;
    int64_t count;
};

static const char COUNT_TRY[] =
    "INSERT INTO attempts (pool_id, subject, count, since_ms) VALUES ($1, $2, 1, $3)"
    " ON CONFLICT (pool_id, subject) DO UPDATE SET"
    " count = CASE WHEN attempts.since_ms <= $3 - 3600000 THEN 1 ELSE attempts.count + 1 END,"
    " since_ms = CASE WHEN attempts.since_ms <= $3 - 3600000 OR attempts.since_ms > $3 THEN $3"
    " ELSE attempts.since_ms END"
    " RETURNING count";

static void count_try(struct ph_tx *tx, void *arg)
{
    struct trying *t = arg;
    struct ph_q q;

    PH_QUERY(tx, &q, COUNT_TRY, ph_v_text(t->pool_id), ph_v_bytes(t->subject), ph_v_int(t->now_ms));
    while (ph_q_row(&q)) { /* to the end: only then the statement is whole */
        t->count = ph_q_int(&q, 0);
    }
    ph_q_end(&q);
}

struct ph_err ph_store_attempt_count(struct ph_ctx *ctx, struct ph_str pool_id,
                                     struct ph_str subject, int64_t *count)
{
    struct trying t = { .pool_id = pool_id, .subject = subject, .now_ms = ph_now_ms(ctx) };

    PH_TRY(ph_write(ctx, count_try, &t));
    *count = t.count;
    return PH_OK;
}
