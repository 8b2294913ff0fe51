/* Passwords as first factor: the plain flows, and the judgement that SRP shares. */
#include "auth/step_up.h"
#include "crypto/hash.h"
#include "token/methods.h"
#include "trigger/trigger.h"
#include "util/encode.h"

enum { TAG_BYTES = 8 };

struct ph_str ph_password_tag(struct ph_ctx *ctx, const struct ph_user *user)
{
    struct ph_digest digest = { 0 };

    if (user->password_hash.n > 0) {
        PH_SHA256(&digest, user->password_hash);
    } else if (user->password != NULL) {
        PH_SHA256(&digest, ((struct ph_str){ user->password->salt, PH_SALT_BYTES }),
                  ((struct ph_str){ user->password->verifier, PH_VERIFIER_BYTES }));
    }
    return ph_hex(ctx->arena, (struct ph_str){ digest.bytes, TAG_BYTES });
}

struct ph_err ph_pre_authenticate(struct ph_ctx *ctx, const struct ph_attempt *attempt)
{
    const struct ph_trigger_call call = {
        .trigger = PH_TRIGGER_PRE_AUTHENTICATION,
        .source = PH_STR("PreAuthentication_Authentication"),
        .client_id = attempt->client->id,
        .user = attempt->named,
        .user_not_found = attempt->named == NULL,
        .user_name = attempt->name,
        .client_metadata = attempt->request->validation_data, /* under both names (5.3) */
        .validation_data = attempt->request->validation_data,
    };
    const struct json_t *response;

    return ph_trigger_run(ctx, attempt->pool, &call, &response);
}

struct ph_err ph_password_prepare(struct ph_ctx *ctx, struct ph_attempt *attempt)
{
    PH_TRY(ph_lockout_check(ctx, attempt));
    return ph_pre_authenticate(ctx, attempt);
}

struct ph_err ph_password_judge(struct ph_ctx *ctx, struct ph_attempt *attempt, bool right)
{
    attempt->judged = true;
    PH_TRY(ph_lockout_judge(ctx, attempt, right, ph_wrong_password()));
    attempt->proven |= PH_PROVED_PASSWORD;
    attempt->methods |= PH_METHOD_PASSWORD;
    return PH_OK;
}

struct ph_err ph_password_prove(struct ph_ctx *ctx, struct ph_attempt *attempt)
{
    const struct ph_str password = ph_answer(attempt, "PASSWORD");
    bool right;

    PH_TRY(ph_identify_by_password(ctx, attempt));
    right = ph_password_matches(ctx, attempt->pool, attempt->user, password);

    if (!right) {
        PH_TRY(ph_origin_prove(ctx, attempt, password, &right));
    }
    PH_TRY(ph_password_judge(ctx, attempt, right));
    PH_TRY(ph_gate_proven(ctx, attempt));
    ph_password_adopt(ctx, attempt->pool, &attempt->user, password);
    return PH_OK;
}

struct ph_err ph_begin_password(struct ph_ctx *ctx, struct ph_attempt *attempt,
                                struct ph_decision *decision)
{
    attempt->may_migrate = true;
    PH_TRY(ph_identify(ctx, attempt));
    PH_TRY(ph_gate_open(attempt));
    PH_TRY(ph_step_up_aim_by_password(ctx, attempt));
    PH_TRY(ph_password_prepare(ctx, attempt));
    PH_TRY(ph_password_prove(ctx, attempt));
    return ph_advance(ctx, attempt, decision);
}

/* ---- PASSWORD, the challenge of USER_AUTH ---- */

static bool is_due(const struct ph_attempt *attempt)
{
    return (attempt->proven & PH_PROVED_FIRST) == 0 && attempt->choice == PH_CHOICE_PASSWORD;
}

/* A wrong one leaves the Session alone and counts towards the lock. */
static struct ph_err answer(struct ph_ctx *ctx, struct ph_attempt *attempt)
{
    PH_TRY(ph_check_opened(ctx, attempt));
    PH_TRY(ph_lockout_check(ctx, attempt));
    PH_TRY(ph_password_prove(ctx, attempt));
    return ph_use_opened(ctx, attempt);
}

static const char *const ANSWERS[] = { "PASSWORD", NULL };

const struct ph_stage ph_stage_password = {
    .challenge = "PASSWORD",
    .answers = ANSWERS,
    .is_due = is_due,
    .ask = ph_ask_plainly,
    .open = ph_open_session,
    .refuse = ph_invalid_session,
    .answer = answer,
};
