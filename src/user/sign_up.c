#include "user/sign_up.h"

#include "model/exceptions.h"
#include "model/messages.h"
#include "trigger/trigger.h"
#include "user/contact.h"

enum { RESENDS_PER_HOUR = 5 };

#define SIGNED_UP PH_STR("PostConfirmation_ConfirmSignUp")

/* --- signing up --- */

static struct ph_err set_attributes(struct ph_ctx *ctx, const struct ph_pool *pool,
                                    const struct ph_sign_up *given, struct ph_user *user)
{
    struct ph_attrs writes;

    ph_user_given_attributes(ctx, user, given->attrs, &writes);
    if ((pool->alias_attributes & PH_PREFERRED_USERNAME) != 0 &&
        ph_attrs_get(&writes, PH_STR("preferred_username")).n > 0) {
        return PH_FAIL(InvalidParameterException,
                       "User is unconfirmed. preferred_username cannot be set.");
    }
    PH_TRY(ph_attributes_apply(ctx, pool, given->client, PH_BY_CLIENT, user, &writes));
    return ph_attributes_check_required(ctx, pool, user);
}

/* Who signs in by codes only must be reachable where the pool sends them. */
static bool may_lack_password(const struct ph_pool *pool, const struct ph_client *client,
                              const struct ph_user *user)
{
    const unsigned factors = ((pool->first_factors & PH_FACTOR_EMAIL) != 0 ? PH_EMAIL : 0U) |
                             ((pool->first_factors & PH_FACTOR_SMS) != 0 ? PH_PHONE : 0U);

    return (client->flows & PH_FLOW_USER) != 0 &&
           ph_contact_choose(&user->attrs, factors & pool->auto_verified) != NULL;
}

static struct ph_err check_password(struct ph_ctx *ctx, const struct ph_pool *pool,
                                    const struct ph_sign_up *given)
{
    if (given->password.n == 0) {
        return PH_OK;
    }
    return ph_password_check_policy(ctx, pool, NULL, given->password, PH_PW_SIGN_UP);
}

static struct ph_err make_user(struct ph_ctx *ctx, const struct ph_pool *pool,
                               const struct ph_sign_up *given, struct ph_user_change *change)
{
    PH_TRY(ph_user_new(ctx, pool, given->name, &change->user));
    PH_TRY(check_password(ctx, pool, given));
    PH_TRY(set_attributes(ctx, pool, given, change->user));
    if (given->password.n == 0 && !may_lack_password(pool, given->client, change->user)) {
        return PH_FAIL(InvalidParameterException, "Password is required");
    }
    return ph_user_check_names(ctx, pool, change, 0);
}

static struct ph_err auto_verify(struct ph_ctx *ctx, const struct ph_pool *pool,
                                 struct ph_user *user, struct ph_str attribute, unsigned *take)
{
    const struct ph_contact_kind *contact = ph_contact_of(attribute);

    if (ph_attrs_get(&user->attrs, attribute).n == 0) {
        return PH_FAIL(
            InvalidParameterException,
            ph_textf(ctx->arena, "User does not have an attribute %.*s", PH_FMT(attribute)));
    }
    ph_attrs_set(ctx->arena, &user->attrs, contact->flag, PH_STR("true"));
    if ((pool->alias_attributes & (unsigned)contact->bit) != 0) {
        *take |= 1U << contact->alias;
    }
    return PH_OK;
}

/* The trigger may refuse, confirm and verify. */
static struct ph_err ask_trigger(struct ph_ctx *ctx, const struct ph_pool *pool,
                                 const struct ph_sign_up *given, struct ph_user *user,
                                 bool *confirm, unsigned *take)
{
    const struct ph_trigger_call call = {
        .trigger = PH_TRIGGER_PRE_SIGN_UP,
        .source = PH_STR("PreSignUp_SignUp"),
        .client_id = given->client->id,
        .user = user,
        .client_metadata = given->client_metadata,
        .validation_data = given->validation_data,
    };
    const struct json_t *response;

    PH_TRY(ph_trigger_run(ctx, pool, &call, &response));
    if (ph_json_bool(ph_json_get(response, "autoVerifyEmail"))) {
        PH_TRY(auto_verify(ctx, pool, user, PH_STR("email"), take));
    }
    if (ph_json_bool(ph_json_get(response, "autoVerifyPhone"))) {
        PH_TRY(auto_verify(ctx, pool, user, PH_STR("phone_number"), take));
    }
    *confirm = ph_json_bool(ph_json_get(response, "autoConfirmUser"));
    return PH_OK;
}

static struct ph_err send_code(struct ph_ctx *ctx, const struct ph_pool *pool,
                               const struct ph_client *client, struct ph_str reason,
                               const struct json_t *client_metadata,
                               const struct ph_contact_kind *contact, struct ph_user_change *change,
                               struct ph_delivery *delivery)
{
    const struct ph_code_request request = {
        .user = change->user,
        .purpose = PH_CODE_SIGN_UP,
        .attribute = contact->attribute,
        .destination = ph_attrs_get(&change->user->attrs, contact->attribute),
        .reason = reason,
        .client_id = client->id,
        .client_metadata = client_metadata,
    };

    return ph_code_issue(ctx, pool, &request, change, delivery);
}

struct ph_err ph_user_tell_confirmed(struct ph_ctx *ctx, const struct ph_pool *pool,
                                     const struct ph_client *client, const struct ph_user *user,
                                     struct ph_str source, const struct json_t *client_metadata)
{
    const struct ph_trigger_call call = {
        .trigger = PH_TRIGGER_POST_CONFIRMATION,
        .source = source,
        .client_id = client == NULL ? (struct ph_str){ 0 } : client->id,
        .user = user,
        .client_metadata = client_metadata,
    };
    const struct json_t *ignored;

    return ph_trigger_run(ctx, pool, &call, &ignored);
}

static struct ph_err store_sign_up(struct ph_ctx *ctx, const struct ph_pool *pool,
                                   const struct ph_sign_up *given, struct ph_user_change *change,
                                   unsigned take, struct ph_delivery *delivery)
{
    const struct ph_contact_kind *contact =
        ph_contact_choose(&change->user->attrs, pool->auto_verified);

    if (given->password.n > 0) {
        ph_password_set(ctx, pool, change->user, given->password);
    }
    if (contact != NULL && change->user->status == PH_USER_UNCONFIRMED) {
        PH_TRY(send_code(ctx, pool, given->client, PH_STR("SignUp"), given->client_metadata,
                         contact, change, delivery));
    }
    return ph_user_save(ctx, pool, change, take);
}

struct ph_err ph_user_sign_up(struct ph_ctx *ctx, const struct ph_pool *pool,
                              const struct ph_sign_up *given, struct ph_signed_up *result)
{
    struct ph_delivery delivery = { .attribute = { 0 } };
    struct ph_user_change change = { 0 };
    bool confirm = false;
    unsigned take = 0;

    if (pool->admin_create_only) {
        return PH_FAIL(NotAuthorizedException, "SignUp is not permitted for this user pool");
    }
    PH_TRY(make_user(ctx, pool, given, &change));
    PH_TRY(ask_trigger(ctx, pool, given, change.user, &confirm, &take));
    change.user->status = confirm ? PH_USER_CONFIRMED : PH_USER_UNCONFIRMED;
    PH_TRY(store_sign_up(ctx, pool, given, &change, take, &delivery));
    if (confirm) {
        PH_TRY(ph_user_tell_confirmed(ctx, pool, given->client, change.user, SIGNED_UP,
                                      given->client_metadata));
    }
    *result = (struct ph_signed_up){ .user = change.user, .delivery = delivery };
    return PH_OK;
}

/* --- confirming --- */

static struct ph_err not_found(void)
{
    return PH_FAIL(UserNotFoundException, PH_MSG_USER_CLIENT_UNKNOWN);
}

static struct ph_err check_unconfirmed(struct ph_ctx *ctx, const struct ph_user *user)
{
    if (user->status == PH_USER_UNCONFIRMED) {
        return PH_OK;
    }
    return PH_FAIL(NotAuthorizedException,
                   ph_textf(ctx->arena, "User cannot be confirmed. Current status is %.*s",
                            PH_FMT(ph_user_status_name(user->status))));
}

/* An address that changed since the code left is not the one it proves. */
static void verify(struct ph_ctx *ctx, struct ph_user *user, const struct ph_code *code)
{
    const struct ph_contact_kind *contact = ph_contact_of(code->attribute);

    if (contact != NULL &&
        ph_str_eq(ph_attrs_get(&user->attrs, contact->attribute), code->destination)) {
        ph_attrs_set(ctx->arena, &user->attrs, contact->flag, PH_STR("true"));
    }
}

struct ph_err ph_user_confirm(struct ph_ctx *ctx, const struct ph_pool *pool,
                              const struct ph_confirmation *given, const struct ph_user **user)
{
    const unsigned aliases = 1U << PH_ALIAS_EMAIL | 1U << PH_ALIAS_PHONE;
    const bool move = given->move_alias && pool->username_attributes == 0;
    struct ph_user_change change = { .drop_code = true, .drop_purpose = PH_CODE_SIGN_UP };
    struct ph_code *code;

    PH_TRY(ph_user_find(ctx, pool, given->name, &change.user));
    if (change.user == NULL) {
        return given->client->hides_users ? PH_FAIL(ExpiredCodeException, PH_MSG_CODE_EXPIRED)
                                          : not_found();
    }
    PH_TRY(check_unconfirmed(ctx, change.user));
    PH_TRY(ph_code_check(ctx, pool, change.user, PH_CODE_SIGN_UP, given->code, &code));
    verify(ctx, change.user, code);
    change.user->status = PH_USER_CONFIRMED;
    PH_TRY(ph_user_save(ctx, pool, &change, move ? aliases : 0));
    PH_TRY(ph_user_tell_confirmed(ctx, pool, given->client, change.user, SIGNED_UP,
                                  given->client_metadata));
    *user = change.user;
    return PH_OK;
}

struct ph_err ph_user_confirm_by_admin(struct ph_ctx *ctx, const struct ph_pool *pool,
                                       struct ph_user *user, const struct json_t *client_metadata)
{
    struct ph_user_change change = { .user = user, .forget_codes = 1U << PH_CODE_SIGN_UP };

    PH_TRY(check_unconfirmed(ctx, user));
    user->status = PH_USER_CONFIRMED;
    PH_TRY(ph_user_save(ctx, pool, &change, 0));
    return ph_user_tell_confirmed(ctx, pool, NULL, user, SIGNED_UP, client_metadata);
}

/* --- another code --- */

static struct ph_err nowhere_to_send(void)
{
    return PH_FAIL(NotAuthorizedException, "Cannot resend codes. Auto verification not turned on.");
}

static struct ph_err resend_to_nobody(struct ph_ctx *ctx, const struct ph_pool *pool,
                                      const struct ph_resend *given, struct ph_delivery *delivery)
{
    if (!given->client->hides_users) {
        return not_found();
    }
    if (pool->auto_verified == 0) {
        return nowhere_to_send();
    }
    PH_TRY(ph_user_count_try(ctx, pool, ph_user_fold(ctx, pool, given->name), "ResendCode",
                             RESENDS_PER_HOUR));
    ph_decoy_delivery(ctx, pool, given->name, delivery);
    return ph_decoy_write(ctx, pool, ph_decoy_sub(ctx, pool, given->name));
}

struct ph_err ph_user_resend_code(struct ph_ctx *ctx, const struct ph_pool *pool,
                                  const struct ph_resend *given, struct ph_str *sub,
                                  struct ph_delivery *delivery)
{
    const struct ph_contact_kind *contact;
    struct ph_user_change change = { 0 };

    PH_TRY(ph_user_find(ctx, pool, given->name, &change.user));
    if (change.user == NULL) {
        *sub = (struct ph_str){ 0 };
        return resend_to_nobody(ctx, pool, given, delivery);
    }
    if (change.user->status != PH_USER_UNCONFIRMED) {
        return PH_FAIL(InvalidParameterException, "User is already confirmed.");
    }
    contact = ph_contact_choose(&change.user->attrs, pool->auto_verified);
    if (contact == NULL) {
        return nowhere_to_send();
    }
    PH_TRY(ph_user_count_try(ctx, pool, change.user->sub, "ResendCode", RESENDS_PER_HOUR));
    PH_TRY(send_code(ctx, pool, given->client, PH_STR("ResendCode"), given->client_metadata,
                     contact, &change, delivery));
    PH_TRY(ph_user_send(ctx, pool, &change));
    *sub = change.user->sub;
    return PH_OK;
}
