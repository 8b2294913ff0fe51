#include "user/invite.h"

#include "model/exceptions.h"
#include "trigger/trigger.h"
#include "user/contact.h"

static struct ph_err ask_trigger(struct ph_ctx *ctx, const struct ph_pool *pool,
                                 const struct ph_invitation *given, const struct ph_user *user)
{
    const struct ph_trigger_call call = {
        .trigger = PH_TRIGGER_PRE_SIGN_UP,
        .source = PH_STR("PreSignUp_AdminCreateUser"),
        .user = user,
        .client_metadata = given->client_metadata,
        .validation_data = given->validation_data,
    };
    const struct json_t *ignored; /* it may refuse; its wishes count for sign-up only */

    return ph_trigger_run(ctx, pool, &call, &ignored);
}

/* *password is absent when the user needs none. */
static struct ph_err choose_password(struct ph_ctx *ctx, const struct ph_pool *pool,
                                     const struct ph_invitation *given, struct ph_str *password)
{
    if (given->temporary_password.n > 0) {
        *password = given->temporary_password;
        return ph_password_check_policy(ctx, pool, NULL, *password, PH_PW_ADMIN);
    }
    if ((pool->first_factors & (PH_FACTOR_EMAIL | PH_FACTOR_SMS)) == 0) {
        *password = ph_password_generate(ctx, pool);
    }
    return PH_OK;
}

static struct ph_err send(struct ph_ctx *ctx, const struct ph_pool *pool,
                          const struct ph_invitation *given, const struct ph_contact_kind *contact,
                          struct ph_str password, struct ph_user_change *change)
{
    struct ph_message_request request = {
        .template = PH_TEMPLATE_INVITATION,
        .reason = PH_STR("AdminCreateUser"),
        .user = change->user,
        .medium = contact->medium,
        .destination = ph_attrs_get(&change->user->attrs, contact->attribute),
        .code = password,
    };

    return ph_user_notify(ctx, pool, &request, given->client_metadata, change);
}

/* By every medium that was asked for; by e-mail when only that could reach the user. */
static struct ph_err send_all(struct ph_ctx *ctx, const struct ph_pool *pool,
                              const struct ph_invitation *given, struct ph_str password,
                              struct ph_user_change *change)
{
    const struct ph_attrs *attrs = &change->user->attrs;
    unsigned media = given->media;

    if (given->silent || password.n == 0) {
        return PH_OK;
    }
    if (ph_contact_choose(attrs, PH_PHONE) == NULL) {
        media |= 1U << PH_MEDIUM_EMAIL;
    }
    for (size_t i = 0; i < PH_CONTACT_COUNT; i++) {
        if ((media & 1U << ph_contacts[i].medium) != 0 &&
            ph_attrs_get(attrs, ph_contacts[i].attribute).n > 0) {
            PH_TRY(send(ctx, pool, given, &ph_contacts[i], password, change));
        }
    }
    return PH_OK;
}

/* Addresses that sign in as user names are nobody's to take. */
static unsigned taken_aliases(const struct ph_pool *pool, const struct ph_invitation *given)
{
    return given->move_alias && pool->username_attributes == 0
               ? 1U << PH_ALIAS_EMAIL | 1U << PH_ALIAS_PHONE
               : 0;
}

static struct ph_err make_user(struct ph_ctx *ctx, const struct ph_pool *pool,
                               const struct ph_invitation *given, struct ph_user_change *change)
{
    struct ph_attrs writes;

    PH_TRY(ph_user_new(ctx, pool, given->name, &change->user));
    ph_user_given_attributes(ctx, change->user, given->attrs, &writes);
    PH_TRY(ph_attributes_apply(ctx, pool, NULL, PH_BY_ADMIN, change->user, &writes));
    return ph_user_check_names(ctx, pool, change, taken_aliases(pool, given));
}

struct ph_err ph_user_invite(struct ph_ctx *ctx, const struct ph_pool *pool,
                             const struct ph_invitation *given, struct ph_user **user)
{
    struct ph_user_change change = { 0 };
    struct ph_str password = { 0 };

    PH_TRY(make_user(ctx, pool, given, &change));
    PH_TRY(choose_password(ctx, pool, given, &password));
    PH_TRY(ask_trigger(ctx, pool, given, change.user));
    change.user->status = password.n > 0 ? PH_USER_FORCE_CHANGE_PASSWORD : PH_USER_CONFIRMED;
    if (password.n > 0) {
        ph_password_set(ctx, pool, change.user, password);
    }
    PH_TRY(send_all(ctx, pool, given, password, &change));
    PH_TRY(ph_user_save(ctx, pool, &change, taken_aliases(pool, given)));
    *user = change.user;
    return PH_OK;
}

struct ph_err ph_user_invite_again(struct ph_ctx *ctx, const struct ph_pool *pool,
                                   const struct ph_invitation *given, struct ph_user **user)
{
    struct ph_user_change change = { 0 };
    struct ph_str password = given->temporary_password;

    PH_TRY(ph_user_get(ctx, pool, given->name, &change.user));
    if (change.user->status != PH_USER_FORCE_CHANGE_PASSWORD) {
        return PH_FAIL(UnsupportedUserStateException,
                       ph_textf(ctx->arena,
                                "Resend not possible. %.*s status is not FORCE_CHANGE_PASSWORD",
                                PH_FMT(given->name)));
    }
    if (password.n > 0) {
        PH_TRY(ph_password_check_policy(ctx, pool, NULL, password, PH_PW_ADMIN));
    } else {
        password = ph_password_generate(ctx, pool);
    }
    ph_password_set(ctx, pool, change.user, password);
    PH_TRY(send_all(ctx, pool, given, password, &change));
    PH_TRY(ph_user_save(ctx, pool, &change, 0));
    *user = change.user;
    return PH_OK;
}
