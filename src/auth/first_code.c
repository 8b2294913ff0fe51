/* EMAIL_OTP and SMS_OTP of USER_AUTH: a code of eight digits is the first factor, and the only. */
#include "auth/one_time_code.h"

static bool is_due(const struct ph_attempt *attempt, enum ph_choice choice)
{
    return (attempt->proven & PH_PROVED_FIRST) == 0 && attempt->choice == choice;
}

static struct ph_err ask(struct ph_ctx *ctx, struct ph_attempt *attempt, struct ph_str attribute,
                         struct ph_decision *decision)
{
    return ph_one_time_code_ask(ctx, attempt, decision->challenge, ph_contact_of(attribute),
                                PH_FIRST_FACTOR_DIGITS, decision);
}

static struct ph_err answer(struct ph_ctx *ctx, struct ph_attempt *attempt, struct ph_str attribute,
                            struct ph_str given)
{
    attempt->judged = true;
    return ph_one_time_code_answer(ctx, attempt, ph_contact_of(attribute), given, PH_PROVED_CODE);
}

static bool is_email_due(const struct ph_attempt *attempt)
{
    return is_due(attempt, PH_CHOICE_EMAIL);
}

static struct ph_err ask_email(struct ph_ctx *ctx, struct ph_attempt *attempt,
                               struct ph_decision *decision)
{
    return ask(ctx, attempt, PH_STR("email"), decision);
}

static struct ph_err answer_email(struct ph_ctx *ctx, struct ph_attempt *attempt)
{
    return answer(ctx, attempt, PH_STR("email"), ph_email_code(attempt));
}

static bool is_sms_due(const struct ph_attempt *attempt)
{
    return is_due(attempt, PH_CHOICE_SMS);
}

static struct ph_err ask_sms(struct ph_ctx *ctx, struct ph_attempt *attempt,
                             struct ph_decision *decision)
{
    return ask(ctx, attempt, PH_STR("phone_number"), decision);
}

static struct ph_err answer_sms(struct ph_ctx *ctx, struct ph_attempt *attempt)
{
    return answer(ctx, attempt, PH_STR("phone_number"), ph_answer(attempt, "SMS_OTP_CODE"));
}

static const char *const SMS_ANSWERS[] = { "SMS_OTP_CODE", NULL };

const struct ph_stage ph_stage_first_email_otp = {
    .challenge = "EMAIL_OTP",
    .is_due = is_email_due,
    .ask = ask_email,
    .open = ph_email_code_open,
    .refuse = ph_invalid_session,
    .answer = answer_email,
};

const struct ph_stage ph_stage_first_sms_otp = {
    .challenge = "SMS_OTP",
    .answers = SMS_ANSWERS,
    .is_due = is_sms_due,
    .ask = ask_sms,
    .open = ph_open_session,
    .refuse = ph_invalid_session,
    .answer = answer_sms,
};
