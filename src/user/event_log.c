#include "user/event_log.h"

#include "deliver/logs.h"
#include "store/users.h"
#include "util/clock.h"
#include "util/user_agent.h"

static void set(struct ph_ctx *ctx, struct json_t *message, const char *key, struct ph_str value)
{
    ph_json_set_str(ctx->arena, message, key, value.p == NULL ? PH_STR("") : value);
}

/* "Wed Jul 17 17:25:55 UTC 2024" */
static struct ph_str written_date(struct ph_arena *arena, int64_t at_ms)
{
    const struct ph_date d = ph_date_from(at_ms / 1000);

    return ph_strf(arena, "%s %s %02d %02d:%02d:%02d UTC %04d", ph_weekday_names[d.weekday],
                   ph_month_names[d.month - 1], d.day, d.hour, d.minute, d.second, d.year);
}

/* "Password:Success" for each. */
static struct json_t *challenges_of(struct ph_ctx *ctx, const struct json_t *detail)
{
    const struct json_t *list = ph_json_get(detail, "ChallengeResponses");
    struct json_t *texts = ph_json_array(ctx->arena);

    for (size_t i = 0; i < ph_json_length(list); i++) {
        const struct json_t *one = ph_json_at(list, i);

        ph_json_append(
            ctx->arena, texts,
            ph_json_new_str(ctx->arena,
                            PH_CONCAT(ctx->arena, ph_json_get_str(one, "ChallengeName"),
                                      PH_STR(":"), ph_json_get_str(one, "ChallengeResponse"))));
    }
    return texts;
}

/* What was typed for somebody who does not exist may be a password in the wrong field. */
static struct ph_str name_of(struct ph_ctx *ctx, const struct ph_pool *pool, struct ph_str sub)
{
    struct ph_user *user = NULL;

    if (sub.n == 0 || ph_store_user_by_sub(ctx, &pool->ref, sub, &user).type != NULL) {
        return (struct ph_str){ 0 };
    }
    return user == NULL ? (struct ph_str){ 0 } : user->username;
}

/* No engine assesses the risk, and nothing knows where an address is: those members are empty. */
static void add_risk(struct ph_ctx *ctx, const struct json_t *detail, struct json_t *message)
{
    static const char *const EMPTY[] = {
        "city",   "country", "eventFeedbackValue", "eventFeedbackDate", "eventFeedbackProvider",
        "idpName"
    };
    const struct ph_str decision = ph_json_get_str(detail, "RiskDecision");

    set(ctx, message, "riskLevel", decision.n > 0 ? PH_STR("High") : PH_STR("Low"));
    set(ctx, message, "riskDecision", decision.n > 0 ? decision : PH_STR("NoRisk"));
    set(ctx, message, "compromisedCredentialDetected", PH_STR("false"));
    for (size_t i = 0; i < sizeof EMPTY / sizeof EMPTY[0]; i++) {
        set(ctx, message, EMPTY[i], PH_STR(""));
    }
}

void ph_event_log(struct ph_ctx *ctx, const struct ph_pool *pool, const struct ph_auth_event *event,
                  bool has_context)
{
    const struct json_t *detail = ph_json_parse(ctx->arena, event->detail);
    const struct ph_str device = ph_device_name(ctx->arena, ph_json_get_str(detail, "UserAgent"));
    struct json_t *message = ph_json_object(ctx->arena);

    set(ctx, message, "version", PH_STR("1"));
    set(ctx, message, "eventId", event->id);
    set(ctx, message, "eventTimestamp", ph_strf(ctx->arena, "%lld", (long long)event->at_ms));
    set(ctx, message, "userSub", event->sub);
    set(ctx, message, "userName", name_of(ctx, pool, event->sub));
    set(ctx, message, "userPoolId", pool->id);
    set(ctx, message, "clientId", event->client_id);
    set(ctx, message, "creationDate", written_date(ctx->arena, event->at_ms));
    set(ctx, message, "eventType", event->type);
    set(ctx, message, "eventResponse", event->response);
    ph_json_set(ctx->arena, message, "challenges", challenges_of(ctx, detail));
    set(ctx, message, "deviceName", device.n > 0 ? device : PH_STR("Other, Other"));
    set(ctx, message, "ipAddress", ph_json_get_str(detail, "IpAddress"));
    set(ctx, message, "requestId", ctx->request_id);
    add_risk(ctx, detail, message);
    set(ctx, message, "hasContextData", has_context ? PH_STR("true") : PH_STR("false"));
    ph_logs_write(ctx, pool, PH_LOG_AUTH_EVENTS, message);
}
