#include "mfa/software_token.h"

#include "crypto/secret.h"
#include "crypto/totp.h"
#include "model/exceptions.h"
#include "util/encode.h"

/* As many as the service's: 52 characters. RFC 4226, 4 asks for 20 at least. */
enum { SECRET_BYTES = 32 };

#define NOT_SET_UP "User has not set up software token mfa"

static struct ph_err check_pool(const struct ph_pool *pool)
{
    return (pool->mfa_factors & PH_MFA_TOTP) != 0
               ? PH_OK
               : PH_FAIL(SoftwareTokenMFANotFoundException,
                         "Software Token MFA has not been enabled by the userPool");
}

struct ph_err ph_software_token_associate(struct ph_ctx *ctx, const struct ph_pool *pool,
                                          const struct ph_user *user, struct ph_str *secret_code)
{
    const struct ph_str secret = ph_random_bytes(ctx, SECRET_BYTES);

    PH_TRY(check_pool(pool));
    PH_TRY(ph_store_totp_associate(ctx, &pool->ref, user->sub, secret));
    *secret_code = ph_base32(ctx->arena, secret);
    return PH_OK;
}

/* All steps are tried, so that the time tells nothing. */
static size_t match(struct ph_ctx *ctx, struct ph_str secret, struct ph_str code,
                    int64_t steps[PH_TOTP_WINDOW])
{
    const int64_t now = ph_totp_step(ph_now_s(ctx));
    size_t count = 0;

    for (int64_t step = now - 1; secret.n > 0 && step <= now + 1; step++) {
        if (ph_equal_secret(ph_totp_code(ctx->arena, secret, step), code)) {
            steps[count++] = step;
        }
    }
    return count;
}

struct ph_err ph_software_token_verify(struct ph_ctx *ctx, const struct ph_pool *pool,
                                       struct ph_str code, struct ph_str device_name,
                                       struct ph_user_change *change)
{
    struct ph_totp_change *verified = ph_arena_new(ctx->arena, struct ph_totp_change);
    int64_t steps[PH_TOTP_WINDOW];

    PH_TRY(check_pool(pool));
    PH_TRY(ph_store_totp_find(ctx, &pool->ref, change->user->sub, &verified->totp));
    if (verified->totp.pending.n == 0 && verified->totp.secret.n == 0) {
        return PH_FAIL(InvalidParameterException, NOT_SET_UP);
    }
    if (match(ctx, verified->totp.pending, code, steps) == 0) {
        return PH_FAIL(EnableSoftwareTokenMFAException,
                       "Code mismatch and fail enable Software Token MFA");
    }
    verified->step = steps[0];
    verified->device_name = device_name;
    change->user->has_totp = true;
    change->user->enrols = false;
    change->totp = verified;
    return PH_OK;
}

struct ph_err ph_software_token_remove(struct ph_ctx *ctx, struct ph_user_change *change)
{
    struct ph_totp_change *removed = ph_arena_new(ctx->arena, struct ph_totp_change);
    struct ph_user *user = change->user;

    if (!user->has_totp) {
        return PH_FAIL(ResourceNotFoundException, "User does not have a software token.");
    }
    removed->remove = true;
    change->totp = removed;
    user->has_totp = false;
    user->mfa_on &= ~(unsigned)PH_MFA_TOTP;
    if (user->mfa_on == PH_MFA_PASSKEY) {
        user->mfa_on = 0; /* it does not stand alone */
    }
    user->mfa_preferred &= ~(unsigned)PH_MFA_TOTP;
    return PH_OK;
}

struct ph_err ph_software_token_check(struct ph_ctx *ctx, const struct ph_pool *pool,
                                      const struct ph_user *user)
{
    struct ph_totp totp;

    if (user->has_totp) {
        return PH_OK;
    }
    PH_TRY(ph_store_totp_find(ctx, &pool->ref, user->sub, &totp));
    return PH_FAIL(InvalidParameterException,
                   totp.pending.n > 0 ? "User has not verified software token mfa" : NOT_SET_UP);
}

struct ph_err ph_software_token_guess(struct ph_ctx *ctx, const struct ph_pool *pool,
                                      const struct ph_user *user, struct ph_str code,
                                      struct ph_totp_guess *guess)
{
    PH_TRY(ph_store_totp_find(ctx, &pool->ref, user->sub, &guess->totp));
    guess->count = match(ctx, guess->totp.secret, code, guess->steps);
    return PH_OK;
}

struct ph_err ph_software_token_use(struct ph_ctx *ctx, const struct ph_pool *pool,
                                    const struct ph_user *user, const struct ph_totp_guess *guess)
{
    for (size_t i = 0; i < guess->count; i++) {
        bool first = false;

        PH_TRY(
            ph_store_totp_use(ctx, &pool->ref, user->sub, &guess->totp, guess->steps[i], &first));
        if (first) {
            return PH_OK;
        }
    }
    return PH_FAIL(ExpiredCodeException, "Your software token has already been used once.");
}
