/* Second factors: their names, and which of them a sign-in asks for (authentication.md 1.8). */
#ifndef PH_MFA_FACTORS_H
#define PH_MFA_FACTORS_H

#include "pool/pool.h"
#include "store/users.h"

struct ph_mfa_kind {
    enum ph_mfa_factor bit;
    struct ph_str name;      /* of the setting, the choice and the challenge */
    struct ph_str attribute; /* where its codes go; absent: nothing is sent */
};

enum { PH_MFA_KIND_COUNT = 3 };
extern const struct ph_mfa_kind ph_mfa_kinds[PH_MFA_KIND_COUNT];

/* The kind of this name, or NULL. EMAIL_MFA, as prose has it, means EMAIL_OTP. */
const struct ph_mfa_kind *ph_mfa_kind_named(struct ph_str name);

/* The names of these factors, in the order that clients know. */
struct json_t *ph_mfa_names(struct ph_arena *arena, unsigned factors);

enum ph_mfa_next {
    PH_MFA_NEXT_NONE,
    PH_MFA_NEXT_ASK,    /* for the one factor */
    PH_MFA_NEXT_SELECT, /* of several */
    PH_MFA_NEXT_SETUP,  /* one that the pool allows: the user has none */
};

struct ph_mfa_plan {
    enum ph_mfa_next next;
    unsigned factors; /* enum ph_mfa_factor bits; after SETUP maybe none */
};

/* enum ph_mfa_factor bits: what the user could be asked for where the pool knows second factors. */
unsigned ph_mfa_usable(const struct ph_pool *pool, const struct ph_user *user);

/* Which of these to ask for; there is at least one. */
struct ph_mfa_plan ph_mfa_plan_among(const struct ph_user *user, unsigned factors);

/* What follows a first factor that does not stand for both. */
struct ph_mfa_plan ph_mfa_plan(const struct ph_pool *pool, const struct ph_user *user);

#endif
