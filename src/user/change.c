/* Storing a user, and the words for a name that belongs to somebody else. */
#include "model/exceptions.h"
#include "model/messages.h"
#include "store/sign_in.h"
#include "trigger/trigger.h"
#include "user/user.h"

/* "given" in updates and of user names; not when an alias is claimed at creation or by a code. */
static struct ph_err contact_taken(struct ph_ctx *ctx, const struct ph_pool *pool,
                                   const struct ph_user_change *change, enum ph_contact contact)
{
    const char *name = contact == PH_EMAIL ? "email" : "phone_number";
    const bool is_username = (pool->username_attributes & (unsigned)contact) != 0;
    const bool claims = change->user->revision == 0 || change->drop_code;
    const char *text = ph_textf(ctx->arena, "An account with the %s%s already exists.",
                                is_username || !claims ? "given " : "", name);

    if (is_username && change->user->revision == 0) {
        return PH_FAIL(UsernameExistsException, text);
    }
    return PH_FAIL(AliasExistsException, text);
}

struct ph_err ph_user_name_taken(struct ph_ctx *ctx, const struct ph_pool *pool,
                                 const struct ph_user_change *change, enum ph_alias_kind kind)
{
    const struct ph_str preferred =
        ph_attrs_get(&change->user->attrs, PH_STR("preferred_username"));

    switch (kind) {
    case PH_ALIAS_USERNAME:
        return PH_FAIL(UsernameExistsException, ctx->caller.kind == PH_CALLER_IAM
                                                    ? "User account already exists"
                                                    : "User already exists");
    case PH_ALIAS_EMAIL:
        return contact_taken(ctx, pool, change, PH_EMAIL);
    case PH_ALIAS_PHONE:
        return contact_taken(ctx, pool, change, PH_PHONE);
    case PH_ALIAS_PREFERRED_USERNAME:
        return PH_FAIL(
            AliasExistsException,
            ph_textf(ctx->arena, "Already found an entry for username %.*s", PH_FMT(preferred)));
    }
    return ph_internal(ctx, "a name of an unknown kind is taken");
}

/* Later than before, also within one millisecond or when the clock was set back. */
static int64_t next_modified(const struct ph_ctx *ctx, const struct ph_user *user)
{
    const int64_t now = ph_now_ms(ctx);

    return now > user->modified_ms ? now : user->modified_ms + 1;
}

static struct ph_err store(struct ph_ctx *ctx, const struct ph_pool *pool,
                           const struct ph_user_change *change)
{
    enum ph_user_write result = PH_USER_CONFLICT;
    enum ph_alias_kind taken = PH_ALIAS_USERNAME;

    PH_TRY(ph_store_user_write(ctx, &pool->ref, change, &result, &taken));
    if (result == PH_USER_ALIAS_TAKEN) {
        return ph_user_name_taken(ctx, pool, change, taken);
    }
    if (result == PH_USER_IDENTITY_TAKEN) {
        return PH_FAIL(AliasExistsException, PH_MSG_IDENTITY_LINKED);
    }
    if (result == PH_USER_CONFLICT) {
        return PH_FAIL(TooManyRequestsException, "Too many requests");
    }
    return PH_OK;
}

void ph_user_prepare(struct ph_ctx *ctx, const struct ph_pool *pool, struct ph_user_change *change,
                     unsigned take)
{
    change->user->modified_ms = next_modified(ctx, change->user);
    if (change->user->created_ms == 0) {
        change->user->created_ms = change->user->modified_ms;
    }
    ph_user_aliases(ctx, pool, change->user, take, &change->aliases, &change->alias_count);
}

struct ph_err ph_user_save(struct ph_ctx *ctx, const struct ph_pool *pool,
                           struct ph_user_change *change, unsigned take)
{
    ph_user_prepare(ctx, pool, change, take);
    return store(ctx, pool, change);
}

struct ph_err ph_user_send(struct ph_ctx *ctx, const struct ph_pool *pool,
                           const struct ph_user_change *change)
{
    return store(ctx, pool, change);
}

/* --- the same before writing --- */

static struct ph_err is_taken(struct ph_ctx *ctx, const struct ph_pool *pool,
                              const struct ph_user *user, enum ph_alias_kind kind,
                              struct ph_str value, bool *taken)
{
    struct ph_user *owner;

    PH_TRY(ph_store_user_by_alias(ctx, &pool->ref, kind, value, &owner));
    *taken = owner != NULL && !ph_str_eq(owner->sub, user->sub);
    return PH_OK;
}

/*
 * A sub or a preferred_username is found by the same look-up as a Username, which comes first:
 * whoever could take such a text as his Username would be taken for its owner.
 */
static struct ph_err stands_for_another(struct ph_ctx *ctx, const struct ph_pool *pool,
                                        const struct ph_user *user, const struct ph_alias *alias,
                                        bool *taken)
{
    const bool preferred = alias->kind == PH_ALIAS_PREFERRED_USERNAME;
    struct ph_user *owner = NULL;

    if (!preferred && (alias->kind != PH_ALIAS_USERNAME || user->revision != 0)) {
        *taken = false;
        return PH_OK;
    }
    PH_TRY(is_taken(ctx, pool, user, preferred ? PH_ALIAS_USERNAME : PH_ALIAS_PREFERRED_USERNAME,
                    alias->value, taken));
    if (!*taken) {
        PH_TRY(ph_store_user_by_sub(ctx, &pool->ref, alias->value, &owner));
        *taken = owner != NULL && !ph_str_eq(owner->sub, user->sub);
    }
    return PH_OK;
}

static struct ph_err check_name(struct ph_ctx *ctx, const struct ph_pool *pool,
                                const struct ph_user *user, const struct ph_alias *alias,
                                bool *taken)
{
    *taken = false;
    if (!alias->take) {
        PH_TRY(is_taken(ctx, pool, user, alias->kind, alias->value, taken));
    }
    return *taken ? PH_OK : stands_for_another(ctx, pool, user, alias, taken);
}

struct ph_err ph_user_check_names(struct ph_ctx *ctx, const struct ph_pool *pool,
                                  const struct ph_user_change *change, unsigned take)
{
    const struct ph_alias *aliases;
    size_t count;

    ph_user_aliases(ctx, pool, change->user, take, &aliases, &count);
    for (size_t i = 0; i < count; i++) {
        bool taken;

        PH_TRY(check_name(ctx, pool, change->user, &aliases[i], &taken));
        if (taken) {
            return ph_user_name_taken(ctx, pool, change, aliases[i].kind);
        }
    }
    return PH_OK;
}

/* --- limits by the hour --- */

struct ph_err ph_user_count_try(struct ph_ctx *ctx, const struct ph_pool *pool, struct ph_str who,
                                const char *what, int64_t per_hour)
{
    int64_t count = 0;

    if (ctx->settings == NULL || !ctx->settings->attempt_limits) {
        return PH_OK;
    }
    PH_TRY(ph_store_attempt_count(ctx, pool->id, ph_strf(ctx->arena, "%s %.*s", what, PH_FMT(who)),
                                  &count));
    return count > per_hour ? PH_FAIL(LimitExceededException, PH_MSG_ATTEMPT_LIMIT) : PH_OK;
}
