#include "user/described.h"

#include "model/exceptions.h"
#include "util/encode.h"

static struct ph_err refuse(const char *text)
{
    return PH_FAIL(InvalidParameterException, text);
}

/* AdminGetUser and GetUser call them otherwise than ListUsers. */
static const struct json_t *attributes_of(const struct json_t *described)
{
    const struct json_t *attributes = ph_json_get(described, "UserAttributes");

    return attributes != NULL ? attributes : ph_json_get(described, "Attributes");
}

static struct ph_str attribute(const struct json_t *described, struct ph_str name)
{
    const struct json_t *attributes = attributes_of(described);

    for (size_t i = 0; i < ph_json_length(attributes); i++) {
        if (ph_str_eq(ph_json_get_str(ph_json_at(attributes, i), "Name"), name)) {
            return ph_json_get_str(ph_json_at(attributes, i), "Value");
        }
    }
    return (struct ph_str){ 0 };
}

/* --- who --- */

static struct ph_err read_names(struct ph_ctx *ctx, const struct ph_pool *pool,
                                const struct json_t *described, struct ph_user *user)
{
    const struct ph_str name = ph_json_get_str(described, "Username");
    const struct ph_str sub = attribute(described, PH_STR("sub"));
    uint8_t bytes[PH_UUID_BYTES];

    if (name.n == 0 || name.n > 512 || ph_str_has_byte(name, 0)) {
        return refuse("There is no Username.");
    }
    if (!ph_uuid_parse(sub, bytes)) {
        return refuse("The attribute sub is missing or no UUID.");
    }
    user->sub = ph_uuid_text(ctx->arena, bytes);
    user->username = ph_user_fold(ctx, pool, name);
    return PH_OK;
}

/* --- attributes --- */

/* What is kept apart: the sub, links, and what the service shows of itself. */
static bool is_plain(struct ph_str name)
{
    return !ph_str_eq(name, PH_STR("sub")) && !ph_str_eq(name, PH_STR("identities")) &&
           !ph_str_starts(name, PH_STR("cognito:"));
}

/* Each is tried on somebody else: of several that do not fit, the others still come along. */
static void keep_what_fits(struct ph_ctx *ctx, const struct ph_pool *pool,
                           const struct ph_attrs *all, struct ph_attrs *fitting)
{
    for (size_t i = 0; i < all->count; i++) {
        const struct ph_attrs one = { .items = &all->items[i], .count = 1, .capacity = 1 };
        struct ph_user nobody = { .revision = 0 };

        if (ph_attributes_apply(ctx, pool, NULL, PH_BY_ADMIN, &nobody, &one).type == NULL) {
            ph_attrs_set(ctx->arena, fitting, all->items[i].name, all->items[i].value);
        } else {
            PH_LOG(&ctx->log, PH_WARN, "origin_attribute_left_out",
                   ph_f_str("attribute", all->items[i].name));
        }
    }
}

static struct ph_err read_attributes(struct ph_ctx *ctx, const struct ph_pool *pool,
                                     const struct json_t *described,
                                     enum ph_described_attributes attributes, struct ph_user *user)
{
    const struct json_t *list = attributes_of(described);
    struct ph_attrs all = { 0 }, fitting = { 0 };

    for (size_t i = 0; i < ph_json_length(list); i++) {
        const struct ph_str name = ph_json_get_str(ph_json_at(list, i), "Name");

        if (name.n > 0 && is_plain(name)) {
            ph_attrs_set(ctx->arena, &all, name, ph_json_get_str(ph_json_at(list, i), "Value"));
        }
    }
    if (attributes == PH_DESCRIBED_LENIENT) {
        keep_what_fits(ctx, pool, &all, &fitting);
        all = fitting;
    }
    return ph_attributes_apply(ctx, pool, NULL, PH_BY_ADMIN, user, &all);
}

const struct json_t *ph_described_identities(struct ph_arena *arena, const struct json_t *described)
{
    const struct json_t *list = ph_json_parse(arena, attribute(described, PH_STR("identities")));

    return ph_json_length(list) > 0 ? list : NULL;
}

/* A profile that was made for an identity shows it; links of others are made as links. */
static void keep_identities(struct ph_ctx *ctx, const struct json_t *described,
                            struct ph_user *user)
{
    const struct ph_str identities = attribute(described, PH_STR("identities"));

    if (user->status == PH_USER_EXTERNAL_PROVIDER && identities.n > 0) {
        ph_attrs_set(ctx->arena, &user->attrs, PH_STR("identities"), identities);
    }
}

/* --- state --- */

static bool find_status(struct ph_str name, enum ph_user_status *status)
{
    for (int s = PH_USER_UNCONFIRMED; s <= PH_USER_EXTERNAL_PROVIDER; s++) {
        if (ph_str_eq(ph_user_status_name((enum ph_user_status)s), name)) {
            *status = (enum ph_user_status)s;
            return true;
        }
    }
    return false;
}

/* Text as version 2 of the AWS CLI writes it, or seconds as version 1 does; 0: neither. */
static int64_t time_of(struct ph_arena *arena, const struct json_t *value)
{
    const struct ph_str text = ph_json_kind(value) == PH_JSON_STRING
                                   ? ph_json_str(value)
                                   : ph_json_text(arena, value, PH_JSON_INSERTION);
    struct ph_str whole, fraction;
    int64_t ms = 0, s;

    if (ph_time_iso_parse(text, &ms)) {
        return ms;
    }
    ph_str_cut(text, '.', &whole, &fraction);
    if (!ph_str_to_int(whole, 0, INT64_MAX / 1000000, &s)) {
        return 0;
    }
    for (size_t i = 0; i < 3; i++) {
        ms = ms * 10 + (i < fraction.n ? fraction.p[i] - '0' : 0);
    }
    return ms >= 0 && ms < 1000 ? s * 1000 + ms : s * 1000;
}

static int64_t date_of(struct ph_ctx *ctx, const struct json_t *described, const char *member,
                       int64_t otherwise_ms)
{
    const struct json_t *value = ph_json_get(described, member);
    const int64_t ms = value == NULL ? 0 : time_of(ctx->arena, value);

    return ms > 0 ? ms : otherwise_ms;
}

static struct ph_err read_state(struct ph_ctx *ctx, const struct json_t *described,
                                struct ph_user *user)
{
    const struct json_t *enabled = ph_json_get(described, "Enabled");
    const struct json_t *status = ph_json_get(described, "UserStatus");

    user->enabled = enabled == NULL || ph_json_bool(enabled);
    user->status = PH_USER_CONFIRMED;
    if (status != NULL && !find_status(ph_json_str(status), &user->status)) {
        return refuse("UserStatus is none that users have here.");
    }
    user->created_ms = date_of(ctx, described, "UserCreateDate", ph_now_ms(ctx));
    user->modified_ms = date_of(ctx, described, "UserLastModifiedDate", user->created_ms);
    user->password_set_ms = user->modified_ms; /* from which a temporary password ages */
    user->origin =
        user->status == PH_USER_EXTERNAL_PROVIDER ? PH_ORIGIN_SETTLED : PH_ORIGIN_WAITING;
    return PH_OK;
}

/* --- second factors --- */

static unsigned factor_of(struct ph_str name)
{
    if (ph_str_eq(name, PH_STR("SMS_MFA"))) {
        return PH_MFA_SMS;
    }
    if (ph_str_eq(name, PH_STR("EMAIL_OTP"))) {
        return PH_MFA_EMAIL;
    }
    return ph_str_eq(name, PH_STR("SOFTWARE_TOKEN_MFA")) ? PH_MFA_TOTP : 0;
}

/* Those that there is an address for. */
static unsigned possible(const struct ph_user *user, unsigned factors)
{
    const bool phone = ph_attrs_get(&user->attrs, PH_STR("phone_number")).n > 0;
    const bool email = ph_attrs_get(&user->attrs, PH_STR("email")).n > 0;

    return factors & ((phone ? (unsigned)PH_MFA_SMS : 0U) | (email ? (unsigned)PH_MFA_EMAIL : 0U));
}

static void read_factors(const struct json_t *described, struct ph_user *user)
{
    const struct json_t *list = ph_json_get(described, "UserMFASettingList");
    const struct json_t *old = ph_json_get(described, "MFAOptions"); /* of text messages */
    unsigned factors = ph_json_length(old) > 0 ? PH_MFA_SMS : 0;

    for (size_t i = 0; i < ph_json_length(list); i++) {
        factors |= factor_of(ph_json_str(ph_json_at(list, i)));
    }
    user->mfa_on = possible(user, factors);
    user->mfa_preferred =
        user->mfa_on & factor_of(ph_json_get_str(described, "PreferredMfaSetting"));
    user->enrols = (factors & PH_MFA_TOTP) != 0;
}

/* --- all of it --- */

struct ph_err ph_user_described(struct ph_ctx *ctx, const struct ph_pool *pool,
                                const struct json_t *described,
                                enum ph_described_attributes attributes, struct ph_user **user)
{
    struct ph_user *made = ph_arena_new(ctx->arena, struct ph_user);

    if (ph_json_kind(described) != PH_JSON_OBJECT) {
        return refuse("It is not the description of a user.");
    }
    PH_TRY(read_names(ctx, pool, described, made));
    PH_TRY(read_state(ctx, described, made));
    PH_TRY(read_attributes(ctx, pool, described, attributes, made));
    keep_identities(ctx, described, made);
    read_factors(described, made);
    *user = made;
    return PH_OK;
}

struct ph_user *ph_user_described_anew(struct ph_ctx *ctx, const struct ph_user *known,
                                       const struct ph_user *described)
{
    struct ph_user *newer;

    if (known->origin != PH_ORIGIN_WAITING || described->modified_ms <= known->modified_ms) {
        return NULL;
    }
    newer = ph_arena_new(ctx->arena, struct ph_user);
    *newer = *described;
    newer->revision = known->revision;
    newer->tokens_valid_after_ms = known->tokens_valid_after_ms;
    newer->has_totp = known->has_totp;
    newer->mfa_on = known->has_totp ? known->mfa_on : described->mfa_on;
    newer->mfa_preferred = known->has_totp ? known->mfa_preferred : described->mfa_preferred;
    newer->username = known->username;
    return newer;
}
