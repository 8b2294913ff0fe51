/* The claims of ID and access tokens (authentication.md 3.2 and 3.3). */
#ifndef PH_TOKEN_CLAIMS_H
#define PH_TOKEN_CLAIMS_H

#include "token/groups.h"

/* Both in ctx->arena, members in the order of the service's own tokens. */
struct json_t *ph_claims_id(struct ph_ctx *ctx, const struct ph_auth_granted *granted,
                            const struct ph_token_groups *groups);
struct json_t *ph_claims_access(struct ph_ctx *ctx, const struct ph_auth_granted *granted,
                                const struct ph_token_groups *groups);

#endif
