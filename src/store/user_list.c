/* ListUsers: pages in the order of an index, from the row where the page before ended. */
#include "store/internal.h"
#include "store/user_row.h"
#include "store/users.h"

#include <string.h>

/*
 * One shape for all: the rows after (key, sub), below an end, in the order of (key, sub). The end
 * also tells the engine that absent values are not wanted, so that it may use a partial index.
 */
#define PAGE(column)                                                                               \
    "SELECT " PH_USER_COLUMNS ", u." column " FROM users u WHERE u.pool_id = $1"                   \
    " AND (u." column ", u.sub) > ($2, $3) AND u." column " < $4"                                  \
    " ORDER BY u." column ", u.sub LIMIT $5"

/*
 * Of few values that many users share: among those with the same one, in the order of creation. So
 * their indexes grow at the end of each value, and not at a random sub.
 */
#define PAGE_BY_TIME(column)                                                                       \
    "SELECT " PH_USER_COLUMNS ", u." column " FROM users u WHERE u.pool_id = $1"                   \
    " AND (u." column ", u.created_ms, u.sub) > ($2, $6, $3) AND u." column " < $4"                \
    " ORDER BY u." column ", u.created_ms, u.sub LIMIT $5"

static const char BY_CREATION[] = PAGE("created_ms");
static const char BY_USERNAME[] = PAGE("username");
static const char BY_EMAIL[] = PAGE("email");
static const char BY_PHONE[] = PAGE("phone_number");
static const char BY_NAME[] = PAGE("name");
static const char BY_GIVEN_NAME[] = PAGE("given_name");
static const char BY_FAMILY_NAME[] = PAGE("family_name");
static const char BY_PREFERRED_USERNAME[] = PAGE("preferred_username");
static const char BY_STATUS[] = PAGE_BY_TIME("status");
static const char BY_ENABLED[] = PAGE_BY_TIME("enabled");
static const char BY_SUB[] = "SELECT " PH_USER_COLUMNS ", u.sub FROM users u"
                             " WHERE u.pool_id = $1 AND u.sub >= $2 AND u.sub > $3 AND u.sub < $4"
                             " ORDER BY u.sub LIMIT $5";

struct listing {
    const char *sql;
    enum ph_db_kind kind; /* of the key */
    bool by_time;
};

static const struct listing LISTINGS[] = {
    [PH_BY_NOTHING] = { BY_CREATION, PH_DB_INT, false },
    [PH_BY_USERNAME] = { BY_USERNAME, PH_DB_BYTES, false },
    [PH_BY_SUB] = { BY_SUB, PH_DB_TEXT, false },
    [PH_BY_EMAIL] = { BY_EMAIL, PH_DB_BYTES, false },
    [PH_BY_PHONE] = { BY_PHONE, PH_DB_BYTES, false },
    [PH_BY_NAME] = { BY_NAME, PH_DB_BYTES, false },
    [PH_BY_GIVEN_NAME] = { BY_GIVEN_NAME, PH_DB_BYTES, false },
    [PH_BY_FAMILY_NAME] = { BY_FAMILY_NAME, PH_DB_BYTES, false },
    [PH_BY_PREFERRED_USERNAME] = { BY_PREFERRED_USERNAME, PH_DB_BYTES, false },
    [PH_BY_USER_STATUS] = { BY_STATUS, PH_DB_BYTES, true },
    [PH_BY_ENABLED] = { BY_ENABLED, PH_DB_INT, true },
};

const char *ph_user_list_sql(enum ph_user_filter_by by)
{
    return LISTINGS[by].sql;
}

/* From (start, sub) or (start, created_ms, sub), exclusive, to end, exclusive. */
struct range {
    struct ph_db_value start;
    int64_t created_ms;
    struct ph_str sub;
    struct ph_db_value end;
};

/* --- where a filter begins and ends --- */

/* The first byte string after all that begin with the prefix; text holds no byte 0xff. */
static struct ph_str after_prefix(struct ph_arena *arena, struct ph_str prefix)
{
    uint8_t *end;
    size_t n = prefix.n;

    while (n > 0 && prefix.p[n - 1] == 0xff) {
        n--;
    }
    if (n == 0) {
        return PH_STR("\xff");
    }
    end = ph_arena_alloc(arena, n);
    memcpy(end, prefix.p, n);
    end[n - 1]++;
    return (struct ph_str){ end, n };
}

/* The first byte string after the value itself. */
static struct ph_str after_value(struct ph_arena *arena, struct ph_str value)
{
    uint8_t *end = ph_arena_alloc(arena, value.n + 1);

    if (value.n > 0) {
        memcpy(end, value.p, value.n);
    }
    return (struct ph_str){ end, value.n + 1 }; /* the arena gives zeroes */
}

static struct range range_of_bytes(struct ph_arena *arena, const struct ph_user_filter *filter,
                                   enum ph_db_kind kind)
{
    const struct ph_str start = filter->value.p == NULL ? PH_STR("") : filter->value;
    const struct ph_str end =
        filter->prefix ? after_prefix(arena, start) : after_value(arena, start);

    return (struct range){
        .start = { .kind = kind, .s = start },
        .sub = PH_STR(""),
        .end = { .kind = kind, .s = end },
    };
}

/* Subs are of ASCII: whatever else is asked for, there is none. TEXT takes no other bytes. */
static struct range range_of_sub(struct ph_arena *arena, const struct ph_user_filter *filter)
{
    const struct ph_str value = filter->value.p == NULL ? PH_STR("") : filter->value;
    struct range range = { .start = ph_v_text(value), .sub = PH_STR(""), .end = ph_v_text(value) };

    for (size_t i = 0; i < value.n; i++) {
        if (value.p[i] < ' ' || value.p[i] > '~') {
            range.start = range.end = ph_v_text(PH_STR("")); /* empty */
            return range;
        }
    }
    range.end.s = !filter->prefix ? PH_CONCAT(arena, value, PH_STR("\x01"))
                  : value.n == 0  ? PH_STR("\x7f")
                                  : after_prefix(arena, value);
    return range;
}

static bool matches(const struct ph_user_filter *filter, struct ph_str word)
{
    return filter->prefix ? ph_str_starts(word, filter->value) : ph_str_eq(word, filter->value);
}

/* Disabled is 0, Enabled is 1; the range is empty for any other word. */
static struct range range_of_enabled(const struct ph_user_filter *filter)
{
    const bool enabled = matches(filter, PH_STR("Enabled"));
    const bool disabled = matches(filter, PH_STR("Disabled"));

    return (struct range){
        .start = ph_v_int(disabled ? 0 : 1),
        .sub = PH_STR(""),
        .end = ph_v_int(enabled    ? 2
                        : disabled ? 1
                                   : 0),
    };
}

static struct range range_of(struct ph_arena *arena, const struct ph_user_filter *filter)
{
    if (filter->by == PH_BY_NOTHING) {
        return (struct range){
            .start = ph_v_int(INT64_MIN),
            .sub = PH_STR(""),
            .end = ph_v_int(INT64_MAX),
        };
    }
    if (filter->by == PH_BY_SUB) {
        return range_of_sub(arena, filter);
    }
    if (filter->by == PH_BY_ENABLED) {
        return range_of_enabled(filter);
    }
    return range_of_bytes(arena, filter, LISTINGS[filter->by].kind);
}

/* --- cursors: length of the sub in two bytes, the sub, the time of creation, the key --- */

enum { TIME_BYTES = sizeof(int64_t) };

static struct ph_str key_bytes(const struct ph_db_value *key)
{
    return key->kind == PH_DB_INT ? (struct ph_str){ (const uint8_t *)&key->n, sizeof key->n }
                                  : key->s;
}

static struct ph_str make_cursor(struct ph_arena *arena, const struct listing *listing,
                                 const struct ph_user *user, const struct ph_db_value *key)
{
    const struct ph_str head = {
        (const uint8_t[]){ (uint8_t)(user->sub.n >> 8), (uint8_t)user->sub.n }, 2
    };
    const struct ph_str time = { (const uint8_t *)&user->created_ms,
                                 listing->by_time ? TIME_BYTES : 0 };

    return PH_CONCAT(arena, head, user->sub, time, key_bytes(key));
}

struct ph_str ph_store_user_cursor(struct ph_arena *arena, const struct ph_user *user)
{
    const struct ph_db_value key = ph_v_int(user->created_ms);

    return make_cursor(arena, &LISTINGS[PH_BY_NOTHING], user, &key);
}

/* The next bytes of the cursor as a number of this machine. */
static bool take_number(struct ph_str *cursor, int64_t *number)
{
    if (cursor->n < sizeof *number) {
        return false;
    }
    memcpy(number, ph_str_take(cursor, sizeof *number).p, sizeof *number);
    return true;
}

static bool read_cursor(struct ph_str cursor, const struct listing *listing, struct range *range)
{
    size_t n;

    if (cursor.n < 2) {
        return false;
    }
    n = (size_t)cursor.p[0] << 8 | cursor.p[1];
    cursor = ph_str_skip(cursor, 2);
    if (n > cursor.n) {
        return false;
    }
    range->sub = ph_str_take(&cursor, n);
    if (listing->by_time && !take_number(&cursor, &range->created_ms)) {
        return false;
    }
    if (listing->kind == PH_DB_INT) {
        return take_number(&cursor, &range->start.n) && cursor.n == 0;
    }
    range->start.s = cursor;
    return true;
}

/* --- a page --- */

enum { COLUMN_KEY = PH_USER_COLUMN_COUNT };

static struct ph_db_value read_key(struct ph_q *q, struct ph_arena *arena, enum ph_db_kind kind)
{
    if (kind == PH_DB_INT) {
        return ph_v_int(ph_q_int(q, COLUMN_KEY));
    }
    return ph_v_bytes(ph_q_str(q, arena, COLUMN_KEY));
}

/* Reads up to limit users and makes *next when there is at least one more. */
static size_t read_page(struct ph_q *q, struct ph_arena *arena, const struct listing *listing,
                        size_t limit, struct ph_user **users, struct ph_str *next)
{
    struct ph_db_value key = { 0 };
    size_t count = 0;

    while (ph_q_row(q)) {
        if (count == limit) {
            *next = make_cursor(arena, listing, users[count - 1], &key);
            break;
        }
        users[count] = ph_user_decode(q, arena);
        if (users[count] == NULL) {
            break;
        }
        key = read_key(q, arena, listing->kind);
        count++;
    }
    return count;
}

struct ph_err ph_store_user_list(struct ph_ctx *ctx, const struct ph_pool_ref *pool,
                                 const struct ph_user_filter *filter, struct ph_str cursor,
                                 size_t limit, struct ph_user ***users, size_t *count,
                                 struct ph_str *next)
{
    static const struct ph_user_filter NO_FILTER = { .by = PH_BY_NOTHING };
    const struct ph_user_filter *f = filter == NULL ? &NO_FILTER : filter;
    const struct listing *listing = &LISTINGS[f->by];
    struct range range = range_of(ctx->arena, f);
    struct ph_user **page = ph_arena_array(ctx->arena, limit + 1, struct ph_user *);
    struct ph_str after = { 0 };
    size_t n = 0;
    struct ph_q q;

    if (cursor.p != NULL && !read_cursor(cursor, listing, &range)) {
        return ph_internal(ctx, "a cursor of ListUsers is malformed");
    }
    const struct ph_db_value values[] = {
        ph_v_text(pool->id),          range.start,
        ph_v_text(range.sub),         range.end,
        ph_v_int((int64_t)limit + 1), ph_v_int(range.created_ms),
    };
    ph_read_begin(ctx, &q, listing->sql, values, listing->by_time ? 6 : 5);
    if (limit > 0) {
        n = read_page(&q, ctx->arena, listing, limit, page, &after);
    }
    PH_TRY(ph_read_end(&q));
    *users = page;
    *count = n;
    *next = after;
    return PH_OK;
}
