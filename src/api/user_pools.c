/* User pools (management.md 2): made, described, changed, deleted, listed. */
#include "api/handlers.h"
#include "api/page_token.h"
#include "import/job.h"
#include "model/messages.h"
#include "model/validate.h"
#include "pool/contest.h"
#include "pool/domain.h"
#include "pool/schema.h"
#include "pool/settings.h"
#include "pool/signing_keys.h"

/* --- describing --- */

static struct ph_err describe(struct ph_ctx *ctx, const struct ph_pool *pool, struct ph_out *out)
{
    struct ph_out user_pool = { ctx->arena,
                                ph_pool_settings_described(ctx->arena, pool->settings) };
    struct ph_pool_domains domains;
    int64_t users;

    PH_TRY(ph_store_pool_user_count(ctx, pool->id, &users));
    PH_TRY(ph_pool_domains_read(ctx, pool, &domains));
    ph_out_str(&user_pool, M_Id, pool->id);
    ph_out_str(&user_pool, M_Name, pool->name);
    ph_out_str(&user_pool, M_Arn, pool->arn);
    ph_out_str(&user_pool, M_Domain, domains.prefix);
    ph_out_str(&user_pool, M_CustomDomain, domains.custom);
    ph_out_time(&user_pool, M_CreationDate, pool->created_ms);
    ph_out_time(&user_pool, M_LastModifiedDate, pool->modified_ms);
    ph_out_int(&user_pool, M_EstimatedNumberOfUsers, users);
    ph_out_json(out, M_UserPool, user_pool.object);
    return PH_OK;
}

struct ph_err ph_api_describe_user_pool(struct ph_ctx *ctx, const struct ph_in *in,
                                        struct ph_out *out)
{
    const struct ph_pool *pool;

    PH_TRY(ph_pool_get(ctx, ph_in_str(in, M_UserPoolId), &pool));
    return describe(ctx, pool, out);
}

/* --- making --- */

enum { REGION_MAX = 32, POOL_NAME_CHARS = 9 };

/* A scope that nobody verified may say anything; it becomes part of an id. */
static bool is_region(struct ph_str s)
{
    for (size_t i = 0; i < s.n; i++) {
        if (!(s.p[i] == '-' || (s.p[i] >= 'a' && s.p[i] <= 'z') ||
              (s.p[i] >= '0' && s.p[i] <= '9'))) {
            return false;
        }
    }
    return s.n > 0 && s.n <= REGION_MAX;
}

/* The id that the caller wants for the pool; absent when it is ours to choose. */
static struct ph_str pinned_id(const struct ph_ctx *ctx, const struct ph_in *in)
{
    const struct ph_in tags = ph_in_object(in, M_UserPoolTags);

    if (ctx->pinned_id.p != NULL) {
        return ctx->pinned_id;
    }
    return ctx->settings->mode == PH_MODE_DEV ? ph_in_map(&tags, "poolhouse:id")
                                              : (struct ph_str){ 0 };
}

/* A pinned id must be one that the other operations accept. */
static struct ph_err check_pinned(struct ph_ctx *ctx, struct ph_str id)
{
    struct ph_out question = ph_out_new(ctx->arena);

    ph_out_str(&question, M_UserPoolId, id);
    return ph_validate_input(ctx->arena, ph_operations[OP_DescribeUserPool].input, question.object);
}

/* The region that the request is meant for. */
static struct ph_str region_asked(const struct ph_ctx *ctx)
{
    return is_region(ctx->caller.region) ? ctx->caller.region : ctx->settings->default_region;
}

static struct ph_str random_id(const struct ph_ctx *ctx)
{
    const struct ph_str region = region_asked(ctx);
    const struct ph_str name =
        ph_random_text(ctx, POOL_NAME_CHARS,
                       PH_STR("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"));

    return ph_strf(ctx->arena, "%.*s_%.*s", PH_FMT(region), PH_FMT(name));
}

static struct ph_err choose_id(struct ph_ctx *ctx, const struct ph_in *in, struct ph_str *id)
{
    const struct ph_str pinned = pinned_id(ctx, in);

    if (pinned.p != NULL) {
        PH_TRY(check_pinned(ctx, pinned));
        *id = pinned;
    } else {
        *id = random_id(ctx);
    }
    return PH_OK;
}

/* The record lies in the arena, which is wiped: it carries the pool's data key. */
static struct ph_err insert(struct ph_ctx *ctx, struct ph_str id, struct ph_str name,
                            const struct json_t *settings)
{
    struct ph_pool_record *record = ph_arena_new(ctx->arena, struct ph_pool_record);
    const int64_t now_ms = ph_now_ms(ctx);
    enum ph_write_result result;

    *record = (struct ph_pool_record){
        .id = id,
        .name = name,
        .settings = ph_json_text(ctx->arena, settings, PH_JSON_INSERTION),
        .created_ms = now_ms,
        .modified_ms = now_ms,
    };
    ctx->random->fill(ctx->random->self, record->data_key.bytes, sizeof record->data_key.bytes);
    const struct ph_signing_key_record keys[] = {
        ph_signing_key_make(ctx, PH_KEY_ID_TOKEN, 0),
        ph_signing_key_make(ctx, PH_KEY_ACCESS_TOKEN, 0),
    };
    PH_TRY(ph_store_pool_insert(ctx, record, keys, sizeof keys / sizeof keys[0], &result));
    if (result == PH_WRITE_TAKEN) {
        return PH_FAIL(
            InvalidParameterException,
            ph_textf(ctx->arena, "The user pool id %.*s is already in use.", PH_FMT(id)));
    }
    ph_pool_forget(ctx, id);
    return PH_OK;
}

struct ph_err ph_api_create_user_pool(struct ph_ctx *ctx, const struct ph_in *in,
                                      struct ph_out *out)
{
    const struct ph_pool *pool;
    struct json_t *settings;
    struct ph_str id, region;

    PH_TRY(choose_id(ctx, in, &id));
    ph_str_cut(id, '_', &region, NULL);
    PH_TRY(ph_pool_settings_create(ctx, region, in->object, &settings));
    PH_TRY(insert(ctx, id, ph_in_str(in, M_PoolName), settings));
    PH_TRY(ph_pool_get(ctx, id, &pool));
    return describe(ctx, pool, out);
}

/* --- changing --- */

struct ph_err ph_api_update_user_pool(struct ph_ctx *ctx, const struct ph_in *in,
                                      struct ph_out *out)
{
    const struct ph_pool *pool;
    struct json_t *settings;
    enum ph_write_result result;

    (void)out;
    PH_TRY(ph_pool_get(ctx, ph_in_str(in, M_UserPoolId), &pool));
    PH_TRY(ph_import_check_idle(ctx, pool));
    PH_TRY(ph_pool_settings_update(ctx, pool, in->object, &settings));
    const struct ph_str name = ph_in_has(in, M_PoolName) ? ph_in_str(in, M_PoolName) : pool->name;
    PH_TRY(ph_pool_settings_save(ctx, pool, name, settings, &result));
    return result == PH_WRITE_CONFLICT
               ? PH_FAIL(ConcurrentModificationException, PH_MSG_CONCURRENT_CHANGE)
               : PH_OK;
}

/* --- multi-factor authentication --- */

static struct ph_err describe_mfa(struct ph_ctx *ctx, struct ph_str id, struct ph_out *out)
{
    const struct ph_pool *pool;

    PH_TRY(ph_pool_get(ctx, id, &pool));
    out->object = ph_pool_settings_mfa_described(ctx->arena, pool);
    return PH_OK;
}

struct ph_err ph_api_get_user_pool_mfa_config(struct ph_ctx *ctx, const struct ph_in *in,
                                              struct ph_out *out)
{
    return describe_mfa(ctx, ph_in_str(in, M_UserPoolId), out);
}

struct ph_err ph_api_set_user_pool_mfa_config(struct ph_ctx *ctx, const struct ph_in *in,
                                              struct ph_out *out)
{
    const struct ph_pool *pool;
    struct json_t *settings;
    enum ph_write_result result;

    PH_TRY(ph_pool_get(ctx, ph_in_str(in, M_UserPoolId), &pool));
    PH_TRY(ph_pool_settings_mfa(ctx, pool, in->object, &settings));
    PH_TRY(ph_pool_settings_save(ctx, pool, pool->name, settings, &result));
    if (result == PH_WRITE_CONFLICT) {
        return PH_FAIL(ConcurrentModificationException, PH_MSG_CONCURRENT_CHANGE);
    }
    return describe_mfa(ctx, pool->id, out);
}

/* --- more attributes --- */

static struct ph_err add_attributes(struct ph_ctx *ctx, const struct ph_in *in,
                                    enum ph_write_result *result)
{
    const struct json_t *known =
        ph_shape_copy(ctx->arena, ph_operations[OP_AddCustomAttributes].input, in->object);
    struct json_t *attributes, *settings;
    const struct ph_pool *pool;

    PH_TRY(ph_pool_get(ctx, ph_in_str(in, M_UserPoolId), &pool));
    PH_TRY(ph_import_check_idle(ctx, pool));
    PH_TRY(ph_schema_add(ctx, ph_json_get(pool->settings, "SchemaAttributes"),
                         ph_json_get(known, "CustomAttributes"), &attributes));
    settings = ph_json_copy(ctx->arena, pool->settings);
    ph_json_set(ctx->arena, settings, "SchemaAttributes", attributes);
    return ph_pool_settings_save(ctx, pool, pool->name, settings, result);
}

/* This operation knows no conflict: attributes are added to whatever the pool has become. */
struct ph_err ph_api_add_custom_attributes(struct ph_ctx *ctx, const struct ph_in *in,
                                           struct ph_out *out)
{
    struct ph_contest contest = { 0 };
    enum ph_write_result result;

    (void)out;
    do {
        PH_TRY(ph_contest_enter(ctx, &contest));
        PH_TRY(add_attributes(ctx, in, &result));
    } while (result == PH_WRITE_CONFLICT);
    return PH_OK;
}

/* --- deleting --- */

struct ph_err ph_api_delete_user_pool(struct ph_ctx *ctx, const struct ph_in *in,
                                      struct ph_out *out)
{
    struct ph_pool_domains domains;
    const struct ph_pool *pool;
    enum ph_write_result result;

    (void)out;
    PH_TRY(ph_pool_get(ctx, ph_in_str(in, M_UserPoolId), &pool));
    PH_TRY(ph_pool_domains_read(ctx, pool, &domains));
    if (ph_str_eq(ph_json_get_str(pool->settings, "DeletionProtection"), PH_STR("ACTIVE"))) {
        return PH_FAIL(InvalidParameterException,
                       "The user pool cannot be deleted because deletion protection is activated. "
                       "Deletion protection must be inactivated first.");
    }
    if (domains.prefix.p != NULL || domains.custom.p != NULL) {
        return PH_FAIL(InvalidParameterException,
                       "User pool cannot be deleted. It has a domain configured that should be "
                       "deleted first.");
    }
    PH_TRY(ph_import_check_idle(ctx, pool));
    PH_TRY(ph_store_pool_delete(ctx, pool->id, &result));
    ph_pool_forget(ctx, pool->id);
    return result == PH_WRITE_GONE ? ph_pool_unknown(ctx, pool->id) : PH_OK;
}

/* --- listing --- */

static struct ph_err add_to_list(struct ph_ctx *ctx, const struct ph_pool_record *pool,
                                 struct ph_out_list *list)
{
    const struct json_t *settings = ph_json_parse(ctx->arena, pool->settings);
    struct ph_out item;

    if (settings == NULL) {
        return ph_internal(ctx, "the settings of a pool in the store are broken");
    }
    item = ph_out_list_object(list);
    ph_out_str(&item, M_Id, pool->id);
    ph_out_str(&item, M_Name, pool->name);
    ph_out_json(&item, M_LambdaConfig, ph_json_get(settings, "LambdaConfig"));
    ph_out_time(&item, M_CreationDate, pool->created_ms);
    ph_out_time(&item, M_LastModifiedDate, pool->modified_ms);
    return PH_OK;
}

struct ph_err ph_api_list_user_pools(struct ph_ctx *ctx, const struct ph_in *in, struct ph_out *out)
{
    const struct ph_str region = region_asked(ctx);
    const struct ph_str question = ph_strf(ctx->arena, "ListUserPools %.*s", PH_FMT(region));
    const size_t limit = (size_t)ph_in_int(in, M_MaxResults);
    struct ph_out_list list = ph_out_list(out, M_UserPools);
    struct ph_pool_record *pools;
    struct ph_str after;
    size_t count;

    PH_TRY(ph_page_token_read(ctx, question, ph_in_str(in, M_NextToken), &after));
    PH_TRY(ph_store_pool_list(ctx, region, after, limit + 1, &pools, &count));
    for (size_t i = 0; i < count && i < limit; i++) {
        PH_TRY(add_to_list(ctx, &pools[i], &list));
    }
    if (count > limit) {
        ph_out_str(out, M_NextToken, ph_page_token_make(ctx, question, pools[limit - 1].id));
    }
    return PH_OK;
}
