/*
 * Resources of CloudFormation as requests of the API. Most properties are members of the same name
 * and shape; what differs stands in the tables.
 */
#include "api/handlers.h"
#include "seed/template.h"

/* Properties that are called otherwise in the API. */
struct renamed {
    const char *property;
    const char *member;
};

struct type_row {
    struct ph_str type;
    enum ph_seed_kind kind;
    struct renamed renamed[2];
    const char *made_up; /* the member that may be left out: it gets a name; NULL: none */
    const char *dropped; /* properties that do nothing here, separated by spaces */
    bool (*mend)(struct ph_template *t, struct ph_str logical, struct ph_seed_item *item);
};

/* --- user pools --- */

/* Members of one request to SetUserPoolMfaConfig that stand among the properties of a pool. */
static const struct {
    const char *property;
    const char *object;
    const char *member;
} MFA_PROPERTIES[] = {
    { "EmailAuthenticationMessage", "EmailMfaConfiguration", "Message" },
    { "EmailAuthenticationSubject", "EmailMfaConfiguration", "Subject" },
    { "WebAuthnRelyingPartyID", "WebAuthnConfiguration", "RelyingPartyId" },
    { "WebAuthnUserVerification", "WebAuthnConfiguration", "UserVerification" },
    { "WebAuthnFactorConfiguration", "WebAuthnConfiguration", "FactorConfiguration" },
};
enum { MFA_PROPERTY_COUNT = sizeof MFA_PROPERTIES / sizeof MFA_PROPERTIES[0] };

static struct json_t *take(struct ph_arena *arena, struct json_t *object, const char *key)
{
    struct json_t *value = ph_json_get(object, key);

    if (value != NULL) {
        ph_json_remove(arena, object, key);
    }
    return value;
}

static struct json_t *object_at(struct ph_arena *arena, struct json_t *object, const char *key)
{
    struct json_t *inner = ph_json_get(object, key);

    if (inner == NULL) {
        inner = ph_json_object(arena);
        ph_json_set(arena, object, key, inner);
    }
    return inner;
}

/* NULL when no property of the pool speaks of it. */
static struct json_t *take_mfa_properties(struct ph_arena *arena, struct json_t *pool)
{
    struct json_t *mfa = NULL;

    for (size_t i = 0; i < MFA_PROPERTY_COUNT; i++) {
        struct json_t *value = take(arena, pool, MFA_PROPERTIES[i].property);

        if (value != NULL) {
            mfa = mfa != NULL ? mfa : ph_json_object(arena);
            ph_json_set(arena, object_at(arena, mfa, MFA_PROPERTIES[i].object),
                        MFA_PROPERTIES[i].member, value);
        }
    }
    return mfa;
}

/* The SMS factor sends by what the pool says for its other messages. */
static void enable_sms(struct ph_arena *arena, const struct json_t *pool, struct json_t *mfa)
{
    struct json_t *sms = object_at(arena, mfa, "SmsMfaConfiguration");
    struct json_t *sender = ph_json_get(pool, "SmsConfiguration");
    struct json_t *message = ph_json_get(pool, "SmsAuthenticationMessage");

    if (sender != NULL) {
        ph_json_set(arena, sms, "SmsConfiguration", ph_json_copy(arena, sender));
    }
    if (message != NULL) {
        ph_json_set(arena, sms, "SmsAuthenticationMessage", ph_json_copy(arena, message));
    }
}

static bool enable_factor(struct ph_template *t, struct ph_str path, struct ph_str name,
                          const struct json_t *pool, struct json_t *mfa)
{
    if (ph_str_eq(name, PH_STR("SMS_MFA"))) {
        enable_sms(t->arena, pool, mfa);
    } else if (ph_str_eq(name, PH_STR("SOFTWARE_TOKEN_MFA"))) {
        ph_json_set_bool(t->arena, object_at(t->arena, mfa, "SoftwareTokenMfaConfiguration"),
                         "Enabled", true);
    } else if (ph_str_eq(name, PH_STR("EMAIL_OTP"))) {
        (void)object_at(t->arena, mfa, "EmailMfaConfiguration");
    } else {
        return ph_seed_refuse(t->file, path, "%.*s is no second factor", PH_FMT(name));
    }
    return true;
}

static bool enable_factors(struct ph_template *t, struct ph_str path, const struct json_t *enabled,
                           const struct json_t *pool, struct json_t *mfa)
{
    for (size_t i = 0; i < ph_json_length(enabled); i++) {
        if (!enable_factor(t, ph_strf(t->arena, "%.*s.EnabledMfas[%zu]", PH_FMT(path), i),
                           ph_json_str(ph_json_at(enabled, i)), pool, mfa)) {
            return false;
        }
    }
    return true;
}

/* Second factors are a request of their own in the API. */
static bool split_mfa(struct ph_template *t, struct ph_seed_item *pool)
{
    const struct json_t *enabled = take(t->arena, pool->body, "EnabledMfas");
    struct json_t *mfa = take_mfa_properties(t->arena, pool->body);
    struct json_t *mode = ph_json_get(pool->body, "MfaConfiguration");
    struct ph_seed_item *item;

    if (mfa == NULL && ph_json_length(enabled) == 0) {
        return true;
    }
    mfa = mfa != NULL ? mfa : ph_json_object(t->arena);
    if (!enable_factors(t, pool->path, enabled, pool->body, mfa)) {
        return false;
    }
    if (mode != NULL) {
        ph_json_remove(t->arena, pool->body, "MfaConfiguration");
        ph_json_set(t->arena, mfa, "MfaConfiguration", mode);
    }
    item = ph_seed_add(t->file, PH_SEED_MFA, pool->path, mfa);
    item->pool_id = pool->pool_id;
    ph_json_set_str(t->arena, mfa, "UserPoolId", pool->pool_id);
    return ph_seed_check_members(t->file, pool->path, ph_operations[OP_SetUserPoolMfaConfig].input,
                                 mfa, "");
}

static bool mend_pool(struct ph_template *t, struct ph_str logical, struct ph_seed_item *item)
{
    return ph_template_pool_id(t, logical, &item->pool_id) &&
           ph_template_add_triggers(t, logical, item->body) && split_mfa(t, item);
}

/* --- what belongs to a pool --- */

static bool mend_client(struct ph_template *t, struct ph_str logical, struct ph_seed_item *item)
{
    const struct json_t *generate = ph_json_get(item->body, "GenerateSecret");

    item->client_id = ph_template_client_id(t, logical);
    if (ph_json_bool(generate) || ph_str_eq_nocase(ph_json_str(generate), PH_STR("true"))) {
        item->client_secret = ph_template_client_secret(t, logical);
    }
    return true;
}

/* The pool's own risk configuration is "ALL" in templates, and no client in the API. */
static bool mend_risk(struct ph_template *t, struct ph_str logical, struct ph_seed_item *item)
{
    (void)logical;
    if (ph_str_eq(ph_json_get_str(item->body, "ClientId"), PH_STR("ALL"))) {
        ph_json_remove(t->arena, item->body, "ClientId");
    }
    return true;
}

static const struct type_row TYPES[] = {
    { PH_STR_INIT("AWS::Cognito::UserPool"),
      PH_SEED_POOL,
      { { "UserPoolName", "PoolName" } },
      "PoolName",
      "",
      mend_pool },
    { PH_STR_INIT("AWS::Cognito::UserPoolClient"),
      PH_SEED_CLIENT,
      { { NULL, NULL } },
      "ClientName",
      "",
      mend_client },
    { PH_STR_INIT("AWS::Cognito::UserPoolGroup"),
      PH_SEED_GROUP,
      { { NULL, NULL } },
      "GroupName",
      "",
      NULL },
    { PH_STR_INIT("AWS::Cognito::UserPoolUser"),
      PH_SEED_USER,
      { { NULL, NULL } },
      "Username",
      "",
      NULL },
    { PH_STR_INIT("AWS::Cognito::UserPoolUserToGroupAttachment"),
      PH_SEED_MEMBER,
      { { NULL, NULL } },
      NULL,
      "",
      NULL },
    { PH_STR_INIT("AWS::Cognito::UserPoolDomain"),
      PH_SEED_DOMAIN,
      { { NULL, NULL } },
      NULL,
      "",
      NULL },
    { PH_STR_INIT("AWS::Cognito::UserPoolResourceServer"),
      PH_SEED_RESOURCE_SERVER,
      { { NULL, NULL } },
      NULL,
      "",
      NULL },
    { PH_STR_INIT("AWS::Cognito::UserPoolIdentityProvider"),
      PH_SEED_PROVIDER,
      { { NULL, NULL } },
      NULL,
      "",
      NULL },
    { PH_STR_INIT("AWS::Cognito::UserPoolRiskConfigurationAttachment"),
      PH_SEED_RISK,
      { { NULL, NULL } },
      NULL,
      "",
      mend_risk },
    { PH_STR_INIT("AWS::Cognito::UserPoolUICustomizationAttachment"),
      PH_SEED_CUSTOMIZATION,
      { { NULL, NULL } },
      NULL,
      "",
      NULL },
    { PH_STR_INIT("AWS::Cognito::LogDeliveryConfiguration"),
      PH_SEED_LOGS,
      { { NULL, NULL } },
      NULL,
      "Id",
      NULL },
    { PH_STR_INIT("AWS::Cognito::ManagedLoginBranding"),
      PH_SEED_STYLE,
      { { NULL, NULL } },
      NULL,
      "ReturnMergedResources",
      NULL },
    { PH_STR_INIT("AWS::Cognito::Terms"), PH_SEED_TERMS, { { NULL, NULL } }, NULL, "", NULL },
};
enum { TYPE_COUNT = sizeof TYPES / sizeof TYPES[0] };

static const struct type_row *find_type(struct ph_str type)
{
    for (size_t i = 0; i < TYPE_COUNT; i++) {
        if (ph_str_eq(type, TYPES[i].type)) {
            return &TYPES[i];
        }
    }
    return NULL;
}

/* --- one resource --- */

static void rename_members(struct ph_arena *arena, const struct type_row *row, struct json_t *body)
{
    struct ph_str rest = ph_str_from(row->dropped), name;

    for (size_t i = 0; i < 2 && row->renamed[i].property != NULL; i++) {
        struct json_t *value = take(arena, body, row->renamed[i].property);

        if (value != NULL) {
            ph_json_set(arena, body, row->renamed[i].member, value);
        }
    }
    while (rest.n > 0) {
        ph_str_cut(rest, ' ', &name, &rest);
        (void)take(arena, body, ph_cstr(arena, name));
    }
}

/* The pool of what is no pool itself. */
static bool find_pool(struct ph_template *t, struct ph_seed_item *item)
{
    if (item->kind == PH_SEED_POOL) {
        return true;
    }
    item->pool_id = ph_json_get_str(item->body, "UserPoolId");
    return item->pool_id.n > 0 || ph_seed_refuse(t->file, item->path, "the UserPoolId is missing");
}

static bool read_known(struct ph_template *t, struct ph_str logical, const struct type_row *row,
                       const struct json_t *resource)
{
    static const struct ph_str NOTHING = PH_STR_INIT("{}");
    const struct ph_str path = ph_strf(t->arena, "Resources.%.*s.Properties", PH_FMT(logical));
    const struct json_t *given = ph_json_get(resource, "Properties");
    struct ph_seed_item *item;
    struct json_t *body;

    given = given != NULL ? given : ph_json_parse(t->arena, NOTHING);
    if (ph_json_kind(given) != PH_JSON_OBJECT) {
        return ph_seed_refuse(t->file, path, "this must be an object");
    }
    if (!ph_template_eval(t, path, given, &body)) {
        return false;
    }
    if (ph_json_kind(body) != PH_JSON_OBJECT) {
        return ph_seed_refuse(t->file, path, "this must be an object");
    }
    rename_members(t->arena, row, body);
    if (row->made_up != NULL && ph_json_get(body, row->made_up) == NULL) {
        ph_json_set_str(t->arena, body, row->made_up, ph_template_made_up(t, logical));
    }
    item = ph_seed_add(t->file, row->kind, path, body);
    item->logical = logical;
    return find_pool(t, item) && (row->mend == NULL || row->mend(t, logical, item)) &&
           ph_seed_check_members(t->file, path,
                                 ph_operations[ph_seed_kinds[row->kind].create].input, body, "");
}

static void ignore(struct ph_template *t, struct ph_str logical, struct ph_str type)
{
    ph_json_append(
        t->arena, t->file->seed->ignored,
        ph_json_new_str(t->arena, ph_strf(t->arena, "%.*s: Resources.%.*s: %.*s",
                                          PH_FMT(t->file->name), PH_FMT(logical), PH_FMT(type))));
}

/* What an operation that is not built would be asked for is ignored as unknown types are. */
static bool is_built(const struct type_row *row)
{
    return ph_handlers[ph_seed_kinds[row->kind].create].run != NULL;
}

static bool read_typed(struct ph_template *t, struct ph_str logical, struct ph_str type,
                       const struct json_t *resource)
{
    const struct type_row *row = find_type(type);

    if (row != NULL && is_built(row)) {
        return read_known(t, logical, row, resource);
    }
    if (ph_template_is_function(type)) {
        return ph_template_read_function(t, logical);
    }
    ignore(t, logical, type);
    return true;
}

/* --- all of them --- */

static bool check_name(struct ph_template *t, struct ph_str path, const struct json_t *name)
{
    return ph_json_get_s(t->resources, ph_json_str(name)) != NULL ||
           ph_seed_refuse(t->file, path, "there is no resource %.*s", PH_FMT(ph_json_str(name)));
}

/* The order of the items makes DependsOn idle; a name that is none is a mistake all the same. */
static bool check_depends_on(struct ph_template *t, struct ph_str path,
                             const struct json_t *resource)
{
    const struct json_t *names = ph_json_get(resource, "DependsOn");
    const struct ph_str at = ph_seed_path(t->arena, path, PH_STR("DependsOn"));

    if (names == NULL || ph_json_kind(names) == PH_JSON_STRING) {
        return names == NULL || check_name(t, at, names);
    }
    for (size_t i = 0; i < ph_json_length(names); i++) {
        if (!check_name(t, at, ph_json_at(names, i))) {
            return false;
        }
    }
    return true;
}

static bool read_resource(struct ph_template *t, struct ph_str logical,
                          const struct json_t *resource)
{
    const struct ph_str path = ph_strf(t->arena, "Resources.%.*s", PH_FMT(logical));
    const struct ph_str type = ph_json_get_str(resource, "Type");
    const struct json_t *condition = ph_json_get(resource, "Condition");
    bool is_wanted = true;

    if (type.n == 0) {
        return ph_seed_refuse(t->file, path, "its Type is missing");
    }
    if (!check_depends_on(t, path, resource)) {
        return false;
    }
    if (condition != NULL && !ph_template_condition(t, path, ph_json_str(condition), &is_wanted)) {
        return false;
    }
    return !is_wanted || read_typed(t, logical, type, resource);
}

bool ph_template_read_resources(struct ph_template *t)
{
    for (void *at = ph_json_first(t->resources); at != NULL; at = ph_json_next(t->resources, at)) {
        if (!read_resource(t, ph_json_key(at), ph_json_member(at))) {
            return false;
        }
    }
    return true;
}
