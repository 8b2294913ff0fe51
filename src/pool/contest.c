#include "pool/contest.h"

#include "model/exceptions.h"
#include "util/backoff.h"
#include "util/blocking.h"

#include <time.h>

enum { ENTERED_MAX = 16, NS_PER_MS = 1000000 };

static const struct ph_backoff BETWEEN = { .first_ms = 4, .most_ms = 100 };

static void wait_for(const struct ph_ctx *ctx, int64_t ms)
{
    const struct timespec pause = { .tv_nsec = (long)(ms * NS_PER_MS) };

    ph_blocking_begin(ctx->blocking);
    (void)nanosleep(&pause, NULL);
    ph_blocking_end(ctx->blocking);
}

struct ph_err ph_contest_enter(struct ph_ctx *ctx, struct ph_contest *contest)
{
    if (contest->entered == ENTERED_MAX) {
        return PH_FAIL(TooManyRequestsException, "Rate exceeded");
    }
    if (contest->entered > 0) {
        wait_for(ctx, ph_backoff_ms(ctx->random, &BETWEEN, contest->entered));
    }
    contest->entered++;
    return PH_OK;
}
