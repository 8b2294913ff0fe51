/* From a client's record to the snapshot that the rules read. */
#include "pool/internal.h"
#include "pool/lifetimes.h"

struct flow_name {
    struct ph_str name;
    unsigned flow;
};

enum { PH_FLOW_DEFAULTS = PH_FLOW_SRP | PH_FLOW_CUSTOM | PH_FLOW_REFRESH };

static const struct flow_name ALLOW_NAMES[] = {
    { PH_STR_INIT("ALLOW_ADMIN_USER_PASSWORD_AUTH"), PH_FLOW_ADMIN_PASSWORD },
    { PH_STR_INIT("ALLOW_USER_PASSWORD_AUTH"), PH_FLOW_PASSWORD },
    { PH_STR_INIT("ALLOW_USER_SRP_AUTH"), PH_FLOW_SRP },
    { PH_STR_INIT("ALLOW_CUSTOM_AUTH"), PH_FLOW_CUSTOM },
    { PH_STR_INIT("ALLOW_REFRESH_TOKEN_AUTH"), PH_FLOW_REFRESH },
    { PH_STR_INIT("ALLOW_USER_AUTH"), PH_FLOW_USER },
    { PH_STR_INIT("ALLOW_CLIENT_TOKEN_AUTH"), PH_FLOW_CLIENT_TOKEN },
};

/* The older names add to SRP, custom and refresh; CUSTOM_AUTH_FLOW_ONLY takes SRP away. */
static const struct flow_name LEGACY_NAMES[] = {
    { PH_STR_INIT("ADMIN_NO_SRP_AUTH"), PH_FLOW_ADMIN_PASSWORD },
    { PH_STR_INIT("USER_PASSWORD_AUTH"), PH_FLOW_PASSWORD },
};

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static unsigned flow_of(const struct flow_name *table, size_t count, struct ph_str name)
{
    for (size_t i = 0; i < count; i++) {
        if (ph_str_eq(table[i].name, name)) {
            return table[i].flow;
        }
    }
    return 0;
}

unsigned ph_client_flows(const struct json_t *names)
{
    unsigned allowed = 0;
    unsigned legacy = PH_FLOW_DEFAULTS;

    for (size_t i = 0; i < ph_json_length(names); i++) {
        struct ph_str name = ph_json_str(ph_json_at(names, i));

        allowed |= flow_of(ALLOW_NAMES, COUNT(ALLOW_NAMES), name);
        legacy |= flow_of(LEGACY_NAMES, COUNT(LEGACY_NAMES), name);
        if (ph_str_eq(name, PH_STR("CUSTOM_AUTH_FLOW_ONLY"))) {
            legacy &= ~(unsigned)PH_FLOW_SRP;
        }
    }
    return allowed != 0 ? allowed : legacy;
}

static bool is_enabled(struct ph_str text)
{
    return ph_str_eq(text, PH_STR("ENABLED"));
}

static void read_lifetimes(const struct json_t *json, struct ph_client *client)
{
    const struct ph_lifetimes lifetimes = ph_lifetimes_of(json);

    client->access_token_s = lifetimes.access_s;
    client->id_token_s = lifetimes.id_s;
    client->refresh_token_s = lifetimes.refresh_s;
    client->session_s = 60 * ph_json_int(ph_json_get(json, "AuthSessionValidity"));
    if (client->session_s == 0) {
        client->session_s = 180;
    }
}

/* With rotation the flow REFRESH_TOKEN_AUTH is closed, even by default. */
static void read_rotation(const struct json_t *rotation, struct ph_client *client)
{
    client->rotates_refresh_tokens = is_enabled(ph_json_get_str(rotation, "Feature"));
    client->rotation_grace_s = ph_json_int(ph_json_get(rotation, "RetryGracePeriodSeconds"));
    if (client->rotates_refresh_tokens) {
        client->flows &= ~(unsigned)PH_FLOW_REFRESH;
    }
}

static const struct ph_str *read_strings(struct ph_arena *arena, const struct json_t *json,
                                         size_t *count)
{
    *count = ph_json_length(json);
    struct ph_str *strings = ph_arena_array(arena, *count, struct ph_str);
    for (size_t i = 0; i < *count; i++) {
        strings[i] = ph_json_str(ph_json_at(json, i));
    }
    return strings;
}

static void read_settings(struct ph_arena *arena, const struct json_t *json,
                          struct ph_client *client)
{
    const struct json_t *revocation = ph_json_get(json, "EnableTokenRevocation");
    const struct json_t *reads = ph_json_get(json, "ReadAttributes");
    const struct json_t *writes = ph_json_get(json, "WriteAttributes");

    client->settings = json;
    client->flows = ph_client_flows(ph_json_get(json, "ExplicitAuthFlows"));
    client->hides_users = is_enabled(ph_json_get_str(json, "PreventUserExistenceErrors"));
    client->revocation = revocation == NULL || ph_json_bool(revocation);
    client->propagates_user_context =
        ph_json_bool(ph_json_get(json, "EnablePropagateAdditionalUserContextData"));
    client->reads_all = reads == NULL;
    client->writes_all = writes == NULL;
    client->read_attributes = read_strings(arena, reads, &client->read_attribute_count);
    client->write_attributes = read_strings(arena, writes, &client->write_attribute_count);
    read_lifetimes(json, client);
    read_rotation(ph_json_get(json, "RefreshTokenRotation"), client);
}

struct ph_err ph_snapshot_client(struct ph_ctx *ctx, const struct ph_client_record *record,
                                 struct ph_snapshot *snapshot)
{
    struct ph_arena *arena = &snapshot->arena;
    struct ph_client *client = &snapshot->client;
    const struct json_t *json = ph_json_parse(arena, record->settings);

    if (ph_json_kind(json) != PH_JSON_OBJECT) {
        return ph_internal(ctx, "the settings of a client in the store are broken");
    }
    client->id = ph_str_dup(arena, record->id);
    client->pool_id = ph_str_dup(arena, record->pool_id);
    client->name = ph_str_dup(arena, record->name);
    for (size_t i = 0; i < PH_CLIENT_SECRETS_MAX; i++) {
        client->secrets[i].value = ph_str_dup(arena, record->secrets[i].value);
        client->secrets[i].created_ms = record->secrets[i].created_ms;
    }
    client->created_ms = record->created_ms;
    client->modified_ms = record->modified_ms;
    client->revision = record->revision;
    snapshot->id = client->id;
    snapshot->revision = record->revision;
    read_settings(arena, json, client);
    return PH_OK;
}

static bool has(const struct ph_str *names, size_t count, struct ph_str name)
{
    for (size_t i = 0; i < count; i++) {
        if (ph_str_eq(names[i], name)) {
            return true;
        }
    }
    return false;
}

bool ph_client_may_read(const struct ph_client *client, struct ph_str attribute)
{
    return client->reads_all ||
           has(client->read_attributes, client->read_attribute_count, attribute);
}

/* Whether a user has verified something, and who the user is, no client writes. */
bool ph_client_may_write(const struct ph_client *client, struct ph_str attribute)
{
    if (client->writes_all) {
        static const struct ph_str NEVER[] = { PH_STR_INIT("sub"), PH_STR_INIT("identities"),
                                               PH_STR_INIT("email_verified"),
                                               PH_STR_INIT("phone_number_verified") };

        return !has(NEVER, COUNT(NEVER), attribute);
    }
    return has(client->write_attributes, client->write_attribute_count, attribute);
}
