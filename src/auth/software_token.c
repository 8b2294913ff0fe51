/* SOFTWARE_TOKEN_MFA: a code of the user's authenticator app (authentication.md 4.3). */
#include "mfa/software_token.h"

#include "auth/mfa.h"
#include "token/methods.h"

#define CHALLENGE "SOFTWARE_TOKEN_MFA"

static bool is_due(const struct ph_attempt *attempt)
{
    return ph_mfa_asks_for(attempt, PH_MFA_TOTP);
}

static struct ph_err ask(struct ph_ctx *ctx, struct ph_attempt *attempt,
                         struct ph_decision *decision)
{
    const struct ph_session session = ph_session_of(ctx, attempt, CHALLENGE);
    struct json_t *p = ph_json_object(ctx->arena);
    struct ph_totp totp;

    PH_TRY(ph_store_totp_find(ctx, &attempt->pool->ref, attempt->user->sub, &totp));
    if (totp.device_name.n > 0) {
        ph_json_set_str(ctx->arena, p, "FRIENDLY_DEVICE_NAME", totp.device_name);
    }
    ph_json_set_str(ctx->arena, p, "USER_ID_FOR_SRP", attempt->user->username);
    decision->parameters = p;
    decision->session = ph_session_seal(ctx, attempt->pool, &session);
    return PH_OK;
}

/* A wrong code leaves the Session alone; the right one uses it up, and its time step. */
static struct ph_err answer(struct ph_ctx *ctx, struct ph_attempt *attempt)
{
    struct ph_totp_guess guess;

    PH_TRY(ph_check_opened(ctx, attempt));
    PH_TRY(ph_lockout_check(ctx, attempt));
    PH_TRY(ph_software_token_guess(ctx, attempt->pool, attempt->user,
                                   ph_answer(attempt, "SOFTWARE_TOKEN_MFA_CODE"), &guess));
    attempt->judged_mfa = true;
    PH_TRY(ph_lockout_judge(ctx, attempt, guess.count > 0,
                            PH_FAIL(CodeMismatchException, "Invalid code received for user")));
    PH_TRY(ph_gate_proven(ctx, attempt));
    PH_TRY(ph_software_token_use(ctx, attempt->pool, attempt->user, &guess));
    PH_TRY(ph_use_opened(ctx, attempt));
    attempt->proven |= PH_PROVED_MFA;
    attempt->methods |= PH_METHOD_TOTP;
    return PH_OK;
}

static const char *const ANSWERS[] = { "SOFTWARE_TOKEN_MFA_CODE", NULL };

const struct ph_stage ph_stage_software_token = {
    .challenge = CHALLENGE,
    .answers = ANSWERS,
    .is_due = is_due,
    .ask = ask,
    .open = ph_open_session,
    .refuse = ph_invalid_session,
    .answer = answer,
};
