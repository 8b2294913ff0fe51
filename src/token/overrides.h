/* What PreTokenGeneration changes in the claims of tokens (authentication.md 5.4). */
#ifndef PH_TOKEN_OVERRIDES_H
#define PH_TOKEN_OVERRIDES_H

#include "token/token.h"

/*
 * Applies the response of the pool's version to both sets of claims; NULL changes nothing.
 * Attempts at claims that are ours alone are ignored. InvalidLambdaResponseException for scopes
 * that are none.
 */
PH_MUST_USE struct ph_err ph_overrides_apply(struct ph_ctx *ctx,
                                             const struct ph_auth_granted *granted,
                                             const struct json_t *response, struct json_t *id,
                                             struct json_t *access);

/* The same for the access token of a machine, which is in no group: the third version's response.
 */
PH_MUST_USE struct ph_err ph_overrides_apply_machine(struct ph_ctx *ctx,
                                                     const struct ph_client *client,
                                                     const struct json_t *response,
                                                     struct json_t *access);

#endif
