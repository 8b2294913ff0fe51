/* Which triggers a pool has, and the answer for those whose transport is not built. */
#include "trigger/trigger.h"

#include "model/exceptions.h"

static const char *const KEYS[PH_TRIGGER_COUNT] = {
    [PH_TRIGGER_PRE_SIGN_UP] = "PreSignUp",
    [PH_TRIGGER_POST_CONFIRMATION] = "PostConfirmation",
    [PH_TRIGGER_PRE_AUTHENTICATION] = "PreAuthentication",
    [PH_TRIGGER_POST_AUTHENTICATION] = "PostAuthentication",
    [PH_TRIGGER_PRE_TOKEN_GENERATION] = "PreTokenGeneration",
    [PH_TRIGGER_USER_MIGRATION] = "UserMigration",
    [PH_TRIGGER_CUSTOM_MESSAGE] = "CustomMessage",
    [PH_TRIGGER_CUSTOM_EMAIL_SENDER] = "CustomEmailSender",
    [PH_TRIGGER_CUSTOM_SMS_SENDER] = "CustomSMSSender",
    [PH_TRIGGER_DEFINE_AUTH_CHALLENGE] = "DefineAuthChallenge",
    [PH_TRIGGER_CREATE_AUTH_CHALLENGE] = "CreateAuthChallenge",
    [PH_TRIGGER_VERIFY_AUTH_CHALLENGE_RESPONSE] = "VerifyAuthChallengeResponse",
};

bool ph_trigger_is_set(const struct ph_pool *pool, enum ph_trigger trigger)
{
    const struct json_t *config = ph_json_get(pool->settings, "LambdaConfig");

    /* A function's name, or an object that has it beside a version. */
    if (ph_json_get_str(config, KEYS[trigger]).n > 0 ||
        ph_json_get_str(ph_json_get(config, KEYS[trigger]), "LambdaArn").n > 0) {
        return true;
    }
    if (trigger != PH_TRIGGER_PRE_TOKEN_GENERATION) {
        return false;
    }
    config = ph_json_get(config, "PreTokenGenerationConfig");
    return ph_json_get_str(config, "LambdaArn").n > 0;
}

struct ph_err ph_trigger_run(struct ph_ctx *ctx, const struct ph_pool *pool,
                             const struct ph_trigger_call *call, const struct json_t **response)
{
    if (!ph_trigger_is_set(pool, call->trigger)) {
        *response = NULL;
        return PH_OK;
    }
    return PH_FAIL(UnexpectedLambdaException,
                   ph_textf(ctx->arena, "%s invocation failed due to error TriggersNotBuilt.",
                            KEYS[call->trigger]));
}
