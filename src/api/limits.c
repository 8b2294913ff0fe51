/* Provisioned request rates (management.md 2.9). */
#include "limits/limits.h"

#include "api/handlers.h"
#include "model/exceptions.h"

/* The class is one by the model. */
static struct ph_err find(struct ph_ctx *ctx, const struct ph_in *in, enum ph_category *category)
{
    const struct ph_in definition = ph_in_object(in, M_LimitDefinition);
    const struct ph_in attributes = ph_in_object(&definition, M_Attributes);
    const struct ph_str name = ph_in_map(&attributes, "Category");

    if (name.n == 0 || ph_json_members(attributes.object) != 1) {
        return PH_FAIL(InvalidParameterException,
                       "The attributes of an API_CATEGORY limit are: Category");
    }
    *category = ph_category_named(name);
    return *category == PH_CATEGORY_NONE
               ? PH_FAIL(
                     ResourceNotFoundException,
                     ph_textf(ctx->arena, "Limit for category %.*s does not exist.", PH_FMT(name)))
               : PH_OK;
}

static void write_limit(enum ph_category category, int64_t value, struct ph_out *out)
{
    struct ph_out limit = ph_out_object(out, M_Limit);
    struct ph_out definition = ph_out_object(&limit, M_LimitDefinition);
    struct ph_out attributes;

    ph_out_str(&definition, M_LimitClass, PH_STR("API_CATEGORY"));
    attributes = ph_out_object(&definition, M_Attributes);
    ph_out_map(&attributes, "Category", ph_categories[category].name);
    ph_out_int(&limit, M_ProvisionedLimitValue, value);
    ph_out_int(&limit, M_FreeLimitValue, ph_categories[category].free_rps);
}

struct ph_err ph_api_get_provisioned_limit(struct ph_ctx *ctx, const struct ph_in *in,
                                           struct ph_out *out)
{
    enum ph_category category;
    int64_t value;

    PH_TRY(find(ctx, in, &category));
    PH_TRY(ph_limit_get(ctx, category, &value));
    write_limit(category, value, out);
    return PH_OK;
}

struct ph_err ph_api_update_provisioned_limit(struct ph_ctx *ctx, const struct ph_in *in,
                                              struct ph_out *out)
{
    const int64_t value = ph_in_int(in, M_RequestedLimitValue);
    enum ph_category category;

    PH_TRY(find(ctx, in, &category));
    if (value < ph_categories[category].free_rps) {
        return PH_FAIL(InvalidParameterException,
                       ph_textf(ctx->arena,
                                "The requested limit value must be at least the default value, "
                                "%lld.",
                                (long long)ph_categories[category].free_rps));
    }
    if (value > PH_LIMIT_MAX) {
        return PH_FAIL(ServiceQuotaExceededException,
                       "The requested limit value exceeds the quota of 1000000.");
    }
    PH_TRY(ph_limit_set(ctx, category, value));
    write_limit(category, value, out);
    return PH_OK;
}
