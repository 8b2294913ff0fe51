/* Messages to users: what a pool's triggers have to say about them, then their text. */
#include "model/exceptions.h"
#include "trigger/trigger.h"
#include "user/user.h"

static enum ph_trigger sender_of(enum ph_medium medium)
{
    return medium == PH_MEDIUM_SMS ? PH_TRIGGER_CUSTOM_SMS_SENDER : PH_TRIGGER_CUSTOM_EMAIL_SENDER;
}

static struct ph_err run(struct ph_ctx *ctx, const struct ph_pool *pool, enum ph_trigger trigger,
                         const char *source, const struct ph_message_request *request,
                         const struct json_t *client_metadata, const struct json_t **response)
{
    const struct ph_trigger_call call = {
        .trigger = trigger,
        .source = ph_strf(ctx->arena, "%s_%.*s", source, PH_FMT(request->reason)),
        .client_id = request->client_id,
        .user = request->user,
        .client_metadata = client_metadata,
    };

    return ph_trigger_run(ctx, pool, &call, response);
}

/* A message without its code or name would be of no use to anybody. */
static bool is_usable(const struct ph_message_request *request)
{
    const struct ph_str body = request->own_body;

    if (body.n == 0) {
        return true;
    }
    if (request->template == PH_TEMPLATE_INVITATION &&
        !ph_str_contains(body, PH_STR("{username}"))) {
        return false;
    }
    return ph_str_contains(body, PH_STR("{####}")) || ph_str_contains(body, PH_STR("{##"));
}

static struct ph_err customise(struct ph_ctx *ctx, const struct ph_pool *pool,
                               const struct json_t *client_metadata,
                               struct ph_message_request *request)
{
    const bool sms = request->medium == PH_MEDIUM_SMS;
    const struct json_t *response;

    PH_TRY(run(ctx, pool, PH_TRIGGER_CUSTOM_MESSAGE, "CustomMessage", request, client_metadata,
               &response));
    request->own_subject = ph_json_get_str(response, "emailSubject");
    request->own_body = ph_json_get_str(response, sms ? "smsMessage" : "emailMessage");
    return is_usable(request)
               ? PH_OK
               : PH_FAIL(InvalidLambdaResponseException, "Unrecognizable lambda output");
}

static struct ph_err add_message(struct ph_ctx *ctx, const struct ph_pool *pool,
                                 const struct ph_message_request *request,
                                 struct ph_user_change *change)
{
    const size_t n = change->message_count;
    struct ph_message *messages = ph_arena_array(ctx->arena, n + 1, struct ph_message);

    for (size_t i = 0; i < n; i++) {
        messages[i] = change->messages[i];
    }
    PH_TRY(ph_message_write(ctx, pool, request, &messages[n]));
    change->messages = messages;
    change->message_count = n + 1;
    return PH_OK;
}

struct ph_err ph_user_notify(struct ph_ctx *ctx, const struct ph_pool *pool,
                             struct ph_message_request *request,
                             const struct json_t *client_metadata, struct ph_user_change *change)
{
    const enum ph_trigger sender = sender_of(request->medium);
    const struct json_t *ignored;

    if (ph_trigger_is_set(pool, sender)) { /* it sends, and writes the text, too */
        return run(ctx, pool, sender,
                   sender == PH_TRIGGER_CUSTOM_SMS_SENDER ? "CustomSMSSender" : "CustomEmailSender",
                   request, client_metadata, &ignored);
    }
    PH_TRY(customise(ctx, pool, client_metadata, request));
    return add_message(ctx, pool, request, change);
}
