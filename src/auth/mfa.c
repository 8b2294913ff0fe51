/*
 * The second factor (authentication.md 1.8): SELECT_MFA_TYPE and the codes that are sent, SMS_MFA
 * and EMAIL_OTP. MFA_SETUP and SOFTWARE_TOKEN_MFA have files of their own.
 */
#include "auth/mfa.h"

#include "auth/one_time_code.h"
#include "auth/step_up.h"

struct ph_mfa_plan ph_mfa_due(const struct ph_attempt *attempt)
{
    const unsigned wanted = ph_step_up_wants(attempt);

    if (wanted == 0 && ((attempt->proven & PH_PROVED_MFA) != 0 ||
                        !ph_wants_second_factor(attempt) || ph_device_replaces_mfa(attempt))) {
        return (struct ph_mfa_plan){ PH_MFA_NEXT_NONE, 0 };
    }
    if (attempt->factor != 0) {
        return (struct ph_mfa_plan){ PH_MFA_NEXT_ASK, attempt->factor };
    }
    return wanted != 0 ? ph_mfa_plan_among(attempt->user, wanted)
                       : ph_mfa_plan(attempt->pool, attempt->user);
}

bool ph_mfa_asks_for(const struct ph_attempt *attempt, enum ph_mfa_factor factor)
{
    const struct ph_mfa_plan plan = ph_mfa_due(attempt);

    return plan.next == PH_MFA_NEXT_ASK && plan.factors == (unsigned)factor;
}

/* ---- SELECT_MFA_TYPE ---- */

static bool select_is_due(const struct ph_attempt *attempt)
{
    return ph_mfa_due(attempt).next == PH_MFA_NEXT_SELECT;
}

/* Clients take the list apart by hand: no spaces. */
static struct ph_err select_ask(struct ph_ctx *ctx, struct ph_attempt *attempt,
                                struct ph_decision *decision)
{
    const struct ph_session session = ph_session_of(ctx, attempt, "SELECT_MFA_TYPE");
    const struct json_t *names = ph_mfa_names(ctx->arena, ph_mfa_due(attempt).factors);
    struct json_t *p = ph_json_object(ctx->arena);

    ph_json_set_str(ctx->arena, p, "MFAS_CAN_CHOOSE",
                    ph_json_text(ctx->arena, names, PH_JSON_INSERTION));
    ph_json_set_str(ctx->arena, p, "USER_ID_FOR_SRP", attempt->user->username);
    decision->parameters = p;
    decision->session = ph_session_seal(ctx, attempt->pool, &session);
    return PH_OK;
}

static struct ph_err select_answer(struct ph_ctx *ctx, struct ph_attempt *attempt)
{
    const struct ph_mfa_kind *kind = ph_mfa_kind_named(ph_answer(attempt, "ANSWER"));

    PH_TRY(ph_check_opened(ctx, attempt));
    PH_TRY(ph_gate_proven(ctx, attempt));
    if (kind == NULL || (ph_mfa_due(attempt).factors & (unsigned)kind->bit) == 0) {
        return PH_FAIL(InvalidParameterException, "Invalid parameter ANSWER");
    }
    PH_TRY(ph_use_opened(ctx, attempt));
    attempt->factor = (unsigned)kind->bit;
    return PH_OK;
}

static const char *const SELECT_ANSWERS[] = { "ANSWER", NULL };

const struct ph_stage ph_stage_select_mfa_type = {
    .challenge = "SELECT_MFA_TYPE",
    .answers = SELECT_ANSWERS,
    .is_due = select_is_due,
    .ask = select_ask,
    .open = ph_open_session,
    .refuse = ph_invalid_session,
    .answer = select_answer,
};

/* ---- codes ---- */

static struct ph_err ask_code(struct ph_ctx *ctx, struct ph_attempt *attempt, const char *attribute,
                              struct ph_decision *decision)
{
    PH_TRY(ph_one_time_code_ask(ctx, attempt, decision->challenge,
                                ph_contact_of(ph_str_from(attribute)), PH_SECOND_FACTOR_DIGITS,
                                decision));
    ph_json_set_str(ctx->arena, decision->parameters, "USER_ID_FOR_SRP", attempt->user->username);
    return PH_OK;
}

static struct ph_err answer_code(struct ph_ctx *ctx, struct ph_attempt *attempt,
                                 const char *attribute, struct ph_str code)
{
    attempt->judged_mfa = true;
    return ph_one_time_code_answer(ctx, attempt, ph_contact_of(ph_str_from(attribute)), code,
                                   PH_PROVED_MFA);
}

static bool sms_is_due(const struct ph_attempt *attempt)
{
    return ph_mfa_asks_for(attempt, PH_MFA_SMS);
}

static struct ph_err sms_ask(struct ph_ctx *ctx, struct ph_attempt *attempt,
                             struct ph_decision *decision)
{
    return ask_code(ctx, attempt, "phone_number", decision);
}

static struct ph_err sms_answer(struct ph_ctx *ctx, struct ph_attempt *attempt)
{
    return answer_code(ctx, attempt, "phone_number", ph_answer(attempt, "SMS_MFA_CODE"));
}

static const char *const SMS_ANSWERS[] = { "SMS_MFA_CODE", NULL };

const struct ph_stage ph_stage_sms_mfa = {
    .challenge = "SMS_MFA",
    .answers = SMS_ANSWERS,
    .is_due = sms_is_due,
    .ask = sms_ask,
    .open = ph_open_session,
    .refuse = ph_invalid_session,
    .answer = sms_answer,
};

static bool email_is_due(const struct ph_attempt *attempt)
{
    return ph_mfa_asks_for(attempt, PH_MFA_EMAIL);
}

static struct ph_err email_ask(struct ph_ctx *ctx, struct ph_attempt *attempt,
                               struct ph_decision *decision)
{
    return ask_code(ctx, attempt, "email", decision);
}

static struct ph_err email_answer(struct ph_ctx *ctx, struct ph_attempt *attempt)
{
    return answer_code(ctx, attempt, "email", ph_email_code(attempt));
}

const struct ph_stage ph_stage_email_otp = {
    .challenge = "EMAIL_OTP",
    .is_due = email_is_due,
    .ask = email_ask,
    .open = ph_email_code_open,
    .refuse = ph_invalid_session,
    .answer = email_answer,
};
