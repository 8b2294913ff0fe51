#include "move/internal.h"
#include "util/json.h"

struct copying {
    struct ph_ctx *to;
    struct ph_snapshot *from;
    struct ph_fill fill;
    const struct ph_move_report *report;
    struct ph_store_keys theirs, ours; /* alike but after the master key was replaced */
    struct ph_arena arena;
    /* Where an earlier run ended; the table is NULL: nowhere. */
    const struct ph_table *resumed;
    struct ph_db_value after[PH_ROW_MAX];
};

/* --- how far it is: the table, and the key of the last row --- */

static struct ph_str position_of(struct ph_arena *arena, const struct ph_rows *rows)
{
    const struct ph_table key = ph_table_key(rows->table);
    struct json_t *position = ph_json_object(arena);

    ph_json_set_str(arena, position, "table", ph_str_from(key.name));
    ph_json_set_str(arena, position, "after",
                    ph_row_text(arena, &key, ph_rows_at(rows, rows->count - 1)));
    return ph_json_text(arena, position, PH_JSON_SORTED);
}

static bool take_position(struct copying *c)
{
    const struct json_t *position = ph_json_parse(c->to->arena, c->fill.position);
    struct ph_table key;

    c->resumed = ph_table_find(ph_json_get_str(position, "table"));
    if (c->resumed == NULL) {
        return false;
    }
    key = ph_table_key(c->resumed);
    return ph_row_parse(c->to->arena, &key, ph_json_get_str(position, "after"), c->after);
}

/* --- copying --- */

static struct ph_err copy_walked(struct copying *c, struct ph_walk *walk)
{
    const char *sql = ph_fill_prepare(c->to, walk->table);
    const char *why = "";

    for (;;) {
        PH_TRY(ph_walk_next(walk));
        if (walk->rows.count == 0) {
            return PH_OK;
        }
        ph_arena_reset(&c->arena);
        if (!ph_rows_reseal(&c->arena, &walk->rows, &c->theirs, &c->ours, &why)) {
            return ph_move_refuse(ph_textf(c->to->arena, "%s", why));
        }
        PH_TRY(ph_fill_put(&c->fill, sql, &walk->rows, position_of(&c->arena, &walk->rows)));
    }
}

static struct ph_err copy_table(struct copying *c, const struct ph_table *table)
{
    struct ph_walk walk = ph_walk_begin(c->from, table, table == c->resumed ? c->after : NULL);
    const struct ph_err err = copy_walked(c, &walk);

    ph_walk_end(&walk);
    return err;
}

static struct ph_err copy_tables(struct copying *c)
{
    const struct ph_table *first = c->resumed == NULL ? ph_tables : c->resumed;

    for (const struct ph_table *t = first; t < ph_tables + ph_table_count; t++) {
        if (t->use == PH_TABLE_MOVES) {
            PH_TRY(copy_table(c, t));
        }
    }
    return PH_OK;
}

/* --- comparing --- */

static struct ph_err compare_table(struct copying *c, struct ph_snapshot *copy,
                                   const struct ph_table *table)
{
    struct ph_sum theirs, ours;

    PH_TRY(ph_sum_table(c->from, table, &theirs));
    PH_TRY(ph_sum_table(copy, table, &ours));
    if (!ph_sum_eq(&theirs, &ours)) {
        return ph_move_refuse(ph_textf(
            c->to->arena,
            "the table %s differs (%lld rows there, %lld here): the source was changed between two"
            " runs; stop its servers and start over with --restart",
            table->name, (long long)theirs.count, (long long)ours.count));
    }
    c->report->table(table->name, ours.count);
    return PH_OK;
}

static struct ph_err compare_tables(struct copying *c, struct ph_snapshot *copy)
{
    for (size_t i = 0; i < ph_table_count; i++) {
        if (ph_tables[i].use == PH_TABLE_MOVES) {
            PH_TRY(compare_table(c, copy, &ph_tables[i]));
        }
    }
    return PH_OK;
}

static struct ph_err compare(struct copying *c)
{
    struct ph_snapshot *copy;
    struct ph_err err;

    PH_TRY(ph_snapshot_of(c->to, &copy));
    err = compare_tables(c, copy);
    ph_snapshot_end(copy);
    return err;
}

static struct ph_err copy_and_compare(struct copying *c)
{
    PH_TRY(copy_tables(c));
    PH_TRY(compare(c));
    return ph_fill_end(&c->fill);
}

struct ph_err ph_copy(struct ph_ctx *from, struct ph_ctx *to, struct ph_str source,
                      const struct ph_move_report *report)
{
    struct copying c = { .to = to, .report = report };
    struct ph_err err;

    PH_TRY(ph_fill_begin(&c.fill, to, source));
    if (c.fill.position.p != NULL && !take_position(&c)) {
        return ph_move_refuse("the database does not say how far it was filled: start over with"
                              " --restart");
    }
    PH_TRY(ph_snapshot_of(from, &c.from));
    ph_store_keys_of(from->store, &c.theirs);
    ph_store_keys_of(to->store, &c.ours);
    err = copy_and_compare(&c);
    ph_snapshot_end(c.from);
    ph_store_keys_wipe(&c.theirs);
    ph_store_keys_wipe(&c.ours);
    ph_arena_finish(&c.arena);
    return err;
}
