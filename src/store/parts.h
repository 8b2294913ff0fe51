/*
 * Parts of a pool that are kept as documents: resource servers, identity providers, domains, styles
 * and terms. The documents are sealed, because those of providers carry secrets. A part of a client
 * goes with it.
 */
#ifndef PH_STORE_PARTS_H
#define PH_STORE_PARTS_H

#include "store/store.h"
#include "util/json.h"

/* The numbers are stored. */
enum ph_part_kind {
    PH_PART_RESOURCE_SERVER = 1, /* name: its identifier */
    PH_PART_PROVIDER = 2,        /* claims its IdpIdentifiers, in its pool */
    PH_PART_DOMAIN = 3,          /* name: the member of the pool; claims the domain everywhere */
    PH_PART_STYLE = 4,           /* name: its id; claims its client */
    PH_PART_TERMS = 5,           /* name: its id; claims client and kind */
};

struct ph_part {
    enum ph_part_kind kind;
    struct ph_str name;
    struct ph_str client_id; /* absent: of no client; never changes */
    const struct json_t *document;
    const struct ph_str *claims; /* what may be in use once only; written, not read */
    size_t claim_count;
    int64_t created_ms;
    int64_t modified_ms;
    int64_t revision;
};

/* TAKEN: the name exists. CLAIMED: a claim is another part's. GONE: no such pool, client or part.
 */
enum ph_part_write {
    PH_PART_DONE,
    PH_PART_TAKEN,
    PH_PART_CLAIMED,
    PH_PART_CONFLICT, /* changed since it was read */
    PH_PART_FULL,
    PH_PART_GONE,
};

/* most: how many of its kind the pool may have. */
PH_MUST_USE struct ph_err ph_store_part_insert(struct ph_ctx *ctx, const struct ph_pool_ref *pool,
                                               const struct ph_part *part, int64_t most,
                                               enum ph_part_write *result);

/* *part is NULL when there is none. */
PH_MUST_USE struct ph_err ph_store_part_find(struct ph_ctx *ctx, const struct ph_pool_ref *pool,
                                             enum ph_part_kind kind, struct ph_str name,
                                             struct ph_part **part);

/* Who has the claim: absent names when nobody. pool_id is absent for a claim everywhere. */
PH_MUST_USE struct ph_err ph_store_part_owner(struct ph_ctx *ctx, struct ph_str pool_id,
                                              enum ph_part_kind kind, struct ph_str claim,
                                              struct ph_str *owner_pool_id, struct ph_str *name);

/* Document, claims and modified_ms; part->revision is the one read. */
PH_MUST_USE struct ph_err ph_store_part_update(struct ph_ctx *ctx, const struct ph_pool_ref *pool,
                                               const struct ph_part *part,
                                               enum ph_part_write *result);
PH_MUST_USE struct ph_err ph_store_part_delete(struct ph_ctx *ctx, const struct ph_pool_ref *pool,
                                               enum ph_part_kind kind, struct ph_str name,
                                               enum ph_part_write *result);

/* Parts after `after` (a name; absent: from the start) in order of their names. */
PH_MUST_USE struct ph_err ph_store_part_list(struct ph_ctx *ctx, const struct ph_pool_ref *pool,
                                             enum ph_part_kind kind, struct ph_str after,
                                             size_t limit, struct ph_part **parts, size_t *count);

#endif
