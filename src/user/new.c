/* New users: which names a pool allows, and what a name makes of its user (management.md 4.1). */
#include "model/exceptions.h"
#include "user/contact.h"
#include "user/user.h"

static struct ph_err refuse(const char *text)
{
    return PH_FAIL(InvalidParameterException, text);
}

/* Pools that sign in by address: the name must be one of those. */
static struct ph_err check_address(const struct ph_pool *pool, const struct ph_contact_kind *given)
{
    const unsigned allowed = pool->username_attributes;

    if (given != NULL && (allowed & (unsigned)given->bit) != 0) {
        return PH_OK;
    }
    if (allowed == (PH_EMAIL | PH_PHONE)) {
        return refuse("Username should be either an email or a phone number.");
    }
    return refuse(allowed == PH_EMAIL ? "Username should be an email."
                                      : "Username should be a phone number.");
}

/* A Username of the form of an alias would be mistaken for somebody's alias. */
static struct ph_err check_plain(const struct ph_pool *pool, const struct ph_contact_kind *given)
{
    if (given == NULL || (pool->alias_attributes & (unsigned)given->bit) == 0) {
        return PH_OK;
    }
    if (given->bit == PH_EMAIL) {
        return refuse("Username cannot be of email format, since user pool is configured for email "
                      "alias.");
    }
    return refuse("Username cannot be of phone number format, since user pool is configured for "
                  "phone number alias.");
}

static const struct ph_contact_kind *form_of(struct ph_str name)
{
    if (ph_is_email(name)) {
        return ph_contact_of(PH_STR("email"));
    }
    return ph_is_phone(name) ? ph_contact_of(PH_STR("phone_number")) : NULL;
}

static struct ph_err become_address(struct ph_ctx *ctx, const struct ph_pool *pool,
                                    const struct ph_contact_kind *contact, struct ph_str name,
                                    struct ph_user *user)
{
    struct ph_attrs writes = { 0 };

    user->username = user->sub;
    ph_attrs_set(ctx->arena, &writes, contact->attribute, name);
    return ph_attributes_apply(ctx, pool, NULL, PH_BY_ADMIN, user, &writes);
}

struct ph_err ph_user_new(struct ph_ctx *ctx, const struct ph_pool *pool, struct ph_str name,
                          struct ph_user **user)
{
    const struct ph_contact_kind *given = form_of(name);
    struct ph_user *made = ph_arena_new(ctx->arena, struct ph_user);

    made->sub = ctx->pinned_sub.p != NULL ? ctx->pinned_sub : ph_new_uuid4(ctx);
    made->status = PH_USER_UNCONFIRMED;
    made->enabled = true;
    if (pool->username_attributes != 0) {
        PH_TRY(check_address(pool, given));
        PH_TRY(become_address(ctx, pool, given, name, made));
    } else {
        PH_TRY(check_plain(pool, given));
        made->username = ph_user_fold(ctx, pool, name);
    }
    *user = made;
    return PH_OK;
}

void ph_user_given_attributes(struct ph_ctx *ctx, const struct ph_user *user,
                              const struct ph_attrs *given, struct ph_attrs *writes)
{
    struct ph_attrs rest = { 0 };

    for (size_t i = 0; i < given->count; i++) {
        const struct ph_attr *attr = &given->items[i];

        if (ph_contact_of(attr->name) == NULL || ph_attrs_get(&user->attrs, attr->name).n == 0) {
            ph_attrs_set(ctx->arena, &rest, attr->name, attr->value);
        }
    }
    *writes = rest;
}
