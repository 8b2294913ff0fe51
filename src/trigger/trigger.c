/* Which triggers a pool has, and running one: event, function, reply (authentication.md 5.5). */
#include "trigger/trigger.h"

#include "model/exceptions.h"
#include "trigger/codes.h"
#include "trigger/event.h"
#include "trigger/functions.h"
#include "trigger/sender.h"

static const struct json_t *config_of(const struct ph_pool *pool)
{
    return ph_json_get(pool->settings, "LambdaConfig");
}

/* A function's ARN, or an object that has it beside a version. */
static struct ph_str arn_of(const struct ph_pool *pool, enum ph_trigger trigger)
{
    const struct json_t *config = config_of(pool);
    const struct json_t *value = ph_json_get(config, ph_trigger_keys[trigger]);

    if (trigger == PH_TRIGGER_PRE_TOKEN_GENERATION && value == NULL) {
        value = ph_json_get(config, "PreTokenGenerationConfig");
    }
    return ph_json_kind(value) == PH_JSON_STRING ? ph_json_str(value)
                                                 : ph_json_get_str(value, "LambdaArn");
}

bool ph_trigger_is_set(const struct ph_pool *pool, enum ph_trigger trigger)
{
    return arn_of(pool, trigger).n > 0;
}

int ph_trigger_token_version(const struct ph_pool *pool)
{
    const struct ph_str version =
        ph_json_get_str(ph_json_get(config_of(pool), "PreTokenGenerationConfig"), "LambdaVersion");

    if (ph_str_eq(version, PH_STR("V3_0"))) {
        return 3;
    }
    return ph_str_eq(version, PH_STR("V2_0")) ? 2 : 1;
}

struct ph_err ph_trigger_unusable(void)
{
    return PH_FAIL(InvalidLambdaResponseException, "Unrecognizable lambda output");
}

static struct ph_err judge(struct ph_ctx *ctx, enum ph_trigger trigger,
                           const struct ph_function_answer *answer, const struct json_t **response)
{
    const char *name = ph_trigger_keys[trigger];

    switch (answer->kind) {
    case PH_FUNCTION_REPLIED:
        return ph_event_read_reply(ctx->arena, trigger, answer->text, response)
                   ? PH_OK
                   : ph_trigger_unusable();
    case PH_FUNCTION_THREW:
        return PH_FAIL(
            UserLambdaValidationException,
            ph_textf(ctx->arena, "%s failed with error %.*s.", name, PH_FMT(answer->text)));
    case PH_FUNCTION_FAILED:
    case PH_FUNCTION_LATE:
        break;
    }
    return PH_FAIL(UnexpectedLambdaException,
                   ph_textf(ctx->arena, "%s invocation failed due to error %.*s.", name,
                            PH_FMT(answer->text)));
}

static struct ph_str event_text(struct ph_ctx *ctx, const struct ph_pool *pool,
                                const struct ph_trigger_call *call)
{
    return ph_json_text(ctx->arena, ph_event_make(ctx, pool, call), PH_JSON_INSERTION);
}

struct ph_err ph_trigger_run(struct ph_ctx *ctx, const struct ph_pool *pool,
                             const struct ph_trigger_call *call, const struct json_t **response)
{
    const struct ph_str arn = arn_of(pool, call->trigger);
    struct ph_function_answer answer;

    if (arn.n == 0 || ctx->without_triggers) {
        *response = NULL;
        return PH_OK;
    }
    ph_function_call(ctx, ctx->functions, arn, event_text(ctx, pool, call), &answer);
    return judge(ctx, call->trigger, &answer, response);
}

/* ---- custom senders ---- */

/* The event is whole but for its code, which is encrypted when it leaves: that may take a while. */
static struct ph_str call_text(struct ph_ctx *ctx, const struct ph_pool *pool,
                               const struct ph_trigger_call *call)
{
    struct json_t *text = ph_json_object(ctx->arena);
    struct ph_trigger_call without = *call;

    without.code = PH_STR("");
    ph_json_set_str(ctx->arena, text, PH_CALL_KEY, ph_json_get_str(config_of(pool), "KMSKeyID"));
    ph_json_set(ctx->arena, text, PH_CALL_EVENT, ph_event_make(ctx, pool, &without));
    return ph_json_text(ctx->arena, text, PH_JSON_INSERTION);
}

struct ph_err ph_trigger_call_write(struct ph_ctx *ctx, const struct ph_pool *pool,
                                    const struct ph_trigger_call *call, struct ph_message *message)
{
    if (ctx->settings == NULL || ph_codes_form(ctx->settings) == PH_CODES_NEVER) {
        return PH_FAIL(UnexpectedLambdaException,
                       ph_textf(ctx->arena,
                                "%s invocation failed due to error KMS: codes cannot be encrypted "
                                "here; set kms.endpoint, or hand them over in base64 with "
                                "triggers.plain_codes = true.",
                                ph_trigger_keys[call->trigger]));
    }
    *message = (struct ph_message){
        .id = ph_new_uuid7(ctx),
        .pool_id = pool->id,
        .username = call->user->username,
        .medium = PH_MEDIUM_FUNCTION,
        .destination = arn_of(pool, call->trigger),
        .body = call_text(ctx, pool, call),
        .code = call->code,
        .created_ms = ph_now_ms(ctx),
    };
    return PH_OK;
}
