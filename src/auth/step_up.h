/*
 * The level that a client wants a user to reach: TARGET_ACR_VALUES, MAX_AGE and ACCESS_TOKEN
 * (authentication.md 1.10), in USER_AUTH and in the flows that begin with a password. An attempt
 * that asks for no level is left alone by all of this.
 * docs/decisions/0026-levels-of-authentication.md
 */
#ifndef PH_AUTH_STEP_UP_H
#define PH_AUTH_STEP_UP_H

#include "auth/internal.h"

/*
 * Reads TARGET_ACR_VALUES and MAX_AGE of the first call into the attempt.
 * FeatureUnavailableInTierException, InvalidParameterException.
 */
PH_MUST_USE struct ph_err ph_step_up_read(struct ph_ctx *ctx, struct ph_attempt *attempt);

/*
 * Credits what ACCESS_TOKEN was given for, once it is known who signs in. NotAuthorizedException
 * for one of somebody else or of another client.
 */
PH_MUST_USE struct ph_err ph_step_up_credit(struct ph_ctx *ctx, struct ph_attempt *attempt);

/*
 * Of these first factors (enum ph_factor bits) those that lead to the target, which is the first
 * in the list that any leads to. InvalidParameterException when none does, or when the token that
 * was credited has that level.
 */
PH_MUST_USE struct ph_err ph_step_up_aim(struct ph_ctx *ctx, struct ph_attempt *attempt,
                                         unsigned *factors);

/* Both for the flows whose first factor is a password, whatever else the user could choose. */
PH_MUST_USE struct ph_err ph_step_up_aim_by_password(struct ph_ctx *ctx,
                                                     struct ph_attempt *attempt);

/* True when what is credited stands for the first factor: only a second one is asked for. */
bool ph_step_up_goes_on(const struct ph_attempt *attempt);

/* With every step after the first factor: InvalidParameterException when no target is in reach. */
PH_MUST_USE struct ph_err ph_step_up_settle(struct ph_attempt *attempt);

/* Second factors (enum ph_mfa_factor bits) one of which the target wants; 0: it wants none. */
unsigned ph_step_up_wants(const struct ph_attempt *attempt);

/* The name of the level that was reached; absent when the client asked for none. */
struct ph_str ph_step_up_reached(const struct ph_attempt *attempt);

#endif
