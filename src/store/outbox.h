/*
 * Messages on their way out: written in the transaction that causes them, delivered later.
 */
#ifndef PH_STORE_OUTBOX_H
#define PH_STORE_OUTBOX_H

#include "store/store.h"

/* The numbers are stored. */
enum ph_medium {
    PH_MEDIUM_EMAIL,
    PH_MEDIUM_SMS,
    PH_MEDIUM_FUNCTION, /* a call of a custom sender, which delivers instead of us */
};

struct ph_message {
    struct ph_str id; /* UUID version 7: in order of time */
    struct ph_str pool_id;
    struct ph_str username;
    enum ph_medium medium;
    struct ph_str destination; /* address or number; of a call: the function's ARN */
    struct ph_str reason;      /* "SignUp", "ResendCode", "AdminCreateUser", ... */
    struct ph_str subject;     /* e-mail only */
    struct ph_str body;        /* sealed in the row: it holds the code; of a call: its event */
    struct ph_str code;        /* alone, for the dev outbox; sealed, too */
    int64_t created_ms;
    int64_t position; /* the store's own */
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
 * What goes to people, not the calls of functions. Newest first, in the order of their commits:
 * whoever asks again and again for what came after the newest that he knows misses none, whatever
 * the clock does. When the message `after_id` is gone (with its pool), those count as after it
 * whose ids are greater.
 */
PH_MUST_USE struct ph_err ph_store_outbox_list(struct ph_ctx *ctx,
                                               const struct ph_outbox_query *query,
                                               struct ph_message **messages, size_t *count);

/*
 * Delivery. A message waits until somebody claims it; the claim is durable before the message is
 * handed to anybody, and ends by itself after its time, so that a worker that died loses nothing.
 * A message whose claim ended without a word may have been delivered: it goes out again.
 */
enum ph_message_state {
    PH_MESSAGE_WAITING,
    PH_MESSAGE_CLAIMED,
    PH_MESSAGE_KEPT,   /* done, and to be read afterwards */
    PH_MESSAGE_FAILED, /* without its secrets, for some days */
};

struct ph_claim {
    struct ph_message message;
    int64_t number;   /* of this message's claims: 1 is the first */
    int64_t refusals; /* how often it was put off for reasons of its own */
};

struct ph_claim_wish {
    enum ph_medium medium;
    int64_t since_ms;      /* not those that were written before */
    int64_t claimed_until; /* epoch milliseconds */
};

/* The message that is due for longest; NULL: none is. Of two who ask at once one gets it. */
PH_MUST_USE struct ph_err ph_store_outbox_claim(struct ph_ctx *ctx,
                                                const struct ph_claim_wish *wish,
                                                struct ph_claim **claim);

/* What became of a claimed message; nothing happens when the claim is no longer the last one. */
PH_MUST_USE struct ph_err ph_store_outbox_put_off(struct ph_ctx *ctx, const struct ph_claim *claim,
                                                  int64_t due_ms, int64_t refusals);
PH_MUST_USE struct ph_err ph_store_outbox_delete(struct ph_ctx *ctx, const struct ph_claim *claim);
/* keep: done, and readable. fail: wipes address, subject, body and code. */
PH_MUST_USE struct ph_err ph_store_outbox_keep(struct ph_ctx *ctx, const struct ph_claim *claim);
PH_MUST_USE struct ph_err ph_store_outbox_fail(struct ph_ctx *ctx, const struct ph_claim *claim);

/*
 * For a process that delivers, as it starts: whatever is claimed waits again, unless other
 * processes may be at it.
 */
PH_MUST_USE struct ph_err ph_store_outbox_release(struct ph_ctx *ctx);

/*
 * Housekeeping, some hundred rows at most: those that wait since before `written_before` fail
 * (*failed is their number), what failed before `ended_before` is deleted, and what is due later
 * than `latest_due` (the clock was set back) is due now.
 */
struct ph_outbox_limits {
    int64_t written_before;
    int64_t ended_before;
    int64_t latest_due;
};
PH_MUST_USE struct ph_err
ph_store_outbox_sweep(struct ph_ctx *ctx, const struct ph_outbox_limits *limits, int64_t *failed);

struct ph_outbox_count {
    int64_t waiting;   /* or claimed */
    int64_t oldest_ms; /* when the first of them was written; 0: none */
};
PH_MUST_USE struct ph_err ph_store_outbox_count(struct ph_ctx *ctx, int64_t since_ms,
                                                struct ph_outbox_count *count);

#endif
