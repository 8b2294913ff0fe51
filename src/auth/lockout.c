/*
 * Failures of all kinds, counted for the user: wrong passwords, proofs and codes
 * (authentication.md 7). Only a whole sign-in forgets them: else whoever knows the password could
 * guess codes for ever.
 */
#include "auth/internal.h"
#include "store/sign_in.h"

/* Decoys are counted under their sub, which is the same for the same name. */
static struct ph_err read_lock(struct ph_ctx *ctx, const struct ph_attempt *attempt,
                               struct ph_lockout *lockout)
{
    *lockout = (struct ph_lockout){ 0 };
    if (!ctx->settings->lockout) {
        return PH_OK;
    }
    return ph_store_lockout_find(ctx, attempt->pool->id, attempt->user->sub, lockout);
}

static struct ph_err locked(void)
{
    return PH_FAIL(NotAuthorizedException, PH_MSG_LOCKED);
}

static bool is_locked(const struct ph_ctx *ctx, const struct ph_lockout *lockout)
{
    return lockout->locked_until_ms > ph_now_ms(ctx);
}

struct ph_err ph_lockout_check(struct ph_ctx *ctx, const struct ph_attempt *attempt)
{
    struct ph_lockout lockout;

    PH_TRY(read_lock(ctx, attempt, &lockout));
    return is_locked(ctx, &lockout) ? locked() : PH_OK;
}

struct ph_err ph_lockout_judge(struct ph_ctx *ctx, struct ph_attempt *attempt, bool right,
                               struct ph_err refusal)
{
    bool was_locked = false;
    struct ph_lockout lockout;

    if (right && attempt->exists) {
        /* Again: of many guesses at once, the right one must not pass while the others lock. */
        PH_TRY(read_lock(ctx, attempt, &lockout));
        attempt->never_failed = lockout.failures == 0;
        return is_locked(ctx, &lockout) ? locked() : PH_OK;
    }
    if (ctx->settings->lockout) {
        PH_TRY(ph_store_lockout_fail(ctx, attempt->pool->id, attempt->user->sub, ph_now_ms(ctx),
                                     &was_locked));
    }
    return was_locked ? locked() : refusal;
}

struct ph_err ph_lockout_forget(struct ph_ctx *ctx, const struct ph_attempt *attempt)
{
    struct ph_lockout lockout;

    if (attempt->never_failed) {
        return PH_OK;
    }
    PH_TRY(read_lock(ctx, attempt, &lockout));
    return lockout.failures == 0
               ? PH_OK
               : ph_store_lockout_clear(ctx, attempt->pool->id, attempt->user->sub);
}
