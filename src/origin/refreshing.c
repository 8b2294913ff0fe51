/* Unknown refresh tokens: one question for each, not too many, and none again soon for wrong ones.
 */
#include "origin/internal.h"
#include "util/blocking.h"

#include <errno.h>
#include <string.h>
#include <time.h>

enum { REFUSED_FOR_S = 600 };

static bool is_same(const struct ph_digest *a, const struct ph_digest *b)
{
    return ph_equal_secret(ph_digest_str(a), ph_digest_str(b));
}

static struct ph_refused *slot_of(struct ph_origins *origins, const struct ph_digest *digest)
{
    uint32_t n;

    memcpy(&n, digest->bytes, sizeof n);
    return &origins->refused[n % PH_REFUSED_SLOTS];
}

/* ---- with the lock held ---- */

static bool was_refused(struct ph_origins *origins, const struct ph_digest *digest)
{
    const struct ph_refused *slot = slot_of(origins, digest);

    return slot->until_ns > ph_monotonic_ns() && is_same(&slot->digest, digest);
}

static size_t find(const struct ph_origins *origins, const struct ph_digest *digest)
{
    size_t i = 0;

    while (i < origins->refreshing_count && !is_same(&origins->refreshing[i], digest)) {
        i++;
    }
    return i;
}

/* A bucket that holds what one second allows. */
static bool is_allowed(struct ph_origins *origins)
{
    const int64_t per_s = origins->options.refreshes_per_s, now_ns = ph_monotonic_ns();
    const int64_t since_ms = (now_ns - origins->allowed_ns) / 1000000;
    int64_t allowance = origins->allowance + (since_ms > 1000 ? 1000 : since_ms) * per_s;

    allowance = allowance > per_s * 1000 ? per_s * 1000 : allowance;
    origins->allowed_ns = now_ns;
    origins->allowance = allowance >= 1000 ? allowance - 1000 : allowance;
    return allowance >= 1000;
}

static void wait_for(struct ph_origins *origins, const struct ph_digest *digest)
{
    const int64_t end_ns = ph_monotonic_ns() + 3 * origins->options.timeout_ms * 1000000;
    const struct timespec end = { .tv_sec = end_ns / 1000000000, .tv_nsec = end_ns % 1000000000 };

    while (find(origins, digest) < origins->refreshing_count) {
        if (pthread_cond_timedwait(&origins->done, &origins->lock, &end) == ETIMEDOUT) {
            return;
        }
    }
}

static enum ph_refresh_turn begin(struct ph_origins *origins, const struct ph_digest *digest)
{
    if (was_refused(origins, digest)) {
        return PH_REFRESH_REFUSED;
    }
    if (find(origins, digest) < origins->refreshing_count) {
        wait_for(origins, digest);
        return was_refused(origins, digest) ? PH_REFRESH_REFUSED : PH_REFRESH_AGAIN;
    }
    if (origins->refreshing_count == PH_REFRESHING_MAX || !is_allowed(origins)) {
        return PH_REFRESH_LATER;
    }
    origins->refreshing[origins->refreshing_count++] = *digest;
    return PH_REFRESH_ASK;
}

/* ---- from outside ---- */

enum ph_refresh_turn ph_refresh_begin(struct ph_ctx *ctx, const struct ph_digest *digest)
{
    struct ph_origins *origins = ctx->origins;
    enum ph_refresh_turn turn;

    ph_blocking_begin(ctx->blocking);
    pthread_mutex_lock(&origins->lock);
    turn = begin(origins, digest);
    pthread_mutex_unlock(&origins->lock);
    ph_blocking_end(ctx->blocking);
    return turn;
}

void ph_refresh_end(struct ph_origins *origins, const struct ph_digest *digest)
{
    size_t at;

    pthread_mutex_lock(&origins->lock);
    at = find(origins, digest);
    if (at < origins->refreshing_count) {
        origins->refreshing[at] = origins->refreshing[--origins->refreshing_count];
    }
    pthread_cond_broadcast(&origins->done);
    pthread_mutex_unlock(&origins->lock);
}

void ph_refresh_refuse(struct ph_origins *origins, const struct ph_digest *digest)
{
    struct ph_refused *slot = slot_of(origins, digest);

    pthread_mutex_lock(&origins->lock);
    *slot = (struct ph_refused){
        .digest = *digest,
        .until_ns = ph_monotonic_ns() + (int64_t)REFUSED_FOR_S * 1000000000,
    };
    pthread_mutex_unlock(&origins->lock);
}
