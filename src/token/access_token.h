/* Access tokens as credentials for our own operations (authentication.md 3.6). */
#ifndef PH_TOKEN_ACCESS_TOKEN_H
#define PH_TOKEN_ACCESS_TOKEN_H

#include "util/ctx.h"
#include "util/json.h"

/*
 * Verifies signature, issuer, use, expiry, scope and revocation and fills ctx->caller.
 * NotAuthorizedException with the texts of PH_MSG_TOKEN_*; UserNotFoundException for a deleted
 * user, NotAuthorizedException "User is disabled." for a disabled one.
 */
PH_MUST_USE struct ph_err ph_access_token_verify(struct ph_ctx *ctx, struct ph_str token);

/* The same for a token that comes beside other credentials: ctx->caller stays who it is. */
PH_MUST_USE struct ph_err ph_access_token_check(struct ph_ctx *ctx, struct ph_str token,
                                                const struct json_t **claims);

#endif
