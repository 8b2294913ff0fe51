#include "user/alter.h"

#include "model/exceptions.h"
#include "model/messages.h"
#include "pool/settings.h"
#include "store/realias.h"
#include "user/contact.h"
#include "user/user.h"

struct altering {
    struct ph_ctx *ctx;
    struct ph_pool pool; /* as it will be */
    struct ph_realias how;
    struct line *first, **last; /* told when it is over: it may begin again */
};

struct line {
    struct line *next;
    struct ph_str text;
};

struct ph_alteration ph_alteration_of(const struct ph_pool *pool)
{
    return (struct ph_alteration){ .case_sensitive = pool->case_sensitive,
                                   .alias_attributes = pool->alias_attributes,
                                   .username_attributes = pool->username_attributes };
}

static void begin(void *self)
{
    struct altering *a = self;

    a->first = NULL;
    a->last = &a->first;
}

static void note(struct altering *a, struct ph_str text)
{
    struct line *line = ph_arena_new(a->ctx->arena, struct line);

    *line = (struct line){ .text = text };
    *a->last = line;
    a->last = &line->next;
}

static void tell(void *self, struct ph_str username, struct ph_str name, struct ph_str other)
{
    struct altering *a = self;

    note(a, ph_strf(a->ctx->arena, "%.*s would be found by \"%.*s\", as %.*s is", PH_FMT(username),
                    PH_FMT(name), PH_FMT(other)));
}

/* Somebody else may prove the address one day, and would never be found by it. */
static bool looks_like_an_address(const struct ph_pool *pool, const struct ph_user *user)
{
    const unsigned addresses = pool->alias_attributes | pool->username_attributes;
    const bool email = (addresses & PH_EMAIL) != 0 && ph_is_email(user->username);
    const bool phone = (addresses & PH_PHONE) != 0 && ph_is_phone(user->username);
    const struct ph_str own =
        ph_attrs_get(&user->attrs, email ? PH_STR("email") : PH_STR("phone_number"));

    return (email || phone) && !ph_str_eq(own, user->username);
}

static void names(void *self, struct ph_arena *arena, const struct ph_user *user,
                  const struct ph_alias **aliases, size_t *count)
{
    struct altering *a = self;
    struct ph_ctx piece = *a->ctx;

    piece.arena = arena;
    if (looks_like_an_address(&a->pool, user)) {
        a->how.conflicts++;
        note(a, ph_strf(a->ctx->arena,
                        "%.*s is a Username of the form of an address that is not"
                        " the user's own",
                        PH_FMT(user->username)));
    }
    ph_user_aliases(&piece, &a->pool, user, 0, aliases, count);
}

static struct ph_err check(const struct ph_alteration *wanted)
{
    if (wanted->alias_attributes != 0 && wanted->username_attributes != 0) {
        return PH_FAIL(
            InvalidParameterException,
            "Only one of the aliasAttributes or usernameAttributes can be set in a User pool.");
    }
    return PH_OK;
}

struct ph_err ph_user_alter(struct ph_ctx *ctx, const struct ph_pool *pool,
                            const struct ph_alteration *wanted, bool apply,
                            struct ph_alter_report *report)
{
    struct altering a = { .ctx = ctx, .pool = *pool };
    enum ph_write_result result;

    PH_TRY(check(wanted));
    a.pool.case_sensitive = wanted->case_sensitive;
    a.pool.alias_attributes = wanted->alias_attributes;
    a.pool.username_attributes = wanted->username_attributes;
    const struct ph_pool_record record = {
        .id = pool->id,
        .settings = ph_json_text(ctx->arena, ph_pool_settings_altered(ctx->arena, &a.pool),
                                 PH_JSON_INSERTION),
        .modified_ms = ph_now_ms(ctx),
        .revision = pool->revision,
    };
    a.how = (struct ph_realias){
        .pool = &record,
        .apply = apply,
        .self = &a,
        .begin = begin,
        .names = names,
        .conflict = tell,
    };
    PH_TRY(ph_store_realias(ctx, &a.how, &result));
    for (const struct line *line = a.first; line != NULL; line = line->next) {
        report->tell(line->text);
    }
    ph_pool_forget(ctx, pool->id);
    report->users = a.how.users;
    report->conflicts = a.how.conflicts;
    if (result == PH_WRITE_CONFLICT) {
        return PH_FAIL(ConcurrentModificationException, PH_MSG_CONCURRENT_CHANGE);
    }
    return result == PH_WRITE_GONE ? ph_pool_unknown(ctx, pool->id) : PH_OK;
}
