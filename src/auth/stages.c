/* What may follow what: the stages after the first call, in their order. */
#include "auth/step_up.h"
#include "store/sign_in.h"
#include "util/encode.h"

enum {
    NONCE_BYTES = 16,
    NAME_MAX = 512 /* bytes in JSON; longer ones are nobody's */,
    DEVICE_KEY_MAX = 55
};

/* Devices come after MFA: where one replaces it, MFA is not due, and where not, it comes first. */
static const struct ph_stage *const STAGES[] = {
    &ph_stage_select_challenge,  &ph_stage_password,
    &ph_stage_password_srp,      &ph_stage_first_email_otp,
    &ph_stage_first_sms_otp,     &ph_stage_web_authn,
    &ph_stage_password_verifier, &ph_stage_new_password,
    &ph_stage_mfa_setup,         &ph_stage_select_mfa_type,
    &ph_stage_software_token,    &ph_stage_sms_mfa,
    &ph_stage_email_otp,         &ph_stage_device_verifier,
    &ph_stage_device_srp,        &ph_stage_custom,
};

enum { STAGE_COUNT = sizeof STAGES / sizeof STAGES[0] };

/* ---- what stages use ---- */

struct ph_str ph_answer(const struct ph_attempt *attempt, const char *name)
{
    const struct ph_str value = ph_in_map(&attempt->request->answers, name);

    return value.n > 0 ? value : (struct ph_str){ 0 };
}

struct ph_err ph_require(struct ph_ctx *ctx, const struct ph_attempt *attempt,
                         const char *const *names)
{
    for (size_t i = 0; names != NULL && names[i] != NULL; i++) {
        if (ph_answer(attempt, names[i]).n == 0) {
            return PH_FAIL(InvalidParameterException,
                           ph_textf(ctx->arena, "Missing required parameter %s", names[i]));
        }
    }
    return PH_OK;
}

struct ph_str ph_new_event_id(struct ph_ctx *ctx, const struct ph_user *user)
{
    const int64_t now_ms = ph_now_ms(ctx);
    uint8_t bytes[PH_UUID_BYTES];

    ctx->random->fill(ctx->random->self, bytes, sizeof bytes);
    ph_uuid7_set(bytes,
                 now_ms > user->tokens_valid_after_ms ? now_ms : user->tokens_valid_after_ms);
    return ph_uuid_text(ctx->arena, bytes);
}

/* What is too long for a key is no device's: kept as such, so that it is refused. */
static struct ph_str device_key_kept(const struct ph_attempt *attempt)
{
    return attempt->device_key.n <= DEVICE_KEY_MAX ? attempt->device_key : PH_STR("-");
}

/* A Session has room for every Username, not for whatever is typed. */
static struct ph_str name_kept(struct ph_ctx *ctx, const struct ph_attempt *attempt)
{
    const struct ph_str quoted =
        ph_json_text(ctx->arena, ph_json_new_str(ctx->arena, attempt->name), PH_JSON_INSERTION);

    return quoted.n <= NAME_MAX + 2 ? attempt->name : PH_STR("");
}

struct ph_session ph_session_of(struct ph_ctx *ctx, const struct ph_attempt *attempt,
                                const char *challenge)
{
    return (struct ph_session){
        .challenge = ph_str_from(challenge),
        .client_id = attempt->client->id,
        .sub = attempt->user->sub,
        .name = name_kept(ctx, attempt),
        .event_id = attempt->event_id,
        .nonce = ph_base64url(ctx->arena, ph_random_bytes(ctx, NONCE_BYTES)),
        .password = ph_password_tag(ctx, attempt->user),
        .device_key = device_key_kept(attempt),
        .custom = attempt->custom,
        .proven = attempt->proven,
        .methods = attempt->methods,
        .targets = attempt->targets,
        .choice = attempt->choice,
        .expires_ms = ph_now_ms(ctx) + attempt->client->session_s * 1000,
    };
}

struct ph_err ph_ask_plainly(struct ph_ctx *ctx, struct ph_attempt *attempt,
                             struct ph_decision *decision)
{
    const struct ph_session session = ph_session_of(ctx, attempt, decision->challenge);

    decision->session = ph_session_seal(ctx, attempt->pool, &session);
    return PH_OK;
}

struct ph_err ph_open_session(struct ph_ctx *ctx, struct ph_attempt *attempt)
{
    if (attempt->request->session.n == 0) {
        return PH_FAIL(InvalidParameterException, "Missing required parameter Session");
    }
    if (!ph_session_open(ctx, attempt->pool, attempt->request->session, &attempt->opened)) {
        return ph_invalid_session();
    }
    return PH_OK;
}

struct ph_err ph_spend_opened(struct ph_ctx *ctx, const struct ph_attempt *attempt, bool *first)
{
    return ph_store_spend(ctx, attempt->opened.nonce, attempt->opened.expires_ms, first);
}

struct ph_err ph_use_opened(struct ph_ctx *ctx, const struct ph_attempt *attempt)
{
    bool first = false;

    PH_TRY(ph_spend_opened(ctx, attempt, &first));
    return first ? PH_OK : PH_FAIL(NotAuthorizedException, PH_MSG_SESSION_REUSED);
}

struct ph_err ph_check_opened(struct ph_ctx *ctx, struct ph_attempt *attempt)
{
    bool spent = false;

    PH_TRY(ph_store_is_spent(ctx, attempt->opened.nonce, &spent));
    if (spent) {
        return PH_FAIL(NotAuthorizedException, PH_MSG_SESSION_REUSED);
    }
    return ph_str_eq(attempt->opened.password, ph_password_tag(ctx, attempt->user))
               ? PH_OK
               : ph_invalid_session();
}

/* ---- the machine ---- */

static struct ph_err recognise_device(struct ph_ctx *ctx, struct ph_attempt *attempt)
{
    return (attempt->proven & PH_PROVED_FIRST) != 0 ? ph_device_recognise(ctx, attempt) : PH_OK;
}

/*
 * In CUSTOM_AUTH the functions say what comes, except after a password that they asked for, and
 * except for the second half of a device's proof.
 */
static bool is_due(const struct ph_attempt *attempt, const struct ph_stage *stage)
{
    const bool always = stage == &ph_stage_custom || stage == &ph_stage_device_verifier;
    const bool ours =
        attempt->custom == NULL || always || (attempt->proven & PH_PROVED_PASSWORD) != 0;

    return ours && stage->is_due(attempt);
}

/* The functions of CUSTOM_AUTH read what happened so far before they ask; others only pass it on.
 */
static struct ph_err ask(struct ph_ctx *ctx, const struct ph_stage *stage,
                         struct ph_attempt *attempt, struct ph_decision *decision)
{
    if (stage != &ph_stage_custom) {
        PH_TRY(ph_custom_park(ctx, attempt, stage->challenge));
    }
    decision->challenge = stage->challenge;
    return stage->ask(ctx, attempt, decision);
}

struct ph_err ph_advance(struct ph_ctx *ctx, struct ph_attempt *attempt,
                         struct ph_decision *decision)
{
    PH_TRY(ph_check_address(ctx, attempt));
    PH_TRY(recognise_device(ctx, attempt));
    PH_TRY(ph_step_up_settle(attempt));
    for (size_t i = 0; i < STAGE_COUNT; i++) {
        if (is_due(attempt, STAGES[i])) {
            return ask(ctx, STAGES[i], attempt, decision);
        }
    }
    return ph_grant(ctx, attempt, decision);
}

const struct ph_stage *ph_stage_find(struct ph_str challenge)
{
    const struct ph_stage *found = NULL;

    for (size_t i = 0; i < STAGE_COUNT; i++) {
        if (ph_str_eq(ph_str_from(STAGES[i]->challenge), challenge)) {
            found = STAGES[i];
        }
    }
    return found;
}

/* A code is asked for by the same name as the first and as the second factor. */
static const struct ph_stage *due_of_name(const struct ph_stage *stage,
                                          const struct ph_attempt *attempt)
{
    const struct ph_str name = ph_str_from(stage->challenge);

    for (size_t i = 0; i < STAGE_COUNT; i++) {
        if (ph_str_eq(ph_str_from(STAGES[i]->challenge), name) && STAGES[i]->is_due(attempt)) {
            return STAGES[i];
        }
    }
    return stage;
}

/*
 * One with more time left than any has was given out before the clock was set back. The second
 * more is for requests at the same time, which do not read the clock in their order.
 */
struct ph_err ph_check_age(struct ph_ctx *ctx, const struct ph_attempt *attempt)
{
    const int64_t left_ms = attempt->opened.expires_ms - ph_now_ms(ctx);

    return left_ms > 0 && left_ms <= (attempt->client->session_s + 1) * 1000
               ? PH_OK
               : PH_FAIL(NotAuthorizedException, PH_MSG_SESSION_EXPIRED);
}

static struct ph_err check_binding(struct ph_ctx *ctx, const struct ph_stage *stage,
                                   const struct ph_attempt *attempt)
{
    const struct ph_session *opened = &attempt->opened;

    if (!ph_str_eq(opened->client_id, attempt->client->id) ||
        !ph_str_eq(opened->challenge, ph_str_from(stage->challenge))) {
        return stage->refuse();
    }
    return ph_check_age(ctx, attempt);
}

static struct ph_err answer(struct ph_ctx *ctx, const struct ph_stage *stage,
                            struct ph_attempt *attempt, struct ph_decision *decision)
{
    static const char *const EVERYWHERE[] = { "USERNAME", NULL };
    bool named = false;

    PH_TRY(ph_require(ctx, attempt, EVERYWHERE));
    PH_TRY(ph_require(ctx, attempt, stage->answers));
    PH_TRY(stage->open(ctx, attempt));
    PH_TRY(check_binding(ctx, stage, attempt));
    PH_TRY(ph_identify_again(ctx, attempt, &named));
    if (!named) {
        return stage->refuse();
    }
    PH_TRY(recognise_device(ctx, attempt)); /* before the answer spends anything */
    PH_TRY(due_of_name(stage, attempt)->answer(ctx, attempt));
    if (stage != &ph_stage_custom) {
        ph_custom_note(ctx, attempt, stage->challenge, true);
    }
    return ph_advance(ctx, attempt, decision);
}

struct ph_err ph_sign_in_continue(struct ph_ctx *ctx, struct ph_str challenge,
                                  const struct ph_sign_in_request *request,
                                  struct ph_decision *decision)
{
    const struct ph_stage *stage = ph_stage_find(challenge);
    PH_AUTO(ph_attempt_wipe)
    struct ph_attempt attempt = { .request = request,
                                  .pool = request->pool,
                                  .client = request->client };
    struct ph_decision result = { 0 };
    struct ph_err err;

    if (stage == NULL) { /* never asked, so no Session is for it */
        return request->session.n > 0
                   ? ph_invalid_session()
                   : PH_FAIL(InvalidParameterException, "Missing required parameter Session");
    }
    err = answer(ctx, stage, &attempt, &result);
    ph_sign_in_record(ctx, &attempt, err, &result);
    PH_TRY(err);
    *decision = result;
    return PH_OK;
}
