/* Domains of pools (management.md 8). */
#include "api/handlers.h"
#include "model/exceptions.h"
#include "model/messages.h"
#include "pool/domain.h"
#include "store/parts.h"
#include "util/clock.h"

enum { DOMAINS_MAX = 2, DISTRIBUTION_CHARS = 13 };

/* ---- finding ---- */

/* Of any pool: *domain is NULL when nobody has it. */
static struct ph_err find(struct ph_ctx *ctx, struct ph_str name, const struct ph_pool **pool,
                          struct ph_part **domain)
{
    struct ph_str pool_id, kind;
    struct ph_part *found = NULL;
    const struct ph_pool *owner = NULL;

    PH_TRY(ph_store_part_owner(ctx, (struct ph_str){ 0 }, PH_PART_DOMAIN, name, &pool_id, &kind));
    if (pool_id.p != NULL) {
        PH_TRY(ph_pool_find(ctx, pool_id, &owner));
    }
    if (owner != NULL) {
        PH_TRY(ph_store_part_find(ctx, &owner->ref, PH_PART_DOMAIN, kind, &found));
    }
    *pool = owner;
    *domain = found;
    return PH_OK;
}

static struct ph_err find_own(struct ph_ctx *ctx, const struct ph_in *in,
                              const struct ph_pool **pool, struct ph_part **domain)
{
    const struct ph_pool *owner;
    struct ph_part *found;

    PH_TRY(find(ctx, ph_in_str(in, M_Domain), &owner, &found));
    if (found == NULL || !ph_str_eq(owner->id, ph_in_str(in, M_UserPoolId))) {
        return PH_FAIL(InvalidParameterException, "No such domain or user pool exists.");
    }
    *pool = owner;
    *domain = found;
    return PH_OK;
}

static bool is_custom(const struct ph_part *domain)
{
    return ph_str_eq(domain->name, PH_STR("CustomDomain"));
}

/* ---- making and changing ---- */

/* What Create and Update answer; the distribution is the caller's business for custom ones only. */
static void answer(const struct ph_part *domain, struct ph_out *out)
{
    if (is_custom(domain)) {
        ph_out_str(out, M_CloudFrontDomain,
                   ph_json_get_str(domain->document, "CloudFrontDistribution"));
    }
    ph_out_int(out, M_ManagedLoginVersion,
               ph_json_int(ph_json_get(domain->document, "ManagedLoginVersion")));
    ph_out_json(out, M_Routing, ph_json_get(domain->document, "Routing"));
}

/* What is given is taken over; the rest stays as it is. */
static void take_given(struct ph_ctx *ctx, const struct ph_in *in, struct json_t *document)
{
    static const enum ph_member_name GIVEN[] = { M_CustomDomainConfig, M_ManagedLoginVersion,
                                                 M_Routing };

    for (size_t i = 0; i < sizeof GIVEN / sizeof GIVEN[0]; i++) {
        const struct json_t *value = ph_in_json(in, GIVEN[i]);

        if (value != NULL) {
            ph_json_set(ctx->arena, document, ph_member_names[GIVEN[i]],
                        ph_json_copy(ctx->arena, value));
        }
    }
}

static struct json_t *make_document(struct ph_ctx *ctx, const struct ph_in *in)
{
    struct json_t *document = ph_json_object(ctx->arena);
    const struct ph_str distribution = PH_CONCAT(
        ctx->arena, PH_STR("d"),
        ph_random_text(ctx, DISTRIBUTION_CHARS, PH_STR("0123456789abcdefghijklmnopqrstuvwxyz")),
        PH_STR(".cloudfront.net"));

    ph_json_set_str(ctx->arena, document, "Domain", ph_in_str(in, M_Domain));
    ph_json_set_str(ctx->arena, document, "CloudFrontDistribution", distribution);
    ph_json_set_str(ctx->arena, document, "Version", ph_time_digits(ctx->arena, ph_now_s(ctx)));
    ph_json_set_int(ctx->arena, document, "ManagedLoginVersion", 1);
    take_given(ctx, in, document);
    return document;
}

static struct ph_err refusal(struct ph_ctx *ctx, const struct ph_pool *pool,
                             enum ph_part_write result)
{
    switch (result) {
    case PH_PART_DONE:
        return PH_OK;
    case PH_PART_TAKEN:
    case PH_PART_FULL:
        return PH_FAIL(InvalidParameterException, "User pool already has a domain configured.");
    case PH_PART_CLAIMED:
        return PH_FAIL(InvalidParameterException,
                       "Domain already associated with another user pool.");
    case PH_PART_CONFLICT:
        return PH_FAIL(ConcurrentModificationException, PH_MSG_CONCURRENT_CHANGE);
    case PH_PART_GONE:
        break;
    }
    return ph_pool_unknown(ctx, pool->id);
}

struct ph_err ph_api_create_user_pool_domain(struct ph_ctx *ctx, const struct ph_in *in,
                                             struct ph_out *out)
{
    const struct ph_str name = ph_in_str(in, M_Domain);
    struct ph_part domain = {
        .kind = PH_PART_DOMAIN,
        .name = ph_in_has(in, M_CustomDomainConfig) ? PH_STR("CustomDomain") : PH_STR("Domain"),
        .claims = &name,
        .claim_count = 1,
        .created_ms = ph_now_ms(ctx),
        .modified_ms = ph_now_ms(ctx),
    };
    const struct ph_pool *pool;
    enum ph_part_write result;

    PH_TRY(ph_pool_get(ctx, ph_in_str(in, M_UserPoolId), &pool));
    PH_TRY(ph_pool_domain_check(ctx, pool, in->object));
    domain.document = make_document(ctx, in);
    PH_TRY(ph_store_part_insert(ctx, &pool->ref, &domain, DOMAINS_MAX, &result));
    PH_TRY(refusal(ctx, pool, result));
    answer(&domain, out);
    return PH_OK;
}

struct ph_err ph_api_update_user_pool_domain(struct ph_ctx *ctx, const struct ph_in *in,
                                             struct ph_out *out)
{
    const struct ph_str name = ph_in_str(in, M_Domain);
    const struct ph_pool *pool;
    struct ph_part *domain;
    enum ph_part_write result;
    struct json_t *document;

    PH_TRY(find_own(ctx, in, &pool, &domain));
    document = ph_json_copy(ctx->arena, domain->document);
    take_given(ctx, in, document);
    PH_TRY(ph_pool_domain_check(ctx, pool, document));
    domain->document = document;
    domain->claims = &name;
    domain->claim_count = 1;
    domain->modified_ms = ph_now_ms(ctx);
    PH_TRY(ph_store_part_update(ctx, &pool->ref, domain, &result));
    PH_TRY(refusal(ctx, pool, result));
    answer(domain, out);
    return PH_OK;
}

struct ph_err ph_api_delete_user_pool_domain(struct ph_ctx *ctx, const struct ph_in *in,
                                             struct ph_out *out)
{
    const struct ph_pool *pool;
    struct ph_part *domain;
    enum ph_part_write result; /* if it is gone: somebody else was faster */

    (void)out;
    PH_TRY(find_own(ctx, in, &pool, &domain));
    return ph_store_part_delete(ctx, &pool->ref, PH_PART_DOMAIN, domain->name, &result);
}

/* ---- describing ---- */

static void describe(struct ph_ctx *ctx, const struct ph_pool *pool, const struct ph_part *domain,
                     struct ph_out *out)
{
    struct ph_out one = { ctx->arena, ph_json_copy(ctx->arena, domain->document) };

    ph_out_str(&one, M_UserPoolId, pool->id);
    ph_out_str(&one, M_AWSAccountId, ctx->settings->account_id);
    ph_out_str(&one, M_S3Bucket, PH_STR("aws-cognito-prod-pdx-assets"));
    ph_out_str(&one, M_Status, PH_STR("ACTIVE"));
    if (ph_json_get(domain->document, "CustomDomainConfig") == NULL) {
        (void)ph_out_object(&one, M_CustomDomainConfig);
    }
    ph_out_json(out, M_DomainDescription, one.object);
}

/* A domain that nobody has is described by nothing. */
struct ph_err ph_api_describe_user_pool_domain(struct ph_ctx *ctx, const struct ph_in *in,
                                               struct ph_out *out)
{
    const struct ph_pool *pool;
    struct ph_part *domain;

    PH_TRY(find(ctx, ph_in_str(in, M_Domain), &pool, &domain));
    if (domain == NULL) {
        (void)ph_out_object(out, M_DomainDescription);
    } else {
        describe(ctx, pool, domain, out);
    }
    return PH_OK;
}
