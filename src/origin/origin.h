/*
 * The service that a pool leaves, asked for what it alone knows: whether a password is right, who
 * a user is, whose a refresh token is (docs/leaving.md).
 *
 * Calls are bounded in time and number and have a breaker for each service (fetch/bulkhead.h): one
 * that is away costs those nothing who are here already. Nothing that is secret is logged.
 */
#ifndef PH_ORIGIN_ORIGIN_H
#define PH_ORIGIN_ORIGIN_H

#include "pool/pool.h"

struct ph_fetch;   /* fetch/fetch.h */
struct ph_origins; /* all services that pools leave, while the server runs */

struct ph_origins_options {
    struct ph_fetch *fetch;
    int64_t timeout_ms; /* of one call; there may be two for one question */
    int64_t pause_ms;
    unsigned at_once; /* calls of one service */
    unsigned share;   /* workers that may be inside */
    int64_t refreshes_per_s;
};

struct ph_origins *ph_origins_create(const struct ph_origins_options *options);
void ph_origins_destroy(struct ph_origins *origins); /* nobody asks any more; NULL is fine */

/* What there is to count, since the start but for the users, who are counted from time to time. */
struct ph_origins_count {
    int64_t waiting, settled; /* users (enum ph_user_origin) */
    int64_t asked;            /* passwords and SRP proofs */
    int64_t proven;           /* of them: right ones */
    int64_t refreshes;        /* refresh tokens that were adopted */
    int64_t away;             /* questions that were not answered */
    int64_t down;             /* services whose breaker is open */
};

struct ph_origins_count ph_origins_count(struct ph_origins *origins); /* NULL is fine */

/* Counts the users, not more often than each minute. Uses the store of ctx, and its own arena. */
void ph_origins_sweep(struct ph_origins *origins, const struct ph_ctx *ctx);

/* ---- questions ---- */

enum ph_origin_word {
    PH_ORIGIN_SAYS_YES,         /* right; `described` is set */
    PH_ORIGIN_SAYS_TEMPORARY,   /* right, and it must be changed */
    PH_ORIGIN_SAYS_FACTOR,      /* right, and a second factor is asked for */
    PH_ORIGIN_SAYS_NO,          /* wrong, unknown, disabled: it is not told which */
    PH_ORIGIN_SAYS_RESET,       /* PasswordResetRequiredException */
    PH_ORIGIN_SAYS_UNCONFIRMED, /* UserNotConfirmedException */
    PH_ORIGIN_SAYS_NOTHING,     /* away, or too many ask */
};

struct ph_origin_reply {
    enum ph_origin_word word;
    const struct json_t *described; /* of GetUser or AdminGetUser; NULL: it was not told */
    const struct json_t *claims;    /* of the access token; NULL: none was given */
    unsigned
        factors; /* FACTOR: those it asks for (enum ph_mfa_factor bits); 0: one is to be set up */
    bool asked;  /* a refresh token was brought there: ph_origin_refresh_done() is due */
};

/* The password of a name. Without an origin, or where nobody asks: NO. */
void ph_origin_ask_password(struct ph_ctx *ctx, const struct ph_pool *pool,
                            const struct ph_client *client, struct ph_str name,
                            struct ph_str password, struct ph_origin_reply *reply);

/* Who has this name: YES, or NO where nobody has it or the pool has no keys to ask with. */
void ph_origin_ask_user(struct ph_ctx *ctx, const struct ph_pool *pool, struct ph_str name,
                        struct ph_origin_reply *reply);

/* The service's half of an SRP exchange, as texts of its challenge. */
struct ph_origin_srp {
    struct ph_str user_id; /* that enters the proof */
    struct ph_str salt;
    struct ph_str srp_b;
    struct ph_str secret_block;
};

/* Brings SRP_A there. NO when it gives no such challenge, NOTHING when it does not answer. */
PH_MUST_USE enum ph_origin_word ph_origin_begin_srp(struct ph_ctx *ctx, const struct ph_pool *pool,
                                                    const struct ph_client *client,
                                                    struct ph_str name, struct ph_str srp_a,
                                                    struct ph_origin_srp *srp);

/* The client's proof, for that challenge. */
struct ph_origin_proof {
    struct ph_str user_id;
    struct ph_str secret_block;
    struct ph_str signature;
    struct ph_str timestamp;
};

/* Brings it there; the reply as of ph_origin_ask_password(). */
void ph_origin_answer_srp(struct ph_ctx *ctx, const struct ph_pool *pool,
                          const struct ph_client *client, const struct ph_origin_proof *proof,
                          struct ph_origin_reply *reply);

/* A refresh token that was given out there, as the client brought it. */
struct ph_origin_refresh {
    const struct ph_client *client;
    struct ph_str token;
    struct ph_str secret_hash;   /* REFRESH_TOKEN_AUTH: as it came; absent: none */
    struct ph_str client_secret; /* GetTokensFromRefreshToken */
    struct ph_str device_key;
    bool by_operation; /* by GetTokensFromRefreshToken */
};

/*
 * YES with claims and described; NO for one that is unknown there, too: it is not brought there
 * again for a while. Of several who bring the same one at the same time one asks; the others wait
 * for it and get NOTHING with *again set: they must look whether it is adopted by now.
 */
void ph_origin_ask_refresh(struct ph_ctx *ctx, const struct ph_pool *pool,
                           const struct ph_origin_refresh *given, struct ph_origin_reply *reply,
                           bool *again);

/*
 * RevokeToken of one that was given out there; it is not brought there again. False when the
 * service does not know it or does not answer.
 */
PH_MUST_USE bool ph_origin_revoke(struct ph_ctx *ctx, const struct ph_pool *pool,
                                  struct ph_str client_id, struct ph_str client_secret,
                                  struct ph_str token);

/* When it is known what becomes of what was asked: the others go on. NOT_KEPT: it is not
 * brought there again for a while. */
enum ph_refresh_end { PH_REFRESH_KEPT, PH_REFRESH_NOT_KEPT };
void ph_origin_refresh_done(struct ph_ctx *ctx, const struct ph_pool *pool, struct ph_str token,
                            enum ph_refresh_end end);

#endif
