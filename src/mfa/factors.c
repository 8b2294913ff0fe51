#include "mfa/factors.h"

const struct ph_mfa_kind ph_mfa_kinds[PH_MFA_KIND_COUNT] = {
    { PH_MFA_SMS, PH_STR_INIT("SMS_MFA"), PH_STR_INIT("phone_number") },
    { PH_MFA_TOTP, PH_STR_INIT("SOFTWARE_TOKEN_MFA"), { NULL, 0 } },
    { PH_MFA_EMAIL, PH_STR_INIT("EMAIL_OTP"), PH_STR_INIT("email") },
};

const struct ph_mfa_kind *ph_mfa_kind_named(struct ph_str name)
{
    if (ph_str_eq(name, PH_STR("EMAIL_MFA"))) {
        name = PH_STR("EMAIL_OTP");
    }
    for (size_t i = 0; i < PH_MFA_KIND_COUNT; i++) {
        if (ph_str_eq(ph_mfa_kinds[i].name, name)) {
            return &ph_mfa_kinds[i];
        }
    }
    return NULL;
}

struct json_t *ph_mfa_names(struct ph_arena *arena, unsigned factors)
{
    struct json_t *names = ph_json_array(arena);

    for (size_t i = 0; i < PH_MFA_KIND_COUNT; i++) {
        if ((factors & (unsigned)ph_mfa_kinds[i].bit) != 0) {
            ph_json_append(arena, names, ph_json_new_str(arena, ph_mfa_kinds[i].name));
        }
    }
    return names;
}

/* A software token goes on working when the pool hands out no more of them. */
static bool is_usable(const struct ph_pool *pool, const struct ph_user *user,
                      const struct ph_mfa_kind *kind)
{
    if (kind->bit == PH_MFA_TOTP) {
        return user->has_totp;
    }
    return (pool->mfa_factors & (unsigned)kind->bit) != 0 &&
           ph_attrs_get(&user->attrs, kind->attribute).n > 0;
}

/* Where MFA is required, every factor that could be asked for counts. */
static unsigned usable_factors(const struct ph_pool *pool, const struct ph_user *user)
{
    unsigned factors = 0;

    for (size_t i = 0; i < PH_MFA_KIND_COUNT; i++) {
        if (is_usable(pool, user, &ph_mfa_kinds[i])) {
            factors |= (unsigned)ph_mfa_kinds[i].bit;
        }
    }
    return pool->mfa == PH_MFA_ON ? factors : factors & user->mfa_on;
}

unsigned ph_mfa_usable(const struct ph_pool *pool, const struct ph_user *user)
{
    return pool->mfa == PH_MFA_OFF ? 0 : usable_factors(pool, user);
}

struct ph_mfa_plan ph_mfa_plan_among(const struct ph_user *user, unsigned factors)
{
    if ((factors & user->mfa_preferred) != 0) {
        return (struct ph_mfa_plan){ PH_MFA_NEXT_ASK, user->mfa_preferred };
    }
    return (factors & (factors - 1)) == 0 ? (struct ph_mfa_plan){ PH_MFA_NEXT_ASK, factors }
                                          : (struct ph_mfa_plan){ PH_MFA_NEXT_SELECT, factors };
}

/* Who had an app at the service that the pool leaves has none here: he does not go on without. */
static bool must_enrol(const struct ph_pool *pool, const struct ph_user *user)
{
    return user->enrols && !user->has_totp && pool->mfa != PH_MFA_OFF &&
           (pool->mfa_factors & PH_MFA_TOTP) != 0;
}

struct ph_mfa_plan ph_mfa_plan(const struct ph_pool *pool, const struct ph_user *user)
{
    const unsigned factors = ph_mfa_usable(pool, user);

    if (factors != 0) {
        return ph_mfa_plan_among(user, factors);
    }
    if (must_enrol(pool, user)) {
        return (struct ph_mfa_plan){ PH_MFA_NEXT_SETUP, PH_MFA_TOTP };
    }
    return pool->mfa == PH_MFA_ON ? (struct ph_mfa_plan){ PH_MFA_NEXT_SETUP, pool->mfa_factors }
                                  : (struct ph_mfa_plan){ PH_MFA_NEXT_NONE, 0 };
}
