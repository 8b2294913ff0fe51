/*
 * Keys for purposes: derived from the data key of a pool, one for each thing that clients hold or
 * that is compared. When the data key is replaced what they have made is not made anew; so the keys
 * themselves are kept for as long as something of theirs can be good
 * (docs/decisions/0034-data-keys.md).
 */
#ifndef PH_POOL_PURPOSES_H
#define PH_POOL_PURPOSES_H

#include "pool/pool.h"

/* Of all purposes the keys that open, as the record of the pool has them; in the arena. */
const struct ph_purpose_keys *ph_purposes_read(struct ph_arena *arena,
                                               const struct ph_pool_record *record);

/*
 * What ph_pool_keys.kept becomes when the data key of the record, in the state ANNOUNCED, is
 * replaced: the keys of before, those of the key that goes, and none whose time is over.
 */
struct ph_str ph_purposes_keep(struct ph_arena *arena, const struct ph_pool_record *record,
                               int64_t now_ms);

/* Of those that are kept the ones that stay for ever: what else the old keys have made is void. */
struct ph_str ph_purposes_end(struct ph_arena *arena, const struct ph_pool_record *record);

#endif
