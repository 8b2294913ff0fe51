#include "user/migrate.h"

#include "model/exceptions.h"
#include "trigger/trigger.h"
#include "user/contact.h"
#include "user/origin.h"

/* The password that a user already has is nobody's to send around. */
#define HIDDEN_PASSWORD PH_STR("********")

static struct ph_err unknown(struct ph_ctx *ctx, const struct ph_migration *given,
                             struct ph_err err)
{
    if (err.type != &ph_ex_UserLambdaValidationException) {
        return err;
    }
    return PH_FAIL(UserNotFoundException,
                   ph_textf(ctx->arena, "Exception migrating user in app client %.*s",
                            PH_FMT(given->client->id)));
}

/* *response is NULL when nobody is to be made. */
static struct ph_err ask(struct ph_ctx *ctx, const struct ph_pool *pool,
                         const struct ph_migration *given, const struct json_t **response)
{
    const struct ph_trigger_call call = {
        .trigger = PH_TRIGGER_USER_MIGRATION,
        .source = given->password.n > 0 ? PH_STR("UserMigration_Authentication")
                                        : PH_STR("UserMigration_ForgotPassword"),
        .client_id = given->client->id,
        .user_name = given->name,
        .password = given->password,
        .validation_data = given->validation_data,
        .client_metadata = given->client_metadata,
    };
    const struct ph_err err = ph_trigger_run(ctx, pool, &call, response);

    if (err.type != NULL && !given->client->hides_users) {
        return unknown(ctx, given, err);
    }
    if (err.type != NULL || ph_json_get(*response, "userAttributes") == NULL) {
        *response = NULL;
    }
    return PH_OK;
}

/* What the service sets itself is left out. */
static void read_attributes(struct ph_ctx *ctx, const struct json_t *given, struct ph_attrs *writes)
{
    *writes = (struct ph_attrs){ 0 };
    for (void *i = ph_json_first(given); i != NULL; i = ph_json_next(given, i)) {
        const struct ph_str name = ph_json_key(i);

        if (!ph_str_eq(name, PH_STR("username")) && !ph_str_eq(name, PH_STR("sub")) &&
            !ph_str_starts(name, PH_STR("cognito:")) &&
            ph_json_kind(ph_json_member(i)) == PH_JSON_STRING) {
            ph_attrs_set(ctx->arena, writes, name, ph_json_str(ph_json_member(i)));
        }
    }
}

static bool is_flag_set(const struct json_t *response, const char *name)
{
    return ph_json_bool(ph_json_get(response, name));
}

static void set_status(struct ph_ctx *ctx, const struct ph_pool *pool,
                       const struct ph_migration *given, const struct json_t *response,
                       struct ph_user *user)
{
    const bool confirmed =
        ph_str_eq(ph_json_get_str(response, "finalUserStatus"), PH_STR("CONFIRMED"));

    if (given->password.n > 0) { /* whatever the policy says: it is the user's already */
        ph_password_set(ctx, pool, user, given->password);
    }
    user->status = confirmed ? PH_USER_CONFIRMED : PH_USER_RESET_REQUIRED;
    if (is_flag_set(response, "enableSMSMFA") &&
        ph_attrs_get(&user->attrs, PH_STR("phone_number")).n > 0) {
        user->mfa_on |= PH_MFA_SMS;
    }
}

static struct ph_err make(struct ph_ctx *ctx, const struct ph_pool *pool,
                          const struct ph_migration *given, const struct json_t *response,
                          struct ph_user **user)
{
    const struct json_t *attributes = ph_json_get(response, "userAttributes");
    const struct ph_str name = ph_json_get_str(attributes, "username");
    struct ph_attrs all, writes;

    PH_TRY(ph_user_new(ctx, pool, name.n > 0 ? name : given->name, user));
    read_attributes(ctx, attributes, &all);
    ph_user_given_attributes(ctx, *user, &all, &writes);
    PH_TRY(ph_attributes_apply(ctx, pool, NULL, PH_BY_ADMIN, *user, &writes));
    PH_TRY(ph_attributes_check_required(ctx, pool, *user));
    set_status(ctx, pool, given, response, *user);
    return PH_OK;
}

/* ---- the welcome ---- */

static unsigned media_of(const struct json_t *response)
{
    const struct json_t *list = ph_json_get(response, "desiredDeliveryMediums");
    unsigned media = 0;

    for (size_t i = 0; i < ph_json_length(list); i++) {
        media |= ph_str_eq(ph_json_str(ph_json_at(list, i)), PH_STR("EMAIL"))
                     ? 1U << PH_MEDIUM_EMAIL
                     : 1U << PH_MEDIUM_SMS;
    }
    return media != 0 ? media : 1U << PH_MEDIUM_SMS;
}

static struct ph_err welcome(struct ph_ctx *ctx, const struct ph_pool *pool,
                             const struct ph_migration *given, const struct json_t *response,
                             struct ph_user_change *change)
{
    const unsigned media = media_of(response);

    if (ph_str_eq(ph_json_get_str(response, "messageAction"), PH_STR("SUPPRESS"))) {
        return PH_OK;
    }
    for (size_t i = 0; i < PH_CONTACT_COUNT; i++) {
        struct ph_message_request request = {
            .template = PH_TEMPLATE_INVITATION,
            .reason = PH_STR("AdminCreateUser"),
            .user = change->user,
            .medium = ph_contacts[i].medium,
            .destination = ph_attrs_get(&change->user->attrs, ph_contacts[i].attribute),
            .code = HIDDEN_PASSWORD,
            .client_id = given->client->id,
        };

        if ((media & 1U << request.medium) != 0 && request.destination.n > 0) {
            PH_TRY(ph_user_notify(ctx, pool, &request, given->client_metadata, change));
        }
    }
    return PH_OK;
}

static struct ph_err store(struct ph_ctx *ctx, const struct ph_pool *pool,
                           const struct ph_migration *given, const struct json_t *response,
                           struct ph_user **user)
{
    const bool force = is_flag_set(response, "forceAliasCreation");
    const unsigned take =
        force && pool->username_attributes == 0 ? 1U << PH_ALIAS_EMAIL | 1U << PH_ALIAS_PHONE : 0;
    struct ph_user_change change = { 0 };

    PH_TRY(make(ctx, pool, given, response, &change.user));
    PH_TRY(ph_user_check_names(ctx, pool, &change, take));
    PH_TRY(welcome(ctx, pool, given, response, &change));
    PH_TRY(ph_user_save(ctx, pool, &change, take));
    *user = change.user;
    return PH_OK;
}

/* The service that the pool leaves knows better than any function. */
static struct ph_err from_origin(struct ph_ctx *ctx, const struct ph_pool *pool,
                                 const struct ph_migration *given, struct ph_user **user)
{
    const struct ph_newcomer newcomer = {
        .client = given->client,
        .name = given->name,
        .password = given->password,
    };

    *user = NULL;
    if (pool->origin == NULL) {
        return PH_OK;
    }
    return given->password.n > 0
               ? ph_user_from_origin(ctx, pool, &newcomer, user)
               : ph_user_find_at_origin(ctx, pool, given->client, given->name, user);
}

/* Two sign-ins at once bring the same user: the slower one finds him. */
struct ph_err ph_user_migrate(struct ph_ctx *ctx, const struct ph_pool *pool,
                              const struct ph_migration *given, struct ph_user **user)
{
    const struct json_t *response = NULL;
    struct ph_err err;

    PH_TRY(from_origin(ctx, pool, given, user));
    if (*user != NULL) {
        return PH_OK;
    }
    PH_TRY(ask(ctx, pool, given, &response));
    if (response == NULL) {
        *user = NULL;
        return PH_OK;
    }
    err = store(ctx, pool, given, response, user);
    if (err.type == &ph_ex_UsernameExistsException) {
        struct ph_user *found = NULL;

        PH_TRY(ph_user_find(ctx, pool, given->name, &found));
        *user = found;
        return found != NULL ? PH_OK : err;
    }
    return err;
}
