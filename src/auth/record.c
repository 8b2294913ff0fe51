/* The event of a sign-in, for the audit (authentication.md 6.4). */
#include "auth/internal.h"
#include "user/event.h"

/* A wrong code leaves the attempt waiting for another one. */
static enum ph_event_response response_of(struct ph_err err, const struct ph_decision *decision)
{
    if (err.type == &ph_ex_CodeMismatchException) {
        return PH_EVENT_IN_PROGRESS;
    }
    if (err.type != NULL) {
        return PH_EVENT_FAIL;
    }
    return decision->challenge == NULL ? PH_EVENT_PASS : PH_EVENT_IN_PROGRESS;
}

/* Codes and passkeys as first factor have no name in events. */
static bool is_by_password(const struct ph_attempt *attempt)
{
    return attempt->choice < PH_CHOICE_EMAIL && (attempt->proven & PH_PROVED_SIGN_UP) == 0;
}

void ph_sign_in_record(struct ph_ctx *ctx, const struct ph_attempt *attempt, struct ph_err err,
                       const struct ph_decision *decision)
{
    const bool ended = err.type == NULL && decision->challenge == NULL;
    const size_t first = is_by_password(attempt) ? 0 : 1;
    const bool has_mfa = attempt->judged_mfa || (attempt->proven & PH_PROVED_MFA) != 0;
    const struct ph_event_challenge challenges[] = {
        { "Password", (attempt->proven & PH_PROVED_PASSWORD) != 0 },
        { "Mfa", (attempt->proven & PH_PROVED_MFA) != 0 },
    };
    const struct ph_event event = {
        .id = attempt->event_id,
        .type = PH_EVENT_SIGN_IN,
        .response = response_of(err, decision),
        .sub = attempt->exists ? attempt->user->sub : (struct ph_str){ 0 },
        .client = attempt->client,
        .challenges = challenges + first,
        .challenge_count = (has_mfa ? 2 : 1) - first,
        .blocked = attempt->blocked,
    };

    if (attempt->user != NULL &&
        (attempt->judged || attempt->judged_mfa || attempt->blocked || ended)) {
        ph_event_record(ctx, attempt->pool, attempt->request->input, &event);
    }
}
