/*
 * Threat protection as far as a server without a risk engine has it: the configuration of a pool
 * or of a client, its lists of addresses, and what users say about their events
 * (authentication.md 6).
 */
#ifndef PH_RISK_RISK_H
#define PH_RISK_RISK_H

#include "pool/pool.h"
#include "store/configurations.h"

/* AdvancedSecurityMode AUDIT or ENFORCED. */
bool ph_risk_is_on(const struct ph_pool *pool);

/* The three members of a configuration; InvalidParameterException "Incorrect CIDR format". */
PH_MUST_USE struct ph_err ph_risk_check(const struct json_t *configuration);

/*
 * Whether sign-ins from this address are refused: it is in the client's BlockedIPRangeList, or in
 * the pool's when the client has no configuration of its own. False while threat protection is
 * off.
 */
PH_MUST_USE struct ph_err ph_risk_is_blocked(struct ph_ctx *ctx, const struct ph_pool *pool,
                                             struct ph_str client_id, struct ph_str address,
                                             bool *blocked);

/*
 * The FeedbackToken of one event, which stands in notifications about it: whoever has it may say
 * whether it was him.
 */
struct ph_str ph_feedback_token(struct ph_ctx *ctx, const struct ph_pool *pool, struct ph_str sub,
                                struct ph_str event_id);
bool ph_feedback_token_is_right(struct ph_ctx *ctx, const struct ph_pool *pool, struct ph_str sub,
                                struct ph_str event_id, struct ph_str token);

#endif
