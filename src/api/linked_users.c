/* Identities at other providers that are linked to users (management.md 4.11). */
#include "api/handlers.h"
#include "user/identity.h"

static struct ph_provider_user read_user(const struct ph_in *in, enum ph_member_name member)
{
    const struct ph_in given = ph_in_object(in, member);

    return (struct ph_provider_user){
        .provider = ph_in_str(&given, M_ProviderName),
        .attribute = ph_in_str(&given, M_ProviderAttributeName),
        .value = ph_in_str(&given, M_ProviderAttributeValue),
    };
}

struct ph_err ph_api_admin_link_provider_for_user(struct ph_ctx *ctx, const struct ph_in *in,
                                                  struct ph_out *out)
{
    const struct ph_provider_user source = read_user(in, M_SourceUser);
    const struct ph_provider_user destination = read_user(in, M_DestinationUser);
    const struct ph_pool *pool;

    (void)out;
    PH_TRY(ph_pool_get(ctx, ph_in_str(in, M_UserPoolId), &pool));
    return ph_user_link(ctx, pool, &source, &destination);
}

struct ph_err ph_api_admin_disable_provider_for_user(struct ph_ctx *ctx, const struct ph_in *in,
                                                     struct ph_out *out)
{
    const struct ph_provider_user given = read_user(in, M_User);
    const struct ph_pool *pool;

    (void)out;
    PH_TRY(ph_pool_get(ctx, ph_in_str(in, M_UserPoolId), &pool));
    return ph_user_disable_provider(ctx, pool, &given);
}
