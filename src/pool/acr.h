/*
 * AcrConfiguration and DcrConfiguration of pools: the names of the four levels of authentication
 * (management.md 2.10), and who may register app clients by himself.
 */
#ifndef PH_POOL_ACR_H
#define PH_POOL_ACR_H

#include "pool/pool.h"

/* names[i] is that of level i + 1: the pool's own, else urn:cognito:loa:i+1. */
void ph_acr_names(const struct json_t *configuration, struct ph_str names[PH_ACR_LEVELS]);

/* The configuration with a name for each level, as it is read back. */
struct json_t *ph_acr_effective(struct ph_arena *arena, const struct json_t *configuration);

/*
 * Level1 to Level4, and no name twice, defaults included. InvalidParameterException. NULL is fine:
 * the pool says nothing.
 */
PH_MUST_USE struct ph_err ph_acr_check(struct ph_ctx *ctx, const struct json_t *configuration);

/* DcrConfiguration as it is read back: what was left out is on, or false (NULL stays NULL). */
struct json_t *ph_dcr_effective(struct ph_arena *arena, const struct json_t *configuration);

#endif
