#include "user/search.h"

#include "model/exceptions.h"
#include "user/user.h"
#include "util/unicode.h"

/* What has a name in filters and is no attribute. */
static const struct ph_str USERNAME = PH_STR_INIT("username");
static const struct ph_str STATUS = PH_STR_INIT("status");
static const struct ph_str USER_STATUS = PH_STR_INIT("cognito:user_status");

static bool is_known(const struct ph_pool *pool, struct ph_str name)
{
    return ph_str_eq(name, USERNAME) || ph_str_eq(name, STATUS) || ph_str_eq(name, USER_STATUS) ||
           ph_pool_attribute(pool, name) != NULL;
}

struct ph_err ph_user_search_parse(struct ph_ctx *ctx, const struct ph_pool *pool,
                                   struct ph_str text, struct ph_user_search *search)
{
    struct ph_filter_parts parts = { .name = { 0 } };

    if (ph_str_trim(text).n > 0) {
        if (!ph_user_filter_split(ctx->arena, text, true, &parts)) {
            return PH_FAIL(InvalidParameterException, "Error while parsing filter");
        }
        if (!is_known(pool, parts.name)) {
            return PH_FAIL(
                InvalidParameterException,
                ph_textf(ctx->arena, "Invalid search attribute: %.*s", PH_FMT(parts.name)));
        }
        parts.value = ph_fold_case(ctx->arena, parts.value);
    }
    search->parts = parts;
    return PH_OK;
}

/* Absent when the user has no such value. */
static struct ph_str value_of(const struct ph_user *user, struct ph_str name)
{
    if (ph_str_eq(name, USERNAME)) {
        return user->username;
    }
    if (ph_str_eq(name, STATUS)) {
        return user->enabled ? PH_STR("Enabled") : PH_STR("Disabled");
    }
    if (ph_str_eq(name, USER_STATUS)) {
        return ph_user_status_name(user->status);
    }
    return ph_str_eq(name, PH_STR("sub")) ? user->sub : ph_attrs_get(&user->attrs, name);
}

bool ph_user_search_finds(struct ph_arena *arena, const struct ph_user_search *search,
                          const struct ph_user *user)
{
    struct ph_str value;

    if (search->parts.name.p == NULL) {
        return true;
    }
    value = value_of(user, search->parts.name);
    if (value.p == NULL) {
        return false;
    }
    value = ph_fold_case(arena, value);
    switch (search->parts.op) {
    case PH_FILTER_EQUALS:
        return ph_str_eq(value, search->parts.value);
    case PH_FILTER_BEGINS:
        return ph_str_starts(value, search->parts.value);
    case PH_FILTER_ENDS:
        return ph_str_ends(value, search->parts.value);
    case PH_FILTER_CONTAINS:
        return ph_str_contains(value, search->parts.value);
    }
    return false;
}
