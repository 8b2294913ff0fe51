/*
 * Tokens of a sign-in: ID and access tokens (RS256), the sealed refresh token, revocation.
 * authentication.md section 3.
 */
#ifndef PH_TOKEN_TOKEN_H
#define PH_TOKEN_TOKEN_H

#include "pool/pool.h"
#include "store/users.h"

/* The right to tokens: made only by the last stage of a sign-in or by a checked refresh token. */
struct ph_auth_granted {
    const struct ph_pool *pool;
    const struct ph_client *client;
    const struct ph_user *user;
    struct ph_str family;                 /* origin_jti: UUID version 7 made at sign-in */
    struct ph_str device_key;             /* absent: the sign-in has no device */
    struct ph_str event_id;               /* UUID */
    int64_t auth_time_ms;                 /* of the sign-in; survives refresh */
    int64_t issued_ms;                    /* now, once for both tokens: their times are one */
    struct ph_str acr;                    /* the level reached; absent: no client asked */
    unsigned methods;                     /* beside it, enum ph_method bits */
    struct ph_str trigger_source;         /* "TokenGeneration_Authentication", ... */
    const struct json_t *client_metadata; /* for the trigger; NULL: none */
};

struct ph_tokens {
    struct ph_str id_token;
    struct ph_str access_token;
    struct ph_str refresh_token; /* absent when none is given */
    int64_t expires_in_s;        /* of the access token */
};

/* ID and access token; tokens->refresh_token stays absent. */
PH_MUST_USE struct ph_err ph_tokens_issue(struct ph_ctx *ctx, const struct ph_auth_granted *granted,
                                          struct ph_tokens *tokens);

#endif
