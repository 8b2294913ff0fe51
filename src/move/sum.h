/*
 * What a set of rows is, in 32 bytes: the sum, modulo 2^256, of the SHA-256 of each. The order does
 * not count, which engines do not agree on. Against accidents; not against who may choose rows.
 *
 * Of what is sealed by a key of the master key only whether it is there counts: it is sealed anew
 * on its way to another installation.
 */
#ifndef PH_MOVE_SUM_H
#define PH_MOVE_SUM_H

#include "store/moving.h"

struct ph_sum {
    int64_t count;
    uint8_t bytes[PH_SHA256_BYTES]; /* the least significant one first */
};

void ph_sum_add(struct ph_sum *sum, const struct ph_rows *rows);

bool ph_sum_eq(const struct ph_sum *a, const struct ph_sum *b);

/* Of all rows of a table. */
PH_MUST_USE struct ph_err ph_sum_table(struct ph_snapshot *snapshot, const struct ph_table *table,
                                       struct ph_sum *sum);

#endif
