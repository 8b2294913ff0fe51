/* WEB_AUTHN: signing in by a passkey; the Session's nonce is the challenge that it answers. */
#include "auth/internal.h"
#include "passkey/passkey.h"
#include "token/methods.h"

#define CHALLENGE "WEB_AUTHN"

static bool is_due(const struct ph_attempt *attempt)
{
    return (attempt->proven & PH_PROVED_FIRST) == 0 && attempt->choice == PH_CHOICE_PASSKEY;
}

static struct ph_err ask(struct ph_ctx *ctx, struct ph_attempt *attempt,
                         struct ph_decision *decision)
{
    const struct ph_session session = ph_session_of(ctx, attempt, CHALLENGE);
    struct json_t *p = ph_json_object(ctx->arena);
    struct ph_str options;

    PH_TRY(ph_passkey_request(ctx, attempt->pool, attempt->user, session.nonce, &options));
    ph_json_set_str(ctx->arena, p, "CREDENTIAL_REQUEST_OPTIONS", options);
    decision->parameters = p;
    decision->session = ph_session_seal(ctx, attempt->pool, &session);
    return PH_OK;
}

/* Signatures are not guessed: a wrong one counts towards no lock, and leaves the Session alone. */
static struct ph_err answer(struct ph_ctx *ctx, struct ph_attempt *attempt)
{
    struct ph_passkey_use use;
    bool right = false;

    attempt->judged = true;
    PH_TRY(ph_check_opened(ctx, attempt));
    PH_TRY(ph_passkey_judge(ctx, attempt->pool, attempt->user, attempt->opened.nonce,
                            ph_answer(attempt, "CREDENTIAL"), &use, &right));
    if (!right || !attempt->exists) {
        return ph_wrong_password();
    }
    PH_TRY(ph_gate_proven(ctx, attempt));
    PH_TRY(ph_use_opened(ctx, attempt));
    PH_TRY(ph_store_passkey_use(ctx, &attempt->pool->ref, attempt->user->sub, use.id,
                                use.sign_count, use.flags, &right));
    if (!right) {
        return ph_wrong_password();
    }
    attempt->proven |= PH_PROVED_PASSKEY;
    attempt->methods |= use.roams ? PH_METHOD_ROAMING_KEY : PH_METHOD_PLATFORM_KEY;
    return PH_OK;
}

static const char *const ANSWERS[] = { "CREDENTIAL", NULL };

const struct ph_stage ph_stage_web_authn = {
    .challenge = CHALLENGE,
    .answers = ANSWERS,
    .is_due = is_due,
    .ask = ask,
    .open = ph_open_session,
    .refuse = ph_invalid_session,
    .answer = answer,
};
