/* The first factors that a user may sign in with (authentication.md 1.10). */
#ifndef PH_AUTH_FACTORS_H
#define PH_AUTH_FACTORS_H

#include "pool/pool.h"
#include "store/users.h"

/* *factors: enum ph_factor bits, what the pool allows and the user has. */
PH_MUST_USE struct ph_err ph_factors_of(struct ph_ctx *ctx, const struct ph_pool *pool,
                                        const struct ph_user *user, unsigned *factors);

/* What a user of this name could have, for whom nobody must tell from one. Never empty. */
unsigned ph_factors_of_nobody(const struct ph_pool *pool, struct ph_str name);

#endif
