/*
 * Users of a seed: made by AdminCreateUser, then brought to the state that the file states. What
 * the API has no operation for (a verifier, a software token, a status) is written as the rules
 * write it.
 */
#include "seed/internal.h"

#include "crypto/secret.h"
#include "model/exceptions.h"
#include "store/totp.h"
#include "user/identity.h"
#include "user/user.h"
#include "util/encode.h"

#include <string.h>

/* A user on the way. */
struct seeded {
    struct ph_ctx *ctx;
    const struct ph_seed_item *item;
    const struct ph_pool *pool;
    struct ph_str name; /* as the file has it */
};

static struct ph_err refuse(struct ph_ctx *ctx, const char *member, const char *rule)
{
    return PH_FAIL(InvalidParameterException, ph_textf(ctx->arena, "%s %s", member, rule));
}

static const struct json_t *more(const struct seeded *s, const char *member)
{
    return ph_json_get(s->item->more, member);
}

static struct json_t *request_of(const struct seeded *s)
{
    struct json_t *request = ph_json_object(s->ctx->arena);

    ph_json_set_str(s->ctx->arena, request, "UserPoolId", s->item->pool_id);
    ph_json_set_str(s->ctx->arena, request, "Username", s->name);
    return request;
}

static struct ph_err call(const struct seeded *s, enum ph_op op, const struct json_t *request)
{
    struct json_t *reply;

    return ph_seed_call(s->ctx, op, request, &reply);
}

/* --- making --- */

/* Nobody waits for an invitation of a user whose password the file states. */
static bool is_silent(const struct seeded *s)
{
    return ph_json_get(s->item->body, "MessageAction") == NULL &&
           (more(s, "Password") != NULL || more(s, "PasswordVerifier") != NULL ||
            more(s, "UserStatus") != NULL);
}

static struct ph_err make(const struct seeded *s)
{
    struct ph_ctx *ctx = s->ctx;
    struct json_t *request = ph_json_copy(ctx->arena, s->item->body);
    const struct ph_str stated = ph_json_str(more(s, "Sub"));
    uint8_t bytes[PH_UUID_BYTES];
    struct ph_err err;

    if (stated.n > 0 && !ph_uuid_parse(stated, bytes)) {
        return refuse(ctx, "Sub", "is not a UUID");
    }
    if (is_silent(s)) {
        ph_json_set_str(ctx->arena, request, "MessageAction", PH_STR("SUPPRESS"));
    }
    ctx->pinned_sub = stated.n > 0 ? ph_str_lower(ctx->arena, stated)
                                   : ph_seed_sub(ctx->arena, s->item->pool_id, s->name);
    err = call(s, OP_AdminCreateUser, request);
    ctx->pinned_sub = (struct ph_str){ 0 };
    return err;
}

/* --- attributes of one who is there --- */

static struct ph_str value_of(const struct ph_user *user, struct ph_str name)
{
    return ph_attrs_get(&user->attrs, name);
}

static struct ph_err update_attributes(const struct seeded *s, const struct ph_user *user)
{
    const struct json_t *wanted = ph_json_get(s->item->body, "UserAttributes");
    struct json_t *request = request_of(s), *changed = ph_json_array(s->ctx->arena);

    for (size_t i = 0; i < ph_json_length(wanted); i++) {
        const struct json_t *one = ph_json_at(wanted, i);

        if (!ph_str_eq(value_of(user, ph_json_get_str(one, "Name")),
                       ph_json_get_str(one, "Value"))) {
            ph_json_append(s->ctx->arena, changed, ph_json_copy(s->ctx->arena, one));
        }
    }
    if (ph_json_length(changed) == 0) {
        return PH_OK;
    }
    ph_json_set(s->ctx->arena, request, "UserAttributes", changed);
    return call(s, OP_AdminUpdateUserAttributes, request);
}

/* --- passwords --- */

/* Permanent unless the file says otherwise; one that is right already is not set again. */
static struct ph_err set_password(const struct seeded *s, const struct ph_user *user)
{
    const struct ph_str password = ph_json_str(more(s, "Password"));
    const struct json_t *permanent = more(s, "Permanent");
    struct json_t *request = request_of(s);
    const bool is_permanent = permanent == NULL || ph_json_bool(permanent);

    if (more(s, "Password") == NULL ||
        (user->password != NULL && (user->status == PH_USER_CONFIRMED) == is_permanent &&
         ph_password_matches(s->ctx, s->pool, user, password))) {
        return PH_OK;
    }
    ph_json_set_str(s->ctx->arena, request, "Password", password);
    ph_json_set_bool(s->ctx->arena, request, "Permanent", is_permanent);
    return call(s, OP_AdminSetUserPassword, request);
}

static bool decode_exactly(struct ph_arena *arena, struct ph_str text, uint8_t *to, size_t n)
{
    struct ph_str bytes;

    if (!ph_base64_decode(arena, text, &bytes) || bytes.n != n) {
        return false;
    }
    memcpy(to, bytes.p, n);
    return true;
}

/* What a dump has taken along: nobody knows the password, and it stays good. */
static struct ph_err read_verifier(const struct seeded *s, struct ph_user *user)
{
    const struct json_t *given = more(s, "PasswordVerifier");
    struct ph_password *password;

    if (given == NULL) {
        return PH_OK;
    }
    password = ph_arena_new(s->ctx->arena, struct ph_password);
    if (!decode_exactly(s->ctx->arena, ph_json_get_str(given, "Salt"), password->salt,
                        sizeof password->salt) ||
        !decode_exactly(s->ctx->arena, ph_json_get_str(given, "Verifier"), password->verifier,
                        sizeof password->verifier)) {
        return refuse(s->ctx, "PasswordVerifier", "is not Salt and Verifier as a dump has them");
    }
    user->password = password;
    user->password_set_ms = ph_now_ms(s->ctx);
    return PH_OK;
}

/* --- status --- */

static struct ph_err read_status(const struct seeded *s, struct ph_user *user)
{
    const struct ph_str name = ph_json_str(more(s, "UserStatus"));

    if (more(s, "UserStatus") == NULL) {
        return PH_OK;
    }
    for (int status = PH_USER_UNCONFIRMED; status <= PH_USER_EXTERNAL_PROVIDER; status++) {
        if (ph_str_eq(name, ph_user_status_name((enum ph_user_status)status))) {
            user->status = (enum ph_user_status)status;
            return PH_OK;
        }
    }
    return refuse(s->ctx, "UserStatus", "is not a status that users have");
}

static struct ph_err read_state(const struct seeded *s, struct ph_user *user)
{
    const struct json_t *enabled = more(s, "Enabled");

    PH_TRY(read_verifier(s, user));
    PH_TRY(read_status(s, user));
    if (enabled != NULL) {
        user->enabled = ph_json_bool(enabled);
    }
    if (more(s, "PasswordVerifier") == NULL && more(s, "Password") == NULL &&
        more(s, "UserStatus") != NULL && ph_json_get(s->item->body, "TemporaryPassword") == NULL) {
        user->password = NULL; /* the one that was made up for the invitation is nobody's */
    }
    return PH_OK;
}

static bool is_same_password(const struct ph_password *a, const struct ph_password *b)
{
    if (a == NULL || b == NULL) {
        return a == b;
    }
    return ph_equal_secret((struct ph_str){ a->salt, sizeof a->salt },
                           (struct ph_str){ b->salt, sizeof b->salt }) &&
           ph_equal_secret((struct ph_str){ a->verifier, sizeof a->verifier },
                           (struct ph_str){ b->verifier, sizeof b->verifier });
}

static struct ph_err write_state(const struct seeded *s, struct ph_user *user)
{
    const struct ph_user before = *user;
    struct ph_user_change change = { .user = user };

    PH_TRY(read_state(s, user));
    if (user->status == before.status && user->enabled == before.enabled &&
        is_same_password(user->password, before.password)) {
        return PH_OK;
    }
    return ph_user_save(s->ctx, s->pool, &change, 0);
}

/* --- second factors --- */

static struct ph_err write_token(const struct seeded *s, struct ph_user *user, struct ph_str secret)
{
    struct ph_totp_change *verified = ph_arena_new(s->ctx->arena, struct ph_totp_change);
    struct ph_user_change change = { .user = user, .totp = verified };

    PH_TRY(ph_store_totp_associate(s->ctx, &s->pool->ref, user->sub, secret));
    PH_TRY(ph_store_totp_find(s->ctx, &s->pool->ref, user->sub, &verified->totp));
    verified->device_name = ph_json_get_str(more(s, "SoftwareToken"), "DeviceName");
    user->has_totp = true;
    return ph_user_save(s->ctx, s->pool, &change, 0);
}

/* As if the user had verified it: codes of an authenticator app with this secret are right. */
static struct ph_err set_token(const struct seeded *s, struct ph_user *user)
{
    const struct json_t *given = more(s, "SoftwareToken");
    struct ph_totp there;
    struct ph_str secret;

    if (given == NULL) {
        return PH_OK;
    }
    if (!ph_base32_decode(s->ctx->arena, ph_json_get_str(given, "Secret"), &secret) ||
        secret.n < 10 || secret.n > 128) {
        return refuse(s->ctx, "SoftwareToken.Secret", "is not a secret in base32");
    }
    PH_TRY(ph_store_totp_find(s->ctx, &s->pool->ref, user->sub, &there));
    return user->has_totp && ph_equal_secret(there.secret, secret) ? PH_OK
                                                                   : write_token(s, user, secret);
}

static bool is_set(const struct ph_user *user, enum ph_mfa_factor factor,
                   const struct json_t *given)
{
    const bool on = (user->mfa_on & (unsigned)factor) != 0;
    const bool preferred = (user->mfa_preferred & (unsigned)factor) != 0;

    return on == ph_json_bool(ph_json_get(given, "Enabled")) &&
           preferred == ph_json_bool(ph_json_get(given, "PreferredMfa"));
}

static struct ph_err set_preferences(const struct seeded *s, const struct ph_user *user)
{
    static const struct {
        const char *member;
        enum ph_mfa_factor factor;
    } SETTINGS[] = { { "SMSMfaSettings", PH_MFA_SMS },
                     { "SoftwareTokenMfaSettings", PH_MFA_TOTP },
                     { "EmailMfaSettings", PH_MFA_EMAIL } };
    struct json_t *request = request_of(s);
    bool differs = false;

    for (size_t i = 0; i < sizeof SETTINGS / sizeof SETTINGS[0]; i++) {
        const struct json_t *given = more(s, SETTINGS[i].member);

        if (given != NULL) {
            ph_json_set(s->ctx->arena, request, SETTINGS[i].member,
                        ph_json_copy(s->ctx->arena, given));
            differs = differs || !is_set(user, SETTINGS[i].factor, given);
        }
    }
    return differs ? call(s, OP_AdminSetUserMFAPreference, request) : PH_OK;
}

/* --- groups --- */

static struct ph_err join_groups(const struct seeded *s)
{
    const struct json_t *groups = more(s, "Groups");

    for (size_t i = 0; i < ph_json_length(groups); i++) {
        struct json_t *request = request_of(s);

        ph_json_set(s->ctx->arena, request, "GroupName",
                    ph_json_copy(s->ctx->arena, ph_json_at(groups, i)));
        PH_TRY(call(s, OP_AdminAddUserToGroup, request));
    }
    return PH_OK;
}

/* --- links to identities at providers --- */

/* One that is the user's already is not made again: the API calls that a mistake. */
static struct ph_err is_linked(const struct seeded *s, const struct ph_user *user,
                               const struct json_t *link, bool *linked)
{
    const struct ph_provider_user identity = {
        .provider = ph_json_get_str(link, "ProviderName"),
        .attribute = ph_json_get_str(link, "ProviderAttributeName"),
        .value = ph_json_get_str(link, "ProviderAttributeValue"),
    };
    struct ph_user *owner;

    PH_TRY(ph_user_by_identity(s->ctx, s->pool, &identity, &owner));
    *linked = owner != NULL && ph_str_eq(owner->sub, user->sub);
    return PH_OK;
}

static struct ph_err make_link(const struct seeded *s, const struct ph_user *user,
                               const struct json_t *link)
{
    struct json_t *request = ph_json_object(s->ctx->arena), *to = ph_json_object(s->ctx->arena);

    ph_json_set_str(s->ctx->arena, to, "ProviderName", PH_STR("Cognito"));
    ph_json_set_str(s->ctx->arena, to, "ProviderAttributeValue", user->username);
    ph_json_set_str(s->ctx->arena, request, "UserPoolId", s->item->pool_id);
    ph_json_set(s->ctx->arena, request, "DestinationUser", to);
    ph_json_set(s->ctx->arena, request, "SourceUser", ph_json_copy(s->ctx->arena, link));
    return call(s, OP_AdminLinkProviderForUser, request);
}

static struct ph_err make_links(const struct seeded *s, const struct ph_user *user)
{
    const struct json_t *links = more(s, "Links");

    for (size_t i = 0; i < ph_json_length(links); i++) {
        bool linked;

        PH_TRY(is_linked(s, user, ph_json_at(links, i), &linked));
        if (!linked) {
            PH_TRY(make_link(s, user, ph_json_at(links, i)));
        }
    }
    return PH_OK;
}

/* --- all of it --- */

static struct ph_err reload(const struct seeded *s, struct ph_user **user)
{
    return ph_user_find(s->ctx, s->pool, s->name, user);
}

struct ph_err ph_seed_apply_user(struct ph_ctx *ctx, const struct ph_seed_item *item)
{
    struct seeded s = { .ctx = ctx, .item = item };
    struct ph_user *user;

    s.name = ph_json_get_str(item->body, "Username");
    PH_TRY(ph_pool_get(ctx, item->pool_id, &s.pool));
    PH_TRY(reload(&s, &user));
    PH_TRY(user == NULL ? make(&s) : update_attributes(&s, user));
    PH_TRY(reload(&s, &user));
    if (user == NULL) {
        return refuse(ctx, "Username", "is not the name by which the user is found");
    }
    PH_TRY(set_password(&s, user));
    PH_TRY(reload(&s, &user));
    PH_TRY(write_state(&s, user));
    PH_TRY(reload(&s, &user));
    PH_TRY(set_token(&s, user));
    PH_TRY(set_preferences(&s, user));
    PH_TRY(make_links(&s, user));
    return join_groups(&s);
}
