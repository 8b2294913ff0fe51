#include "store/internal.h"
#include "store/sign_in.h"

/*
 * From the fifth failure on the lock lasts 2^(n-5) seconds, at most 900; 15 minutes after the last
 * failure the count begins anew. WINDOW stands in the texts as a number, too, and so does TOO_LATE:
 * a lock that would last longer than any does was made before the clock was set back, and is over.
 * The second more is for requests at the same time, which do not read the clock in their order.
 */
enum { WINDOW_MS = 900000, TOO_LATE_MS = WINDOW_MS + 1000 };

/*
 * While there is no primary to count at, each process counts for itself: so many guesses, then the
 * key stays locked for the window. Each guess takes a place among the spent nonces in memory.
 */
enum { GUESSES_HERE = 5 };

static void name_guess(struct ph_str pool_id, struct ph_str key, int n, struct ph_digest *digest)
{
    const uint8_t number = (uint8_t)n;

    PH_SHA256(digest, PH_STR("a guess without a primary"), pool_id, PH_STR("/"), key,
              ((struct ph_str){ &number, 1 }));
}

/* False when there were as many already. */
static bool count_here(struct ph_ctx *ctx, struct ph_str pool_id, struct ph_str key)
{
    const int64_t now_ms = ph_now_ms(ctx);
    struct ph_digest digest;

    for (int n = 1; n <= GUESSES_HERE; n++) {
        name_guess(pool_id, key, n, &digest);
        if (ph_spent_set_add(ctx->store->spent, &digest, now_ms + WINDOW_MS,
                             ph_store_forget_until_ms(ctx->store, now_ms))) {
            return true;
        }
    }
    return false;
}

static bool is_locked_here(struct ph_ctx *ctx, struct ph_str pool_id, struct ph_str key)
{
    struct ph_digest digest;

    if (!ctx->store->driver->several || ph_writer_state(ctx->store->writer) != PH_DB_AWAY) {
        return false;
    }
    name_guess(pool_id, key, GUESSES_HERE, &digest);
    return ph_spent_set_has(ctx->store->spent, &digest);
}

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
    if (is_locked_here(ctx, pool_id, key)) {
        *lockout =
            (struct ph_lockout){ .failures = GUESSES_HERE, .locked_until_ms = now_ms + WINDOW_MS };
    }
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

    const enum ph_verdict verdict = ph_write_verdict(ctx, count_failure, &f, sizeof f);

    *was_locked = verdict == PH_DB_AWAY ? !count_here(ctx, pool_id, key) : f.was_locked;
    return verdict == PH_DB_DONE || verdict == PH_DB_AWAY ? PH_OK : PH_BROKEN;
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
    const enum ph_verdict verdict = ph_write_verdict(ctx, clear_lockout, &f, sizeof f);

    /* The sign-in was right: it does not fail for that. What was counted ends with its window. */
    return verdict == PH_DB_DONE || verdict == PH_DB_AWAY ? PH_OK : PH_BROKEN;
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
