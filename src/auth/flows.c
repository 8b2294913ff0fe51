/* How a sign-in begins: one row for each AuthFlow (authentication.md 1.1). */
#include "auth/step_up.h"

enum { PUBLIC = 1, ADMIN = 2 };

/* Functions judge by rules of their own, and a refresh proves nothing anew. */
enum levels { NO_LEVELS, LEVELS };

struct ph_flow {
    struct ph_str name;
    unsigned apis;                 /* by which operations it may be begun */
    unsigned needs;                /* the switch of the client: a bit of enum ph_flow_switch */
    const char *off;               /* the text when that is off */
    enum levels levels;            /* whether a level can be asked for */
    const char *const *parameters; /* required ones */
    struct ph_err (*begin)(struct ph_ctx *ctx, struct ph_attempt *attempt,
                           struct ph_decision *decision);
};

static const char *const PASSWORD[] = { "USERNAME", "PASSWORD", NULL };
static const char *const SRP[] = { "USERNAME", "SRP_A", NULL };
static const char *const REFRESH[] = { "REFRESH_TOKEN", NULL };
static const char *const NAME[] = { "USERNAME", NULL };

#define OFF "Auth flow not enabled for this client"

static const struct ph_flow FLOWS[] = {
    { PH_STR_INIT("USER_PASSWORD_AUTH"), PUBLIC, PH_FLOW_PASSWORD,
      "USER_PASSWORD_AUTH flow not enabled for this client", LEVELS, PASSWORD, ph_begin_password },
    { PH_STR_INIT("ADMIN_USER_PASSWORD_AUTH"), ADMIN, PH_FLOW_ADMIN_PASSWORD, OFF, LEVELS, PASSWORD,
      ph_begin_password },
    { PH_STR_INIT("ADMIN_NO_SRP_AUTH"), ADMIN, PH_FLOW_ADMIN_PASSWORD, OFF, LEVELS, PASSWORD,
      ph_begin_password },
    { PH_STR_INIT("USER_SRP_AUTH"), PUBLIC | ADMIN, PH_FLOW_SRP,
      "USER_SRP_AUTH is not enabled for the client.", LEVELS, SRP, ph_begin_srp },
    { PH_STR_INIT("REFRESH_TOKEN_AUTH"), PUBLIC | ADMIN, PH_FLOW_REFRESH, OFF, NO_LEVELS, REFRESH,
      ph_begin_refresh },
    { PH_STR_INIT("REFRESH_TOKEN"), PUBLIC | ADMIN, PH_FLOW_REFRESH, OFF, NO_LEVELS, REFRESH,
      ph_begin_refresh },
    { PH_STR_INIT("CUSTOM_AUTH"), PUBLIC | ADMIN, PH_FLOW_CUSTOM,
      "CUSTOM_AUTH is not enabled for the client.", NO_LEVELS, NULL, ph_begin_custom },
    { PH_STR_INIT("USER_AUTH"), PUBLIC | ADMIN, PH_FLOW_USER,
      "USER_AUTH flow not enabled for this client", LEVELS, NAME, ph_begin_choice },
};

struct ph_err ph_flow_find(struct ph_str name, bool admin, const struct ph_flow **flow)
{
    const unsigned api = admin ? ADMIN : PUBLIC;

    for (size_t i = 0; i < sizeof FLOWS / sizeof FLOWS[0]; i++) {
        if (ph_str_eq(FLOWS[i].name, name) && (FLOWS[i].apis & api) != 0) {
            *flow = &FLOWS[i];
            return PH_OK;
        }
    }
    return PH_FAIL(InvalidParameterException, "Initiate Auth method not supported.");
}

/* Not passed over: whoever asks for a level would get tokens of any. */
static struct ph_err refuse_levels(struct ph_ctx *ctx, const struct ph_flow *flow,
                                   const struct ph_attempt *attempt)
{
    return ph_answer(attempt, "TARGET_ACR_VALUES").n == 0
               ? PH_OK
               : PH_FAIL(InvalidParameterException,
                         ph_textf(ctx->arena, "TARGET_ACR_VALUES cannot be used with %.*s.",
                                  PH_FMT(flow->name)));
}

static struct ph_err begin(struct ph_ctx *ctx, const struct ph_flow *flow,
                           struct ph_attempt *attempt, struct ph_decision *decision)
{
    if ((attempt->client->flows & flow->needs) == 0) {
        return PH_FAIL(InvalidParameterException, flow->off);
    }
    PH_TRY(ph_require(ctx, attempt, flow->parameters));
    PH_TRY(flow->levels == LEVELS ? ph_step_up_read(ctx, attempt)
                                  : refuse_levels(ctx, flow, attempt));
    return flow->begin(ctx, attempt, decision);
}

struct ph_err ph_sign_in_begin(struct ph_ctx *ctx, const struct ph_flow *flow,
                               const struct ph_sign_in_request *request,
                               struct ph_decision *decision)
{
    /* What the first call brings is for the triggers that come before the proof (5.3). */
    struct ph_sign_in_request first = *request;
    PH_AUTO(ph_attempt_wipe)
    struct ph_attempt attempt = { .request = &first,
                                  .pool = request->pool,
                                  .client = request->client };
    struct ph_decision result = { 0 };
    struct ph_err err;

    first.validation_data = request->client_metadata;
    first.client_metadata = NULL;
    err = begin(ctx, flow, &attempt, &result);
    ph_sign_in_record(ctx, &attempt, err, &result);
    PH_TRY(err);
    *decision = result;
    return PH_OK;
}
