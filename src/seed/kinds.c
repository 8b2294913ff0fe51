/* What can be seeded, as operations of the API; and the check that a file says nothing unknown. */
#include "model/validate.h"
#include "seed/internal.h"

/* Passwords and factors of users; a pool's id and what hangs on it (document.c). */
#define POOL_MORE                                                                                  \
    "Id MfaConfig Clients Groups Users Domains ResourceServers IdentityProviders "                 \
    "RiskConfigurations UICustomizations LogConfigurations SessionConfiguration "                  \
    "ClientSessionConfigurations ManagedLoginBrandings Terms"
#define USER_MORE                                                                                  \
    "Sub Password Permanent PasswordVerifier UserStatus Enabled Groups Links "                     \
    "SoftwareToken SMSMfaSettings SoftwareTokenMfaSettings EmailMfaSettings"

const struct ph_seed_kind_row ph_seed_kinds[PH_SEED_KIND_COUNT] = {
    [PH_SEED_POOL] = { "user pool", OP_CreateUserPool, OP_DescribeUserPool, OP_UpdateUserPool,
                       "UserPool", NULL, POOL_MORE, NULL },
    [PH_SEED_RESOURCE_SERVER] = { "resource server", OP_CreateResourceServer,
                                  OP_DescribeResourceServer, OP_UpdateResourceServer,
                                  "ResourceServer", "Identifier", "", NULL },
    [PH_SEED_PROVIDER] = { "identity provider", OP_CreateIdentityProvider,
                           OP_DescribeIdentityProvider, OP_UpdateIdentityProvider,
                           "IdentityProvider", "ProviderName", "", NULL },
    [PH_SEED_CLIENT] = { "app client", OP_CreateUserPoolClient, OP_DescribeUserPoolClient,
                         OP_UpdateUserPoolClient, "UserPoolClient", NULL,
                         "ClientId SecondClientSecret", NULL },
    [PH_SEED_MFA] = { "MFA configuration", OP_SetUserPoolMfaConfig, OP_GetUserPoolMfaConfig,
                      OP_SetUserPoolMfaConfig, NULL, NULL, "", NULL },
    [PH_SEED_DOMAIN] = { "domain", OP_CreateUserPoolDomain, OP_DescribeUserPoolDomain,
                         OP_UpdateUserPoolDomain, "DomainDescription", "Domain", "", NULL },
    [PH_SEED_GROUP] = { "group", OP_CreateGroup, OP_GetGroup, OP_UpdateGroup, "Group", "GroupName",
                        "", NULL },
    [PH_SEED_USER] = { "user", OP_AdminCreateUser, OP_AdminGetUser, OP_AdminUpdateUserAttributes,
                       NULL, "Username", USER_MORE, NULL },
    [PH_SEED_MEMBER] = { "member of a group", OP_AdminAddUserToGroup, OP_AdminAddUserToGroup,
                         OP_AdminAddUserToGroup, NULL, NULL, "", NULL },
    [PH_SEED_RISK] = { "risk configuration", OP_SetRiskConfiguration, OP_DescribeRiskConfiguration,
                       OP_SetRiskConfiguration, "RiskConfiguration", "ClientId", "", NULL },
    [PH_SEED_CUSTOMIZATION] = { "UI customization", OP_SetUICustomization, OP_GetUICustomization,
                                OP_SetUICustomization, "UICustomization", "ClientId", "", NULL },
    [PH_SEED_LOGS] = { "log delivery", OP_SetLogDeliveryConfiguration,
                       OP_GetLogDeliveryConfiguration, OP_SetLogDeliveryConfiguration,
                       "LogDeliveryConfiguration", NULL, "", NULL },
    [PH_SEED_SESSIONS] = { "session configuration", OP_SetUserPoolSessionConfiguration,
                           OP_GetUserPoolSessionConfiguration, OP_SetUserPoolSessionConfiguration,
                           NULL, NULL, "", NULL },
    [PH_SEED_CLIENT_SESSIONS] = { "session configuration of a client",
                                  OP_SetUserPoolClientSessionConfiguration,
                                  OP_GetUserPoolClientSessionConfiguration,
                                  OP_SetUserPoolClientSessionConfiguration, NULL, "ClientId", "",
                                  NULL },
    [PH_SEED_STYLE] = { "managed login style", OP_CreateManagedLoginBranding,
                        OP_DescribeManagedLoginBrandingByClient, OP_UpdateManagedLoginBranding,
                        "ManagedLoginBranding", "ClientId", "", "ManagedLoginBrandingId" },
    [PH_SEED_TERMS] = { "terms", OP_CreateTerms, OP_DescribeTermsByClient, OP_UpdateTerms, "Terms",
                        "ClientId TermsName", "", "TermsId" },
};

bool ph_seed_names(const char *names, struct ph_str word)
{
    struct ph_str rest = ph_str_from(names), name;

    while (rest.n > 0) {
        ph_str_cut(rest, ' ', &name, &rest);
        if (name.n > 0 && ph_str_eq(name, word)) {
            return true;
        }
    }
    return false;
}

struct ph_str ph_seed_path(struct ph_arena *arena, struct ph_str path, struct ph_str name)
{
    return ph_strf(arena, "%.*s%s%.*s", PH_FMT(path), path.n > 0 ? "." : "", PH_FMT(name));
}

/* Templates write numbers and switches as text where they like; the API does not take that. */
static struct json_t *as_meant(struct ph_arena *arena, const struct ph_shape *shape,
                               struct json_t *value)
{
    const struct ph_str text = ph_json_str(value);
    const enum ph_json_kind kind = ph_json_kind(value);
    int64_t n;

    if (shape->kind == PH_SHAPE_BOOLEAN && kind == PH_JSON_STRING) {
        const bool is_true = ph_str_eq_nocase(text, PH_STR("true"));

        return is_true || ph_str_eq_nocase(text, PH_STR("false")) ? ph_json_new_bool(is_true)
                                                                  : value;
    }
    if ((shape->kind == PH_SHAPE_INTEGER || shape->kind == PH_SHAPE_LONG) &&
        kind == PH_JSON_STRING && ph_str_to_int(text, INT64_MIN, INT64_MAX, &n)) {
        return ph_json_new_int(arena, n);
    }
    if (shape->kind == PH_SHAPE_STRING && (kind == PH_JSON_INTEGER || kind == PH_JSON_REAL ||
                                           kind == PH_JSON_TRUE || kind == PH_JSON_FALSE)) {
        return ph_json_new_str(arena, ph_json_text(arena, value, PH_JSON_INSERTION));
    }
    return value;
}

static bool check_value(struct ph_seed_file *file, struct ph_str path, const struct ph_shape *shape,
                        struct json_t *value);

static bool check_structure(struct ph_seed_file *file, struct ph_str path,
                            const struct ph_shape *shape, struct json_t *object, const char *more)
{
    struct ph_arena *arena = file->seed->arena;

    for (void *at = ph_json_first(object); at != NULL; at = ph_json_next(object, at)) {
        const struct ph_str name = ph_json_key(at);
        const struct ph_member *member = ph_shape_member(shape, name);
        struct json_t *value;

        if (member == NULL && ph_seed_names(more, name)) {
            continue;
        }
        if (member == NULL) {
            return ph_seed_refuse(file, ph_seed_path(arena, path, name),
                                  "there is no such member here");
        }
        value = ph_json_get_s(object, name);
        if (value == NULL) {
            continue;
        }
        value = as_meant(arena, member->shape, value);
        ph_json_set_s(arena, object, name, value);
        if (!check_value(file, ph_seed_path(arena, path, name), member->shape, value)) {
            return false;
        }
    }
    return true;
}

static bool check_list(struct ph_seed_file *file, struct ph_str path, const struct ph_shape *shape,
                       const struct json_t *array)
{
    for (size_t i = 0; i < ph_json_length(array); i++) {
        if (!check_value(file, ph_strf(file->seed->arena, "%.*s[%zu]", PH_FMT(path), i),
                         shape->element, ph_json_at(array, i))) {
            return false;
        }
    }
    return true;
}

static void mend_map(struct ph_arena *arena, const struct ph_shape *shape, struct json_t *map)
{
    for (void *at = ph_json_first(map); at != NULL; at = ph_json_next(map, at)) {
        const struct ph_str name = ph_json_key(at);
        struct json_t *value = ph_json_get_s(map, name);

        if (value != NULL) {
            ph_json_set_s(arena, map, name, as_meant(arena, shape->element, value));
        }
    }
}

/* Wrong types are left to the API's own check, which words them. */
static bool check_value(struct ph_seed_file *file, struct ph_str path, const struct ph_shape *shape,
                        struct json_t *value)
{
    if (shape->kind == PH_SHAPE_STRUCTURE && ph_json_kind(value) == PH_JSON_OBJECT) {
        return check_structure(file, path, shape, value, "");
    }
    if (shape->kind == PH_SHAPE_LIST && ph_json_kind(value) == PH_JSON_ARRAY) {
        return check_list(file, path, shape, value);
    }
    if (shape->kind == PH_SHAPE_MAP && ph_json_kind(value) == PH_JSON_OBJECT) {
        mend_map(file->seed->arena, shape, value);
    }
    return true;
}

bool ph_seed_check_members(struct ph_seed_file *file, struct ph_str path,
                           const struct ph_shape *shape, struct json_t *value, const char *more)
{
    if (ph_json_kind(value) != PH_JSON_OBJECT) {
        return ph_seed_refuse(file, path, "this must be an object");
    }
    return check_structure(file, path, shape, value, more);
}

struct json_t *ph_seed_request(struct ph_arena *arena, enum ph_op op,
                               const struct json_t *described)
{
    struct json_t *request = ph_shape_copy(arena, ph_operations[op].input, described);

    ph_json_remove(arena, request, "UserPoolId");
    return request;
}
