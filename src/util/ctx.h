/*
 * The context of one request: everything that a handler may reach. Nothing is global.
 *
 * What it points to is only declared here, so that carrying it opens no layer.
 */
#ifndef PH_UTIL_CTX_H
#define PH_UTIL_CTX_H

#include "util/clock.h"
#include "util/log.h"
#include "util/settings.h"

struct ph_blocking; /* util/blocking.h */

struct ph_random {
    void (*fill)(void *self, uint8_t *bytes, size_t n); /* cannot fail: ends the process instead */
    void *self;
};

enum ph_caller_kind {
    PH_CALLER_NONE,  /* public operation */
    PH_CALLER_IAM,   /* a verified (serve) or well-formed (dev) signature */
    PH_CALLER_TOKEN, /* a verified access token */
};

/* Who asks: from the signature (protocol/authenticate.c) or the access token (token/). */
struct ph_caller {
    enum ph_caller_kind kind;
    /* PH_CALLER_IAM */
    struct ph_str access_key_id;
    struct ph_str arn;
    struct ph_str region; /* of the credential scope */
    struct ph_str policy; /* of the access key, a JSON document; absent in dev */
    /* PH_CALLER_TOKEN: from the verified claims */
    struct ph_str pool_id;
    struct ph_str client_id;
    struct ph_str sub;
    struct ph_str username;
    struct ph_str origin_jti; /* absent when the client has revocation off */
    int64_t token_expires_s;
};

struct ph_ctx {
    struct ph_arena *arena;
    const struct ph_clock *clock;
    const struct ph_random *random;
    const struct ph_settings *settings;
    const struct ph_blocking *blocking; /* may be NULL */
    struct ph_store *store;             /* store/store.h */
    struct ph_pool_cache *pools;        /* pool/pool.h */
    struct ph_functions *functions;     /* trigger/functions.h; NULL: none are configured */
    struct ph_analytics *analytics;     /* deliver/analytics.h; NULL: no endpoint */
    struct ph_importer *importer;       /* import/worker.h; NULL: nobody imports */
    struct ph_limits *limits;           /* limits/limits.h; NULL: not enforced */
    struct ph_logs *logs;               /* deliver/logs.h; NULL: no targets */
    struct ph_origins *origins;         /* origin/origin.h; NULL: nobody is asked */
    struct ph_log log;
    struct ph_str request_id;     /* UUID */
    struct ph_str remote_address; /* numeric */
    struct ph_str user_agent;
    struct ph_str pinned_id;     /* of what a seed makes; dev: header X-Poolhouse-Pin-Id */
    struct ph_str pinned_secret; /* the same of an app client: header X-Poolhouse-Pin-Secret */
    struct ph_str list_users;    /* header X-Poolhouse-List-Users: beyond the service; or absent */
    struct ph_str pinned_sub;    /* of the user that a seed makes (seed/users.c) */
    bool without_triggers;       /* while a seed is applied: no function is called */
    struct ph_caller caller;
};

int64_t ph_now_ms(const struct ph_ctx *ctx);
int64_t ph_now_s(const struct ph_ctx *ctx);

/* n random bytes in the arena. */
struct ph_str ph_random_bytes(const struct ph_ctx *ctx, size_t n);

/* n characters drawn evenly from `alphabet` (2 to 256 characters). */
struct ph_str ph_random_text(const struct ph_ctx *ctx, size_t n, struct ph_str alphabet);

struct ph_str ph_new_uuid4(const struct ph_ctx *ctx);
struct ph_str ph_new_uuid7(const struct ph_ctx *ctx); /* carries ph_now_ms() */

/* Logs `what` as our own fault and returns InternalErrorException with a plain text. */
struct ph_err ph_internal(const struct ph_ctx *ctx, const char *what);

#endif
