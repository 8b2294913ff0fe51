/* Addresses that may not sign in (authentication.md 6.3). */
#include "risk/risk.h"

#include "auth/internal.h"
#include "user/event.h"

/* Asked again with every answer: a sign-in may go on from somewhere else. */
struct ph_err ph_check_address(struct ph_ctx *ctx, struct ph_attempt *attempt)
{
    const struct ph_str address = ph_event_address(ctx, attempt->client, attempt->request->input);

    if (attempt->proven == 0 && attempt->custom == NULL) {
        return PH_OK; /* risk comes after the password */
    }
    PH_TRY(ph_risk_is_blocked(ctx, attempt->pool, attempt->client->id, address, &attempt->blocked));
    return attempt->blocked
               ? PH_FAIL(NotAuthorizedException, "Unable to login because of security reasons.")
               : PH_OK;
}
