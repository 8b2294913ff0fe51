/*
 * Multi-factor authentication. Its challenges are not built: who needs one is refused, so that a
 * pool that requires a second factor never gives tokens without it.
 */
#include "auth/internal.h"

static bool is_due(const struct ph_attempt *attempt)
{
    return attempt->pool->mfa == PH_MFA_ON && ph_wants_second_factor(attempt);
}

static struct ph_err ask(struct ph_ctx *ctx, struct ph_attempt *attempt,
                         struct ph_decision *decision)
{
    (void)ctx;
    (void)attempt;
    (void)decision;
    return PH_FAIL(OperationNotBuiltException, "Multi-factor authentication is not built yet: this "
                                               "pool requires it, so nobody can sign in.");
}

static struct ph_err answer(struct ph_ctx *ctx, struct ph_attempt *attempt)
{
    (void)ctx;
    (void)attempt;
    return ph_invalid_session();
}

const struct ph_stage ph_stage_mfa = {
    .challenge = "MFA_SETUP",
    .is_due = is_due,
    .ask = ask,
    .open = ph_open_session,
    .refuse = ph_invalid_session,
    .answer = answer,
};
