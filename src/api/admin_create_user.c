/* AdminCreateUser (management.md 4.7). */
#include "api/handlers.h"
#include "api/views.h"
#include "user/invite.h"

static unsigned read_media(const struct ph_in *in)
{
    unsigned media = 0;

    for (size_t i = 0; i < ph_in_count(in, M_DesiredDeliveryMediums); i++) {
        const bool sms = ph_str_eq(ph_in_str_at(in, M_DesiredDeliveryMediums, i), PH_STR("SMS"));

        media |= 1U << (sms ? PH_MEDIUM_SMS : PH_MEDIUM_EMAIL);
    }
    return media == 0 ? 1U << PH_MEDIUM_SMS : media;
}

struct ph_err ph_api_admin_create_user(struct ph_ctx *ctx, const struct ph_in *in,
                                       struct ph_out *out)
{
    static const struct ph_view_choice ALL = { .reader = NULL };
    const struct ph_str action = ph_in_str(in, M_MessageAction);
    const struct ph_pool *pool;
    struct ph_attrs attrs;
    const struct ph_invitation given = {
        .name = ph_in_str(in, M_Username),
        .attrs = &attrs,
        .temporary_password = ph_in_str(in, M_TemporaryPassword),
        .silent = ph_str_eq(action, PH_STR("SUPPRESS")),
        .move_alias = ph_in_bool(in, M_ForceAliasCreation),
        .media = read_media(in),
        .validation_data = ph_view_read_map(ctx, in, M_ValidationData),
        .client_metadata = ph_in_json(in, M_ClientMetadata),
    };
    struct ph_user *user;
    struct ph_out view;

    PH_TRY(ph_pool_get(ctx, ph_in_str(in, M_UserPoolId), &pool));
    ph_view_read_attributes(ctx, in, M_UserAttributes, &attrs);
    if (ph_str_eq(action, PH_STR("RESEND"))) {
        PH_TRY(ph_user_invite_again(ctx, pool, &given, &user));
    } else {
        PH_TRY(ph_user_invite(ctx, pool, &given, &user));
    }
    view = ph_out_object(out, M_User);
    ph_view_user(&view, user, M_Attributes, &ALL);
    return PH_OK;
}
