#include "store/user_names.h"

#include "store/user_row.h"
#include "util/unicode.h"

bool ph_user_names_have(const struct ph_alias *names, size_t count, const struct ph_alias *wanted)
{
    for (size_t i = 0; i < count; i++) {
        if (names[i].kind == wanted->kind && ph_str_eq(names[i].value, wanted->value)) {
            return true;
        }
    }
    return false;
}

/* What is empty is nobody's name. */
static void add(struct ph_user_names *names, enum ph_alias_kind kind, struct ph_str value)
{
    const struct ph_alias name = { .kind = kind, .value = value };

    if (value.n > 0 && !ph_user_names_have(names->items, names->count, &name)) {
        names->items[names->count++] = name;
    }
}

struct ph_user_names ph_user_names_of(struct ph_arena *arena, struct ph_str username,
                                      const struct ph_attrs *attrs)
{
    const struct ph_str values[] = {
        [PH_ALIAS_USERNAME] = username,
        [PH_ALIAS_EMAIL] = ph_attrs_get(attrs, PH_STR("email")),
        [PH_ALIAS_PHONE] = ph_attrs_get(attrs, PH_STR("phone_number")),
        [PH_ALIAS_PREFERRED_USERNAME] = ph_attrs_get(attrs, PH_STR("preferred_username")),
    };
    struct ph_user_names names = { .count = 0 };

    for (size_t kind = 0; kind < sizeof values / sizeof values[0]; kind++) {
        add(&names, (enum ph_alias_kind)kind, values[kind]);
        add(&names, (enum ph_alias_kind)kind, ph_fold_case(arena, values[kind]));
    }
    return names;
}

static const char READ_ROW[] = "SELECT username, attrs FROM users WHERE pool_id = $1 AND sub = $2";

struct ph_user_names ph_user_names_read(struct ph_tx *tx, struct ph_arena *arena,
                                        struct ph_str pool_id, struct ph_str sub)
{
    struct ph_user_names names = { .count = 0 };
    struct ph_attrs attrs;
    struct ph_q q;

    PH_QUERY(tx, &q, READ_ROW, ph_v_text(pool_id), ph_v_text(sub));
    if (ph_q_row(&q)) {
        names.unknown = !ph_attrs_decode(arena, ph_q_str(&q, arena, 1), &attrs);
        if (!names.unknown) {
            names = ph_user_names_of(arena, ph_q_str(&q, arena, 0), &attrs);
        }
    }
    ph_q_end(&q);
    return names;
}

static const char DROP_NAME[] = "DELETE FROM user_aliases"
                                " WHERE pool_id = $1 AND kind = $2 AND value = $3 AND sub = $4";
/* Looks at all names of the pool. */
static const char DROP_ALL[] = "DELETE FROM user_aliases WHERE pool_id = $1 AND sub = $2";

void ph_user_names_drop(struct ph_tx *tx, struct ph_str pool_id, struct ph_str sub,
                        const struct ph_user_names *names, const struct ph_alias *kept,
                        size_t kept_count)
{
    if (names->unknown) {
        (void)PH_RUN(tx, DROP_ALL, ph_v_text(pool_id),
                     ph_v_text(sub)); /* what is kept comes again */
        return;
    }
    for (size_t i = 0; i < names->count; i++) {
        const struct ph_alias *name = &names->items[i];

        if (!ph_user_names_have(kept, kept_count, name)) {
            (void)PH_RUN(tx, DROP_NAME, ph_v_text(pool_id), ph_v_int(name->kind),
                         ph_v_bytes(name->value), ph_v_text(sub));
        }
    }
}
