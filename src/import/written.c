#include "import/written.h"

#include "import/csv.h"
#include "import/row.h"
#include "util/buf.h"

enum { LINE_MAX_BYTES = 8 * PH_CSV_LINE_BYTES /* longer ones are refused by their characters */ };

struct ph_import_writing ph_import_writing_of(struct ph_arena *arena, const struct ph_pool *pool)
{
    struct ph_import_writing w = { .pool = pool };

    ph_import_header(arena, pool, &w.columns, &w.count);
    w.count--; /* password_hash is the last */
    return w;
}

struct ph_str ph_import_written_header(struct ph_arena *arena, const struct ph_import_writing *w)
{
    struct ph_buf line;

    ph_buf_init(&line, arena, LINE_MAX_BYTES);
    for (size_t i = 0; i < w->count; i++) {
        ph_buf_add(&line, i == 0 ? PH_STR("") : PH_STR(","));
        ph_buf_add(&line, w->columns[i]);
    }
    return ph_buf_str(&line);
}

/* --- values --- */

/* Where addresses are usernames, the one that the user signs in by. */
static struct ph_str username(const struct ph_pool *pool, const struct ph_user *user)
{
    const struct ph_str email = ph_attrs_get(&user->attrs, PH_STR("email"));

    if (pool->username_attributes == 0) {
        return user->username;
    }
    return (pool->username_attributes & PH_EMAIL) != 0 && email.n > 0
               ? email
               : ph_attrs_get(&user->attrs, PH_STR("phone_number"));
}

/* Blank where the pool decides. */
static struct ph_str mfa_enabled(const struct ph_pool *pool, const struct ph_user *user)
{
    if (pool->mfa != PH_MFA_OPTIONAL) {
        return PH_STR("");
    }
    return (user->mfa_on & PH_MFA_SMS) != 0 ? PH_STR("TRUE") : PH_STR("FALSE");
}

/* "yyyy-mm-dd" becomes "mm/dd/yyyy". */
static struct ph_str birthdate(struct ph_arena *arena, struct ph_str value)
{
    struct ph_str year, month, day;

    if (!ph_str_cut(value, '-', &year, &month) || !ph_str_cut(month, '-', &month, &day)) {
        return value;
    }
    return PH_CONCAT(arena, month, PH_STR("/"), day, PH_STR("/"), year);
}

static struct ph_str value_of(struct ph_arena *arena, const struct ph_pool *pool,
                              const struct ph_user *user, struct ph_str column)
{
    const struct ph_str value = ph_attrs_get(&user->attrs, column);

    if (ph_str_eq(column, PH_STR("cognito:username"))) {
        return username(pool, user);
    }
    if (ph_str_eq(column, PH_STR("cognito:mfa_enabled"))) {
        return mfa_enabled(pool, user);
    }
    if (ph_str_ends(column, PH_STR("_verified")) && value.n > 0) {
        return ph_str_eq(value, PH_STR("true")) ? PH_STR("TRUE") : PH_STR("FALSE");
    }
    return ph_str_eq(column, PH_STR("birthdate")) ? birthdate(arena, value) : value;
}

/* --- the line --- */

/* A backslash takes the comma behind it into the value; blanks at the ends are taken off. */
static bool can_be_written(struct ph_str value)
{
    return !ph_str_has_byte(value, '\n') && !ph_str_has_byte(value, '\r') &&
           !ph_str_ends(value, PH_STR("\\")) && ph_str_trim(value).n == value.n;
}

static void add_value(struct ph_buf *line, struct ph_str value)
{
    for (size_t i = 0; i < value.n; i++) {
        if (value.p[i] == ',') {
            ph_buf_add_byte(line, '\\');
        }
        ph_buf_add_byte(line, value.p[i]);
    }
}

const char *ph_import_written_user(struct ph_arena *arena, const struct ph_import_writing *w,
                                   const struct ph_user *user, struct ph_str *line)
{
    struct ph_buf text;

    if (user->status == PH_USER_EXTERNAL_PROVIDER) {
        return "a user of another identity provider, who comes by signing in";
    }
    ph_buf_init(&text, arena, LINE_MAX_BYTES);
    for (size_t i = 0; i < w->count; i++) {
        const struct ph_str value = value_of(arena, w->pool, user, w->columns[i]);

        if (!can_be_written(value)) {
            return ph_textf(arena,
                            "the value of %.*s has a line end, a blank at an end or a backslash at"
                            " its end",
                            PH_FMT(w->columns[i]));
        }
        ph_buf_add(&text, i == 0 ? PH_STR("") : PH_STR(","));
        add_value(&text, value);
    }
    *line = ph_buf_str(&text);
    return text.overflowed || !ph_csv_is_text(*line)
               ? "the line would be longer than 16,000 characters"
               : NULL;
}
