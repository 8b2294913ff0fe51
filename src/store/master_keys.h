/* The keys of master.h in memory. Included only inside store/. */
#ifndef PH_STORE_MASTER_KEYS_H
#define PH_STORE_MASTER_KEYS_H

#include "crypto/hash.h"
#include "store/driver/driver.h"

#include <pthread.h>

struct ph_ctx;
struct ph_place;
struct ph_tx;

/* What follows from a master key. */
struct ph_master_key {
    struct ph_key wrapping;
    struct ph_key link;     /* opens the other's wrapping key */
    struct ph_digest check; /* says which one it is; tells nothing of it */
};

/* Two of each while a master key is being replaced; else the second of them are zero. */
struct ph_key_pair {
    struct ph_key seals;
    struct ph_key other;
    bool two;
};

struct ph_master {
    struct ph_master_key given;    /* the store was opened with it */
    struct ph_key derived_records; /* of databases that never had another */
    pthread_mutex_t lock;          /* guards what follows */
    struct ph_key_pair wrapping;
    struct ph_key_pair records;
    bool given_seals;
    int64_t epoch;
};

enum { PH_MASTER_NAME_BYTES = 8 };

void ph_master_key_derive(const struct ph_key *key, struct ph_master_key *derived);
void ph_master_key_wipe(struct ph_master_key *key);

/* Names the key in rows and to people: the beginning of its check value, in hex. */
struct ph_str ph_master_key_name(struct ph_arena *arena, const struct ph_digest *check);

void ph_master_init(struct ph_master *master, const struct ph_key *key);
void ph_master_finish(struct ph_master *master);

/*
 * Reads which keys there are; writes what a new database needs when `makes`. False when this master
 * key opens nothing here, or the engine failed (tx->verdict).
 */
PH_MUST_USE bool ph_master_load(struct ph_master *master, struct ph_tx *tx, bool makes);

/* Copies. */
void ph_master_wrapping(struct ph_master *master, struct ph_key_pair *keys);
void ph_master_records(struct ph_master *master, struct ph_key_pair *keys);
int64_t ph_master_epoch(struct ph_master *master);
bool ph_master_given_seals(
    struct ph_master *master); /* the store was opened with the key that seals */

void ph_key_pair_wipe(struct ph_key_pair *keys);

/* Opens with either. */
PH_MUST_USE bool ph_pair_open(struct ph_arena *arena, const struct ph_key_pair *keys,
                              const struct ph_place *place, struct ph_str sealed,
                              struct ph_str *plain);

/* The data keys of pools. */
struct ph_str ph_master_wrap(struct ph_ctx *ctx, const struct ph_place *place, struct ph_str plain);
PH_MUST_USE bool ph_master_unwrap(struct ph_ctx *ctx, const struct ph_place *place,
                                  struct ph_str sealed, struct ph_str *plain);

/*
 * Keeps others from replacing the master key, and from doing this, until the transaction ends.
 * False when the keys are others by now than those in memory.
 */
bool ph_master_hold(struct ph_tx *tx, struct ph_master *master);

/* What belongs to no pool. */
struct ph_str ph_record_seal(struct ph_ctx *ctx, const struct ph_place *place, struct ph_str plain);
PH_MUST_USE bool ph_record_open(struct ph_ctx *ctx, const struct ph_place *place,
                                struct ph_str sealed, struct ph_str *plain);

/* Rows of meta. An absent slice deletes. */
struct ph_str ph_meta_bytes(struct ph_tx *tx, struct ph_arena *arena, struct ph_str name);
void ph_meta_write_bytes(struct ph_tx *tx, struct ph_str name, struct ph_str bytes);

/* "master_link NAME": what the key of this name opens. */
struct ph_str ph_master_link_name(struct ph_arena *arena, const struct ph_digest *check);
struct ph_str ph_master_link_seal(struct ph_arena *arena, const struct ph_master_key *from,
                                  const struct ph_master_key *to);

/* The places of the record keys. */
struct ph_place ph_record_key_place(void);

#define PH_META_CHECK PH_STR("master_key_check")
#define PH_META_RECORDS PH_STR("record_key")
#define PH_META_OTHER_RECORDS PH_STR("record_key_other")
#define PH_META_EPOCH PH_STR("keys_epoch")

#endif
