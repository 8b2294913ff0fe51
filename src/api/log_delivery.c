/* Where a pool's logs go: SetLogDeliveryConfiguration, GetLogDeliveryConfiguration. */
#include "api/handlers.h"
#include "model/validate.h"
#include "pool/pool.h"
#include "store/configurations.h"

/* What each source may be delivered to, and how much of it there is. */
struct source {
    struct ph_str name;
    struct ph_str level;
    bool needs_plus;
    bool to_log_groups_only;
};

static const struct source SOURCES[] = {
    { PH_STR_INIT("userNotification"), PH_STR_INIT("ERROR"), false, true },
    { PH_STR_INIT("userAuthEvents"), PH_STR_INIT("INFO"), true, false },
};

static const struct source *source_of(const struct json_t *entry)
{
    const struct ph_str name = ph_json_get_str(entry, "EventSource");

    return ph_str_eq(name, SOURCES[0].name) ? &SOURCES[0] : &SOURCES[1];
}

/* --- checks --- */

static struct ph_err check_tier(struct ph_ctx *ctx, const struct ph_pool *pool,
                                const struct source *source)
{
    const struct ph_str tier = ph_json_get_str(pool->settings, "UserPoolTier");

    if (!source->needs_plus || ph_str_eq(tier, PH_STR("PLUS"))) {
        return PH_OK;
    }
    return PH_FAIL(FeatureUnavailableInTierException,
                   ph_textf(ctx->arena,
                            "The following feature is not available for the %.*s pricing tier "
                            "configured: Log Streaming",
                            PH_FMT(tier.n > 0 ? tier : PH_STR("ESSENTIALS"))));
}

static struct ph_err check_destination(const struct source *source, const struct json_t *entry)
{
    const bool group = ph_json_get(entry, "CloudWatchLogsConfiguration") != NULL;
    const bool bucket = ph_json_get(entry, "S3Configuration") != NULL;
    const bool stream = ph_json_get(entry, "FirehoseConfiguration") != NULL;

    if (group + bucket + stream != 1) {
        return PH_FAIL(InvalidParameterException,
                       "Each log configuration must have exactly one destination");
    }
    if (source->to_log_groups_only && !group) {
        return PH_FAIL(InvalidParameterException,
                       "The event source userNotification can be delivered to log groups only");
    }
    return PH_OK;
}

/* arn:partition:service:region:account:... */
static struct ph_err check_region(const struct ph_pool *pool, const struct json_t *entry)
{
    const struct ph_str arn =
        ph_json_get_str(ph_json_get(entry, "CloudWatchLogsConfiguration"), "LogGroupArn");
    struct ph_str rest = arn, part = { 0 };

    for (int i = 0; i < 4; i++) {
        (void)ph_str_cut(rest, ':', &part, &rest);
    }
    return ph_pool_is_elsewhere(pool->region, part)
               ? PH_FAIL(InvalidParameterException, "ARN does not belong to current region")
               : PH_OK;
}

static struct ph_err check_entry(struct ph_ctx *ctx, const struct ph_pool *pool,
                                 const struct json_t *entry)
{
    const struct source *source = source_of(entry);

    PH_TRY(check_tier(ctx, pool, source));
    if (!ph_str_eq(ph_json_get_str(entry, "LogLevel"), source->level)) {
        return PH_FAIL(InvalidParameterException,
                       ph_textf(ctx->arena, "The event source %.*s needs the log level %.*s",
                                PH_FMT(source->name), PH_FMT(source->level)));
    }
    PH_TRY(check_destination(source, entry));
    return check_region(pool, entry);
}

static struct ph_err check(struct ph_ctx *ctx, const struct ph_pool *pool,
                           const struct json_t *entries)
{
    if (ph_json_length(entries) == 2 &&
        source_of(ph_json_at(entries, 0)) == source_of(ph_json_at(entries, 1))) {
        return PH_FAIL(InvalidParameterException,
                       "Following event sources appear more then once in a request");
    }
    for (size_t i = 0; i < ph_json_length(entries); i++) {
        PH_TRY(check_entry(ctx, pool, ph_json_at(entries, i)));
    }
    return PH_OK;
}

/* --- the two operations --- */

struct ph_err ph_api_set_log_delivery_configuration(struct ph_ctx *ctx, const struct ph_in *in,
                                                    struct ph_out *out)
{
    struct json_t *document =
        ph_shape_copy(ctx->arena, ph_operations[OP_SetLogDeliveryConfiguration].input, in->object);
    const int64_t now_ms = ph_now_ms(ctx);
    struct ph_configuration given = { .kind = PH_CONFIGURATION_LOG_DELIVERY,
                                      .document =
                                          ph_json_text(ctx->arena, document, PH_JSON_INSERTION),
                                      .created_ms = now_ms,
                                      .modified_ms = now_ms };
    const struct ph_pool *pool;
    int64_t created_ms;
    bool gone;

    PH_TRY(ph_pool_get(ctx, ph_in_str(in, M_UserPoolId), &pool));
    PH_TRY(check(ctx, pool, ph_json_get(document, "LogConfigurations")));
    given.pool_id = pool->id;
    PH_TRY(ph_store_configuration_put(ctx, &given, &gone, &created_ms));
    ph_pool_forget(ctx, pool->id);
    if (gone) {
        return ph_pool_unknown(ctx, pool->id);
    }
    ph_out_json(out, M_LogDeliveryConfiguration, document);
    return PH_OK;
}

struct ph_err ph_api_get_log_delivery_configuration(struct ph_ctx *ctx, const struct ph_in *in,
                                                    struct ph_out *out)
{
    struct ph_configuration *found = NULL;
    const struct ph_pool *pool;
    struct ph_out empty;

    PH_TRY(ph_pool_get(ctx, ph_in_str(in, M_UserPoolId), &pool));
    PH_TRY(ph_store_configuration_find(ctx, pool->id, PH_CONFIGURATION_LOG_DELIVERY, PH_STR(""),
                                       &found));
    if (found != NULL) {
        ph_out_json(out, M_LogDeliveryConfiguration, ph_json_parse(ctx->arena, found->document));
        return PH_OK;
    }
    empty = ph_out_object(out, M_LogDeliveryConfiguration);
    ph_out_str(&empty, M_UserPoolId, pool->id);
    (void)ph_out_list(&empty, M_LogConfigurations);
    return PH_OK;
}
