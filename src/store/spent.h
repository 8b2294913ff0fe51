/*
 * The nonces that were spent, in memory: decides who is first. Included only inside store/.
 */
#ifndef PH_STORE_SPENT_H
#define PH_STORE_SPENT_H

#include "crypto/hash.h"

struct ph_spent_set;

struct ph_spent_set *ph_spent_set_create(void);
void ph_spent_set_destroy(struct ph_spent_set *set); /* NULL is fine */

/* True for the first caller with this digest. Digests that expired before now_ms are forgotten. */
bool ph_spent_set_add(struct ph_spent_set *set, const struct ph_digest *digest, int64_t expires_ms,
                      int64_t now_ms);

/* Forgets all. */
void ph_spent_set_clear(struct ph_spent_set *set);

/* Adds what the rows say; a failure is the transaction's. */
struct ph_tx;
void ph_spent_load(struct ph_tx *tx, struct ph_spent_set *set);

/* True when the digest was added before. */
bool ph_spent_set_has(struct ph_spent_set *set, const struct ph_digest *digest);

#endif
