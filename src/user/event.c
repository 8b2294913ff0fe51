#include "user/event.h"

#include "deliver/analytics.h"
#include "deliver/logs.h"
#include "store/sign_in.h"
#include "user/event_log.h"

enum { ENCODED_DATA_MAX = 8192, IP_ADDRESS_MAX = 64 }; /* what is longer is not a browser's */

static const char *const TYPES[] = {
    [PH_EVENT_SIGN_IN] = "SignIn",
    [PH_EVENT_SIGN_UP] = "SignUp",
    [PH_EVENT_FORGOT_PASSWORD] = "ForgotPassword",
    [PH_EVENT_PASSWORD_CHANGE] = "PasswordChange",
    [PH_EVENT_RESEND_CODE] = "ResendCode",
};

static const char *const RESPONSES[] = {
    [PH_EVENT_PASS] = "Pass",
    [PH_EVENT_FAIL] = "Fail",
    [PH_EVENT_IN_PROGRESS] = "InProgress",
};

static void set(struct ph_ctx *ctx, struct json_t *detail, const char *key, struct ph_str value,
                size_t max)
{
    if (value.n > 0 && value.n <= max) {
        ph_json_set_str(ctx->arena, detail, key, value);
    }
}

/* Headers are bytes; JSON is UTF-8 only. */
static struct ph_str printable(struct ph_ctx *ctx, struct ph_str header)
{
    uint8_t *copy = ph_arena_alloc(ctx->arena, header.n + 1);

    for (size_t i = 0; i < header.n; i++) {
        copy[i] = header.p[i] >= ' ' && header.p[i] < 0x7f ? header.p[i] : '?';
    }
    return (struct ph_str){ copy, header.n };
}

/* A browser's word for its own address counts only where the client vouches for it. */
struct ph_str ph_event_address(const struct ph_ctx *ctx, const struct ph_client *client,
                               const struct ph_in *in)
{
    static const struct ph_in NOTHING = { NULL };
    const struct ph_in *source = in == NULL ? &NOTHING : in;
    const struct ph_in user_context = ph_in_object(source, M_UserContextData);
    const struct ph_in context = ph_in_object(source, M_ContextData);
    const struct ph_str vouched = ph_in_str(&context, M_IpAddress);
    const struct ph_str claimed = ph_in_str(&user_context, M_IpAddress);

    if (vouched.n > 0) {
        return vouched;
    }
    if (claimed.n > 0 && client != NULL && client->propagates_user_context) {
        return claimed;
    }
    return ctx->remote_address;
}

static void add_challenges(struct ph_ctx *ctx, const struct ph_event *event, struct json_t *detail)
{
    struct json_t *list = ph_json_array(ctx->arena);

    for (size_t i = 0; i < event->challenge_count; i++) {
        struct json_t *one = ph_json_object(ctx->arena);

        ph_json_set_str(ctx->arena, one, "ChallengeName", ph_str_from(event->challenges[i].name));
        ph_json_set_str(ctx->arena, one, "ChallengeResponse",
                        event->challenges[i].passed ? PH_STR("Success") : PH_STR("Failure"));
        ph_json_append(ctx->arena, list, one);
    }
    if (event->challenge_count > 0) {
        ph_json_set(ctx->arena, detail, "ChallengeResponses", list);
    }
}

static struct ph_str detail_of(struct ph_ctx *ctx, const struct ph_in *in,
                               const struct ph_event *event)
{
    static const struct ph_in NOTHING = { NULL };
    const struct ph_in *source = in == NULL ? &NOTHING : in;
    const struct ph_in analytics = ph_in_object(source, M_AnalyticsMetadata);
    const struct ph_in user_context = ph_in_object(source, M_UserContextData);
    const struct ph_in context = ph_in_object(source, M_ContextData);
    const struct ph_in *encoded = ph_in_has(&context, M_EncodedData) ? &context : &user_context;
    struct json_t *detail = ph_json_object(ctx->arena);

    set(ctx, detail, "IpAddress", ph_event_address(ctx, event->client, in), IP_ADDRESS_MAX);
    set(ctx, detail, "UserAgent", printable(ctx, ctx->user_agent), ENCODED_DATA_MAX);
    set(ctx, detail, "AnalyticsEndpointId", ph_in_str(&analytics, M_AnalyticsEndpointId),
        ENCODED_DATA_MAX);
    set(ctx, detail, "EncodedData", ph_in_str(encoded, M_EncodedData), ENCODED_DATA_MAX);
    set(ctx, detail, "RiskDecision", event->blocked ? PH_STR("Block") : PH_STR(""),
        ENCODED_DATA_MAX);
    add_challenges(ctx, event, detail);
    return ph_json_text(ctx->arena, detail, PH_JSON_INSERTION);
}

/* --- analytics --- */

/* NULL: of no interest there. */
static const char *analytics_type(const struct ph_event *event)
{
    if (event->type == PH_EVENT_SIGN_UP) {
        return "_userauth.sign_up";
    }
    if (event->type != PH_EVENT_SIGN_IN || event->response == PH_EVENT_IN_PROGRESS) {
        return NULL;
    }
    return event->response == PH_EVENT_PASS ? "_userauth.sign_in" : "_userauth.auth_fail";
}

/* "ApplicationId", or the end of "arn:aws:mobiletargeting:REGION:ACCOUNT:apps/ID". */
static struct ph_str application_of(const struct json_t *config)
{
    const struct ph_str id = ph_json_get_str(config, "ApplicationId");
    struct ph_str of_arn;

    ph_str_cut(ph_json_get_str(config, "ApplicationArn"), '/', NULL, &of_arn);
    return id.n > 0 ? id : of_arn;
}

/* An app that names no endpoint has one for each of its users. */
static struct ph_str endpoint_of(const struct ph_in *in, const struct ph_event *event,
                                 const struct ph_auth_event *row)
{
    const struct ph_in analytics =
        in == NULL ? (struct ph_in){ NULL } : ph_in_object(in, M_AnalyticsMetadata);
    const struct ph_str named = ph_in_str(&analytics, M_AnalyticsEndpointId);

    if (named.n > 0) {
        return named;
    }
    return event->sub.n > 0 ? event->sub : row->id;
}

static void offer(struct ph_ctx *ctx, const struct ph_in *in, const struct ph_event *event,
                  const struct ph_auth_event *row)
{
    const struct json_t *config =
        event->client == NULL ? NULL
                              : ph_json_get(event->client->settings, "AnalyticsConfiguration");
    const bool shared = ph_json_bool(ph_json_get(config, "UserDataShared"));
    const struct ph_analytics_event offered = {
        .application = application_of(config),
        .endpoint = endpoint_of(in, event, row),
        .id = row->id,
        .type = analytics_type(event),
        .user_id = shared ? event->sub : (struct ph_str){ 0 },
        .client_id = row->client_id,
        .at_ms = row->at_ms,
    };

    if (offered.application.n > 0 && offered.type != NULL) {
        ph_analytics_offer(ctx->analytics, &offered);
    }
}

static bool has_context_data(const struct ph_in *in)
{
    return in != NULL && (ph_in_has(in, M_UserContextData) || ph_in_has(in, M_ContextData));
}

void ph_event_record(struct ph_ctx *ctx, const struct ph_pool *pool, const struct ph_in *in,
                     const struct ph_event *event)
{
    const struct ph_auth_event row = {
        .id = event->id.n > 0 ? event->id : ph_new_uuid7(ctx),
        .pool_id = pool->id,
        .sub = event->sub,
        .client_id = event->client == NULL ? (struct ph_str){ 0 } : event->client->id,
        .type = ph_str_from(TYPES[event->type]),
        .response = ph_str_from(RESPONSES[event->response]),
        .detail = detail_of(ctx, in, event),
        .at_ms = ph_now_ms(ctx),
    };

    ph_store_event_append(ctx, &row);
    if (ph_logs_wants(ctx, pool, PH_LOG_AUTH_EVENTS)) {
        ph_event_log(ctx, pool, &row, has_context_data(in));
    }
    if (ctx->analytics != NULL) {
        offer(ctx, in, event, &row);
    }
}
