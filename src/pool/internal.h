/* What the files of pool/ share: counted snapshots and how they are decoded. */
#ifndef PH_POOL_INTERNAL_H
#define PH_POOL_INTERNAL_H

#include "pool/pool.h"

#include <stdatomic.h>

/* A snapshot owns its arena; it is freed when the last reference goes. Immutable once shared. */
struct ph_snapshot {
    struct ph_arena arena;
    atomic_size_t references;
    atomic_size_t *alive; /* counts those of its time (cache.c); NULL: nobody counts */
    struct ph_str id;
    int64_t revision;
    union {
        struct ph_pool pool;
        struct ph_client client;
    };
    struct ph_rsa_key **loaded; /* signing keys to free; in the arena */
    size_t loaded_count;
};

/* A snapshot with one reference, which the caller holds. alive: a count that it is part of, or
 * NULL. */
struct ph_snapshot *ph_snapshot_create(atomic_size_t *alive);

/* The signature is that of an arena's cleanup. NULL is fine. */
void ph_snapshot_release(void *snapshot);

/* What of a pool does not stand in its record; absent documents: there is none. */
struct ph_pool_documents {
    const struct ph_signing_key_record *keys;
    size_t key_count;
    struct ph_str log_delivery;
    struct ph_str origin;
};

/* Decode into a fresh snapshot. Broken settings are logged: InternalErrorException. */
PH_MUST_USE struct ph_err ph_snapshot_pool(struct ph_ctx *ctx, const struct ph_pool_record *record,
                                           const struct ph_pool_documents *documents,
                                           struct ph_snapshot *snapshot);
PH_MUST_USE struct ph_err ph_snapshot_client(struct ph_ctx *ctx,
                                             const struct ph_client_record *record,
                                             struct ph_snapshot *snapshot);

/* ExplicitAuthFlows as bits of enum ph_flow_switch; absent or empty: the defaults. */
unsigned ph_client_flows(const struct json_t *names);

#endif
