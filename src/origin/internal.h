/* What the files of origin/ share: one call of a service, and what is remembered of refresh tokens.
 */
#ifndef PH_ORIGIN_INTERNAL_H
#define PH_ORIGIN_INTERNAL_H

#include "crypto/hash.h"
#include "fetch/bulkhead.h"
#include "origin/origin.h"
#include "util/json.h"

#include <pthread.h>
#include <stdatomic.h>

/* A service that was asked, for as long as the server runs. */
struct ph_origin_place {
    struct ph_origin_place *next;
    char *endpoint;
    struct ph_bulkhead_place state;
};

enum { PH_REFUSED_SLOTS = 4096, PH_REFRESHING_MAX = 64 };

/* A refresh token that was refused: by its digest alone. */
struct ph_refused {
    struct ph_digest digest;
    int64_t until_ns; /* 0: the slot is empty */
};

struct ph_origins {
    struct ph_origins_options options;
    struct ph_bulkhead *bulkhead;
    pthread_mutex_t lock; /* guards what follows, but for the counts */
    pthread_cond_t done;  /* some refresh */
    struct ph_origin_place *places;
    struct ph_refused refused[PH_REFUSED_SLOTS];
    struct ph_digest refreshing[PH_REFRESHING_MAX]; /* those on their way */
    size_t refreshing_count;
    int64_t allowance;  /* thousandths of refreshes that may be asked for now */
    int64_t allowed_ns; /* when that was counted */
    int64_t counted_ns; /* when users were */
    _Atomic int64_t waiting, settled, asked, proven, refreshes, away;
};

/* ---- call.c ---- */

enum ph_origin_signed { PH_ORIGIN_PUBLIC, PH_ORIGIN_SIGNED };

struct ph_origin_answer {
    bool came;                  /* else the service is away, throttles, or too many ask */
    const struct json_t *reply; /* of 200; NULL: the service refused */
    struct ph_str error;        /* "NotAuthorizedException" */
};

/* One call of the pool's origin, by the operation's name. */
void ph_origin_call(struct ph_ctx *ctx, const struct ph_pool *pool, enum ph_origin_signed how,
                    const char *operation, const struct json_t *body,
                    struct ph_origin_answer *answer);

/* Breakers that are open. */
int64_t ph_origin_down(struct ph_origins *origins);

void ph_origin_free_places(struct ph_origin_place *places);

/* ---- refreshing.c ---- */

enum ph_refresh_turn {
    PH_REFRESH_ASK,     /* whoever asks says ph_refresh_end() */
    PH_REFRESH_REFUSED, /* it was not long ago */
    PH_REFRESH_LATER,   /* too many ask */
    PH_REFRESH_AGAIN,   /* somebody else has asked meanwhile */
};

/* Waits while somebody else asks for the same token, in a bracket. */
enum ph_refresh_turn ph_refresh_begin(struct ph_ctx *ctx, const struct ph_digest *digest);
void ph_refresh_end(struct ph_origins *origins, const struct ph_digest *digest);
void ph_refresh_refuse(struct ph_origins *origins, const struct ph_digest *digest);

#endif
