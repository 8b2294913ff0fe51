/* From a pool's record to the snapshot that the rules read. */
#include "crypto/hash.h"
#include "pool/acr.h"
#include "pool/checks.h"
#include "pool/internal.h"
#include "pool/origin.h"
#include "pool/purposes.h"
#include "pool/schema.h"
#include "util/buf.h"

#include <stdlib.h>

struct ph_snapshot *ph_snapshot_create(atomic_size_t *alive)
{
    struct ph_snapshot *snapshot = calloc(1, sizeof *snapshot);

    if (snapshot == NULL) {
        ph_fatal("no memory for a pool");
    }
    atomic_init(&snapshot->references, 1);
    snapshot->alive = alive;
    if (alive != NULL) {
        atomic_fetch_add(alive, 1);
    }
    return snapshot;
}

void ph_snapshot_release(void *object)
{
    struct ph_snapshot *snapshot = object;

    if (snapshot == NULL || atomic_fetch_sub(&snapshot->references, 1) != 1) {
        return;
    }
    for (size_t i = 0; i < snapshot->loaded_count; i++) {
        ph_rsa_free(snapshot->loaded[i]);
    }
    ph_arena_finish(&snapshot->arena);
    if (snapshot->alive != NULL) {
        atomic_fetch_sub(snapshot->alive, 1);
    }
    free(snapshot);
}

static void add_expanded(struct ph_buf *buf, const struct ph_settings *settings,
                         const struct ph_pool *pool, struct ph_str name)
{
    if (ph_str_eq(name, PH_STR("poolId"))) {
        ph_buf_add(buf, pool->id);
    } else if (ph_str_eq(name, PH_STR("region"))) {
        ph_buf_add(buf, pool->region);
    } else if (ph_str_eq(name, PH_STR("public_url"))) {
        ph_buf_add(buf, settings->public_url);
    }
}

/* A template without a closing brace ends at the opening one. */
static struct ph_str expand(struct ph_arena *arena, const struct ph_settings *settings,
                            const struct ph_pool *pool, struct ph_str template)
{
    struct ph_buf buf;
    struct ph_str text;
    struct ph_str name;

    ph_buf_init(&buf, arena, 2048);
    while (ph_str_cut(template, '{', &text, &template)) {
        ph_buf_add(&buf, text);
        if (!ph_str_cut(template, '}', &name, &template)) {
            return ph_buf_str(&buf);
        }
        add_expanded(&buf, settings, pool, name);
    }
    ph_buf_add(&buf, text);
    return ph_buf_str(&buf);
}

static enum ph_issuer_mode issuer_mode(const struct ph_settings *settings, struct ph_str tag)
{
    if (tag.n == 0) {
        return settings->issuer_mode;
    }
    if (ph_str_eq(tag, PH_STR("local"))) {
        return PH_ISSUER_LOCAL;
    }
    if (ph_str_eq(tag, PH_STR("aws"))) {
        return PH_ISSUER_AWS;
    }
    return ph_str_eq(tag, PH_STR("aws-new")) ? PH_ISSUER_AWS_NEW : PH_ISSUER_TEMPLATE;
}

struct ph_str ph_pool_issuer(struct ph_arena *arena, const struct ph_settings *settings,
                             const struct json_t *tags, const struct ph_pool *pool)
{
    struct ph_str tag = ph_json_get_str(tags, "poolhouse:issuer");

    switch (issuer_mode(settings, tag)) {
    case PH_ISSUER_AWS:
        return expand(arena, settings, pool,
                      PH_STR("https://cognito-idp.{region}.amazonaws.com/{poolId}"));
    case PH_ISSUER_AWS_NEW:
        return expand(arena, settings, pool,
                      PH_STR("https://issuer-cognito-idp.{region}.amazonaws.com/{poolId}"));
    case PH_ISSUER_TEMPLATE:
        return expand(arena, settings, pool, tag.n > 0 ? tag : settings->issuer_template);
    case PH_ISSUER_LOCAL:
        break;
    }
    return expand(arena, settings, pool, PH_STR("{public_url}/{poolId}"));
}

static unsigned contacts(const struct json_t *names)
{
    unsigned bits = 0;

    for (size_t i = 0; i < ph_json_length(names); i++) {
        struct ph_str name = ph_json_str(ph_json_at(names, i));

        bits |= ph_str_eq(name, PH_STR("email")) ? PH_EMAIL : 0;
        bits |= ph_str_eq(name, PH_STR("phone_number")) ? PH_PHONE : 0;
        bits |= ph_str_eq(name, PH_STR("preferred_username")) ? PH_PREFERRED_USERNAME : 0;
    }
    return bits;
}

static unsigned first_factors(const struct json_t *names)
{
    static const struct {
        struct ph_str name;
        enum ph_factor bit;
    } FACTORS[] = {
        { PH_STR_INIT("PASSWORD"), PH_FACTOR_PASSWORD },
        { PH_STR_INIT("EMAIL_OTP"), PH_FACTOR_EMAIL },
        { PH_STR_INIT("SMS_OTP"), PH_FACTOR_SMS },
        { PH_STR_INIT("WEB_AUTHN"), PH_FACTOR_PASSKEY },
    };
    unsigned bits = 0;

    for (size_t i = 0; i < sizeof FACTORS / sizeof FACTORS[0]; i++) {
        bits |= ph_list_has(names, FACTORS[i].name) ? (unsigned)FACTORS[i].bit : 0U;
    }
    return bits;
}

/* What counts as two factors has to verify its user, whatever the other setting says. */
static void read_web_authn(const struct json_t *json, struct ph_web_authn *web_authn)
{
    const bool multi = ph_str_eq(ph_json_get_str(json, "FactorConfiguration"),
                                 PH_STR("MULTI_FACTOR_WITH_USER_VERIFICATION"));

    *web_authn = (struct ph_web_authn){
        .relying_party = ph_json_get_str(json, "RelyingPartyId"),
        .verifies_users =
            multi || ph_str_eq(ph_json_get_str(json, "UserVerification"), PH_STR("required")),
        .is_multi_factor = multi,
    };
}

static void read_password_policy(const struct json_t *json, struct ph_password_policy *policy)
{
    const int64_t days = ph_json_int(ph_json_get(json, "TemporaryPasswordValidityDays"));

    *policy = (struct ph_password_policy){
        .minimum_length = ph_json_int(ph_json_get(json, "MinimumLength")),
        .upper = ph_json_bool(ph_json_get(json, "RequireUppercase")),
        .lower = ph_json_bool(ph_json_get(json, "RequireLowercase")),
        .numbers = ph_json_bool(ph_json_get(json, "RequireNumbers")),
        .symbols = ph_json_bool(ph_json_get(json, "RequireSymbols")),
        .history_size = ph_json_int(ph_json_get(json, "PasswordHistorySize")),
        .temporary_days = days == 0 ? 7 : days,
    };
}

static enum ph_mfa_mode mfa_mode(struct ph_str text)
{
    if (ph_str_eq(text, PH_STR("ON"))) {
        return PH_MFA_ON;
    }
    return ph_str_eq(text, PH_STR("OPTIONAL")) ? PH_MFA_OPTIONAL : PH_MFA_OFF;
}

static void read_devices(const struct json_t *json, struct ph_pool *pool)
{
    pool->tracks_devices = json != NULL;
    pool->device_replaces_mfa = ph_json_bool(ph_json_get(json, "ChallengeRequiredOnNewDevice"));
    pool->asks_before_remembering =
        ph_json_bool(ph_json_get(json, "DeviceOnlyRememberedOnUserPrompt"));
}

static void read_log_delivery(const struct json_t *document, struct ph_pool *pool)
{
    static const char *const DESTINATIONS[][2] = { { "CloudWatchLogsConfiguration", "LogGroupArn" },
                                                   { "FirehoseConfiguration", "StreamArn" },
                                                   { "S3Configuration", "BucketArn" } };
    const struct json_t *entries = ph_json_get(document, "LogConfigurations");

    for (size_t i = 0; i < ph_json_length(entries); i++) {
        const struct json_t *entry = ph_json_at(entries, i);
        const bool auth =
            ph_str_eq(ph_json_get_str(entry, "EventSource"), PH_STR("userAuthEvents"));

        for (size_t d = 0; d < sizeof DESTINATIONS / sizeof DESTINATIONS[0]; d++) {
            const struct json_t *destination = ph_json_get(entry, DESTINATIONS[d][0]);

            if (destination != NULL) {
                pool->log_arns[auth ? PH_LOG_AUTH_EVENTS : PH_LOG_NOTIFICATIONS] =
                    ph_json_get_str(destination, DESTINATIONS[d][1]);
            }
        }
    }
}

static bool has_threat_protection(const struct json_t *json)
{
    const struct ph_str mode =
        ph_json_get_str(ph_json_get(json, "UserPoolAddOns"), "AdvancedSecurityMode");

    return ph_str_eq(mode, PH_STR("AUDIT")) || ph_str_eq(mode, PH_STR("ENFORCED"));
}

static void read_sessions(const struct json_t *json, struct ph_pool *pool)
{
    pool->tracks_sessions =
        ph_str_eq(ph_json_get_str(json, "UserSessionTracking"), PH_STR("ENABLED"));
    pool->sessions_per_user =
        ph_json_int(ph_json_get(ph_json_get(json, "TokenSession"), "MaxPerUser"));
}

static void read_settings(const struct json_t *json, struct ph_pool *pool)
{
    const struct json_t *policies = ph_json_get(json, "Policies");
    const struct json_t *factors =
        ph_json_get(ph_json_get(policies, "SignInPolicy"), "AllowedFirstAuthFactors");
    const struct json_t *sensitive =
        ph_json_get(ph_json_get(json, "UsernameConfiguration"), "CaseSensitive");

    read_password_policy(ph_json_get(policies, "PasswordPolicy"), &pool->password_policy);
    pool->mfa = mfa_mode(ph_json_get_str(json, "MfaConfiguration"));
    pool->mfa_factors = ph_pool_mfa_factors(json);
    pool->case_sensitive = sensitive == NULL || ph_json_bool(sensitive);
    pool->admin_create_only = ph_json_bool(
        ph_json_get(ph_json_get(json, "AdminCreateUserConfig"), "AllowAdminCreateUserOnly"));
    pool->alias_attributes = contacts(ph_json_get(json, "AliasAttributes"));
    pool->username_attributes = contacts(ph_json_get(json, "UsernameAttributes"));
    pool->auto_verified = contacts(ph_json_get(json, "AutoVerifiedAttributes"));
    pool->verify_before_update =
        contacts(ph_json_get(ph_json_get(json, "UserAttributeUpdateSettings"),
                             "AttributesRequireVerificationBeforeUpdate"));
    pool->first_factors = first_factors(factors);
    read_web_authn(ph_json_get(json, "WebAuthnConfiguration"), &pool->web_authn);
    read_devices(ph_json_get(json, "DeviceConfiguration"), pool);
    read_sessions(ph_json_get(json, "SessionConfiguration"), pool);
    pool->threat_protection = has_threat_protection(json);
    ph_acr_names(ph_json_get(json, "AcrConfiguration"), pool->acr_names);
    pool->is_lite = ph_str_eq(ph_json_get_str(json, "UserPoolTier"), PH_STR("LITE"));
}

struct ph_str ph_pool_arn(struct ph_arena *arena, const struct ph_settings *settings,
                          struct ph_str id)
{
    struct ph_str region;

    ph_str_cut(id, '_', &region, NULL);
    return ph_strf(arena, "arn:aws:cognito-idp:%.*s:%.*s:userpool/%.*s", PH_FMT(region),
                   PH_FMT(settings->account_id), PH_FMT(id));
}

static void read_names(struct ph_ctx *ctx, const struct ph_pool_record *record,
                       struct ph_snapshot *snapshot)
{
    struct ph_arena *arena = &snapshot->arena;
    struct ph_pool *pool = &snapshot->pool;
    struct ph_key *keys = ph_arena_array(arena, 2, struct ph_key);

    keys[0] = record->data_key;
    keys[1] = record->keys.other;
    pool->id = ph_str_dup(arena, record->id);
    pool->ref = ph_pool_record_ref(record);
    pool->ref.id = pool->id;
    pool->ref.data_key = &keys[0];
    pool->ref.other_key = pool->ref.other_key == NULL ? NULL : &keys[1];
    pool->purpose_keys = ph_purposes_read(arena, record);
    ph_str_cut(pool->id, '_', &pool->region, &pool->srp_name);
    pool->name = ph_str_dup(arena, record->name);
    pool->arn = ph_pool_arn(arena, ctx->settings, pool->id);
    pool->created_ms = record->created_ms;
    pool->modified_ms = record->modified_ms;
    pool->revision = record->revision;
    snapshot->id = pool->id;
    snapshot->revision = record->revision;
}

static struct ph_err read_keys(struct ph_ctx *ctx, const struct ph_signing_key_record *records,
                               size_t count, struct ph_snapshot *snapshot)
{
    struct ph_arena *arena = &snapshot->arena;
    struct ph_signing_key *keys = ph_arena_array(arena, count, struct ph_signing_key);

    snapshot->loaded = ph_arena_array(arena, count, struct ph_rsa_key *);
    for (size_t i = 0; i < count; i++) {
        struct ph_rsa_key *rsa = ph_rsa_load(records[i].pkcs8);

        if (rsa == NULL) {
            return ph_internal(ctx, "a signing key in the store is broken");
        }
        snapshot->loaded[snapshot->loaded_count++] = rsa;
        keys[i] = (struct ph_signing_key){
            .kid = ph_str_dup(arena, records[i].kid),
            .use = records[i].use,
            .rsa = rsa,
            .modulus = ph_rsa_modulus(arena, rsa),
            .created_ms = records[i].created_ms,
            .active_from_ms = records[i].active_from_ms,
            .published_until_ms = records[i].published_until_ms,
        };
    }
    snapshot->pool.keys = keys;
    snapshot->pool.key_count = count;
    return PH_OK;
}

struct ph_err ph_snapshot_pool(struct ph_ctx *ctx, const struct ph_pool_record *record,
                               const struct ph_pool_documents *documents,
                               struct ph_snapshot *snapshot)
{
    struct ph_arena *arena = &snapshot->arena;
    struct ph_pool *pool = &snapshot->pool;
    const struct json_t *json = ph_json_parse(arena, record->settings);

    if (ph_json_kind(json) != PH_JSON_OBJECT ||
        ph_json_get(ph_json_get(json, "Policies"), "PasswordPolicy") == NULL) {
        return ph_internal(ctx, "the settings of a pool in the store are broken");
    }
    read_names(ctx, record, snapshot);
    pool->settings = json;
    read_settings(json, pool);
    if (!ph_schema_read(arena, ph_json_get(json, "SchemaAttributes"), &pool->schema,
                        &pool->schema_count)) {
        return ph_internal(ctx, "the schema of a pool in the store is broken");
    }
    read_log_delivery(ph_json_parse(arena, documents->log_delivery), pool);
    if (!ph_origin_read(arena, &pool->ref, documents->origin, &pool->origin)) {
        return ph_internal(ctx, "the origin of a pool in the store is broken");
    }
    pool->issuer = ph_pool_issuer(arena, ctx->settings, ph_json_get(json, "UserPoolTags"), pool);
    return read_keys(ctx, documents->keys, documents->key_count, snapshot);
}

const struct ph_attr_def *ph_pool_attribute(const struct ph_pool *pool, struct ph_str name)
{
    for (size_t i = 0; i < pool->schema_count; i++) {
        if (ph_str_eq(pool->schema[i].name, name)) {
            return &pool->schema[i];
        }
    }
    return NULL;
}
