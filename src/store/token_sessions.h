/*
 * Sessions of users, in pools that track them: one for each sign-in whose tokens are still good.
 * A session is a token family (store/sign_in.h) with what is known of its sign-in beside it.
 */
#ifndef PH_STORE_TOKEN_SESSIONS_H
#define PH_STORE_TOKEN_SESSIONS_H

#include "store/store.h"

struct ph_token_session {
    struct ph_str id;
    struct ph_str sub;
    struct ph_str family;
    struct ph_str client_id;
    struct ph_str device_type; /* of the last activity, as the address */
    struct ph_str address;
    int64_t created_ms; /* of the sign-in, as its family carries it */
    int64_t active_ms;  /* the last refresh; at first the sign-in */
    int64_t expires_ms; /* of the refresh token */
};

/*
 * Adds a session, durably, and before that ends those of the user that were not used for the
 * longest time, until he has `most` with this one. Nothing happens when the user is gone.
 */
PH_MUST_USE struct ph_err ph_store_token_session_begin(struct ph_ctx *ctx, struct ph_str pool_id,
                                                       const struct ph_token_session *session,
                                                       int64_t most);

/*
 * device_type, address and active_ms of the family's session, if there is one; with the next
 * commit, unawaited.
 */
void ph_store_token_session_touch(struct ph_ctx *ctx, struct ph_str pool_id,
                                  const struct ph_token_session *session);

/*
 * Those that are good at now_ms, newest sign-in first, at most limit: neither expired nor signed
 * out, of clients that exist.
 */
PH_MUST_USE struct ph_err ph_store_token_session_list(struct ph_ctx *ctx, struct ph_str pool_id,
                                                      struct ph_str sub, int64_t now_ms,
                                                      size_t limit,
                                                      struct ph_token_session **sessions,
                                                      size_t *count);

/* One of them; *session is NULL when there is none. ph_store_family_revoke() ends it. */
PH_MUST_USE struct ph_err ph_store_token_session_find(struct ph_ctx *ctx, struct ph_str pool_id,
                                                      struct ph_str sub, struct ph_str id,
                                                      int64_t now_ms,
                                                      struct ph_token_session **session);

#endif
