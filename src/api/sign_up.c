/* Signing up: SignUp, ConfirmSignUp, ResendConfirmationCode, AdminConfirmSignUp. */
#include "user/sign_up.h"

#include "api/handlers.h"
#include "api/public_client.h"
#include "api/self.h"
#include "api/views.h"
#include "auth/signed_up.h"
#include "user/event.h"

static void record(struct ph_ctx *ctx, const struct ph_pool *pool, const struct ph_client *client,
                   const struct ph_in *in, enum ph_event_type type, struct ph_str sub)
{
    const struct ph_event event = { .type = type, .sub = sub, .client = client };

    ph_event_record(ctx, pool, in, &event);
}

struct ph_err ph_api_sign_up(struct ph_ctx *ctx, const struct ph_in *in, struct ph_out *out)
{
    const struct ph_pool *pool;
    struct ph_attrs attrs;
    struct ph_sign_up given = {
        .name = ph_in_str(in, M_Username),
        .password = ph_in_str(in, M_Password),
        .attrs = &attrs,
        .validation_data = ph_view_read_map(ctx, in, M_ValidationData),
        .client_metadata = ph_in_json(in, M_ClientMetadata),
    };
    struct ph_signed_up result;

    PH_TRY(ph_public_client(ctx, in, &pool, &given.client));
    ph_view_read_attributes(ctx, in, M_UserAttributes, &attrs);
    PH_TRY(ph_user_sign_up(ctx, pool, &given, &result));
    record(ctx, pool, given.client, in, PH_EVENT_SIGN_UP, result.user->sub);
    ph_out_bool(out, M_UserConfirmed, result.user->status == PH_USER_CONFIRMED);
    if (result.delivery.attribute.n > 0) {
        ph_view_code_delivery(out, &result.delivery);
    }
    ph_out_str(out, M_UserSub, result.user->sub);
    ph_out_str(out, M_Session,
               ph_signed_up_session(ctx, pool, given.client, result.user, given.name));
    return PH_OK;
}

struct ph_err ph_api_confirm_sign_up(struct ph_ctx *ctx, const struct ph_in *in, struct ph_out *out)
{
    const struct ph_pool *pool;
    struct ph_confirmation given = {
        .name = ph_in_str(in, M_Username),
        .code = ph_in_str(in, M_ConfirmationCode),
        .move_alias = ph_in_bool(in, M_ForceAliasCreation),
        .client_metadata = ph_in_json(in, M_ClientMetadata),
    };

    const struct ph_user *user;

    PH_TRY(ph_public_client(ctx, in, &pool, &given.client));
    PH_TRY(ph_signed_up_check(ctx, pool, given.client, given.name, ph_in_str(in, M_Session)));
    PH_TRY(ph_user_confirm(ctx, pool, &given, &user));
    ph_out_str(out, M_Session, ph_confirmed_session(ctx, pool, given.client, user, given.name));
    return PH_OK;
}

struct ph_err ph_api_resend_confirmation_code(struct ph_ctx *ctx, const struct ph_in *in,
                                              struct ph_out *out)
{
    const struct ph_pool *pool;
    struct ph_resend given = {
        .name = ph_in_str(in, M_Username),
        .client_metadata = ph_in_json(in, M_ClientMetadata),
    };
    struct ph_delivery delivery;
    struct ph_str sub;

    PH_TRY(ph_public_client(ctx, in, &pool, &given.client));
    PH_TRY(ph_user_resend_code(ctx, pool, &given, &sub, &delivery));
    record(ctx, pool, given.client, in, PH_EVENT_RESEND_CODE, sub);
    ph_view_code_delivery(out, &delivery);
    return PH_OK;
}

struct ph_err ph_api_admin_confirm_sign_up(struct ph_ctx *ctx, const struct ph_in *in,
                                           struct ph_out *out)
{
    const struct ph_pool *pool;
    struct ph_user *user;

    (void)out;
    PH_TRY(ph_named_find(ctx, in, &pool, &user));
    return ph_user_confirm_by_admin(ctx, pool, user, ph_in_json(in, M_ClientMetadata));
}
