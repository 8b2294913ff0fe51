/*
 * Request rates as the API provisions them (management.md 2.9): kept for the whole installation,
 * and enforced where the operator wants it (server.rate_limits), by each server for itself.
 *
 * A category's requests are let through at its rate, with bursts of one second's worth. Answers to
 * challenges have three times the rate of UserAuthentication for themselves, and what exceeds that
 * counts there.
 */
#ifndef PH_LIMITS_LIMITS_H
#define PH_LIMITS_LIMITS_H

#include "limits/categories.h"
#include "util/ctx.h"

enum { PH_LIMIT_MAX = 1000000 }; /* far more than a machine does */

struct ph_limits;

struct ph_limits *ph_limits_create(void);
void ph_limits_destroy(struct ph_limits *limits); /* NULL is fine */

/* What is provisioned, or else the free rate. */
PH_MUST_USE struct ph_err ph_limit_get(struct ph_ctx *ctx, enum ph_category category,
                                       int64_t *value);

/* At once on this server, within a second on others. */
PH_MUST_USE struct ph_err ph_limit_set(struct ph_ctx *ctx, enum ph_category category,
                                       int64_t value);

/*
 * Counts a request: TooManyRequestsException "Rate exceeded" when there have been too many. With
 * ctx->limits NULL nothing is counted.
 */
PH_MUST_USE struct ph_err ph_limits_take(struct ph_ctx *ctx, enum ph_op op);

#endif
