/*
 * Sign-in as a state machine: flows enter it, stages follow each other, tokens end it.
 *
 * A call begins an attempt (InitiateAuth, AdminInitiateAuth) or continues one by answering a
 * challenge (the two Respond operations). The state between two calls is the sealed Session, or
 * SECRET_BLOCK during SRP: nothing is kept in memory. authentication.md section 1.
 */
#ifndef PH_AUTH_SIGN_IN_H
#define PH_AUTH_SIGN_IN_H

#include "model/io.h"
#include "pool/pool.h"
#include "token/token.h"

/* What came in, read by the operation's handler. */
struct ph_sign_in_request {
    const struct ph_pool *pool;
    const struct ph_client *client;
    bool admin;           /* by a signed operation */
    struct ph_in answers; /* AuthParameters or ChallengeResponses: a string map */
    struct ph_str session;
    const struct json_t *client_metadata; /* for triggers; NULL: none */
    const struct json_t *validation_data; /* what was metadata in the first call; set by auth/ */
    const struct ph_in *input; /* all of it: its metadata and context go into the event */
};

/* How a call ends when it does not fail: the next challenge, or tokens. */
struct ph_decision {
    const char *challenge;          /* ChallengeName; NULL: signed in */
    struct json_t *parameters;      /* ChallengeParameters; NULL: none */
    struct ph_str session;          /* absent: the challenge carries its state itself */
    struct json_t *available;       /* AvailableChallenges, an array; NULL: none */
    struct ph_tokens tokens;        /* without a challenge */
    struct ph_str new_device_key;   /* with tokens: a device that may be confirmed; absent: none */
    struct ph_str device_group_key; /* beside it */
};

struct ph_flow;

/* The AuthFlow; InvalidParameterException when it is not for this kind of operation. */
PH_MUST_USE struct ph_err ph_flow_find(struct ph_str name, bool admin, const struct ph_flow **flow);

/* Begins an attempt. Errors of authentication.md 1.1, 1.2 and 1.4. */
PH_MUST_USE struct ph_err ph_sign_in_begin(struct ph_ctx *ctx, const struct ph_flow *flow,
                                           const struct ph_sign_in_request *request,
                                           struct ph_decision *decision);

/* Continues one with the answer to `challenge`. Errors of authentication.md 1.5 to 1.8. */
PH_MUST_USE struct ph_err ph_sign_in_continue(struct ph_ctx *ctx, struct ph_str challenge,
                                              const struct ph_sign_in_request *request,
                                              struct ph_decision *decision);

/*
 * AssociateSoftwareToken and VerifySoftwareToken with the Session of MFA_SETUP; each gives the next
 * one. Errors of mfa/software_token.h, and of Sessions (authentication.md 1.5).
 */
PH_MUST_USE struct ph_err ph_setup_associate(struct ph_ctx *ctx, struct ph_str session,
                                             struct ph_str *secret_code,
                                             struct ph_str *next_session);
PH_MUST_USE struct ph_err ph_setup_verify(struct ph_ctx *ctx, struct ph_str session,
                                          struct ph_str code, struct ph_str device_name,
                                          struct ph_str *next_session);

/* What GetTokensFromRefreshToken takes. */
struct ph_refresh_request {
    const struct ph_pool *pool;
    const struct ph_client *client;
    struct ph_str refresh_token;
    struct ph_str client_secret; /* plain */
    struct ph_str device_key;
    const struct json_t *client_metadata;
};

struct ph_refresh_token;

/* The token of ours that stands for one of the service that the pool leaves, once it was used here.
 */
PH_MUST_USE struct ph_err ph_refresh_adopted(struct ph_ctx *ctx, const struct ph_pool *pool,
                                             struct ph_str text, struct ph_refresh_token *token,
                                             bool *adopted);

/*
 * New tokens for a refresh token; tokens->refresh_token is the next one when the client rotates
 * them (authentication.md 1.11). RefreshTokenReuseException for one that was used before.
 */
PH_MUST_USE struct ph_err ph_refresh_exchange(struct ph_ctx *ctx,
                                              const struct ph_refresh_request *request,
                                              struct ph_tokens *tokens);

#endif
