/* The second factor in a sign-in: what is due. */
#ifndef PH_AUTH_MFA_H
#define PH_AUTH_MFA_H

#include "auth/internal.h"
#include "mfa/factors.h"

/* What is still to be done about a second factor; the user may have chosen one. */
struct ph_mfa_plan ph_mfa_due(const struct ph_attempt *attempt);

/* True when this factor is the one to ask for. */
bool ph_mfa_asks_for(const struct ph_attempt *attempt, enum ph_mfa_factor factor);

#endif
