/* What the settings of a pool must agree on among themselves. Included only inside pool/. */
#ifndef PH_POOL_CHECKS_H
#define PH_POOL_CHECKS_H

#include "pool/pool.h"

/*
 * pool       the one that is changed; NULL: it is made
 * input      as sent
 * settings   what will be in force, before the defaults are filled in
 */
PH_MUST_USE struct ph_err ph_pool_check(struct ph_ctx *ctx, struct ph_str region,
                                        const struct ph_pool *pool, const struct json_t *input,
                                        const struct json_t *settings);

/* The same after SetUserPoolMfaConfig. */
PH_MUST_USE struct ph_err ph_pool_check_mfa(struct ph_ctx *ctx, const struct ph_pool *pool,
                                            const struct json_t *settings);

/* enum ph_mfa_factor bits: by which factors these settings let users sign in. */
unsigned ph_pool_mfa_factors(const struct json_t *settings);

/*
 * FeatureUnavailableInTierException when the pool uses what its tier does not include.
 *
 * pool       whose domains and logs count, too; NULL: it has none yet
 * policies   the Policies as sent; NULL: the defaults, which every tier includes
 */
PH_MUST_USE struct ph_err ph_pool_check_tier(struct ph_ctx *ctx, const struct ph_pool *pool,
                                             const struct json_t *policies,
                                             const struct json_t *settings);

enum { PH_POOL_TAGS_MAX = 50 };

/* InvalidParameterException for a key that is not the caller's to set. */
PH_MUST_USE struct ph_err ph_pool_check_tag_keys(const struct json_t *tags);

/* True when the array of strings has it. */
bool ph_list_has(const struct json_t *list, struct ph_str value);

#endif
