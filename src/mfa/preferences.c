#include "mfa/preferences.h"

#include "mfa/software_token.h"
#include "model/exceptions.h"

static struct ph_err invalid(const char *text)
{
    return PH_FAIL(InvalidParameterException, text);
}

static struct ph_err check_delivery(struct ph_ctx *ctx, const struct ph_user *user,
                                    const struct ph_mfa_kind *kind)
{
    if (ph_attrs_get(&user->attrs, kind->attribute).n > 0) {
        return PH_OK;
    }
    return invalid(ph_textf(ctx->arena, "User does not have delivery config set to turn on %.*s",
                            PH_FMT(kind->name)));
}

static struct ph_err check_available(struct ph_ctx *ctx, const struct ph_pool *pool,
                                     const struct ph_user *user, const struct ph_mfa_kind *kind)
{
    if ((pool->mfa_factors & (unsigned)kind->bit) == 0) {
        return invalid(
            ph_textf(ctx->arena, "%.*s is not enabled for the user pool", PH_FMT(kind->name)));
    }
    return kind->bit == PH_MFA_TOTP ? ph_software_token_check(ctx, pool, user)
                                    : check_delivery(ctx, user, kind);
}

static struct ph_err apply(struct ph_ctx *ctx, const struct ph_pool *pool,
                           const struct ph_mfa_kind *kind, const struct ph_mfa_wish *wish,
                           struct ph_user *user)
{
    const unsigned bit = (unsigned)kind->bit;
    const bool was_on = (user->mfa_on & bit) != 0;
    const bool on = wish->says_enabled ? wish->enabled : was_on;

    if (wish->preferred && !on) {
        return invalid("A factor that is not enabled cannot be preferred");
    }
    if (on && !was_on) {
        PH_TRY(check_available(ctx, pool, user, kind));
    }
    user->mfa_on = on ? user->mfa_on | bit : user->mfa_on & ~bit;
    if (user->mfa_preferred == bit && (!on || (wish->says_preferred && !wish->preferred))) {
        user->mfa_preferred = 0;
    }
    return PH_OK;
}

static struct ph_err prefer(const struct ph_mfa_wish *wishes, struct ph_user *user)
{
    unsigned preferred = 0;

    for (size_t i = 0; i < PH_MFA_KIND_COUNT; i++) {
        if (wishes[i].preferred && preferred != 0) {
            return invalid("Only one MFA method can be preferred");
        }
        preferred |= wishes[i].preferred ? (unsigned)ph_mfa_kinds[i].bit : 0U;
    }
    if (preferred != 0) {
        user->mfa_preferred = preferred;
    }
    return PH_OK;
}

struct ph_err ph_mfa_prefer(struct ph_ctx *ctx, const struct ph_pool *pool, struct ph_user *user,
                            const struct ph_mfa_wish wishes[PH_MFA_KIND_COUNT])
{
    for (size_t i = 0; i < PH_MFA_KIND_COUNT; i++) {
        PH_TRY(apply(ctx, pool, &ph_mfa_kinds[i], &wishes[i], user));
    }
    if ((user->mfa_on & ~(unsigned)PH_MFA_PASSKEY) == 0) {
        user->mfa_on = 0; /* a passkey does not stand alone */
    }
    return prefer(wishes, user);
}
