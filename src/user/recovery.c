#include "user/recovery.h"

#include "model/exceptions.h"
#include "model/messages.h"
#include "user/contact.h"
#include "user/migrate.h"
#include "user/sign_up.h"

enum { TRIES_PER_HOUR = 20 }; /* of asking for codes and of bringing them back together */

/* --- where a code goes --- */

struct mechanism {
    struct ph_str name;
    struct ph_str attribute;
    enum ph_contact bit;
    enum ph_mfa_factor factor; /* that uses the same address */
};

static const struct mechanism MECHANISMS[] = {
    { PH_STR_INIT("verified_email"), PH_STR_INIT("email"), PH_EMAIL, PH_MFA_EMAIL },
    { PH_STR_INIT("verified_phone_number"), PH_STR_INIT("phone_number"), PH_PHONE, PH_MFA_SMS },
};
enum { MECHANISM_COUNT = sizeof MECHANISMS / sizeof MECHANISMS[0] };

/* The pool's mechanisms in their order; an administrator's help is none of them. */
static size_t mechanisms_of(const struct ph_pool *pool, const struct mechanism *found[])
{
    const struct json_t *all =
        ph_json_get(ph_json_get(pool->settings, "AccountRecoverySetting"), "RecoveryMechanisms");
    size_t count = 0;

    for (int64_t priority = 1; priority <= MECHANISM_COUNT; priority++) {
        for (size_t i = 0; i < ph_json_length(all); i++) {
            const struct json_t *one = ph_json_at(all, i);
            const struct ph_str name = ph_json_get_str(one, "Name");

            for (size_t m = 0; m < MECHANISM_COUNT; m++) {
                if (ph_json_int(ph_json_get(one, "Priority")) == priority &&
                    ph_str_eq(name, MECHANISMS[m].name) && count < MECHANISM_COUNT) {
                    found[count++] = &MECHANISMS[m];
                }
            }
        }
    }
    return count;
}

/* Who has the phone must not have both the password and the second factor by it. */
static bool is_second_factor(const struct ph_pool *pool, const struct ph_user *user,
                             enum ph_mfa_factor factor)
{
    const unsigned bit = (unsigned)factor;

    if (pool->mfa == PH_MFA_OFF || (pool->mfa_factors & bit) == 0) {
        return false;
    }
    return (user->mfa_on & bit) != 0 || (pool->mfa == PH_MFA_ON && pool->mfa_factors == bit);
}

static bool reaches(const struct ph_pool *pool, const struct ph_user *user,
                    const struct mechanism *mechanism)
{
    const struct ph_contact_kind *contact = ph_contact_of(mechanism->attribute);

    return ph_attrs_get(&user->attrs, contact->attribute).n > 0 &&
           ph_str_eq(ph_attrs_get(&user->attrs, contact->flag), PH_STR("true")) &&
           !is_second_factor(pool, user, mechanism->factor);
}

/* NULL when nothing reaches the user. */
static const struct mechanism *choose(const struct ph_pool *pool, const struct ph_user *user)
{
    const struct mechanism *found[MECHANISM_COUNT];
    const size_t count = mechanisms_of(pool, found);

    for (size_t i = 0; i < count; i++) {
        if (reaches(pool, user, found[i])) {
            return found[i];
        }
    }
    return NULL;
}

static struct ph_err unreachable(void)
{
    return PH_FAIL(InvalidParameterException,
                   "Cannot reset password for the user as there is no registered/verified email or "
                   "phone_number");
}

static struct ph_err wrong_state(void)
{
    return PH_FAIL(NotAuthorizedException, "User password cannot be reset in the current state.");
}

static struct ph_err issue(struct ph_ctx *ctx, const struct ph_pool *pool,
                           const struct mechanism *mechanism, const struct ph_client *client,
                           const struct json_t *client_metadata, struct ph_user_change *change,
                           struct ph_delivery *delivery)
{
    const struct ph_code_request request = {
        .user = change->user,
        .purpose = PH_CODE_RESET_PASSWORD,
        .attribute = mechanism->attribute,
        .destination = ph_attrs_get(&change->user->attrs, mechanism->attribute),
        .reason = PH_STR("ForgotPassword"),
        .client_id = client == NULL ? (struct ph_str){ 0 } : client->id,
        .client_metadata = client_metadata,
    };

    return ph_code_issue(ctx, pool, &request, change, delivery);
}

/* --- asking for a code --- */

static struct ph_err count_try(struct ph_ctx *ctx, const struct ph_pool *pool, struct ph_str who)
{
    return ph_user_count_try(ctx, pool, who, "ForgotPassword", TRIES_PER_HOUR);
}

/* An address where a real user of that name could have got a code in this pool. */
static struct ph_err pretend(struct ph_ctx *ctx, const struct ph_pool *pool,
                             const struct ph_forgotten *given, struct ph_delivery *delivery)
{
    const struct mechanism *found[MECHANISM_COUNT];
    const size_t count = mechanisms_of(pool, found);
    unsigned media = 0;

    PH_TRY(count_try(ctx, pool, ph_user_fold(ctx, pool, given->name)));
    for (size_t i = 0; i < count; i++) {
        media |= (unsigned)found[i]->bit;
    }
    if ((media & pool->auto_verified) != 0) { /* others are hardly ever verified */
        media &= pool->auto_verified;
    }
    ph_decoy_delivery_by(ctx, pool, given->name,
                         (media & PH_EMAIL) != 0 &&
                                 (ph_str_has_byte(given->name, '@') || (media & PH_PHONE) == 0)
                             ? PH_MEDIUM_EMAIL
                             : PH_MEDIUM_SMS,
                         delivery);
    return ph_decoy_write(ctx, pool, ph_decoy_sub(ctx, pool, given->name));
}

/* Why this user gets no code; PH_OK with the mechanism when he does. */
static struct ph_err check_may_forget(const struct ph_pool *pool, const struct ph_user *user,
                                      const struct mechanism **mechanism)
{
    const struct mechanism *chosen = choose(pool, user);

    if (!user->enabled) {
        return PH_FAIL(NotAuthorizedException, PH_MSG_USER_DISABLED);
    }
    if (user->status == PH_USER_FORCE_CHANGE_PASSWORD ||
        user->status == PH_USER_EXTERNAL_PROVIDER) {
        return wrong_state();
    }
    if (chosen == NULL) {
        return unreachable();
    }
    *mechanism = chosen;
    return PH_OK;
}

static struct ph_err find_or_migrate(struct ph_ctx *ctx, const struct ph_pool *pool,
                                     const struct ph_forgotten *given, struct ph_user **user)
{
    const struct ph_migration migration = {
        .client = given->client,
        .name = given->name,
        .client_metadata = given->client_metadata,
    };

    PH_TRY(ph_user_find(ctx, pool, given->name, user));
    return *user != NULL ? PH_OK : ph_user_migrate(ctx, pool, &migration, user);
}

static struct ph_err check_self_service(const struct ph_pool *pool)
{
    const struct mechanism *found[MECHANISM_COUNT];

    return mechanisms_of(pool, found) > 0
               ? PH_OK
               : PH_FAIL(NotAuthorizedException, "Contact administrator to reset password.");
}

struct ph_err ph_user_forgot_password(struct ph_ctx *ctx, const struct ph_pool *pool,
                                      const struct ph_forgotten *given, struct ph_str *sub,
                                      struct ph_delivery *delivery)
{
    const bool hides = given->client->hides_users;
    const struct mechanism *mechanism = NULL;
    struct ph_user_change change = { 0 };
    struct ph_err refusal = PH_OK;

    PH_TRY(find_or_migrate(ctx, pool, given, &change.user));
    if (change.user == NULL && !hides) {
        return PH_FAIL(UserNotFoundException, PH_MSG_USER_CLIENT_UNKNOWN);
    }
    PH_TRY(check_self_service(pool));
    if (change.user != NULL) {
        refusal = check_may_forget(pool, change.user, &mechanism);
    }
    if (mechanism == NULL) {
        *sub = (struct ph_str){ 0 };
        return hides ? pretend(ctx, pool, given, delivery) : refusal;
    }
    PH_TRY(count_try(ctx, pool, change.user->sub));
    PH_TRY(issue(ctx, pool, mechanism, given->client, given->client_metadata, &change, delivery));
    PH_TRY(ph_user_send(ctx, pool, &change));
    *sub = change.user->sub;
    return PH_OK;
}

/* --- bringing it back --- */

/* Where users are hidden it takes as long as the try of somebody who was sent a code. */
static struct ph_err refuse_forgetful(struct ph_ctx *ctx, const struct ph_pool *pool,
                                      const struct ph_client *client, struct ph_str name,
                                      const struct ph_user *user)
{
    if (client->hides_users) {
        PH_TRY(ph_decoy_write(ctx, pool, ph_decoy_sub(ctx, pool, name)));
        return PH_FAIL(CodeMismatchException, PH_MSG_CODE_MISMATCH);
    }
    return user == NULL ? PH_FAIL(UserNotFoundException, PH_MSG_USER_CLIENT_UNKNOWN)
                        : PH_FAIL(NotAuthorizedException, PH_MSG_USER_DISABLED);
}

struct ph_err ph_user_find_forgetful(struct ph_ctx *ctx, const struct ph_pool *pool,
                                     const struct ph_client *client, struct ph_str name,
                                     struct ph_user **user)
{
    struct ph_user *found = NULL;

    PH_TRY(ph_user_find(ctx, pool, name, &found));
    PH_TRY(count_try(ctx, pool, found == NULL ? ph_user_fold(ctx, pool, name) : found->sub));
    if (found == NULL || !found->enabled) {
        return refuse_forgetful(ctx, pool, client, name, found);
    }
    *user = found;
    return PH_OK;
}

/* A code proves the address it went to and nothing else: not the user's any more, not his code. */
static struct ph_err check_code(struct ph_ctx *ctx, const struct ph_pool *pool,
                                const struct ph_user *user, struct ph_str given,
                                struct ph_code **code)
{
    struct ph_code *found = NULL;

    PH_TRY(ph_code_check(ctx, pool, user, PH_CODE_RESET_PASSWORD, given, &found));
    if (!ph_str_eq(ph_attrs_get(&user->attrs, found->attribute), found->destination)) {
        return PH_FAIL(ExpiredCodeException, PH_MSG_CODE_EXPIRED);
    }
    *code = found;
    return PH_OK;
}

/* Who signed up and never confirmed, or belongs to another provider, stays so. */
static enum ph_user_status status_after(enum ph_user_status status)
{
    return status == PH_USER_UNCONFIRMED || status == PH_USER_EXTERNAL_PROVIDER ? status
                                                                                : PH_USER_CONFIRMED;
}

struct ph_err ph_user_recover(struct ph_ctx *ctx, const struct ph_pool *pool, struct ph_user *user,
                              const struct ph_recovery *given)
{
    struct ph_user_change change = { .user = user,
                                     .drop_code = true,
                                     .drop_purpose = PH_CODE_RESET_PASSWORD };
    struct ph_code *code;

    PH_TRY(check_code(ctx, pool, user, given->code, &code));
    PH_TRY(ph_password_check_policy(ctx, pool, user, given->password, PH_PW_CHANGE));
    ph_password_set(ctx, pool, user, given->password);
    user->status = status_after(user->status);
    ph_attrs_set(ctx->arena, &user->attrs, ph_contact_of(code->attribute)->flag, PH_STR("true"));
    PH_TRY(ph_user_save(ctx, pool, &change, 0));
    return ph_user_tell_confirmed(ctx, pool, given->client, user,
                                  PH_STR("PostConfirmation_ConfirmForgotPassword"),
                                  given->client_metadata);
}

/* --- by administrators --- */

/* Where the pool leaves recovery to its administrators, their code goes to any verified address. */
static const struct mechanism *choose_for_admin(const struct ph_pool *pool,
                                                const struct ph_user *user)
{
    const struct mechanism *chosen = choose(pool, user);

    for (size_t m = 0; chosen == NULL && m < MECHANISM_COUNT; m++) {
        if (reaches(pool, user, &MECHANISMS[m])) {
            chosen = &MECHANISMS[m];
        }
    }
    return chosen;
}

struct ph_err ph_user_reset_by_admin(struct ph_ctx *ctx, const struct ph_pool *pool,
                                     struct ph_user *user, const struct json_t *client_metadata)
{
    const struct mechanism *mechanism = choose_for_admin(pool, user);
    struct ph_user_change change = { .user = user };
    struct ph_delivery delivery; /* the operation does not tell where to */

    if (!user->enabled) {
        return PH_FAIL(NotAuthorizedException, "User is disabled");
    }
    if (user->status != PH_USER_CONFIRMED && user->status != PH_USER_RESET_REQUIRED) {
        return wrong_state();
    }
    if (mechanism == NULL) {
        return unreachable();
    }
    user->status = PH_USER_RESET_REQUIRED;
    if (user->origin == PH_ORIGIN_WAITING) { /* a password of the origin would undo the reset */
        user->origin = PH_ORIGIN_SETTLED;
    }
    PH_TRY(issue(ctx, pool, mechanism, NULL, client_metadata, &change, &delivery));
    return ph_user_save(ctx, pool, &change, 0);
}
