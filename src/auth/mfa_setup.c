/*
 * MFA_SETUP: who must have a second factor and has none gets one during the sign-in, a software
 * token by AssociateSoftwareToken and VerifySoftwareToken with the Session, or an e-mail address
 * (authentication.md 4.3).
 */
#include "auth/mfa.h"
#include "mfa/software_token.h"
#include "store/sign_in.h"
#include "token/methods.h"

#define CHALLENGE "MFA_SETUP"

static bool is_due(const struct ph_attempt *attempt)
{
    return ph_mfa_due(attempt).next == PH_MFA_NEXT_SETUP;
}

static struct ph_str seal(struct ph_ctx *ctx, const struct ph_attempt *attempt)
{
    const struct ph_session session = ph_session_of(ctx, attempt, CHALLENGE);

    return ph_session_seal(ctx, attempt->pool, &session);
}

static struct ph_err ask(struct ph_ctx *ctx, struct ph_attempt *attempt,
                         struct ph_decision *decision)
{
    const unsigned factors = ph_mfa_due(attempt).factors;
    const struct json_t *names = ph_mfa_names(ctx->arena, factors);
    struct json_t *p = ph_json_object(ctx->arena);

    if ((factors & (unsigned)~PH_MFA_SMS) == 0) { /* nobody can add a number here */
        return PH_FAIL(InvalidParameterException,
                       "User does not have delivery config set to turn on SMS_MFA");
    }
    ph_json_set_str(ctx->arena, p, "MFAS_CAN_SETUP",
                    ph_json_text(ctx->arena, names, PH_JSON_INSERTION));
    ph_json_set_str(ctx->arena, p, "USER_ID_FOR_SRP", attempt->user->username);
    decision->parameters = p;
    decision->session = seal(ctx, attempt);
    return PH_OK;
}

/* The address is not proven by this: its code is asked for next. */
static struct ph_err set_email(struct ph_ctx *ctx, struct ph_attempt *attempt, struct ph_str email)
{
    struct ph_user_change change = { .user = attempt->user };
    struct ph_attrs writes = { 0 };

    ph_attrs_set(ctx->arena, &writes, PH_STR("email"), email);
    PH_TRY(ph_attributes_apply(ctx, attempt->pool, attempt->client, PH_BY_CLIENT, attempt->user,
                               &writes));
    PH_TRY(ph_user_check_names(ctx, attempt->pool, &change, 0));
    PH_TRY(ph_use_opened(ctx, attempt));
    return ph_user_save(ctx, attempt->pool, &change, 0);
}

static struct ph_err answer(struct ph_ctx *ctx, struct ph_attempt *attempt)
{
    const struct ph_str email = ph_answer(attempt, "EMAIL");
    const struct ph_mfa_plan plan = ph_mfa_due(attempt);

    PH_TRY(ph_check_opened(ctx, attempt));
    PH_TRY(ph_lockout_check(ctx, attempt));
    PH_TRY(ph_gate_proven(ctx, attempt));
    if ((attempt->proven & PH_PROVED_MFA_SETUP) != 0 && attempt->user->has_totp) {
        attempt->proven |= PH_PROVED_MFA;
        attempt->methods |= PH_METHOD_TOTP;
        return ph_use_opened(ctx, attempt);
    }
    if (email.n > 0 && plan.next == PH_MFA_NEXT_SETUP && (plan.factors & PH_MFA_EMAIL) != 0) {
        return set_email(ctx, attempt, email);
    }
    return ph_invalid_session();
}

const struct ph_stage ph_stage_mfa_setup = {
    .challenge = CHALLENGE,
    .is_due = is_due,
    .ask = ask,
    .open = ph_open_session,
    .refuse = ph_invalid_session,
    .answer = answer,
};

/* ---- AssociateSoftwareToken and VerifySoftwareToken with a Session ---- */

/* They name neither pool nor client: the Session does. */
static struct ph_err open_alone(struct ph_ctx *ctx, struct ph_str session,
                                struct ph_attempt *attempt)
{
    struct ph_str pool_id;

    if (!ph_session_pool_id(ctx, session, &pool_id)) {
        return ph_invalid_session();
    }
    PH_TRY(ph_pool_find(ctx, pool_id, &attempt->pool));
    if (attempt->pool == NULL || !ph_session_open(ctx, attempt->pool, session, &attempt->opened) ||
        !ph_str_eq(attempt->opened.challenge, PH_STR(CHALLENGE))) {
        return ph_invalid_session();
    }
    PH_TRY(
        ph_client_get(ctx, pool_id, attempt->opened.client_id, &attempt->pool, &attempt->client));
    return ph_check_age(ctx, attempt);
}

/* Who has got a second factor meanwhile does not get another one by an old Session. */
static struct ph_err resume(struct ph_ctx *ctx, struct ph_str session, struct ph_attempt *attempt)
{
    PH_TRY(open_alone(ctx, session, attempt));
    PH_TRY(ph_identify_opened(ctx, attempt));
    PH_TRY(ph_check_opened(ctx, attempt));
    PH_TRY(ph_gate_proven(ctx, attempt));
    return attempt->exists && is_due(attempt) ? PH_OK : ph_invalid_session();
}

struct ph_err ph_setup_associate(struct ph_ctx *ctx, struct ph_str session,
                                 struct ph_str *secret_code, struct ph_str *next_session)
{
    struct ph_attempt attempt = { .proven = 0 };

    PH_TRY(resume(ctx, session, &attempt));
    PH_TRY(ph_software_token_associate(ctx, attempt.pool, attempt.user, secret_code));
    PH_TRY(ph_use_opened(ctx, &attempt));
    *next_session = seal(ctx, &attempt);
    return PH_OK;
}

struct ph_err ph_setup_verify(struct ph_ctx *ctx, struct ph_str session, struct ph_str code,
                              struct ph_str device_name, struct ph_str *next_session)
{
    struct ph_attempt attempt = { .proven = 0 };
    struct ph_user_change change = { 0 };

    PH_TRY(resume(ctx, session, &attempt));
    change.user = attempt.user;
    PH_TRY(ph_software_token_verify(ctx, attempt.pool, code, device_name, &change));
    PH_TRY(ph_use_opened(ctx, &attempt));
    attempt.user->mfa_on |= PH_MFA_TOTP;
    attempt.user->mfa_preferred = PH_MFA_TOTP;
    PH_TRY(ph_user_save(ctx, attempt.pool, &change, 0));
    attempt.proven |= PH_PROVED_MFA_SETUP;
    *next_session = seal(ctx, &attempt);
    return PH_OK;
}
