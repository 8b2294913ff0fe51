#include "risk/risk.h"

#include "crypto/hash.h"
#include "model/exceptions.h"
#include "risk/cidr.h"
#include "util/encode.h"

bool ph_risk_is_on(const struct ph_pool *pool)
{
    return pool->threat_protection;
}

static const struct json_t *range_list(const struct json_t *configuration, const char *name)
{
    return ph_json_get(ph_json_get(configuration, "RiskExceptionConfiguration"), name);
}

struct ph_err ph_risk_check(const struct json_t *configuration)
{
    static const char *const LISTS[] = { "BlockedIPRangeList", "SkippedIPRangeList" };

    for (size_t i = 0; i < sizeof LISTS / sizeof LISTS[0]; i++) {
        const struct json_t *list = range_list(configuration, LISTS[i]);

        for (size_t n = 0; n < ph_json_length(list); n++) {
            if (!ph_is_cidr(ph_json_str(ph_json_at(list, n)))) {
                return PH_FAIL(InvalidParameterException, "Incorrect CIDR format");
            }
        }
    }
    return PH_OK;
}

/* A client's configuration stands instead of the pool's, not beside it. */
static struct ph_err find_in_force(struct ph_ctx *ctx, const struct ph_pool *pool,
                                   struct ph_str client_id, struct ph_configuration **found)
{
    PH_TRY(ph_store_configuration_find(ctx, pool->id, PH_CONFIGURATION_RISK, client_id, found));
    return *found != NULL ? PH_OK
                          : ph_store_configuration_find(ctx, pool->id, PH_CONFIGURATION_RISK,
                                                        PH_STR(""), found);
}

struct ph_err ph_risk_is_blocked(struct ph_ctx *ctx, const struct ph_pool *pool,
                                 struct ph_str client_id, struct ph_str address, bool *blocked)
{
    struct ph_configuration *found = NULL;
    const struct json_t *list = NULL;
    bool is_listed = false;

    if (ph_risk_is_on(pool)) {
        PH_TRY(find_in_force(ctx, pool, client_id, &found));
    }
    if (found != NULL) {
        list = range_list(ph_json_parse(ctx->arena, found->document), "BlockedIPRangeList");
    }
    for (size_t i = 0; i < ph_json_length(list); i++) {
        is_listed = is_listed || ph_cidr_contains(ph_json_str(ph_json_at(list, i)), address);
    }
    *blocked = is_listed;
    return PH_OK;
}

static struct ph_str feedback_mac(struct ph_ctx *ctx, const struct ph_key *key, struct ph_str sub,
                                  struct ph_str event_id)
{
    struct ph_digest digest;

    PH_HMAC(((struct ph_str){ key->bytes, sizeof key->bytes }), &digest, sub, PH_STR(" "),
            event_id);
    return ph_base64url(ctx->arena, ph_digest_str(&digest));
}

struct ph_str ph_feedback_token(struct ph_ctx *ctx, const struct ph_pool *pool, struct ph_str sub,
                                struct ph_str event_id)
{
    PH_AUTO(ph_key_wipe) struct ph_key key = { 0 };

    ph_pool_key(pool, PH_PURPOSE_FEEDBACK, &key);
    return feedback_mac(ctx, &key, sub, event_id);
}

bool ph_feedback_token_is_right(struct ph_ctx *ctx, const struct ph_pool *pool, struct ph_str sub,
                                struct ph_str event_id, struct ph_str token)
{
    PH_AUTO(ph_key_wipe) struct ph_key key = { 0 };
    bool right = false;

    for (size_t i = 0;
         !right && ph_pool_next_key(pool, PH_PURPOSE_FEEDBACK, ph_now_ms(ctx), &i, &key);) {
        right = ph_equal_secret(feedback_mac(ctx, &key, sub, event_id), token);
    }
    return right;
}
