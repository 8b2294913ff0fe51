/* What verifiers fetch: JWKS (RFC 7517) and OpenID Connect Discovery 1.0. */
#ifndef PH_TOKEN_DISCOVERY_H
#define PH_TOKEN_DISCOVERY_H

#include "util/ctx.h"

/* ResourceNotFoundException when there is no such pool. */
PH_MUST_USE struct ph_err ph_token_jwks(struct ph_ctx *ctx, struct ph_str pool_id,
                                        struct ph_str *json);
PH_MUST_USE struct ph_err ph_token_openid_configuration(struct ph_ctx *ctx, struct ph_str pool_id,
                                                        struct ph_str *json);

#endif
