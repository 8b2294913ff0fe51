/* Pools and what hangs on them, by the operations that describe them. */
#include "seed/dump.h"

#include "model/exceptions.h"
#include "model/validate.h"
#include "pool/domain.h"
#include "pool/pool.h"
#include "pool/schema.h"
#include "seed/dump_internal.h"

struct json_t *ph_dump_request(const struct ph_dump *d, enum ph_op op,
                               const struct json_t *described)
{
    return ph_seed_request(d->ctx->arena, op, described);
}

struct json_t *ph_dump_question(const struct ph_dump *d)
{
    struct json_t *asked = ph_json_object(d->ctx->arena);

    ph_json_set_str(d->ctx->arena, asked, "UserPoolId", d->pool->id);
    return asked;
}

void ph_dump_add_list(const struct ph_dump *d, const char *member, struct json_t *list)
{
    if (ph_json_length(list) > 0) {
        ph_json_set(d->ctx->arena, d->out, member, list);
    }
}

/* --- lists of the API, page by page --- */

struct listing {
    enum ph_op op;
    const char *member; /* of the reply */
};

static struct ph_err each(const struct ph_dump *d, const struct listing *listing, ph_dump_one *add,
                          struct json_t *to)
{
    struct json_t *asked = ph_dump_question(d), *reply;
    struct ph_str next;

    do {
        PH_TRY(ph_seed_call(d->ctx, listing->op, asked, &reply));
        const struct json_t *page = ph_json_get(reply, listing->member);

        for (size_t i = 0; i < ph_json_length(page); i++) {
            PH_TRY(add(d, ph_json_at(page, i), to));
        }
        next = ph_json_get_str(reply, "NextToken");
        ph_json_set_str(d->ctx->arena, asked, "NextToken", next);
    } while (next.n > 0);
    return PH_OK;
}

struct ph_err ph_dump_each(const struct ph_dump *d, enum ph_op op, const char *listed,
                           ph_dump_one *add, struct json_t **all)
{
    const struct listing listing = { op, listed };

    *all = ph_json_array(d->ctx->arena);
    return each(d, &listing, add, *all);
}

static struct ph_err list(const struct ph_dump *d, enum ph_op op, const char *listed,
                          const char *member, ph_dump_one *add)
{
    struct json_t *all;

    PH_TRY(ph_dump_each(d, op, listed, add, &all));
    ph_dump_add_list(d, member, all);
    return PH_OK;
}

/* --- groups, resource servers, identity providers --- */

static struct ph_err add_group(const struct ph_dump *d, const struct json_t *listed,
                               struct json_t *to)
{
    ph_json_append(d->ctx->arena, to, ph_dump_request(d, OP_CreateGroup, listed));
    return PH_OK;
}

static struct ph_err add_resource_server(const struct ph_dump *d, const struct json_t *listed,
                                         struct json_t *to)
{
    ph_json_append(d->ctx->arena, to, ph_dump_request(d, OP_CreateResourceServer, listed));
    return PH_OK;
}

static void hide_details(const struct ph_dump *d, struct json_t *provider)
{
    static const char *const SECRETS[] = { "client_secret", "private_key" };
    struct json_t *details = ph_json_get(provider, "ProviderDetails");

    for (size_t i = 0; i < sizeof SECRETS / sizeof SECRETS[0]; i++) {
        if (d->secrets != PH_DUMP_WITH_SECRETS && ph_json_get(details, SECRETS[i]) != NULL) {
            ph_json_set_str(d->ctx->arena, details, SECRETS[i], PH_STR("not-dumped"));
        }
    }
}

static struct ph_err add_provider(const struct ph_dump *d, const struct json_t *listed,
                                  struct json_t *to)
{
    struct json_t *asked = ph_dump_question(d), *reply, *provider;

    ph_json_set_str(d->ctx->arena, asked, "ProviderName", ph_json_get_str(listed, "ProviderName"));
    PH_TRY(ph_seed_call(d->ctx, OP_DescribeIdentityProvider, asked, &reply));
    provider =
        ph_dump_request(d, OP_CreateIdentityProvider, ph_json_get(reply, "IdentityProvider"));
    hide_details(d, provider);
    ph_json_append(d->ctx->arena, to, provider);
    return PH_OK;
}

/* --- domains --- */

static struct ph_err add_domain(const struct ph_dump *d, struct ph_str name, struct json_t *to)
{
    struct json_t *asked = ph_json_object(d->ctx->arena), *reply, *domain;

    if (name.n == 0) {
        return PH_OK;
    }
    ph_json_set_str(d->ctx->arena, asked, "Domain", name);
    PH_TRY(ph_seed_call(d->ctx, OP_DescribeUserPoolDomain, asked, &reply));
    domain = ph_dump_request(d, OP_CreateUserPoolDomain, ph_json_get(reply, "DomainDescription"));
    if (ph_json_members(ph_json_get(domain, "CustomDomainConfig")) == 0) {
        ph_json_remove(d->ctx->arena, domain, "CustomDomainConfig"); /* of a prefix domain */
    }
    ph_json_append(d->ctx->arena, to, domain);
    return PH_OK;
}

static struct ph_err dump_domains(const struct ph_dump *d, const struct json_t *described)
{
    struct json_t *domains = ph_json_array(d->ctx->arena);

    PH_TRY(add_domain(d, ph_json_get_str(described, "Domain"), domains));
    PH_TRY(add_domain(d, ph_json_get_str(described, "CustomDomain"), domains));
    ph_dump_add_list(d, "Domains", domains);
    return PH_OK;
}

/* --- settings of the pool and of its clients --- */

static const struct setting {
    enum ph_op describe, set;
    const char *described;
    const char *member; /* of the dump */
    const char *needed; /* without this member there is nothing to tell; NULL: any will do */
    bool of_domain;     /* a pool without a domain has none and may not be asked */
} SETTINGS[] = {
    { OP_DescribeRiskConfiguration, OP_SetRiskConfiguration, "RiskConfiguration",
      "RiskConfigurations", NULL, false },
    { OP_GetUICustomization, OP_SetUICustomization, "UICustomization", "UICustomizations", "CSS",
      true },
};
enum { SETTING_COUNT = sizeof SETTINGS / sizeof SETTINGS[0] };

static bool is_told(const struct setting *setting, const struct json_t *request)
{
    const size_t ids = ph_json_get(request, "ClientId") != NULL;

    return setting->needed != NULL ? ph_json_get(request, setting->needed) != NULL
                                   : ph_json_members(request) > ids;
}

/* A client that has none is described by what its pool has: its id is not in it then. */
static struct ph_err add_setting(const struct ph_dump *d, const struct setting *setting,
                                 struct ph_str client_id, struct json_t *to)
{
    struct json_t *asked = ph_dump_question(d), *reply, *request;
    struct ph_err err;

    if (client_id.n > 0) {
        ph_json_set_str(d->ctx->arena, asked, "ClientId", client_id);
    }
    err = ph_seed_call(d->ctx, setting->describe, asked, &reply);
    if (err.type == &ph_ex_OperationNotBuiltException ||
        err.type == &ph_ex_UserPoolAddOnNotEnabledException) {
        return PH_OK;
    }
    PH_TRY(err);
    request = ph_dump_request(d, setting->set, ph_json_get(reply, setting->described));
    if (ph_str_eq(ph_json_get_str(request, "ClientId"), PH_STR("ALL"))) {
        ph_json_remove(d->ctx->arena, request, "ClientId"); /* the pool's own customization */
    }
    if (is_told(setting, request) && ph_str_eq(ph_json_get_str(request, "ClientId"), client_id)) {
        ph_json_append(d->ctx->arena, to, request);
    }
    return PH_OK;
}

/* What pages look like is not answered for a pool without a domain: it has no pages. */
static struct ph_err dump_settings(const struct ph_dump *d, const struct setting *setting)
{
    const struct json_t *clients = ph_json_get(d->out, "Clients");
    struct json_t *all = ph_json_array(d->ctx->arena);
    bool has_domain;

    PH_TRY(ph_pool_has_domain(d->ctx, d->pool, &has_domain));
    if (setting->of_domain && !has_domain) {
        return PH_OK;
    }
    PH_TRY(add_setting(d, setting, (struct ph_str){ 0 }, all));
    for (size_t i = 0; i < ph_json_length(clients); i++) {
        PH_TRY(add_setting(d, setting, ph_json_get_str(ph_json_at(clients, i), "ClientId"), all));
    }
    ph_dump_add_list(d, setting->member, all);
    return PH_OK;
}

static struct ph_err dump_logs(const struct ph_dump *d)
{
    struct json_t *reply;

    PH_TRY(ph_seed_call(d->ctx, OP_GetLogDeliveryConfiguration, ph_dump_question(d), &reply));
    ph_dump_add_list(
        d, "LogConfigurations",
        ph_json_get(ph_json_get(reply, "LogDeliveryConfiguration"), "LogConfigurations"));
    return PH_OK;
}

/* Told when somebody has set it. */
static struct ph_err dump_sessions(const struct ph_dump *d)
{
    struct json_t *reply;

    if (ph_json_get(d->pool->settings, "SessionConfiguration") == NULL) {
        return PH_OK;
    }
    PH_TRY(ph_seed_call(d->ctx, OP_GetUserPoolSessionConfiguration, ph_dump_question(d), &reply));
    ph_json_set(d->ctx->arena, d->out, "SessionConfiguration",
                ph_dump_request(d, OP_SetUserPoolSessionConfiguration, reply));
    return PH_OK;
}

/* Told only when there is more than that it is off. */
static struct ph_err dump_mfa(const struct ph_dump *d)
{
    struct json_t *reply, *mfa;

    PH_TRY(ph_seed_call(d->ctx, OP_GetUserPoolMfaConfig, ph_dump_question(d), &reply));
    mfa = ph_dump_request(d, OP_SetUserPoolMfaConfig, reply);
    ph_json_remove(d->ctx->arena, d->out, "MfaConfiguration");
    if (ph_json_members(mfa) > 1 ||
        !ph_str_eq(ph_json_get_str(mfa, "MfaConfiguration"), PH_STR("OFF"))) {
        ph_json_set(d->ctx->arena, d->out, "MfaConfig", mfa);
    }
    return PH_OK;
}

/* --- the pool --- */

static void add_attribute(const struct ph_dump *d, const struct json_t *attribute,
                          struct json_t *schema)
{
    static const struct ph_str PREFIXES[] = { PH_STR_INIT("dev:custom:"), PH_STR_INIT("custom:") };
    struct json_t *copy = ph_json_copy(d->ctx->arena, attribute);
    const struct ph_str name = ph_json_get_str(attribute, "Name");

    for (size_t i = 0; i < sizeof PREFIXES / sizeof PREFIXES[0]; i++) {
        if (ph_str_starts(name, PREFIXES[i])) {
            ph_json_set_str(d->ctx->arena, copy, "Name", ph_str_skip(name, PREFIXES[i].n));
            break;
        }
    }
    ph_json_append(d->ctx->arena, schema, copy);
}

/* What every pool has is not told: the standard attributes with their usual rules. */
static struct ph_err dump_schema(const struct ph_dump *d, const struct json_t *described)
{
    const struct json_t *attributes = ph_json_get(described, "SchemaAttributes");
    struct json_t *schema = ph_json_array(d->ctx->arena), *usual;

    PH_TRY(ph_schema_create(d->ctx, NULL, &usual));
    for (size_t i = 0; i < ph_json_length(attributes); i++) {
        const struct json_t *attribute = ph_json_at(attributes, i);

        if (!ph_json_equal(attribute, ph_json_at(usual, i))) {
            add_attribute(d, attribute, schema);
        }
    }
    ph_dump_add_list(d, "Schema", schema);
    return PH_OK;
}

static struct ph_err dump_parts(const struct ph_dump *d)
{
    PH_TRY(
        list(d, OP_ListResourceServers, "ResourceServers", "ResourceServers", add_resource_server));
    PH_TRY(list(d, OP_ListIdentityProviders, "Providers", "IdentityProviders", add_provider));
    PH_TRY(ph_dump_clients(d));
    PH_TRY(list(d, OP_ListGroups, "Groups", "Groups", add_group));
    for (size_t i = 0; i < SETTING_COUNT; i++) {
        PH_TRY(dump_settings(d, &SETTINGS[i]));
    }
    PH_TRY(dump_sessions(d));
    PH_TRY(ph_dump_parts_of_clients(d));
    return dump_logs(d);
}

static struct ph_err dump_pool(struct ph_dump *d, struct ph_str id, struct json_t *pools)
{
    struct json_t *reply, *described;

    PH_TRY(ph_pool_get(d->ctx, id, &d->pool));
    PH_TRY(ph_seed_call(d->ctx, OP_DescribeUserPool, ph_dump_question(d), &reply));
    described = ph_json_get(reply, "UserPool");
    d->out = ph_dump_request(d, OP_CreateUserPool, described);
    ph_json_set_str(d->ctx->arena, d->out, "Id", id);
    ph_json_set_str(d->ctx->arena, d->out, "PoolName", d->pool->name);
    PH_TRY(dump_schema(d, described));
    PH_TRY(dump_mfa(d));
    PH_TRY(dump_parts(d));
    PH_TRY(dump_domains(d, described));
    PH_TRY(ph_dump_users(d));
    ph_json_append(d->ctx->arena, pools, d->out);
    return PH_OK;
}

struct ph_err ph_seed_dump(struct ph_ctx *ctx, enum ph_dump_secrets secrets,
                           struct json_t **document)
{
    enum { PAGE = 50 };
    struct json_t *all = ph_json_object(ctx->arena), *pools = ph_json_array(ctx->arena);
    struct ph_dump d = { .ctx = ctx, .secrets = secrets };
    struct ph_pool_record *page;
    struct ph_str after = { 0 };
    size_t count;

    do {
        PH_TRY(ph_store_pool_list(ctx, (struct ph_str){ 0 }, after, PAGE, &page, &count));
        for (size_t i = 0; i < count; i++) {
            PH_TRY(dump_pool(&d, page[i].id, pools));
            after = page[i].id;
        }
    } while (count == PAGE);
    ph_json_set(ctx->arena, all, "UserPools", pools);
    *document = all;
    return PH_OK;
}
