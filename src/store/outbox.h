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

/* Newest first, those after (newer than) `after_id` only; absent: all. */
PH_MUST_USE struct ph_err ph_store_outbox_list(struct ph_ctx *ctx, struct ph_str after_id,
                                               size_t limit, struct ph_message **messages,
                                               size_t *count);

#endif
