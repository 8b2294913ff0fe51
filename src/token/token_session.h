/*
 * Sessions of users: in a pool that tracks them, each sign-in begins one, each refresh is its
 * activity, and the least recently used ones end when a user has too many. In other pools nothing
 * here does anything.
 */
#ifndef PH_TOKEN_TOKEN_SESSION_H
#define PH_TOKEN_TOKEN_SESSION_H

#include "store/token_sessions.h"
#include "token/token.h"

/*
 * The session of a sign-in, durable when this returns: who can use the tokens can be found and
 * stopped. address: where the request came from; expires_ms: of the refresh token.
 */
PH_MUST_USE struct ph_err ph_token_session_begin(struct ph_ctx *ctx,
                                                 const struct ph_auth_granted *granted,
                                                 struct ph_str address, int64_t expires_ms);

/* A refresh; nobody waits for it. */
void ph_token_session_touch(struct ph_ctx *ctx, const struct ph_auth_granted *granted,
                            struct ph_str address);

#endif
