/* Documents of user pools: defaults and what an update leaves alone. */
#include "pool/settings.h"

#include "model/messages.h"
#include "model/validate.h"
#include "pool/acr.h"
#include "pool/checks.h"
#include "pool/schema.h"

/* Stored as they come, absent when omitted. */
static const char *const PLAIN[] = {
    "AutoVerifiedAttributes",
    "SmsVerificationMessage",
    "EmailVerificationMessage",
    "EmailVerificationSubject",
    "VerificationMessageTemplate",
    "SmsAuthenticationMessage",
    "UserAttributeUpdateSettings",
    "MfaConfiguration",
    "DeviceConfiguration",
    "EmailConfiguration",
    "SmsConfiguration",
    "UserPoolTags",
    "AdminCreateUserConfig",
    "UserPoolAddOns",
    "AccountRecoverySetting",
    "UserPoolTier",
    "DeletionProtection",
    "LambdaConfig",
    "KeyConfiguration",
    "IssuerConfiguration",
    "AcrConfiguration",
    "DcrConfiguration",
};

static const char *const CREATE_ONLY[] = { "AliasAttributes", "UsernameAttributes",
                                           "UsernameConfiguration" };

/* An update that omits these leaves them as they are. */
static const char *const KEPT[] = { "UserAttributeUpdateSettings", "MfaConfiguration",
                                    "UserPoolTags", "UserPoolTier", "DcrConfiguration" };

static const char *const CARRIED[] = { "AliasAttributes", "UsernameAttributes",
                                       "UsernameConfiguration", "SchemaAttributes" };

/*
 * What SetUserPoolMfaConfig and SetUserPoolSessionConfiguration alone read and write. SmsMfa is
 * ours: whether SMS is a factor.
 */
static const char *const APART[] = { "SmsMfa", "SoftwareTokenMfaConfiguration",
                                     "EmailMfaConfiguration", "WebAuthnConfiguration",
                                     "SessionConfiguration" };

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static bool is_empty_list(const struct json_t *value)
{
    return ph_json_kind(value) == PH_JSON_ARRAY && ph_json_length(value) == 0;
}

/* Copies members that are there; an empty list reads back as absent. */
static void copy(struct ph_arena *arena, struct json_t *to, const struct json_t *from,
                 const char *const *keys, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct json_t *value = ph_json_get(from, keys[i]);

        if (value != NULL && !is_empty_list(value)) {
            ph_json_set(arena, to, keys[i], ph_json_copy(arena, value));
        }
    }
}

/* Sets a member from JSON text when it is missing. */
static void fill(struct ph_arena *arena, struct json_t *object, const char *key, struct ph_str text)
{
    if (ph_json_get(object, key) == NULL) {
        ph_json_set(arena, object, key, ph_json_parse(arena, text));
    }
}

/* Inside a policy that was sent, omitted switches are off; without a policy they are on. */
static struct json_t *password_policy(struct ph_arena *arena, const struct json_t *sent)
{
    if (sent == NULL) {
        return ph_json_parse(
            arena, PH_STR("{\"MinimumLength\":8,\"RequireUppercase\":true,"
                          "\"RequireLowercase\":true,\"RequireNumbers\":true,"
                          "\"RequireSymbols\":true,\"TemporaryPasswordValidityDays\":7}"));
    }
    struct json_t *policy = ph_json_copy(arena, sent);
    fill(arena, policy, "MinimumLength", PH_STR("6"));
    fill(arena, policy, "RequireUppercase", PH_STR("false"));
    fill(arena, policy, "RequireLowercase", PH_STR("false"));
    fill(arena, policy, "RequireNumbers", PH_STR("false"));
    fill(arena, policy, "RequireSymbols", PH_STR("false"));
    if (ph_json_int(ph_json_get(policy, "TemporaryPasswordValidityDays")) == 0) {
        ph_json_set_int(arena, policy, "TemporaryPasswordValidityDays", 7);
    }
    return policy;
}

/* The older name for the life of temporary passwords counts where the newer one was not sent. */
static void follow_older_name(struct ph_arena *arena, struct json_t *policy,
                              const struct json_t *input)
{
    const struct json_t *sent = ph_json_get(ph_json_get(input, "Policies"), "PasswordPolicy");
    const int64_t days = ph_json_int(
        ph_json_get(ph_json_get(input, "AdminCreateUserConfig"), "UnusedAccountValidityDays"));

    if (days > 0 && ph_json_int(ph_json_get(sent, "TemporaryPasswordValidityDays")) == 0) {
        ph_json_set_int(arena, policy, "TemporaryPasswordValidityDays", days);
    }
}

static void set_policies(struct ph_arena *arena, struct json_t *settings,
                         const struct json_t *input)
{
    struct json_t *policies = ph_json_object(arena);
    const struct json_t *sent = ph_json_get(input, "Policies");
    const struct json_t *sign_in = ph_json_get(sent, "SignInPolicy");
    struct json_t *password = password_policy(arena, ph_json_get(sent, "PasswordPolicy"));

    follow_older_name(arena, password, input);
    ph_json_set(arena, policies, "PasswordPolicy", password);
    if (sign_in != NULL) {
        ph_json_set(arena, policies, "SignInPolicy", ph_json_copy(arena, sign_in));
    }
    fill(arena, policies, "SignInPolicy", PH_STR("{\"AllowedFirstAuthFactors\":[\"PASSWORD\"]}"));
    ph_json_set(arena, settings, "Policies", policies);
}

/* The template and the flat members say the same; where both were sent the template counts. */
static void mirror_messages(struct ph_arena *arena, struct json_t *settings)
{
    static const char *const PAIRS[][2] = { { "SmsMessage", "SmsVerificationMessage" },
                                            { "EmailMessage", "EmailVerificationMessage" },
                                            { "EmailSubject", "EmailVerificationSubject" } };

    fill(arena, settings, "VerificationMessageTemplate", PH_STR("{}"));
    struct json_t *template = ph_json_get(settings, "VerificationMessageTemplate");
    fill(arena, template, "DefaultEmailOption", PH_STR("\"CONFIRM_WITH_CODE\""));
    for (size_t i = 0; i < COUNT(PAIRS); i++) {
        const struct json_t *inside = ph_json_get(template, PAIRS[i][0]);
        const struct json_t *flat = ph_json_get(settings, PAIRS[i][1]);

        if (inside != NULL) {
            ph_json_set(arena, settings, PAIRS[i][1], ph_json_copy(arena, inside));
        } else if (flat != NULL) {
            ph_json_set(arena, template, PAIRS[i][0], ph_json_copy(arena, flat));
        }
    }
}

/* The old and the new way to name the pre token trigger say the same. */
static void mirror_pre_token(struct ph_arena *arena, struct json_t *lambda)
{
    const struct json_t *config = ph_json_get(lambda, "PreTokenGenerationConfig");
    const struct ph_str arn = ph_json_get_str(lambda, "PreTokenGeneration");

    if (config != NULL) {
        ph_json_set_str(arena, lambda, "PreTokenGeneration", ph_json_get_str(config, "LambdaArn"));
    } else if (arn.n > 0) {
        struct json_t *made = ph_json_object(arena);

        ph_json_set_str(arena, made, "LambdaVersion", PH_STR("V1_0"));
        ph_json_set_str(arena, made, "LambdaArn", arn);
        ph_json_set(arena, lambda, "PreTokenGenerationConfig", made);
    }
}

static void fill_sns_region(struct ph_arena *arena, struct json_t *settings, struct ph_str region)
{
    struct json_t *sms = ph_json_get(settings, "SmsConfiguration");

    if (ph_json_get(sms, "SnsCallerArn") != NULL && ph_json_get(sms, "SnsRegion") == NULL) {
        ph_json_set_str(arena, sms, "SnsRegion", region);
    }
}

/* Read back whole once they were set; a pool that says nothing about them has no such members. */
static void fill_levels(struct ph_arena *arena, struct json_t *settings)
{
    const struct json_t *acr = ph_json_get(settings, "AcrConfiguration");
    const struct json_t *dcr = ph_json_get(settings, "DcrConfiguration");

    if (acr != NULL) {
        ph_json_set(arena, settings, "AcrConfiguration", ph_acr_effective(arena, acr));
    }
    if (dcr != NULL) {
        ph_json_set(arena, settings, "DcrConfiguration", ph_dcr_effective(arena, dcr));
    }
}

static void fill_defaults(struct ph_arena *arena, struct json_t *settings, struct ph_str region)
{
    fill(arena, settings, "DeletionProtection", PH_STR("\"INACTIVE\""));
    fill(arena, settings, "LambdaConfig", PH_STR("{}"));
    fill(arena, settings, "MfaConfiguration", PH_STR("\"OFF\""));
    fill(arena, settings, "EmailConfiguration", PH_STR("{}"));
    fill(arena, ph_json_get(settings, "EmailConfiguration"), "EmailSendingAccount",
         PH_STR("\"COGNITO_DEFAULT\""));
    fill(arena, settings, "UserPoolTags", PH_STR("{}"));
    fill(arena, settings, "AdminCreateUserConfig", PH_STR("{}"));
    struct json_t *admin = ph_json_get(settings, "AdminCreateUserConfig");
    fill(arena, admin, "AllowAdminCreateUserOnly", PH_STR("false"));
    fill(arena, admin, "UnusedAccountValidityDays", PH_STR("7"));
    fill(arena, settings, "AccountRecoverySetting",
         PH_STR("{\"RecoveryMechanisms\":[{\"Priority\":1,\"Name\":\"verified_email\"},"
                "{\"Priority\":2,\"Name\":\"verified_phone_number\"}]}"));
    fill(arena, settings, "UserPoolTier", PH_STR("\"ESSENTIALS\""));
    fill_sns_region(arena, settings, region);
    fill_levels(arena, settings);
}

/* What create and update have in common, once the members of the input are in place. */
static void complete(struct ph_arena *arena, struct json_t *settings, struct ph_str region,
                     const struct json_t *input)
{
    set_policies(arena, settings, input);
    fill_defaults(arena, settings, region);
    mirror_messages(arena, settings);
    mirror_pre_token(arena, ph_json_get(settings, "LambdaConfig"));
}

struct ph_err ph_pool_settings_create(struct ph_ctx *ctx, struct ph_str region,
                                      const struct json_t *input, struct json_t **settings)
{
    struct json_t *made = ph_json_object(ctx->arena);
    struct json_t *schema;

    input = ph_shape_copy(ctx->arena, ph_operations[OP_CreateUserPool].input, input);
    copy(ctx->arena, made, input, PLAIN, COUNT(PLAIN));
    copy(ctx->arena, made, input, CREATE_ONLY, COUNT(CREATE_ONLY));
    PH_TRY(ph_pool_check(ctx, region, NULL, input, made));
    PH_TRY(ph_schema_create(ctx, ph_json_get(input, "Schema"), &schema));
    ph_json_set(ctx->arena, made, "SchemaAttributes", schema);
    complete(ctx->arena, made, region, input);
    *settings = made;
    return PH_OK;
}

struct ph_err ph_pool_settings_update(struct ph_ctx *ctx, const struct ph_pool *pool,
                                      const struct json_t *input, struct json_t **settings)
{
    struct json_t *made = ph_json_object(ctx->arena);

    input = ph_shape_copy(ctx->arena, ph_operations[OP_UpdateUserPool].input, input);
    copy(ctx->arena, made, pool->settings, KEPT, COUNT(KEPT));
    copy(ctx->arena, made, input, PLAIN, COUNT(PLAIN));
    copy(ctx->arena, made, pool->settings, CARRIED, COUNT(CARRIED));
    copy(ctx->arena, made, pool->settings, APART, COUNT(APART));
    PH_TRY(ph_pool_check(ctx, pool->region, pool, input, made));
    complete(ctx->arena, made, pool->region, input);
    *settings = made;
    return PH_OK;
}

struct json_t *ph_pool_settings_described(struct ph_arena *arena, const struct json_t *settings)
{
    struct json_t *described = ph_json_copy(arena, settings);

    for (size_t i = 0; i < COUNT(APART); i++) {
        ph_json_remove(arena, described, APART[i]);
    }
    return described;
}

/* --- SetUserPoolMfaConfig --- */

static const char *const FACTORS[] = { "SmsMfaConfiguration", "SoftwareTokenMfaConfiguration",
                                       "EmailMfaConfiguration" };

/* A call that says something about MFA says all; one about passkeys only leaves it as it is. */
static bool speaks_of_mfa(const struct json_t *input)
{
    for (size_t i = 0; i < COUNT(FACTORS); i++) {
        if (ph_json_get(input, FACTORS[i]) != NULL) {
            return true;
        }
    }
    return ph_json_get(input, "MfaConfiguration") != NULL;
}

/* The texts and the sender of SMS are the pool's own: they serve verification, too. */
static void set_sms(struct ph_arena *arena, struct json_t *made, const struct json_t *sent,
                    struct ph_str region)
{
    static const char *const SHARED[] = { "SmsAuthenticationMessage", "SmsConfiguration" };

    copy(arena, made, sent, SHARED, COUNT(SHARED));
    fill_sns_region(arena, made, region);
    ph_json_set_bool(arena, made, "SmsMfa",
                     sent != NULL && ph_json_get(made, "SmsConfiguration") != NULL);
}

static void set_factors(struct ph_arena *arena, struct json_t *made, const struct json_t *input,
                        struct ph_str region)
{
    static const char *const OTHERS[] = { "MfaConfiguration", "SoftwareTokenMfaConfiguration",
                                          "EmailMfaConfiguration" };

    ph_json_remove(arena, made, "SoftwareTokenMfaConfiguration");
    ph_json_remove(arena, made, "EmailMfaConfiguration");
    set_sms(arena, made, ph_json_get(input, "SmsMfaConfiguration"), region);
    copy(arena, made, input, OTHERS, COUNT(OTHERS));
}

struct ph_err ph_pool_settings_mfa(struct ph_ctx *ctx, const struct ph_pool *pool,
                                   const struct json_t *input, struct json_t **settings)
{
    struct json_t *made = ph_json_copy(ctx->arena, pool->settings);

    input = ph_shape_copy(ctx->arena, ph_operations[OP_SetUserPoolMfaConfig].input, input);
    if (speaks_of_mfa(input)) {
        set_factors(ctx->arena, made, input, pool->region);
    }
    copy(ctx->arena, made, input, (const char *const[]){ "WebAuthnConfiguration" }, 1);
    PH_TRY(ph_pool_check_mfa(ctx, pool, made));
    *settings = made;
    return PH_OK;
}

struct json_t *ph_pool_settings_mfa_described(struct ph_arena *arena, const struct ph_pool *pool)
{
    static const char *const PLAINLY[] = { "MfaConfiguration", "SoftwareTokenMfaConfiguration",
                                           "EmailMfaConfiguration", "WebAuthnConfiguration" };
    static const char *const SMS[] = { "SmsAuthenticationMessage", "SmsConfiguration" };
    struct json_t *described = ph_json_object(arena);

    copy(arena, described, pool->settings, PLAINLY, COUNT(PLAINLY));
    if (pool->mfa != PH_MFA_OFF && (pool->mfa_factors & PH_MFA_SMS) != 0) {
        struct json_t *sms = ph_json_object(arena);

        copy(arena, sms, pool->settings, SMS, COUNT(SMS));
        ph_json_set(arena, described, "SmsMfaConfiguration", sms);
    }
    return described;
}

static void set_contacts(struct ph_arena *arena, struct json_t *settings, const char *member,
                         unsigned bits)
{
    static const struct {
        unsigned bit;
        struct ph_str name;
    } NAMES[] = { { PH_EMAIL, PH_STR_INIT("email") },
                  { PH_PHONE, PH_STR_INIT("phone_number") },
                  { PH_PREFERRED_USERNAME, PH_STR_INIT("preferred_username") } };
    struct json_t *list = ph_json_array(arena);

    for (size_t i = 0; i < COUNT(NAMES); i++) {
        if ((bits & NAMES[i].bit) != 0) {
            ph_json_append(arena, list, ph_json_new_str(arena, NAMES[i].name));
        }
    }
    ph_json_remove(arena, settings, member);
    if (ph_json_length(list) > 0) {
        ph_json_set(arena, settings, member, list);
    }
}

struct json_t *ph_pool_settings_altered(struct ph_arena *arena, const struct ph_pool *pool)
{
    struct json_t *settings = ph_json_copy(arena, pool->settings);
    struct json_t *names = ph_json_object(arena);

    ph_json_set_bool(arena, names, "CaseSensitive", pool->case_sensitive);
    ph_json_set(arena, settings, "UsernameConfiguration", names);
    set_contacts(arena, settings, "AliasAttributes", pool->alias_attributes);
    set_contacts(arena, settings, "UsernameAttributes", pool->username_attributes);
    return settings;
}

struct ph_err ph_pool_settings_tagged(struct ph_ctx *ctx, const struct ph_pool *pool,
                                      const struct json_t *added, const struct json_t *removed,
                                      struct json_t **settings)
{
    struct json_t *changed = ph_json_copy(ctx->arena, pool->settings);
    struct json_t *tags = ph_json_get(changed, "UserPoolTags");

    for (void *i = ph_json_first(added); i != NULL; i = ph_json_next(added, i)) {
        ph_json_set_s(ctx->arena, tags, ph_json_key(i),
                      ph_json_copy(ctx->arena, ph_json_member(i)));
    }
    for (size_t i = 0; i < ph_json_length(removed); i++) {
        const char *key = ph_cstr(ctx->arena, ph_json_str(ph_json_at(removed, i)));

        if (key != NULL) {
            ph_json_remove(ctx->arena, tags, key);
        }
    }
    PH_TRY(ph_pool_check_tag_keys(added));
    if (ph_json_members(tags) > PH_POOL_TAGS_MAX) {
        return PH_FAIL(InvalidParameterException, PH_MSG_TAGS);
    }
    *settings = changed;
    return PH_OK;
}

struct ph_err ph_pool_settings_save(struct ph_ctx *ctx, const struct ph_pool *pool,
                                    struct ph_str name, const struct json_t *settings,
                                    enum ph_write_result *result)
{
    const struct ph_pool_record record = {
        .id = pool->id,
        .name = name,
        .settings = ph_json_text(ctx->arena, settings, PH_JSON_INSERTION),
        .modified_ms = ph_now_ms(ctx),
        .revision = pool->revision,
    };

    PH_TRY(ph_store_pool_update(ctx, &record, result));
    ph_pool_forget(ctx, pool->id);
    return *result == PH_WRITE_GONE ? ph_pool_unknown(ctx, pool->id) : PH_OK;
}
