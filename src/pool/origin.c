#include "pool/origin.h"

#include "crypto/hash.h"
#include "crypto/seal.h"
#include "store/configurations.h"
#include "util/encode.h"
#include "util/json.h"

#include <stddef.h>

#define PURPOSE PH_STR("origin")

/* The members of a document; those behind the first are one sealed object. */
static const struct member {
    const char *name;
    size_t offset;
    bool is_secret;
} MEMBERS[] = {
    { "Endpoint", offsetof(struct ph_origin, endpoint), false },
    { "Region", offsetof(struct ph_origin, region), false },
    { "UserPoolId", offsetof(struct ph_origin, pool_id), false },
    { "ClientId", offsetof(struct ph_origin, client_id), false },
    { "AccessKeyId", offsetof(struct ph_origin, access_key_id), false },
    { "ClientSecret", offsetof(struct ph_origin, client_secret), true },
    { "SecretAccessKey", offsetof(struct ph_origin, secret_key), true },
    { "SessionToken", offsetof(struct ph_origin, session_token), true },
};
enum { MEMBER_COUNT = sizeof MEMBERS / sizeof MEMBERS[0] };

static struct ph_str *member_of(struct ph_origin *origin, const struct member *member)
{
    return (struct ph_str *)(void *)((uint8_t *)origin + member->offset);
}

static void read_members(const struct json_t *object, bool secret, struct ph_origin *origin)
{
    for (size_t i = 0; i < MEMBER_COUNT; i++) {
        if (MEMBERS[i].is_secret == secret && ph_json_get(object, MEMBERS[i].name) != NULL) {
            *member_of(origin, &MEMBERS[i]) = ph_json_get_str(object, MEMBERS[i].name);
        }
    }
}

static struct json_t *write_members(struct ph_arena *arena, bool secret,
                                    const struct ph_origin *origin)
{
    struct json_t *object = ph_json_object(arena);
    struct ph_origin copy = *origin;

    for (size_t i = 0; i < MEMBER_COUNT; i++) {
        const struct ph_str value = *member_of(&copy, &MEMBERS[i]);

        if (MEMBERS[i].is_secret == secret && value.n > 0) {
            ph_json_set_str(arena, object, MEMBERS[i].name, value);
        }
    }
    return object;
}

static bool open_with(struct ph_arena *arena, const struct ph_key *data_key, struct ph_str sealed,
                      struct ph_str *plain)
{
    PH_AUTO(ph_key_wipe) struct ph_key key = { 0 };

    ph_key_derive(data_key, PURPOSE, &key);
    return ph_open(arena, &key, PURPOSE, sealed, plain);
}

static struct ph_str sealed_secrets(struct ph_arena *arena, const struct json_t *document)
{
    struct ph_str sealed;

    return ph_base64_decode(arena, ph_json_get_str(document, "Secrets"), &sealed)
               ? sealed
               : (struct ph_str){ 0 };
}

/* While the data key is replaced either may have sealed them. */
static const struct json_t *open_secrets(struct ph_arena *arena, const struct ph_pool_ref *pool,
                                         const struct json_t *document)
{
    const struct ph_str sealed = sealed_secrets(arena, document);
    struct ph_str plain;

    if (!open_with(arena, pool->data_key, sealed, &plain) &&
        (pool->other_key == NULL || !open_with(arena, pool->other_key, sealed, &plain))) {
        return NULL;
    }
    return ph_json_parse(arena, plain);
}

bool ph_origin_read(struct ph_arena *arena, const struct ph_pool_ref *pool, struct ph_str document,
                    const struct ph_origin **origin)
{
    struct ph_origin *read = ph_arena_new(arena, struct ph_origin);
    const struct json_t *parsed, *secrets;

    *origin = NULL;
    if (document.n == 0) {
        return true;
    }
    parsed = ph_json_parse(arena, document);
    secrets = open_secrets(arena, pool, parsed);
    if (ph_json_get_str(parsed, "Endpoint").n == 0 || secrets == NULL) {
        return false;
    }
    read_members(parsed, false, read);
    read_members(secrets, true, read);
    *origin = read;
    return true;
}

static struct ph_str write_document(struct ph_ctx *ctx, const struct ph_pool_ref *pool,
                                    const struct ph_origin *origin)
{
    struct ph_arena *arena = ctx->arena;
    struct json_t *document = write_members(arena, false, origin);
    const struct ph_str plain =
        ph_json_text(arena, write_members(arena, true, origin), PH_JSON_INSERTION);
    PH_AUTO(ph_key_wipe) struct ph_key key = { 0 };

    ph_key_derive(pool->data_key, PURPOSE, &key);
    ph_json_set_str(arena, document, "Secrets",
                    ph_base64(arena, ph_seal(arena, &key, PURPOSE, plain)));
    return ph_json_text(arena, document, PH_JSON_INSERTION);
}

struct ph_err ph_origin_put(struct ph_ctx *ctx, const struct ph_pool *pool,
                            const struct ph_origin *origin)
{
    const struct ph_configuration configuration = {
        .kind = PH_CONFIGURATION_ORIGIN,
        .pool_id = pool->id,
        .client_id = PH_STR(""),
        .document = write_document(ctx, &pool->ref, origin),
        .sealed_by = &pool->ref,
        .created_ms = ph_now_ms(ctx),
        .modified_ms = ph_now_ms(ctx),
    };
    int64_t created_ms;
    bool gone;

    PH_TRY(ph_store_configuration_put(ctx, &configuration, &gone, &created_ms));
    ph_pool_forget(ctx, pool->id);
    return gone ? ph_pool_unknown(ctx, pool->id) : PH_OK;
}

struct ph_err ph_origin_reseal(struct ph_ctx *ctx, const struct ph_pool_ref *pool)
{
    struct ph_configuration *found;
    const struct ph_origin *origin;
    struct ph_str old, ignored;

    PH_TRY(ph_store_configuration_find(ctx, pool->id, PH_CONFIGURATION_ORIGIN, PH_STR(""), &found));
    if (found == NULL ||
        open_with(ctx->arena, pool->data_key,
                  sealed_secrets(ctx->arena, ph_json_parse(ctx->arena, found->document)),
                  &ignored)) {
        return PH_OK;
    }
    if (!ph_origin_read(ctx->arena, pool, found->document, &origin) || origin == NULL) {
        return ph_internal(ctx, "the origin of a pool opens with neither of its data keys");
    }
    old = found->document;
    found->document = write_document(ctx, pool, origin);
    found->sealed_by = pool;
    return ph_store_configuration_replace(ctx, found, old);
}

struct ph_err ph_origin_delete(struct ph_ctx *ctx, const struct ph_pool *pool)
{
    PH_TRY(ph_store_configuration_delete(ctx, pool->id, PH_CONFIGURATION_ORIGIN, PH_STR("")));
    ph_pool_forget(ctx, pool->id);
    return PH_OK;
}
