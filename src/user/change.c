/* Storing a user, and the words for a name that belongs to somebody else. */
#include "model/exceptions.h"
#include "user/user.h"

static struct ph_err contact_taken(struct ph_ctx *ctx, const struct ph_pool *pool,
                                   const struct ph_user *user, enum ph_contact contact)
{
    const char *name = contact == PH_EMAIL ? "email" : "phone_number";
    const bool is_username = (pool->username_attributes & (unsigned)contact) != 0;
    const char *text = ph_textf(ctx->arena, "An account with the %s%s already exists.",
                                is_username ? "given " : "", name);

    if (is_username && user->revision == 0) {
        return PH_FAIL(UsernameExistsException, text);
    }
    return PH_FAIL(AliasExistsException, text);
}

static struct ph_err name_taken(struct ph_ctx *ctx, const struct ph_pool *pool,
                                const struct ph_user *user, enum ph_alias_kind kind)
{
    const struct ph_str preferred = ph_attrs_get(&user->attrs, PH_STR("preferred_username"));

    switch (kind) {
    case PH_ALIAS_USERNAME:
        return PH_FAIL(UsernameExistsException, ctx->caller.kind == PH_CALLER_IAM
                                                    ? "User account already exists"
                                                    : "User already exists");
    case PH_ALIAS_EMAIL:
        return contact_taken(ctx, pool, user, PH_EMAIL);
    case PH_ALIAS_PHONE:
        return contact_taken(ctx, pool, user, PH_PHONE);
    case PH_ALIAS_PREFERRED_USERNAME:
        return PH_FAIL(
            AliasExistsException,
            ph_textf(ctx->arena, "Already found an entry for username %.*s", PH_FMT(preferred)));
    }
    return ph_internal(ctx, "a name of an unknown kind is taken");
}

struct ph_err ph_user_save(struct ph_ctx *ctx, const struct ph_pool *pool,
                           struct ph_user_change *change, unsigned take)
{
    enum ph_user_write result = PH_USER_CONFLICT;
    enum ph_alias_kind taken = PH_ALIAS_USERNAME;

    change->user->modified_ms = ph_now_ms(ctx);
    if (change->user->created_ms == 0) {
        change->user->created_ms = change->user->modified_ms;
    }
    ph_user_aliases(ctx, pool, change->user, take, &change->aliases, &change->alias_count);
    PH_TRY(ph_store_user_write(ctx, &pool->ref, change, &result, &taken));
    if (result == PH_USER_ALIAS_TAKEN) {
        return name_taken(ctx, pool, change->user, taken);
    }
    if (result == PH_USER_CONFLICT) {
        return PH_FAIL(TooManyRequestsException, "Too many requests");
    }
    return PH_OK;
}
