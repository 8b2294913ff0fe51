/* The relying party of a pool: what is configured, else its domain (management.md 12). */
#include "model/exceptions.h"
#include "passkey/internal.h"
#include "pool/domain.h"

struct ph_err ph_passkey_party(struct ph_ctx *ctx, const struct ph_pool **pool)
{
    struct ph_pool *with;

    if ((*pool)->web_authn.relying_party.n > 0) {
        return PH_OK;
    }
    with = ph_arena_new(ctx->arena, struct ph_pool);
    *with = **pool;
    PH_TRY(ph_pool_domain_host(ctx, with, &with->web_authn.relying_party));
    *pool = with;
    return PH_OK;
}

struct ph_err ph_passkey_prefer(struct ph_ctx *ctx, const struct ph_pool *pool,
                                struct ph_user *user, bool enabled)
{
    bool exists = false;

    if (!enabled) {
        user->mfa_on &= ~(unsigned)PH_MFA_PASSKEY;
        return PH_OK;
    }
    if (!pool->web_authn.is_multi_factor) {
        return PH_FAIL(InvalidParameterException,
                       "WebAuthn MFA requires the FactorConfiguration "
                       "MULTI_FACTOR_WITH_USER_VERIFICATION of the user pool.");
    }
    if ((user->mfa_on & ~(unsigned)PH_MFA_PASSKEY) == 0) {
        return PH_FAIL(InvalidParameterException,
                       "WebAuthn MFA requires enabling an additional MFA setting.");
    }
    PH_TRY(ph_passkey_exists(ctx, pool, user, &exists));
    if (!exists) {
        return PH_FAIL(InvalidParameterException,
                       "User does not have applicable WebAuthn credentials to enable WebAuthn "
                       "MFA.");
    }
    user->mfa_on |= PH_MFA_PASSKEY;
    return PH_OK;
}
