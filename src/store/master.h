/*
 * The keys above all others, and how they are replaced (docs/decisions/0033-master-keys.md).
 *
 * From the master key a wrapping key is derived. It seals the data key of each pool and the record
 * key, which seals what belongs to no pool. While a master key is being replaced there are two of
 * both: one seals, the other still opens, and whoever has either master key finds the other's
 * wrapping key in the database. Nothing is sealed with a key before all servers have it.
 */
#ifndef PH_STORE_MASTER_H
#define PH_STORE_MASTER_H

#include "store/store.h"

enum ph_master_result {
    PH_MASTER_DONE,
    PH_MASTER_SAME,   /* it is the key that seals already, and nothing is under way */
    PH_MASTER_BUSY,   /* another key is taking its place: that must be retired first */
    PH_MASTER_NONE,   /* nothing to retire */
    PH_MASTER_OPENED, /* retire: the store was opened with the key that is leaving */
    PH_MASTER_USED,   /* retire: a server that was started with that key still runs (logged) */
};

/* Lets all servers know the next key: they can open from now on what it will have sealed. */
PH_MUST_USE struct ph_err ph_store_master_announce(struct ph_ctx *ctx, const struct ph_key *next,
                                                   enum ph_master_result *result);

/* How many servers have not loaded the newest keys; each does within a second or two. */
PH_MUST_USE struct ph_err ph_store_master_behind(struct ph_ctx *ctx, size_t *count);

/* The announced key seals. Does nothing when it does already. */
PH_MUST_USE struct ph_err ph_store_master_switch(struct ph_ctx *ctx, const struct ph_key *next,
                                                 enum ph_master_result *result);

/* Seals anew what the other keys have sealed; *count values. May be interrupted and repeated. */
PH_MUST_USE struct ph_err ph_store_master_reseal(struct ph_ctx *ctx, size_t *count);

/* The replaced key opens nothing from now on; every server must have been started with the other.
 */
PH_MUST_USE struct ph_err ph_store_master_retire(struct ph_ctx *ctx, enum ph_master_result *result);

/* True while two keys are in use. */
PH_MUST_USE struct ph_err ph_store_master_is_leaving(struct ph_ctx *ctx, bool *leaving);

#endif
