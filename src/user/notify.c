/* Messages to users: what a pool's triggers have to say about them, then their text. */
#include "trigger/trigger.h"
#include "user/user.h"
#include "util/encode.h"

enum { SMS_MAX = 140, EMAIL_MAX = 20000 }; /* characters (authentication.md 5.4) */

static enum ph_trigger sender_of(enum ph_medium medium)
{
    return medium == PH_MEDIUM_SMS ? PH_TRIGGER_CUSTOM_SMS_SENDER : PH_TRIGGER_CUSTOM_EMAIL_SENDER;
}

static struct ph_trigger_call call_of(struct ph_ctx *ctx, enum ph_trigger trigger,
                                      const char *source, const struct ph_message_request *request,
                                      const struct json_t *client_metadata)
{
    return (struct ph_trigger_call){
        .trigger = trigger,
        .source = ph_strf(ctx->arena, "%s_%.*s", source, PH_FMT(request->reason)),
        .client_id = request->client_id,
        .user = request->user,
        .client_metadata = client_metadata,
    };
}

static size_t count_characters(struct ph_str s)
{
    size_t n = 0;

    for (size_t i = 0; i < s.n; i++) {
        n += (s.p[i] & 0xc0) != 0x80;
    }
    return n;
}

/* A message without its code, link or name would be of no use to anybody. */
static bool is_usable(const struct ph_pool *pool, const struct ph_message_request *request)
{
    const struct ph_str body = request->own_body;
    const bool sms = request->medium == PH_MEDIUM_SMS;

    if (body.n == 0) {
        return true;
    }
    if (count_characters(body) > (sms ? SMS_MAX : EMAIL_MAX) ||
        (request->template == PH_TEMPLATE_INVITATION &&
         !ph_str_contains(body, PH_STR("{username}")))) {
        return false;
    }
    return ph_str_contains(body, PH_STR("{####}")) ||
           (ph_message_has_link(pool, request) && ph_str_contains(body, PH_STR("{##")) &&
            ph_str_contains(body, PH_STR("##}")));
}

static struct ph_err customise(struct ph_ctx *ctx, const struct ph_pool *pool,
                               const struct json_t *client_metadata,
                               struct ph_message_request *request)
{
    const bool sms = request->medium == PH_MEDIUM_SMS;
    const struct ph_trigger_call call =
        call_of(ctx, PH_TRIGGER_CUSTOM_MESSAGE, "CustomMessage", request, client_metadata);
    const struct json_t *response;

    PH_TRY(ph_trigger_run(ctx, pool, &call, &response));
    request->own_subject = ph_json_get_str(response, "emailSubject");
    request->own_body = ph_json_get_str(response, sms ? "smsMessage" : "emailMessage");
    return is_usable(pool, request) ? PH_OK : ph_trigger_unusable();
}

/* HTML may stand in a password, and the function writes HTML (authentication.md 5.4). */
static struct ph_err write_call(struct ph_ctx *ctx, const struct ph_pool *pool,
                                const struct ph_message_request *request,
                                const struct json_t *client_metadata, struct ph_message *message)
{
    const bool sms = request->medium == PH_MEDIUM_SMS;
    struct ph_trigger_call call =
        call_of(ctx, sender_of(request->medium), sms ? "CustomSMSSender" : "CustomEmailSender",
                request, client_metadata);

    call.code = request->template == PH_TEMPLATE_INVITATION ? ph_html(ctx->arena, request->code)
                                                            : request->code;
    PH_TRY(ph_trigger_call_write(ctx, pool, &call, message));
    message->reason = request->reason;
    return PH_OK;
}

static struct ph_message *add_message(struct ph_ctx *ctx, struct ph_user_change *change)
{
    const size_t n = change->message_count;
    struct ph_message *messages = ph_arena_array(ctx->arena, n + 1, struct ph_message);

    for (size_t i = 0; i < n; i++) {
        messages[i] = change->messages[i];
    }
    change->messages = messages;
    change->message_count = n + 1;
    return &messages[n];
}

struct ph_err ph_user_notify(struct ph_ctx *ctx, const struct ph_pool *pool,
                             struct ph_message_request *request,
                             const struct json_t *client_metadata, struct ph_user_change *change)
{
    struct ph_message message;

    if (ph_trigger_is_set(pool, sender_of(request->medium))) { /* it writes the text, too */
        PH_TRY(write_call(ctx, pool, request, client_metadata, &message));
    } else {
        PH_TRY(customise(ctx, pool, client_metadata, request));
        PH_TRY(ph_message_write(ctx, pool, request, &message));
    }
    *add_message(ctx, change) = message;
    return PH_OK;
}
