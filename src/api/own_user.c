/* What users do to themselves with an access token (management.md 4.5, 4.9). */
#include "api/handlers.h"
#include "api/self.h"
#include "api/views.h"
#include "user/event.h"
#include "user/update.h"

struct ph_err ph_api_get_user(struct ph_ctx *ctx, const struct ph_in *in, struct ph_out *out)
{
    struct ph_view_choice readable = { .wanted = NULL };
    struct ph_self self;

    (void)in;
    PH_TRY(ph_self_find(ctx, &self));
    readable.reader = self.client;
    ph_out_str(out, M_Username, self.user->username);
    ph_view_attributes(out, M_UserAttributes, self.user, &readable);
    ph_view_mfa(out, self.user);
    ph_view_mfa_options(out, self.user);
    return PH_OK;
}

/* Wrong guesses of the old password are events, too. */
struct ph_err ph_api_change_password(struct ph_ctx *ctx, const struct ph_in *in, struct ph_out *out)
{
    struct ph_event event = { .type = PH_EVENT_PASSWORD_CHANGE };
    struct ph_self self;
    struct ph_err err;

    (void)out;
    PH_TRY(ph_self_find(ctx, &self));
    err = ph_password_change(ctx, self.pool, self.user, ph_in_str(in, M_PreviousPassword),
                             ph_in_str(in, M_ProposedPassword));
    event.response = err.type == NULL ? PH_EVENT_PASS : PH_EVENT_FAIL;
    event.sub = self.user->sub;
    event.client = self.client;
    ph_event_record(ctx, self.pool, in, &event);
    return err;
}

struct ph_err ph_api_update_user_attributes(struct ph_ctx *ctx, const struct ph_in *in,
                                            struct ph_out *out)
{
    struct ph_attrs writes;
    struct ph_update given = {
        .writes = &writes,
        .client_metadata = ph_in_json(in, M_ClientMetadata),
    };
    struct ph_deliveries sent;
    struct ph_out_list list;
    struct ph_self self;

    PH_TRY(ph_self_find(ctx, &self));
    given.client = self.client;
    ph_view_read_attributes(ctx, in, M_UserAttributes, &writes);
    PH_TRY(ph_user_update(ctx, self.pool, self.user, &given, &sent));
    list = ph_out_list(out, M_CodeDeliveryDetailsList);
    for (size_t i = 0; i < sent.count; i++) {
        struct ph_out one = ph_out_list_object(&list);

        ph_view_delivery(&one, &sent.items[i]);
    }
    return PH_OK;
}

struct ph_err ph_api_delete_user_attributes(struct ph_ctx *ctx, const struct ph_in *in,
                                            struct ph_out *out)
{
    const struct ph_str *names;
    struct ph_self self;
    size_t count;

    (void)out;
    PH_TRY(ph_self_find(ctx, &self));
    ph_view_read_names(ctx, in, M_UserAttributeNames, &names, &count);
    return ph_user_remove_attributes(ctx, self.pool, self.client, self.user, names, count);
}

struct ph_err ph_api_get_user_attribute_verification_code(struct ph_ctx *ctx,
                                                          const struct ph_in *in,
                                                          struct ph_out *out)
{
    struct ph_verification given = {
        .attribute = ph_in_str(in, M_AttributeName),
        .client_metadata = ph_in_json(in, M_ClientMetadata),
    };
    struct ph_delivery delivery;
    struct ph_out details;
    struct ph_self self;

    PH_TRY(ph_self_find(ctx, &self));
    given.client = self.client;
    PH_TRY(ph_user_request_verification(ctx, self.pool, self.user, &given, &delivery));
    details = ph_out_object(out, M_CodeDeliveryDetails);
    ph_view_delivery(&details, &delivery);
    return PH_OK;
}

struct ph_err ph_api_verify_user_attribute(struct ph_ctx *ctx, const struct ph_in *in,
                                           struct ph_out *out)
{
    struct ph_self self;

    (void)out;
    PH_TRY(ph_self_find(ctx, &self));
    return ph_user_verify(ctx, self.pool, self.user, ph_in_str(in, M_AttributeName),
                          ph_in_str(in, M_Code));
}

struct ph_err ph_api_delete_user(struct ph_ctx *ctx, const struct ph_in *in, struct ph_out *out)
{
    struct ph_self self;
    bool existed;

    (void)in;
    (void)out;
    PH_TRY(ph_self_find(ctx, &self));
    return ph_store_user_delete(ctx, &self.pool->ref, self.user->sub, &existed);
}
