/*
 * The state of an attempt between two calls, as sealed text that only this pool opens.
 *
 * Pure: says whether the text is ours, nothing about expiry, binding or use.
 */
#ifndef PH_AUTH_SESSION_H
#define PH_AUTH_SESSION_H

#include "crypto/srp_group.h"
#include "pool/pool.h"

/* Bits of struct ph_session.proven. */
enum ph_proof {
    PH_PROVED_PASSWORD = 1,
    PH_PROVED_NEW_PASSWORD = 2,
    PH_PROVED_MFA = 4,       /* a second factor */
    PH_PROVED_MFA_SETUP = 8, /* a software token was verified during this sign-in */
    PH_PROVED_DEVICE = 16,   /* a remembered device */
    PH_PROVED_CODE = 64,     /* one sent as the first factor */
    PH_PROVED_PASSKEY = 128,
    PH_PROVED_SIGN_UP = 256, /* signed up, and proved the address, a moment ago */
};

/* Any of them lets a sign-in go on to what comes after the first factor. */
enum {
    PH_PROVED_FIRST = PH_PROVED_PASSWORD | PH_PROVED_CODE | PH_PROVED_PASSKEY | PH_PROVED_SIGN_UP,
};

/* Which first factor a sign-in by USER_AUTH takes; numbers are in sealed texts. */
enum ph_choice {
    PH_CHOICE_NONE = 0, /* another flow */
    PH_CHOICE_OPEN = 1, /* not chosen yet */
    PH_CHOICE_PASSWORD = 2,
    PH_CHOICE_SRP = 3,
    PH_CHOICE_EMAIL = 4,
    PH_CHOICE_SMS = 5,
    PH_CHOICE_PASSKEY = 6,
};

struct ph_session {
    struct ph_str challenge; /* the one that is open */
    struct ph_str client_id;
    struct ph_str sub;           /* a decoy's for users who do not exist */
    struct ph_str name;          /* as typed in the first call */
    struct ph_str event_id;      /* UUID version 7 of the attempt */
    struct ph_str nonce;         /* spent by the answer that advances */
    struct ph_str password;      /* which password the proofs are for (ph_password_tag()) */
    struct ph_str code;          /* MAC of the code that was sent (one_time_code.h); absent: none */
    struct ph_str device_key;    /* that the client named; absent: none */
    const struct json_t *custom; /* what CUSTOM_AUTH remembers (custom.c); NULL: another flow */
    unsigned proven;             /* enum ph_proof bits */
    unsigned methods;            /* enum ph_method bits; kept where levels are asked for */
    unsigned targets;            /* those levels (step_up.c); 0: none */
    enum ph_choice choice;
    int64_t expires_ms;
};

/* URL-safe text of at most 2048 characters (names are at most 128). */
struct ph_str ph_session_seal(struct ph_ctx *ctx, const struct ph_pool *pool,
                              const struct ph_session *session);

/*
 * The pool that a Session says it belongs to, for operations that name no client. Proves nothing:
 * ph_session_open() does.
 */
PH_MUST_USE bool ph_session_pool_id(struct ph_ctx *ctx, struct ph_str text, struct ph_str *pool_id);

/* False when it is none of this pool's; *session untouched. */
PH_MUST_USE bool ph_session_open(struct ph_ctx *ctx, const struct ph_pool *pool, struct ph_str text,
                                 struct ph_session *session);

/* The half of an SRP exchange that the server must remember. Secret: b. */
struct ph_srp_state {
    struct ph_srp_number a; /* the client's public value */
    struct ph_srp_number b; /* ours */
    uint8_t secret_b[PH_SRP_EXPONENT];
};

void ph_srp_state_wipe(struct ph_srp_state *state);

/* The same with the state of SRP, in standard base64, which clients decode for their proof. */
struct ph_str ph_secret_block_seal(struct ph_ctx *ctx, const struct ph_pool *pool,
                                   const struct ph_session *session,
                                   const struct ph_srp_state *srp);

/* *bytes is the decoded block: what the proof is made over. */
PH_MUST_USE bool ph_secret_block_open(struct ph_ctx *ctx, const struct ph_pool *pool,
                                      struct ph_str text, struct ph_session *session,
                                      struct ph_srp_state *srp, struct ph_str *bytes);

#endif
