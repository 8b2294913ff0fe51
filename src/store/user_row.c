#include "store/user_row.h"

#include "util/json.h"

#include <string.h>

static const struct {
    struct ph_str name;
    struct ph_str stored;
} STATUSES[] = {
    [PH_USER_UNCONFIRMED] = { PH_STR_INIT("UNCONFIRMED"), PH_STR_INIT("unconfirmed") },
    [PH_USER_CONFIRMED] = { PH_STR_INIT("CONFIRMED"), PH_STR_INIT("confirmed") },
    [PH_USER_FORCE_CHANGE_PASSWORD] = { PH_STR_INIT("FORCE_CHANGE_PASSWORD"),
                                        PH_STR_INIT("force_change_password") },
    [PH_USER_RESET_REQUIRED] = { PH_STR_INIT("RESET_REQUIRED"), PH_STR_INIT("reset_required") },
    [PH_USER_EXTERNAL_PROVIDER] = { PH_STR_INIT("EXTERNAL_PROVIDER"),
                                    PH_STR_INIT("external_provider") },
};
enum { STATUS_COUNT = sizeof STATUSES / sizeof STATUSES[0] };

struct ph_str ph_user_status_name(enum ph_user_status status)
{
    return STATUSES[status].name;
}

struct ph_str ph_user_status_text(enum ph_user_status status)
{
    return STATUSES[status].stored;
}

static bool read_status(struct ph_str text, enum ph_user_status *status)
{
    for (int i = 0; i < STATUS_COUNT; i++) {
        if (ph_str_eq(STATUSES[i].stored, text)) {
            *status = (enum ph_user_status)i;
            return true;
        }
    }
    return false;
}

struct ph_str ph_attrs_encode(struct ph_arena *arena, const struct ph_attrs *attrs)
{
    struct json_t *object = ph_json_object(arena);

    for (size_t i = 0; i < attrs->count; i++) {
        ph_json_set_s(arena, object, attrs->items[i].name,
                      ph_json_new_str(arena, attrs->items[i].value));
    }
    return ph_json_text(arena, object, PH_JSON_INSERTION);
}

bool ph_attrs_decode(struct ph_arena *arena, struct ph_str text, struct ph_attrs *attrs)
{
    const struct json_t *object = ph_json_parse(arena, text);
    const size_t count = ph_json_members(object);

    if (ph_json_kind(object) != PH_JSON_OBJECT) {
        return false;
    }
    *attrs = (struct ph_attrs){ .capacity = count + 4 }; /* room for some that rules may add */
    attrs->items = ph_arena_array(arena, attrs->capacity, struct ph_attr);
    for (void *i = ph_json_first(object); i != NULL; i = ph_json_next(object, i)) {
        if (ph_json_kind(ph_json_member(i)) != PH_JSON_STRING) {
            return false;
        }
        attrs->items[attrs->count++] = (struct ph_attr){
            .name = ph_json_key(i),
            .value = ph_json_str(ph_json_member(i)),
        };
    }
    return true;
}

/* --- passwords --- */

static struct ph_place place_of(const struct ph_pool_ref *pool, struct ph_str sub,
                                const char *column)
{
    return (struct ph_place){
        .table = "users",
        .column = column,
        .pool_id = pool->id,
        .key = sub,
    };
}

struct ph_str ph_user_seal_password(struct ph_arena *arena, const struct ph_pool_ref *pool,
                                    const struct ph_user *user)
{
    const struct ph_place place = place_of(pool, user->sub, "password");
    const struct ph_str plain = { (const uint8_t *)user->password, sizeof *user->password };

    return user->password == NULL ? (struct ph_str){ 0 } : ph_pool_seal(arena, pool, &place, plain);
}

struct ph_str ph_user_seal_history(struct ph_arena *arena, const struct ph_pool_ref *pool,
                                   const struct ph_user *user)
{
    const struct ph_place place = place_of(pool, user->sub, "password_history");
    const struct ph_str plain = { (const uint8_t *)user->password_history,
                                  user->password_history_count * sizeof *user->password_history };

    return user->password_history_count == 0 ? (struct ph_str){ 0 }
                                             : ph_pool_seal(arena, pool, &place, plain);
}

struct ph_str ph_user_seal_hash(struct ph_arena *arena, const struct ph_pool_ref *pool,
                                const struct ph_user *user)
{
    const struct ph_place place = place_of(pool, user->sub, "password_hash");

    return ph_pool_seal(arena, pool, &place, user->password_hash);
}

bool ph_user_open_hash(struct ph_arena *arena, const struct ph_pool_ref *pool, struct ph_str sub,
                       struct ph_str sealed, struct ph_str *hash)
{
    const struct ph_place place = place_of(pool, sub, "password_hash");

    return ph_pool_open(arena, pool, &place, sealed, hash);
}

/* Opens a column of whole passwords, one after the other. */
static bool open_passwords(struct ph_q *q, struct ph_arena *arena, int column,
                           const struct ph_pool_ref *pool, const struct ph_place *place,
                           struct ph_password **passwords, size_t *count)
{
    const struct ph_str sealed = ph_q_str(q, arena, column);
    struct ph_str plain;

    if (!ph_pool_open(arena, pool, place, sealed, &plain) || plain.n % sizeof **passwords != 0) {
        return false;
    }
    *count = plain.n / sizeof **passwords;
    *passwords = NULL;
    if (*count > 0) {
        *passwords = ph_arena_array(arena, *count, struct ph_password);
        memcpy(*passwords, plain.p, plain.n);
    }
    return true;
}

/* --- rows --- */

enum { MFA_MASK = 0xff, MFA_PREFERRED_SHIFT = 8, MFA_TOTP_SHIFT = 16 };

int64_t ph_user_mfa_encode(const struct ph_user *user)
{
    return (int64_t)(user->mfa_on | user->mfa_preferred << MFA_PREFERRED_SHIFT |
                     (unsigned)user->has_totp << MFA_TOTP_SHIFT);
}

static void decode_mfa(int64_t mfa, struct ph_user *user)
{
    const unsigned bits = (unsigned)mfa;

    user->mfa_on = bits & MFA_MASK;
    user->mfa_preferred = bits >> MFA_PREFERRED_SHIFT & MFA_MASK;
    user->has_totp = (bits >> MFA_TOTP_SHIFT & 1U) != 0;
}

enum { ORIGIN_MASK = 3, ORIGIN_ENROLS = 4 };

int64_t ph_user_origin_encode(const struct ph_user *user)
{
    return (int64_t)user->origin + (user->enrols ? ORIGIN_ENROLS : 0);
}

enum ph_user_origin ph_user_origin_decode(int64_t origin)
{
    return (enum ph_user_origin)(origin & ORIGIN_MASK);
}

static bool decode_origin(int64_t origin, struct ph_user *user)
{
    user->origin = ph_user_origin_decode(origin);
    user->enrols = (origin & ORIGIN_ENROLS) != 0;
    return user->origin < PH_ORIGIN_COUNT;
}

struct ph_user *ph_user_decode(struct ph_q *q, struct ph_arena *arena)
{
    struct ph_user *user = ph_arena_new(arena, struct ph_user);

    user->sub = ph_q_str(q, arena, 0);
    user->username = ph_q_str(q, arena, 1);
    user->enabled = ph_q_int(q, 3) != 0;
    user->created_ms = ph_q_int(q, 4);
    user->modified_ms = ph_q_int(q, 5);
    user->revision = ph_q_int(q, 6);
    user->tokens_valid_after_ms = ph_q_int(q, 7);
    user->password_set_ms = ph_q_int(q, 8);
    decode_mfa(ph_q_int(q, 10), user);
    if (!read_status(ph_q_str(q, arena, 2), &user->status) ||
        !ph_attrs_decode(arena, ph_q_str(q, arena, 9), &user->attrs) ||
        !decode_origin(ph_q_int(q, 11), user)) {
        ph_q_broken(q, "a row of users is broken");
        return NULL;
    }
    return user;
}

struct ph_user *ph_user_decode_whole(struct ph_q *q, struct ph_arena *arena,
                                     const struct ph_pool_ref *pool)
{
    struct ph_user *user = ph_user_decode(q, arena);
    struct ph_place current, history;
    size_t count;

    if (user == NULL) {
        return NULL;
    }
    current = place_of(pool, user->sub, "password");
    history = place_of(pool, user->sub, "password_history");
    if (!open_passwords(q, arena, PH_USER_COLUMN_PASSWORD, pool, &current, &user->password,
                        &count) ||
        count > 1 ||
        !open_passwords(q, arena, PH_USER_COLUMN_HISTORY, pool, &history, &user->password_history,
                        &user->password_history_count) ||
        !ph_user_open_hash(arena, pool, user->sub, ph_q_str(q, arena, PH_USER_COLUMN_HASH),
                           &user->password_hash)) {
        ph_q_broken(q, "the password of a user does not open");
        return NULL;
    }
    if (user->password != NULL) { /* a version that knew no such hashes has set it */
        user->password_hash = (struct ph_str){ 0 };
    }
    if (ph_user_has_password(user) && user->origin == PH_ORIGIN_WAITING) { /* as above */
        user->origin = PH_ORIGIN_SETTLED;
    }
    return user;
}
