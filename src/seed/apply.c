/*
 * Items become what they say. What is not there is made; what is there and says the same stays as
 * it is; what differs is updated, or is an error where the API has no update for it.
 */
#include "seed/internal.h"

#include "crypto/secret.h"
#include "model/exceptions.h"
#include "model/model.h"
#include "pool/pool.h"
#include "pool/schema.h"
#include "util/buf.h"

/* What applying an item came to. */
enum outcome { UNCHANGED, MADE, CHANGED };

static struct ph_err cannot_change(struct ph_ctx *ctx, struct ph_str member)
{
    return PH_FAIL(InvalidParameterException,
                   ph_textf(ctx->arena,
                            "it is there with another %.*s, which cannot be changed: change the "
                            "file, or begin with an empty data directory",
                            PH_FMT(member)));
}

/* --- what is there --- */

/* The members that name it. */
static struct json_t *question(struct ph_ctx *ctx, const struct ph_seed_item *item)
{
    const struct ph_seed_kind_row *row = &ph_seed_kinds[item->kind];
    struct json_t *asked = ph_json_object(ctx->arena);
    struct ph_str rest = row->key == NULL ? (struct ph_str){ 0 } : ph_str_from(row->key), key;

    if (item->kind != PH_SEED_DOMAIN) { /* it has a name for the world */
        ph_json_set_str(ctx->arena, asked, "UserPoolId", item->pool_id);
    }
    if (item->kind == PH_SEED_CLIENT) {
        ph_json_set_str(ctx->arena, asked, "ClientId", item->client_id);
    }
    while (rest.n > 0) {
        ph_str_cut(rest, ' ', &key, &rest);
        const struct json_t *value = ph_json_get_s(item->body, key);

        if (value != NULL) {
            ph_json_set_s(ctx->arena, asked, key, ph_json_copy(ctx->arena, value));
        }
    }
    return asked;
}

/* Descriptions call some members otherwise than requests. */
static void as_requested(struct ph_arena *arena, const struct ph_seed_item *item,
                         struct json_t *there)
{
    if (item->kind == PH_SEED_POOL) {
        ph_json_set_str(arena, there, "PoolName", ph_json_get_str(there, "Name"));
    }
}

static bool is_absent(struct ph_err err)
{
    return err.type == &ph_ex_ResourceNotFoundException;
}

/* *there is NULL when there is none. */
static struct ph_err find(struct ph_ctx *ctx, const struct ph_seed_item *item,
                          struct json_t **there)
{
    const struct ph_seed_kind_row *row = &ph_seed_kinds[item->kind];
    struct json_t *reply;
    const struct ph_err err = ph_seed_call(ctx, row->describe, question(ctx, item), &reply);

    *there = NULL;
    if (is_absent(err)) {
        return PH_OK;
    }
    PH_TRY(err);
    *there = row->described == NULL ? reply : ph_json_get(reply, row->described);
    if (item->kind == PH_SEED_DOMAIN && ph_json_members(*there) == 0) {
        *there = NULL;
    }
    if (*there != NULL) {
        as_requested(ctx->arena, item, *there);
    }
    return PH_OK;
}

/* --- attributes of pools --- */

static bool is_named(const struct json_t *attribute, struct ph_str name)
{
    static const struct ph_str PREFIXES[] = { PH_STR_INIT(""), PH_STR_INIT("custom:"),
                                              PH_STR_INIT("dev:custom:") };
    const struct ph_str there = ph_json_get_str(attribute, "Name");

    for (size_t i = 0; i < sizeof PREFIXES / sizeof PREFIXES[0]; i++) {
        if (ph_str_starts(there, PREFIXES[i]) &&
            ph_str_eq(ph_str_skip(there, PREFIXES[i].n), name)) {
            return true;
        }
    }
    return false;
}

static const struct json_t *find_attribute(const struct json_t *schema, struct ph_str name)
{
    for (size_t i = 0; i < ph_json_length(schema); i++) {
        if (is_named(ph_json_at(schema, i), name)) {
            return ph_json_at(schema, i);
        }
    }
    return NULL;
}

static bool says_attribute(struct ph_arena *arena, const struct json_t *there,
                           const struct json_t *wanted)
{
    struct json_t *named = ph_json_copy(arena, wanted);

    ph_json_remove(arena, named, "Name");
    return ph_seed_says(there, named);
}

/* As many at a time as the operations take. */
enum { ATTRIBUTES_OF_NEW_POOL = 50, ATTRIBUTES_AT_ONCE = 25 };

static struct ph_err add_attributes(struct ph_ctx *ctx, const struct ph_seed_item *item,
                                    const struct json_t *attributes)
{
    for (size_t i = 0; i < ph_json_length(attributes);) {
        struct json_t *request = ph_json_object(ctx->arena), *reply;
        struct json_t *some = ph_json_array(ctx->arena);

        for (; i < ph_json_length(attributes) && ph_json_length(some) < ATTRIBUTES_AT_ONCE; i++) {
            ph_json_append(ctx->arena, some, ph_json_copy(ctx->arena, ph_json_at(attributes, i)));
        }
        ph_json_set_str(ctx->arena, request, "UserPoolId", item->pool_id);
        ph_json_set(ctx->arena, request, "CustomAttributes", some);
        PH_TRY(ph_seed_call(ctx, OP_AddCustomAttributes, request, &reply));
    }
    return PH_OK;
}

/* New attributes are added; one that is there with other rules cannot be changed. */
static struct ph_err update_schema(struct ph_ctx *ctx, const struct ph_seed_item *item,
                                   const struct json_t *there, enum outcome *outcome)
{
    const struct json_t *wanted = ph_json_get(item->body, "Schema");
    struct json_t *added = ph_json_array(ctx->arena);

    for (size_t i = 0; i < ph_json_length(wanted); i++) {
        const struct json_t *one = ph_json_at(wanted, i);
        const struct ph_str name = ph_json_get_str(one, "Name");
        const struct json_t *known = find_attribute(ph_json_get(there, "SchemaAttributes"), name);

        if (known == NULL) {
            ph_json_append(ctx->arena, added, ph_json_copy(ctx->arena, one));
        } else if (!says_attribute(ctx->arena, known, one)) {
            return cannot_change(ctx, ph_strf(ctx->arena, "attribute %.*s", PH_FMT(name)));
        }
    }
    if (ph_json_length(added) == 0) {
        return PH_OK;
    }
    *outcome = CHANGED;
    return add_attributes(ctx, item, added);
}

/* --- differences --- */

/* Members of a request that a description does not carry, or that are looked at apart. */
static const char NOT_COMPARED[] = "UserPoolId GenerateSecret Schema ClientId";

static struct json_t *update_request(struct ph_ctx *ctx, const struct ph_seed_item *item,
                                     const struct json_t *there)
{
    const struct ph_seed_kind_row *row = &ph_seed_kinds[item->kind];
    const struct ph_shape *shape = ph_operations[row->update].input;
    struct json_t *request = row->id == NULL ? question(ctx, item) : ph_json_object(ctx->arena);

    if (row->id != NULL) {
        ph_json_set_str(ctx->arena, request, row->id, ph_json_get_str(there, row->id));
    }
    for (void *at = ph_json_first(item->body); at != NULL; at = ph_json_next(item->body, at)) {
        if (ph_shape_member(shape, ph_json_key(at)) != NULL) {
            ph_json_set_s(ctx->arena, request, ph_json_key(at),
                          ph_json_copy(ctx->arena, ph_json_member(at)));
        }
    }
    ph_json_set_str(ctx->arena, request, "UserPoolId", item->pool_id);
    return request;
}

/* *differs when an update is due; an error for what an update cannot say. */
static struct ph_err compare(struct ph_ctx *ctx, const struct ph_seed_item *item,
                             const struct json_t *there, bool *differs)
{
    const struct ph_shape *shape = ph_operations[ph_seed_kinds[item->kind].update].input;

    *differs = false;
    for (void *at = ph_json_first(item->body); at != NULL; at = ph_json_next(item->body, at)) {
        const struct ph_str name = ph_json_key(at);

        if (ph_seed_names(NOT_COMPARED, name) ||
            ph_seed_says(ph_json_get_s(there, name), ph_json_member(at))) {
            continue;
        }
        if (ph_shape_member(shape, name) == NULL) {
            return cannot_change(ctx, name);
        }
        *differs = true;
    }
    return PH_OK;
}

static struct ph_err check_secret(struct ph_ctx *ctx, const struct ph_seed_item *item,
                                  const struct json_t *there)
{
    const struct ph_str secret = ph_json_get_str(there, "ClientSecret");

    if (item->kind != PH_SEED_CLIENT || ph_str_eq(secret, item->client_secret)) {
        return PH_OK;
    }
    return cannot_change(ctx, PH_STR("ClientSecret"));
}

static struct ph_err update(struct ph_ctx *ctx, const struct ph_seed_item *item,
                            const struct json_t *there, enum outcome *outcome)
{
    struct json_t *reply;
    bool differs;

    PH_TRY(check_secret(ctx, item, there));
    PH_TRY(compare(ctx, item, there, &differs));
    if (differs) {
        PH_TRY(ph_seed_call(ctx, ph_seed_kinds[item->kind].update, update_request(ctx, item, there),
                            &reply));
        PH_LOG(&ctx->log, PH_INFO, "seed_changed",
               ph_f_text("what", ph_seed_kinds[item->kind].noun), ph_f_str("path", item->path));
        *outcome = CHANGED;
    }
    return item->kind == PH_SEED_POOL ? update_schema(ctx, item, there, outcome) : PH_OK;
}

/* --- one item --- */

/*
 * Takes from the request what a pool cannot be made with: it may have 50 custom attributes, beside
 * standard ones with other rules, which cannot be added later.
 */
static struct ph_err take_late_attributes(struct ph_ctx *ctx, struct json_t *request,
                                          struct json_t **late)
{
    const struct json_t *all = ph_json_get(request, "Schema");
    struct json_t *first = ph_json_array(ctx->arena), *usual;
    size_t fixed = 0, custom = 0;

    *late = ph_json_array(ctx->arena);
    if (ph_json_length(all) <= ATTRIBUTES_OF_NEW_POOL) {
        return PH_OK;
    }
    PH_TRY(ph_schema_create(ctx, NULL, &usual));
    for (size_t i = 0; i < ph_json_length(all); i++) {
        fixed += find_attribute(usual, ph_json_get_str(ph_json_at(all, i), "Name")) != NULL;
    }
    for (size_t i = 0; i < ph_json_length(all); i++) {
        struct json_t *one = ph_json_copy(ctx->arena, ph_json_at(all, i));
        const bool is_fixed = find_attribute(usual, ph_json_get_str(one, "Name")) != NULL;
        const bool fits = is_fixed || fixed + custom < ATTRIBUTES_OF_NEW_POOL;

        custom += !is_fixed;
        ph_json_append(ctx->arena, fits ? first : *late, one);
    }
    ph_json_set(ctx->arena, request, "Schema", first);
    return PH_OK;
}

static struct ph_err make_pool(struct ph_ctx *ctx, const struct ph_seed_item *item)
{
    struct json_t *request = ph_json_copy(ctx->arena, item->body), *late, *reply;

    PH_TRY(take_late_attributes(ctx, request, &late));
    PH_TRY(ph_seed_call(ctx, OP_CreateUserPool, request, &reply));
    return add_attributes(ctx, item, late);
}

/* The ids are handed to the handlers as the headers that pin them would hand them over. */
static struct ph_err create(struct ph_ctx *ctx, const struct ph_seed_item *item)
{
    struct json_t *reply;
    struct ph_err err;

    if (item->kind == PH_SEED_POOL) {
        ctx->pinned_id = item->pool_id;
    } else if (item->kind == PH_SEED_CLIENT) {
        ctx->pinned_id = item->client_id;
        ctx->pinned_secret = item->client_secret.n > 0 ? item->client_secret : (struct ph_str){ 0 };
    }
    err = item->kind == PH_SEED_POOL
              ? make_pool(ctx, item)
              : ph_seed_call(ctx, ph_seed_kinds[item->kind].create, item->body, &reply);
    ctx->pinned_id = (struct ph_str){ 0 };
    ctx->pinned_secret = (struct ph_str){ 0 };
    return err;
}

/* Settings that are there as soon as their pool is: there is only setting them. */
static bool is_setting(enum ph_seed_kind kind)
{
    return ph_seed_kinds[kind].create == ph_seed_kinds[kind].update;
}

/* The secret beside the first one, once the client is there. */
static struct ph_err add_second_secret(struct ph_ctx *ctx, const struct ph_seed_item *item)
{
    static const char MEMBER[] = "SecondClientSecret";
    const struct json_t *given = ph_json_get(item->more, MEMBER);
    struct json_t *request = question(ctx, item), *reply;
    const struct ph_client *client;
    const struct ph_pool *pool;

    if (given == NULL) {
        return PH_OK;
    }
    PH_TRY(ph_client_get(ctx, item->pool_id, item->client_id, &pool, &client));
    if (client->secrets[1].value.p != NULL) {
        return ph_equal_secret(client->secrets[1].value, ph_json_str(given))
                   ? PH_OK
                   : cannot_change(ctx, ph_str_from(MEMBER));
    }
    ph_json_set(ctx->arena, request, "ClientSecret", ph_json_copy(ctx->arena, given));
    return ph_seed_call(ctx, OP_AddUserPoolClientSecret, request, &reply);
}

static struct ph_err apply(struct ph_ctx *ctx, const struct ph_seed_item *item,
                           enum outcome *outcome)
{
    struct json_t *there, *reply;

    *outcome = UNCHANGED;
    if (item->kind == PH_SEED_USER) {
        return ph_seed_apply_user(ctx, item);
    }
    if (item->kind == PH_SEED_MEMBER) {
        return ph_seed_call(ctx, OP_AdminAddUserToGroup, item->body, &reply);
    }
    PH_TRY(find(ctx, item, &there));
    if (there == NULL && !is_setting(item->kind)) {
        *outcome = MADE;
        PH_TRY(create(ctx, item));
    } else {
        PH_TRY(update(ctx, item, there, outcome));
    }
    return item->kind == PH_SEED_CLIENT ? add_second_secret(ctx, item) : PH_OK;
}

/* --- all of them --- */

/* "app client web (1h57...)": the name that people gave, and the id where that is another. */
static void tell(struct ph_buf *lines, const struct ph_seed_item *item, enum outcome outcome)
{
    static const char *const WORDS[] = { "unchanged", "made", "changed" };
    static const char *const NAMES[] = { "PoolName",     "ClientName", "GroupName",
                                         "ProviderName", "Identifier", "Domain" };
    const struct ph_str id = item->client_id.n > 0 ? item->client_id : item->pool_id;
    struct ph_str name = { 0 };

    for (size_t i = 0; name.n == 0 && i < sizeof NAMES / sizeof NAMES[0]; i++) {
        name = ph_json_get_str(item->body, NAMES[i]);
    }
    ph_buf_addf(lines, "%s %s%s%.*s (%.*s)\n", WORDS[outcome], ph_seed_kinds[item->kind].noun,
                name.n > 0 ? " " : "", PH_FMT(name), PH_FMT(id));
}

static bool apply_all(struct ph_ctx *ctx, const struct ph_seed *seed, struct ph_buf *lines,
                      const char **why)
{
    for (size_t kind = 0; kind < PH_SEED_KIND_COUNT; kind++) {
        for (const struct ph_seed_item *item = seed->items[kind]; item != NULL; item = item->next) {
            enum outcome outcome;
            const struct ph_err err = apply(ctx, item, &outcome);

            if (err.type != NULL) {
                *why = ph_textf(ctx->arena, "%.*s: %.*s: %s: %s", PH_FMT(item->file),
                                PH_FMT(item->path), err.type->name,
                                err.message == NULL ? "" : err.message);
                return false;
            }
            if (kind != PH_SEED_USER && kind != PH_SEED_MEMBER) {
                tell(lines, item, outcome);
            }
        }
    }
    return true;
}

bool ph_seed_apply_telling(struct ph_ctx *ctx, const struct ph_seed *seed, struct ph_str *lines,
                           const char **why)
{
    enum { LINES_MAX = 16 * 1024 * 1024 };
    const bool before = ctx->without_triggers;
    struct ph_buf told;
    bool done;

    ph_buf_init(&told, ctx->arena, LINES_MAX);
    ctx->caller.kind = PH_CALLER_IAM;
    ctx->caller.region = seed->region;
    ctx->without_triggers = true;
    done = apply_all(ctx, seed, &told, why);
    ctx->without_triggers = before;
    *lines = ph_buf_str(&told);
    return done;
}

bool ph_seed_apply(struct ph_ctx *ctx, const struct ph_seed *seed, const char **why)
{
    struct ph_str lines;

    return ph_seed_apply_telling(ctx, seed, &lines, why);
}
