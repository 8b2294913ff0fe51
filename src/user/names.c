/* Names: who is meant by one, and which ones a user owns. */
#include "model/exceptions.h"
#include "model/messages.h"
#include "user/user.h"
#include "util/encode.h"
#include "util/unicode.h"

struct ph_str ph_user_fold(struct ph_ctx *ctx, const struct ph_pool *pool, struct ph_str name)
{
    return pool->case_sensitive ? name : ph_fold_case(ctx->arena, name);
}

static struct ph_err by_sub(struct ph_ctx *ctx, const struct ph_pool *pool, struct ph_str name,
                            struct ph_user **user)
{
    uint8_t bytes[PH_UUID_BYTES];

    if (!ph_uuid_parse(name, bytes)) {
        *user = NULL;
        return PH_OK;
    }
    return ph_store_user_by_sub(ctx, &pool->ref, name, user);
}

static bool may_be(const struct ph_pool *pool, enum ph_alias_kind kind, struct ph_str name)
{
    const unsigned contacts = pool->alias_attributes | pool->username_attributes;

    switch (kind) {
    case PH_ALIAS_USERNAME:
        return true;
    case PH_ALIAS_EMAIL:
        return (contacts & PH_EMAIL) != 0 && ph_str_has_byte(name, '@');
    case PH_ALIAS_PHONE:
        return (contacts & PH_PHONE) != 0 && ph_str_starts(name, PH_STR("+"));
    case PH_ALIAS_PREFERRED_USERNAME:
        return (pool->alias_attributes & PH_PREFERRED_USERNAME) != 0;
    }
    return false;
}

static struct ph_err by_alias(struct ph_ctx *ctx, const struct ph_pool *pool,
                              enum ph_alias_kind kind, struct ph_str name, struct ph_user **user)
{
    const struct ph_str value = kind == PH_ALIAS_PHONE ? name : ph_user_fold(ctx, pool, name);

    if (!may_be(pool, kind, name)) {
        *user = NULL;
        return PH_OK;
    }
    return ph_store_user_by_alias(ctx, &pool->ref, kind, value, user);
}

struct ph_err ph_user_find(struct ph_ctx *ctx, const struct ph_pool *pool, struct ph_str name,
                           struct ph_user **user)
{
    static const enum ph_alias_kind OTHERS[] = { PH_ALIAS_EMAIL, PH_ALIAS_PHONE,
                                                 PH_ALIAS_PREFERRED_USERNAME };
    struct ph_user *found = NULL;

    PH_TRY(by_alias(ctx, pool, PH_ALIAS_USERNAME, name, &found));
    if (found == NULL) {
        PH_TRY(by_sub(ctx, pool, name, &found));
    }
    for (size_t i = 0; found == NULL && i < sizeof OTHERS / sizeof OTHERS[0]; i++) {
        PH_TRY(by_alias(ctx, pool, OTHERS[i], name, &found));
    }
    *user = found;
    return PH_OK;
}

struct ph_err ph_user_get(struct ph_ctx *ctx, const struct ph_pool *pool, struct ph_str name,
                          struct ph_user **user)
{
    struct ph_user *found;

    PH_TRY(ph_user_find(ctx, pool, name, &found));
    if (found == NULL) {
        return PH_FAIL(UserNotFoundException, PH_MSG_USER_UNKNOWN);
    }
    *user = found;
    return PH_OK;
}

/* A user name at once; an alias only when it is verified. */
static bool owns_contact(const struct ph_pool *pool, const struct ph_user *user,
                         enum ph_contact contact, struct ph_str value, struct ph_str flag)
{
    if (value.n == 0) {
        return false;
    }
    if ((pool->username_attributes & (unsigned)contact) != 0) {
        return true;
    }
    return (pool->alias_attributes & (unsigned)contact) != 0 &&
           ph_str_eq(ph_attrs_get(&user->attrs, flag), PH_STR("true"));
}

void ph_user_aliases(struct ph_ctx *ctx, const struct ph_pool *pool, const struct ph_user *user,
                     unsigned take, const struct ph_alias **aliases, size_t *count)
{
    struct ph_alias *all = ph_arena_array(ctx->arena, 4, struct ph_alias);
    const struct ph_str email = ph_attrs_get(&user->attrs, PH_STR("email"));
    const struct ph_str phone = ph_attrs_get(&user->attrs, PH_STR("phone_number"));
    const struct ph_str preferred = ph_attrs_get(&user->attrs, PH_STR("preferred_username"));
    size_t n = 0;

    all[n++] =
        (struct ph_alias){ PH_ALIAS_USERNAME, ph_user_fold(ctx, pool, user->username), false };
    if (owns_contact(pool, user, PH_EMAIL, email, PH_STR("email_verified"))) {
        all[n++] = (struct ph_alias){ PH_ALIAS_EMAIL, ph_user_fold(ctx, pool, email), false };
    }
    if (owns_contact(pool, user, PH_PHONE, phone, PH_STR("phone_number_verified"))) {
        all[n++] = (struct ph_alias){ PH_ALIAS_PHONE, phone, false };
    }
    if (preferred.n > 0 && may_be(pool, PH_ALIAS_PREFERRED_USERNAME, preferred)) {
        all[n++] = (struct ph_alias){ PH_ALIAS_PREFERRED_USERNAME,
                                      ph_user_fold(ctx, pool, preferred), false };
    }
    for (size_t i = 0; i < n; i++) {
        all[i].take = (take & (1U << all[i].kind)) != 0;
    }
    *aliases = all;
    *count = n;
}
