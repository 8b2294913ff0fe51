#include "auth/factors.h"

#include "passkey/passkey.h"
#include "user/contact.h"
#include "user/origin.h"

static bool is_verified(const struct ph_user *user, enum ph_contact bit)
{
    for (size_t i = 0; i < PH_CONTACT_COUNT; i++) {
        const struct ph_contact_kind *contact = &ph_contacts[i];

        if (contact->bit == bit) {
            return ph_attrs_get(&user->attrs, contact->attribute).n > 0 &&
                   ph_str_eq(ph_attrs_get(&user->attrs, contact->flag), PH_STR("true"));
        }
    }
    return false;
}

/* Nobody signs in by a code where a second factor is required: it would be the only one. */
static unsigned by_code(const struct ph_pool *pool, const struct ph_user *user)
{
    if (user->status != PH_USER_CONFIRMED || pool->mfa == PH_MFA_ON) {
        return 0;
    }
    return (is_verified(user, PH_EMAIL) ? (unsigned)PH_FACTOR_EMAIL : 0U) |
           (is_verified(user, PH_PHONE) ? (unsigned)PH_FACTOR_SMS : 0U);
}

static bool allows_passkeys(const struct ph_pool *pool, const struct ph_user *user)
{
    return (pool->first_factors & PH_FACTOR_PASSKEY) != 0 && user->status == PH_USER_CONFIRMED &&
           (pool->mfa != PH_MFA_ON || pool->web_authn.is_multi_factor);
}

struct ph_err ph_factors_of(struct ph_ctx *ctx, const struct ph_pool *pool,
                            const struct ph_user *user, unsigned *factors)
{
    unsigned found = by_code(pool, user);
    bool has_passkey = false;

    if (ph_user_has_password(user) || ph_user_waits(pool, user)) {
        found |= PH_FACTOR_PASSWORD;
    }
    if (allows_passkeys(pool, user)) {
        PH_TRY(ph_passkey_exists(ctx, pool, user, &has_passkey));
        found |= has_passkey ? (unsigned)PH_FACTOR_PASSKEY : 0U;
    }
    *factors = found & pool->first_factors;
    return PH_OK;
}

unsigned ph_factors_of_nobody(const struct ph_pool *pool, struct ph_str name)
{
    const unsigned codes = pool->mfa == PH_MFA_ON ? 0 : pool->first_factors;

    if ((codes & PH_FACTOR_SMS) != 0 && (ph_is_phone(name) || (codes & PH_FACTOR_EMAIL) == 0)) {
        return PH_FACTOR_PASSWORD | PH_FACTOR_SMS;
    }
    return PH_FACTOR_PASSWORD | (codes & PH_FACTOR_EMAIL);
}
