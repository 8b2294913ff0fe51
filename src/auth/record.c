/* The event of a sign-in, for the audit (authentication.md 6.4). */
#include "auth/internal.h"
#include "user/event.h"

static enum ph_event_response response_of(struct ph_err err, const struct ph_decision *decision)
{
    if (err.type != NULL) {
        return PH_EVENT_FAIL;
    }
    return decision->challenge == NULL ? PH_EVENT_PASS : PH_EVENT_IN_PROGRESS;
}

static bool had_password(const struct ph_attempt *attempt)
{
    return attempt->choice < PH_CHOICE_EMAIL && (attempt->proven & PH_PROVED_SIGN_UP) == 0;
}

void ph_sign_in_record(struct ph_ctx *ctx, const struct ph_attempt *attempt, struct ph_err err,
                       const struct ph_decision *decision)
{
    const bool ended = err.type == NULL && decision->challenge == NULL;
    const struct ph_event_challenge password = {
        .name = "Password",
        .passed = (attempt->proven & PH_PROVED_PASSWORD) != 0,
    };
    const struct ph_event event = {
        .id = attempt->event_id,
        .type = PH_EVENT_SIGN_IN,
        .response = response_of(err, decision),
        .sub = attempt->exists ? attempt->user->sub : (struct ph_str){ 0 },
        .client = attempt->client,
        .challenges = &password,
        .challenge_count = had_password(attempt) ? 1 : 0,
    };

    if (attempt->user != NULL && (attempt->judged || ended)) {
        ph_event_record(ctx, attempt->pool, attempt->request->input, &event);
    }
}
