/* Forgotten passwords: ForgotPassword, ConfirmForgotPassword, AdminResetUserPassword. */
#include "user/recovery.h"

#include "api/handlers.h"
#include "api/public_client.h"
#include "api/self.h"
#include "api/views.h"
#include "user/event.h"

struct ph_err ph_api_forgot_password(struct ph_ctx *ctx, const struct ph_in *in, struct ph_out *out)
{
    const struct ph_pool *pool;
    struct ph_forgotten given = {
        .name = ph_in_str(in, M_Username),
        .client_metadata = ph_in_json(in, M_ClientMetadata),
    };
    struct ph_event event = { .type = PH_EVENT_FORGOT_PASSWORD };
    struct ph_delivery delivery;

    PH_TRY(ph_public_client(ctx, in, &pool, &given.client));
    PH_TRY(ph_user_forgot_password(ctx, pool, &given, &event.sub, &delivery));
    event.client = given.client;
    ph_event_record(ctx, pool, in, &event);
    ph_view_code_delivery(out, &delivery);
    return PH_OK;
}

/* Wrong guesses of the code are events, too. */
struct ph_err ph_api_confirm_forgot_password(struct ph_ctx *ctx, const struct ph_in *in,
                                             struct ph_out *out)
{
    const struct ph_pool *pool;
    struct ph_recovery given = {
        .code = ph_in_str(in, M_ConfirmationCode),
        .password = ph_in_str(in, M_Password),
        .client_metadata = ph_in_json(in, M_ClientMetadata),
    };
    struct ph_event event = { .type = PH_EVENT_PASSWORD_CHANGE };
    struct ph_user *user;
    struct ph_err err;

    (void)out;
    PH_TRY(ph_public_client(ctx, in, &pool, &given.client));
    PH_TRY(ph_user_find_forgetful(ctx, pool, given.client, ph_in_str(in, M_Username), &user));
    err = ph_user_recover(ctx, pool, user, &given);
    event.response = err.type == NULL ? PH_EVENT_PASS : PH_EVENT_FAIL;
    event.sub = user->sub;
    event.client = given.client;
    ph_event_record(ctx, pool, in, &event);
    return err;
}

struct ph_err ph_api_admin_reset_user_password(struct ph_ctx *ctx, const struct ph_in *in,
                                               struct ph_out *out)
{
    const struct ph_pool *pool;
    struct ph_user *user;

    (void)out;
    PH_TRY(ph_named_find(ctx, in, &pool, &user));
    return ph_user_reset_by_admin(ctx, pool, user, ph_in_json(in, M_ClientMetadata));
}
