/* What sign-in keeps: failures, spent nonces, token families, events. */
#ifndef PH_STORE_SIGN_IN_H
#define PH_STORE_SIGN_IN_H

#include "store/store.h"

/*
 * Lockout (authentication.md 7). `key` names whom the guesses are for: a user's sub, or a MAC of
 * the typed name for users who do not exist.
 */
struct ph_lockout {
    int64_t failures;
    int64_t locked_until_ms; /* 0: not locked */
};

/* Zeroed when there were no failures within the window. */
PH_MUST_USE struct ph_err ph_store_lockout_find(struct ph_ctx *ctx, struct ph_str pool_id,
                                                struct ph_str key, struct ph_lockout *lockout);

/*
 * Counts one failure and sets the lock, durably, before the caller answers. One conditional
 * statement: when the key is locked at now_ms nothing is counted and *was_locked is true, so that
 * of parallel guesses only as many are answered as the formula allows.
 */
PH_MUST_USE struct ph_err ph_store_lockout_fail(struct ph_ctx *ctx, struct ph_str pool_id,
                                                struct ph_str key, int64_t now_ms,
                                                bool *was_locked);
PH_MUST_USE struct ph_err ph_store_lockout_clear(struct ph_ctx *ctx, struct ph_str pool_id,
                                                 struct ph_str key);

/*
 * Counts one try of what is allowed some times an hour ("ResendCode" and a sub, ...). *count has
 * this one included; an hour after the first try it begins anew.
 */
PH_MUST_USE struct ph_err ph_store_attempt_count(struct ph_ctx *ctx, struct ph_str pool_id,
                                                 struct ph_str subject, int64_t *count);

/*
 * Spends a nonce once. *first is true for exactly one caller. On an engine of one process the
 * winner is decided in memory and the row follows with the next commit, unawaited: a sign-in
 * waits for no disk.
 */
PH_MUST_USE struct ph_err ph_store_spend(struct ph_ctx *ctx, struct ph_str nonce,
                                         int64_t expires_ms, bool *first);

/* Whether somebody spent it before: to say so early. Only ph_store_spend() decides who is first. */
PH_MUST_USE struct ph_err ph_store_is_spent(struct ph_ctx *ctx, struct ph_str nonce, bool *spent);

/*
 * Token families: all tokens of one sign-in (origin_jti). There is no row until something
 * happens to a family: no row means generation 0, not revoked.
 */
struct ph_family {
    struct ph_str id; /* origin_jti, UUID version 7 */
    int64_t generation;
    int64_t rotated_ms; /* when generation was reached */
    bool revoked;
};

PH_MUST_USE struct ph_err ph_store_family_find(struct ph_ctx *ctx, struct ph_str pool_id,
                                               struct ph_str id, struct ph_family *family);

/*
 * All that was given out for the sign-in is over, also its session (store/token_sessions.h).
 * expires_ms: of its refresh token; access tokens may live a day longer.
 */
PH_MUST_USE struct ph_err ph_store_family_revoke(struct ph_ctx *ctx, struct ph_str pool_id,
                                                 struct ph_str id, int64_t expires_ms);

/*
 * Moves generation from `from` to from + 1 (compare and swap). *moved false: it was not at `from`
 * any more; *family is the state after, either way.
 */
PH_MUST_USE struct ph_err ph_store_family_rotate(struct ph_ctx *ctx, struct ph_str pool_id,
                                                 struct ph_str id, int64_t from, int64_t now_ms,
                                                 int64_t expires_ms, bool *moved,
                                                 struct ph_family *family);

/*
 * One sign-in, sign-up or password event, written with the next commit, unawaited. Append-only,
 * but for an attempt that was InProgress: its later event (of the same id) says how it ended.
 */
struct ph_auth_event {
    struct ph_str id; /* event_id of the tokens */
    struct ph_str pool_id;
    struct ph_str sub; /* absent: unknown user */
    struct ph_str client_id;
    struct ph_str type;     /* SignIn, SignUp, PasswordChange, ResendCode, ForgotPassword */
    struct ph_str response; /* Pass, Fail, InProgress */
    struct ph_str detail;   /* JSON: challenges, context data, analytics endpoint, addresses */
    int64_t at_ms;
    struct ph_str feedback;    /* Valid, Invalid; absent: nobody has said anything */
    struct ph_str feedback_by; /* Admin, User */
    int64_t feedback_ms;
};

void ph_store_event_append(struct ph_ctx *ctx, const struct ph_auth_event *event);

/* Newest first: those that come after `after` in this order, of which only at_ms and id count. */
PH_MUST_USE struct ph_err ph_store_event_list(struct ph_ctx *ctx, struct ph_str pool_id,
                                              struct ph_str sub, const struct ph_auth_event *after,
                                              size_t limit, struct ph_auth_event **events,
                                              size_t *count);

/*
 * Sets the feedback of the event of this pool, sub and id; a later one replaces it. *found is false
 * when there is no such event.
 */
PH_MUST_USE struct ph_err ph_store_event_feedback(struct ph_ctx *ctx,
                                                  const struct ph_auth_event *event, bool *found);

#endif
