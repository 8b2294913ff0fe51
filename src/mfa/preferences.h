/* What users want of MFA: SetUserMFAPreference and SetUserSettings (authentication.md 4.2). */
#ifndef PH_MFA_PREFERENCES_H
#define PH_MFA_PREFERENCES_H

#include "mfa/factors.h"
#include "util/ctx.h"

/* About one factor; what was not said stays as it is. */
struct ph_mfa_wish {
    bool says_enabled, enabled;
    bool says_preferred, preferred;
};

/*
 * Changes user->mfa_on and ->mfa_preferred; wishes in the order of ph_mfa_kinds. Nothing is stored.
 * InvalidParameterException for what the pool or the user has not.
 */
PH_MUST_USE struct ph_err ph_mfa_prefer(struct ph_ctx *ctx, const struct ph_pool *pool,
                                        struct ph_user *user,
                                        const struct ph_mfa_wish wishes[PH_MFA_KIND_COUNT]);

#endif
