/*
 * Messages on their way out: written in the transaction that causes them, delivered later.
 */
#ifndef PH_STORE_OUTBOX_H
#define PH_STORE_OUTBOX_H

#include "store/store.h"

enum ph_medium { PH_MEDIUM_EMAIL, PH_MEDIUM_SMS };

struct ph_message {
    struct ph_str id; /* UUID version 7: in order of time */
    struct ph_str pool_id;
    struct ph_str username;
    enum ph_medium medium;
    struct ph_str destination; /* address or number */
    struct ph_str reason;      /* "SignUp", "ResendCode", "AdminCreateUser", ... */
    struct ph_str subject;     /* e-mail only */
    struct ph_str body;        /* sealed in the row: it holds the code */
    struct ph_str code;        /* alone, for the dev outbox; sealed, too */
    int64_t created_ms;
};

/* Stores messages that no other write causes; they leave after the commit. */
PH_MUST_USE struct ph_err ph_store_outbox_put(struct ph_ctx *ctx, const struct ph_message *messages,
                                              size_t count);

/* Which messages; an absent slice does not filter. */
struct ph_outbox_query {
    struct ph_str after_id; /* those committed after this one */
    struct ph_str username;
    struct ph_str destination;
    size_t limit;
};

/*
 * Newest first, in the order of their commits: whoever asks again and again for what came after
 * the newest that he knows misses none, whatever the clock does. When the message `after_id` is
 * gone (with its pool), those count as after it whose ids are greater.
 */
PH_MUST_USE struct ph_err ph_store_outbox_list(struct ph_ctx *ctx,
                                               const struct ph_outbox_query *query,
                                               struct ph_message **messages, size_t *count);

#endif
