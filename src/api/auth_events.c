/* The events of users as administrators see them, and what is said about them afterwards. */
#include "api/handlers.h"
#include "api/page_token.h"
#include "model/messages.h"
#include "risk/risk.h"
#include "store/sign_in.h"
#include "user/user.h"

enum { PAGE_DEFAULT = 60 };

static struct ph_err find_pool(struct ph_ctx *ctx, const struct ph_in *in,
                               const struct ph_pool **pool)
{
    PH_TRY(ph_pool_get(ctx, ph_in_str(in, M_UserPoolId), pool));
    return ph_risk_is_on(*pool)
               ? PH_OK
               : PH_FAIL(UserPoolAddOnNotEnabledException, "User pool add-on is not enabled");
}

/* --- listing --- */

static void write_risk(struct ph_out *one, const struct json_t *detail)
{
    const struct ph_str decision = ph_json_get_str(detail, "RiskDecision");
    struct ph_out risk = ph_out_object(one, M_EventRisk);

    ph_out_str(&risk, M_RiskDecision, decision.n > 0 ? decision : PH_STR("NoRisk"));
    ph_out_str(&risk, M_RiskLevel, decision.n > 0 ? PH_STR("High") : PH_STR("Low"));
    ph_out_bool(&risk, M_CompromisedCredentialsDetected, false);
}

static void write_context(struct ph_out *one, const struct json_t *detail)
{
    struct ph_out context = ph_out_object(one, M_EventContextData);

    ph_out_str(&context, M_IpAddress, ph_json_get_str(detail, "IpAddress"));
    ph_out_str(&context, M_DeviceName, ph_json_get_str(detail, "UserAgent"));
}

static void write_feedback(struct ph_out *one, const struct ph_auth_event *event)
{
    struct ph_out feedback;

    if (event->feedback.n == 0) {
        return;
    }
    feedback = ph_out_object(one, M_EventFeedback);
    ph_out_str(&feedback, M_FeedbackValue, event->feedback);
    ph_out_str(&feedback, M_Provider, event->feedback_by);
    ph_out_time(&feedback, M_FeedbackDate, event->feedback_ms);
}

static void write_event(struct ph_ctx *ctx, const struct ph_auth_event *event,
                        struct ph_out_list *list)
{
    const struct json_t *detail = ph_json_parse(ctx->arena, event->detail);
    struct json_t *challenges = ph_json_get(detail, "ChallengeResponses");
    struct ph_out one = ph_out_list_object(list);

    ph_out_str(&one, M_EventId, event->id);
    ph_out_str(&one, M_EventType, event->type);
    ph_out_time(&one, M_CreationDate, event->at_ms);
    ph_out_str(&one, M_EventResponse, event->response);
    write_risk(&one, detail);
    ph_out_json(&one, M_ChallengeResponses,
                challenges == NULL ? ph_json_array(ctx->arena) : challenges);
    write_context(&one, detail);
    write_feedback(&one, event);
}

/* A page ends with an event: its time and its id. */
static struct ph_str key_of(struct ph_ctx *ctx, const struct ph_auth_event *event)
{
    return ph_strf(ctx->arena, "%lld %.*s", (long long)event->at_ms, PH_FMT(event->id));
}

static struct ph_err read_key(struct ph_str key, struct ph_auth_event *after)
{
    struct ph_str at;

    return ph_str_cut(key, ' ', &at, &after->id) && ph_str_to_int(at, 0, INT64_MAX, &after->at_ms)
               ? PH_OK
               : PH_FAIL(InvalidParameterException, PH_MSG_PAGE_TOKEN);
}

struct ph_err ph_api_admin_list_user_auth_events(struct ph_ctx *ctx, const struct ph_in *in,
                                                 struct ph_out *out)
{
    const int64_t wanted = ph_in_int(in, M_MaxResults);
    const size_t limit = wanted > 0 ? (size_t)wanted : PAGE_DEFAULT;
    struct ph_out_list list = ph_out_list(out, M_AuthEvents);
    struct ph_auth_event after = { .at_ms = INT64_MAX }, *events;
    const struct ph_pool *pool;
    struct ph_str question, key;
    struct ph_user *user;
    size_t count;

    PH_TRY(find_pool(ctx, in, &pool));
    PH_TRY(ph_user_get(ctx, pool, ph_in_str(in, M_Username), &user));
    question = ph_strf(ctx->arena, "AdminListUserAuthEvents %.*s %.*s", PH_FMT(pool->id),
                       PH_FMT(user->sub));
    PH_TRY(ph_page_token_read(ctx, question, ph_in_str(in, M_NextToken), &key));
    if (key.p != NULL) {
        PH_TRY(read_key(key, &after));
    }
    PH_TRY(ph_store_event_list(ctx, pool->id, user->sub, &after, limit + 1, &events, &count));
    for (size_t i = 0; i < count && i < limit; i++) {
        write_event(ctx, &events[i], &list);
    }
    if (count > limit) {
        ph_out_str(out, M_NextToken,
                   ph_page_token_make(ctx, question, key_of(ctx, &events[limit - 1])));
    }
    return PH_OK;
}

/* --- feedback --- */

static struct ph_err give_feedback(struct ph_ctx *ctx, const struct ph_in *in,
                                   const struct ph_pool *pool, struct ph_str sub, struct ph_str by)
{
    const struct ph_auth_event event = {
        .id = ph_in_str(in, M_EventId),
        .pool_id = pool->id,
        .sub = sub,
        .feedback = ph_in_str(in, M_FeedbackValue),
        .feedback_by = by,
        .feedback_ms = ph_now_ms(ctx),
    };
    bool found;

    PH_TRY(ph_store_event_feedback(ctx, &event, &found));
    return found ? PH_OK : PH_FAIL(ResourceNotFoundException, "Auth event does not exist.");
}

struct ph_err ph_api_admin_update_auth_event_feedback(struct ph_ctx *ctx, const struct ph_in *in,
                                                      struct ph_out *out)
{
    const struct ph_pool *pool;
    struct ph_user *user;

    (void)out;
    PH_TRY(find_pool(ctx, in, &pool));
    PH_TRY(ph_user_get(ctx, pool, ph_in_str(in, M_Username), &user));
    return give_feedback(ctx, in, pool, user->sub, PH_STR("Admin"));
}

/* Anybody may call this: without the right token nobody learns who exists. */
struct ph_err ph_api_update_auth_event_feedback(struct ph_ctx *ctx, const struct ph_in *in,
                                                struct ph_out *out)
{
    const struct ph_pool *pool;
    struct ph_user *user = NULL;

    (void)out;
    PH_TRY(find_pool(ctx, in, &pool));
    PH_TRY(ph_user_find(ctx, pool, ph_in_str(in, M_Username), &user));
    if (user == NULL || !ph_feedback_token_is_right(ctx, pool, user->sub, ph_in_str(in, M_EventId),
                                                    ph_in_str(in, M_FeedbackToken))) {
        return PH_FAIL(NotAuthorizedException, "Invalid feedback token");
    }
    return give_feedback(ctx, in, pool, user->sub, PH_STR("User"));
}
