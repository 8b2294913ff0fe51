/* Seeds in the shape of the API's requests: {"UserPools": [{CreateUserPool's members, ...}]}. */
#include "seed/internal.h"

/* A pool of a document while it is read. */
struct pool {
    struct ph_seed_file *file;
    struct ph_str path;
    struct ph_str id;
};

/* What may hang on a pool: a list of requests, or one. */
static const struct part {
    const char *member;
    enum ph_seed_kind kind;
    bool is_list;
} PARTS[] = {
    { "MfaConfig", PH_SEED_MFA, false },
    { "ResourceServers", PH_SEED_RESOURCE_SERVER, true },
    { "IdentityProviders", PH_SEED_PROVIDER, true },
    { "Clients", PH_SEED_CLIENT, true },
    { "Domains", PH_SEED_DOMAIN, true },
    { "Groups", PH_SEED_GROUP, true },
    { "Users", PH_SEED_USER, true },
    { "RiskConfigurations", PH_SEED_RISK, true },
    { "UICustomizations", PH_SEED_CUSTOMIZATION, true },
    { "SessionConfiguration", PH_SEED_SESSIONS, false },
    { "ClientSessionConfigurations", PH_SEED_CLIENT_SESSIONS, true },
    { "ManagedLoginBrandings", PH_SEED_STYLE, true },
    { "Terms", PH_SEED_TERMS, true },
};
enum { PART_COUNT = sizeof PARTS / sizeof PARTS[0] };

/* Takes the members that only seeds have out of the request; NULL: there are none. */
static struct json_t *split(struct ph_arena *arena, struct json_t *body, const char *names)
{
    struct json_t *more = NULL;
    struct ph_str rest = ph_str_from(names), name;

    while (rest.n > 0) {
        ph_str_cut(rest, ' ', &name, &rest);
        const char *key = ph_cstr(arena, name);
        struct json_t *value = ph_json_get(body, key);

        if (value != NULL) {
            more = more != NULL ? more : ph_json_object(arena);
            ph_json_set(arena, more, key, value);
            ph_json_remove(arena, body, key);
        }
    }
    return more;
}

/* The client's id is the one that is stated, or follows from its name. */
static bool name_client(const struct pool *pool, struct ph_seed_item *item)
{
    struct ph_arena *arena = pool->file->seed->arena;
    const struct ph_str name = ph_json_get_str(item->body, "ClientName");
    const struct ph_str secret = ph_json_get_str(item->body, "ClientSecret");

    item->client_id = ph_json_get_str(item->more, "ClientId");
    if (item->client_id.n == 0) {
        item->client_id = ph_seed_client_id(arena, pool->id, name);
    }
    if (secret.n > 0) {
        item->client_secret = secret;
    } else if (ph_json_bool(ph_json_get(item->body, "GenerateSecret"))) {
        item->client_secret = ph_seed_client_secret(arena, pool->id, item->client_id);
    }
    return true;
}

static bool read_part(const struct pool *pool, const struct part *part, struct ph_str path,
                      const struct json_t *given)
{
    const struct ph_seed_kind_row *row = &ph_seed_kinds[part->kind];
    struct ph_arena *arena = pool->file->seed->arena;
    struct json_t *body = ph_json_copy(arena, given);
    struct ph_seed_item *item;

    if (!ph_seed_check_members(pool->file, path, ph_operations[row->create].input, body,
                               row->more)) {
        return false;
    }
    item = ph_seed_add(pool->file, part->kind, path, body);
    item->more = split(arena, body, row->more);
    item->pool_id = pool->id;
    ph_json_set_str(arena, body, "UserPoolId", pool->id);
    return part->kind != PH_SEED_CLIENT || name_client(pool, item);
}

static bool read_parts(const struct pool *pool, const struct part *part, const struct json_t *given)
{
    struct ph_arena *arena = pool->file->seed->arena;
    const struct ph_str path = ph_seed_path(arena, pool->path, ph_str_from(part->member));

    if (given == NULL || !part->is_list) {
        return given == NULL || read_part(pool, part, path, given);
    }
    if (ph_json_kind(given) != PH_JSON_ARRAY) {
        return ph_seed_refuse(pool->file, path, "this must be a list");
    }
    for (size_t i = 0; i < ph_json_length(given); i++) {
        if (!read_part(pool, part, ph_strf(arena, "%.*s[%zu]", PH_FMT(path), i),
                       ph_json_at(given, i))) {
            return false;
        }
    }
    return true;
}

/* A member of the document that is a request's only other member. */
static bool read_logs(const struct pool *pool, const struct json_t *list)
{
    static const struct part LOGS = { "LogConfigurations", PH_SEED_LOGS, false };
    struct ph_arena *arena = pool->file->seed->arena;
    struct json_t *request = ph_json_object(arena);

    if (list == NULL) {
        return true;
    }
    ph_json_set(arena, request, "LogConfigurations", ph_json_copy(arena, list));
    return read_part(pool, &LOGS, pool->path, request);
}

/* Stated as "Id" or as the tag that pins ids; else it follows from the name. */
static struct ph_str id_of_pool(const struct ph_seed_file *file, const struct json_t *given)
{
    const struct ph_str id = ph_json_get_str(given, "Id");
    const struct ph_str tag = ph_json_get_str(ph_json_get(given, "UserPoolTags"), "poolhouse:id");

    if (id.n > 0 || tag.n > 0) {
        return id.n > 0 ? id : tag;
    }
    return ph_seed_pool_id(file->seed->arena, file->seed->region, (struct ph_str){ 0 },
                           ph_json_get_str(given, "PoolName"));
}

static bool read_pool(struct ph_seed_file *file, struct ph_str path, const struct json_t *given)
{
    const struct ph_seed_kind_row *row = &ph_seed_kinds[PH_SEED_POOL];
    struct ph_arena *arena = file->seed->arena;
    struct json_t *body = ph_json_copy(arena, given);
    struct pool pool = { .file = file, .path = path };
    struct ph_seed_item *item;

    if (!ph_seed_check_members(file, path, ph_operations[row->create].input, body, row->more)) {
        return false;
    }
    pool.id = id_of_pool(file, body);
    item = ph_seed_add(file, PH_SEED_POOL, path, body);
    item->pool_id = pool.id;
    item->more = split(arena, body, row->more);
    for (size_t i = 0; i < PART_COUNT; i++) {
        if (!read_parts(&pool, &PARTS[i], ph_json_get(item->more, PARTS[i].member))) {
            return false;
        }
    }
    return read_logs(&pool, ph_json_get(item->more, "LogConfigurations"));
}

bool ph_seed_read_document(struct ph_seed_file *file, const struct json_t *document)
{
    const struct json_t *pools = ph_json_get(document, "UserPools");
    struct ph_arena *arena = file->seed->arena;

    if (ph_json_members(document) != 1) {
        return ph_seed_refuse(file, (struct ph_str){ 0 },
                              "beside \"UserPools\" there is nothing to say");
    }
    if (ph_json_kind(pools) != PH_JSON_ARRAY) {
        return ph_seed_refuse(file, PH_STR("UserPools"), "this must be a list");
    }
    for (size_t i = 0; i < ph_json_length(pools); i++) {
        if (!read_pool(file, ph_strf(arena, "UserPools[%zu]", i), ph_json_at(pools, i))) {
            return false;
        }
    }
    return true;
}
