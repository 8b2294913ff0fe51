#include "move/sum.h"

#include <string.h>

enum { NUMBER_BYTES = 8 };

static void put_number(uint8_t bytes[NUMBER_BYTES], uint64_t n)
{
    for (int i = 0; i < NUMBER_BYTES; i++) {
        bytes[i] = (uint8_t)(n >> (8 * i));
    }
}

/* Absent, or a kind with a number (the value, or the length of what follows). */
struct head {
    uint8_t bytes[1 + NUMBER_BYTES];
};

static struct head head_of(const struct ph_column *column, const struct ph_db_value *value)
{
    struct head head = { { 0 } };

    if (column->type == PH_COLUMN_INT) {
        head.bytes[0] = 1;
        put_number(head.bytes + 1, (uint64_t)value->n);
    } else if (value->s.p != NULL) {
        head.bytes[0] = 2;
        put_number(head.bytes + 1, ph_column_is_resealed(column) ? 0 : value->s.n);
    }
    return head;
}

static void digest_row(const struct ph_table *table, const struct ph_db_value *row,
                       struct ph_digest *out)
{
    struct head heads[PH_ROW_MAX];
    struct ph_str parts[2 * PH_ROW_MAX];
    size_t count = 0;

    for (size_t i = 0; i < table->column_count; i++) {
        const struct ph_column *column = &table->columns[i];

        heads[i] = head_of(column, &row[i]);
        parts[count++] = (struct ph_str){ heads[i].bytes, sizeof heads[i].bytes };
        if (column->type != PH_COLUMN_INT && !ph_column_is_resealed(column)) {
            parts[count++] = row[i].s;
        }
    }
    ph_sha256(parts, count, out);
}

void ph_sum_add(struct ph_sum *sum, const struct ph_rows *rows)
{
    struct ph_digest digest;

    for (size_t row = 0; row < rows->count; row++) {
        unsigned carry = 0;

        digest_row(rows->table, ph_rows_at(rows, row), &digest);
        for (size_t i = 0; i < sizeof sum->bytes; i++) {
            carry += (unsigned)sum->bytes[i] + digest.bytes[i];
            sum->bytes[i] = (uint8_t)carry;
            carry >>= 8;
        }
        sum->count++;
    }
}

bool ph_sum_eq(const struct ph_sum *a, const struct ph_sum *b)
{
    return a->count == b->count && memcmp(a->bytes, b->bytes, sizeof a->bytes) == 0;
}

struct ph_err ph_sum_table(struct ph_snapshot *snapshot, const struct ph_table *table,
                           struct ph_sum *sum)
{
    struct ph_walk walk = ph_walk_begin(snapshot, table, NULL);
    struct ph_err err;

    *sum = (struct ph_sum){ 0 };
    while ((err = ph_walk_next(&walk)).type == NULL && walk.rows.count > 0) {
        ph_sum_add(sum, &walk.rows);
    }
    ph_walk_end(&walk);
    return err;
}
