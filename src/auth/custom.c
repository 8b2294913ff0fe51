/*
 * CUSTOM_AUTH: the pool's functions say what is asked and what the answers are worth
 * (authentication.md 1.9).
 *
 * One stage conducts: it asks DefineAuthChallenge what comes next, and gives the word to another
 * stage, to CreateAuthChallenge, or ends. What has happened rides in the Session as a list of
 * results; the private parameters of the open challenge ride beside it. What is too long to ride
 * waits in the store.
 */
#include "auth/internal.h"
#include "store/parked.h"
#include "trigger/trigger.h"
#include "util/encode.h"

#define CHALLENGE "CUSTOM_CHALLENGE"

enum {
    SESSION_MAX = 1984,     /* characters; with the MAC of a code they are 2048 at most */
    PARKED_MAX = 64 * 1024, /* bytes of a function's parameters: more is no state of a sign-in */
    ID_BYTES = 16,
};

/* Members of what the Session carries, short: it must fit. */
#define RESULTS "r"  /* [[name, right, metadata], ...] */
#define PRIVATE "p"  /* privateChallengeParameters of the open challenge */
#define METADATA "m" /* and its challengeMetadata */
#define PARKED "k"   /* instead of all of them: where they are kept (store/parked.h) */

void ph_custom_note(struct ph_ctx *ctx, struct ph_attempt *attempt, const char *challenge,
                    bool right)
{
    static const char *const NOTED[] = { "SRP_A",           "PASSWORD_VERIFIER",
                                         "SMS_MFA",         "EMAIL_OTP",
                                         "DEVICE_SRP_AUTH", "DEVICE_PASSWORD_VERIFIER",
                                         CHALLENGE,         "SOFTWARE_TOKEN_MFA" };
    struct json_t *one = ph_json_array(ctx->arena);
    const struct ph_str name = ph_str_from(challenge);
    bool noted = false;

    for (size_t i = 0; i < sizeof NOTED / sizeof NOTED[0]; i++) {
        noted = noted || ph_str_eq(ph_str_from(NOTED[i]), name);
    }
    if (attempt->custom == NULL || !noted) {
        return;
    }
    ph_json_append(ctx->arena, one, ph_json_new_str(ctx->arena, name));
    ph_json_append(ctx->arena, one, ph_json_new_bool(right));
    if (ph_str_eq(name, PH_STR(CHALLENGE)) && ph_json_get(attempt->custom, METADATA) != NULL) {
        ph_json_append(ctx->arena, one,
                       ph_json_new_str(ctx->arena, ph_json_get_str(attempt->custom, METADATA)));
    }
    ph_json_append(ctx->arena, ph_json_get(attempt->custom, RESULTS), one);
}

/* The results as events have them. */
static struct json_t *session_of(struct ph_ctx *ctx, const struct ph_attempt *attempt)
{
    const struct json_t *results = ph_json_get(attempt->custom, RESULTS);
    struct json_t *session = ph_json_array(ctx->arena);

    for (size_t i = 0; i < ph_json_length(results); i++) {
        const struct json_t *result = ph_json_at(results, i);
        struct json_t *item = ph_json_object(ctx->arena);
        const struct json_t *metadata = ph_json_at(result, 2);

        ph_json_set_str(ctx->arena, item, "challengeName", ph_json_str(ph_json_at(result, 0)));
        ph_json_set_bool(ctx->arena, item, "challengeResult", ph_json_bool(ph_json_at(result, 1)));
        ph_json_set(ctx->arena, item, "challengeMetadata",
                    metadata != NULL ? ph_json_new_str(ctx->arena, ph_json_str(metadata))
                                     : ph_json_parse(ctx->arena, PH_STR("null")));
        ph_json_append(ctx->arena, session, item);
    }
    return session;
}

static struct ph_trigger_call call_of(const struct ph_attempt *attempt, enum ph_trigger trigger,
                                      struct ph_str source)
{
    return (struct ph_trigger_call){
        .trigger = trigger,
        .source = source,
        .client_id = attempt->client->id,
        .user = attempt->exists ? attempt->user : NULL,
        .user_name = attempt->name,
        .user_not_found = !attempt->exists,
        .client_metadata = attempt->request->client_metadata,
    };
}

/* Clients that send no password meet this text where CUSTOM_AUTH was not meant. */
static struct ph_err require_function(const struct ph_attempt *attempt, enum ph_trigger trigger)
{
    return ph_trigger_is_set(attempt->pool, trigger)
               ? PH_OK
               : PH_FAIL(InvalidParameterException,
                         "Custom auth lambda trigger is not configured for the user pool.");
}

/* ---- what Define may say ---- */

static struct ph_err end_well(struct ph_ctx *ctx, struct ph_attempt *attempt,
                              struct ph_decision *decision)
{
    if (!attempt->exists) { /* whatever the function believes */
        return ph_wrong_password();
    }
    PH_TRY(ph_gate_custom(attempt));
    PH_TRY(ph_device_recognise(ctx, attempt));
    return ph_grant(ctx, attempt, decision);
}

static struct json_t *public_parameters(struct ph_ctx *ctx, const struct ph_attempt *attempt,
                                        const struct json_t *response)
{
    const struct json_t *given = ph_json_get(response, "publicChallengeParameters");
    struct json_t *p = ph_json_object(ctx->arena);

    for (void *i = ph_json_first(given); i != NULL; i = ph_json_next(given, i)) {
        if (ph_json_kind(ph_json_member(i)) != PH_JSON_NULL) { /* strict clients want texts */
            ph_json_set_s(ctx->arena, p, ph_json_key(i),
                          ph_json_copy(ctx->arena, ph_json_member(i)));
        }
    }
    ph_json_set_str(ctx->arena, p, "USERNAME", attempt->user->username);
    return p;
}

static void keep(struct ph_ctx *ctx, struct ph_attempt *attempt, const char *as,
                 const struct json_t *value)
{
    ph_json_remove(ctx->arena, attempt->custom, as);
    if (value != NULL) {
        ph_json_set(ctx->arena, attempt->custom, as, ph_json_copy(ctx->arena, value));
    }
}

static bool fits(struct ph_ctx *ctx, const struct ph_attempt *attempt, const char *challenge)
{
    const struct ph_session session = ph_session_of(ctx, attempt, challenge);

    return ph_session_seal(ctx, attempt->pool, &session).n <= SESSION_MAX;
}

/* What does not fit into a Session waits in the store; the Session says where. */
struct ph_err ph_custom_park(struct ph_ctx *ctx, struct ph_attempt *attempt, const char *challenge)
{
    struct ph_str text, id;

    if (attempt->custom == NULL || fits(ctx, attempt, challenge)) {
        return PH_OK;
    }
    text = ph_json_text(ctx->arena, attempt->custom, PH_JSON_INSERTION);
    id = ph_base64url(ctx->arena, ph_random_bytes(ctx, ID_BYTES));
    if (text.n > PARKED_MAX) {
        PH_LOG(&ctx->log, PH_WARN, "custom_session_too_long",
               ph_f_text("text", "results, metadata and private parameters are more than 64 KiB"),
               ph_f_int("bytes", (int64_t)text.n));
        return ph_trigger_unusable();
    }
    PH_TRY(ph_store_parked_put(ctx, &attempt->pool->ref, id, text,
                               ph_now_ms(ctx) + attempt->client->session_s * 1000));
    attempt->custom = ph_json_object(ctx->arena);
    ph_json_set_str(ctx->arena, attempt->custom, PARKED, id);
    return PH_OK;
}

struct ph_err ph_custom_recall(struct ph_ctx *ctx, struct ph_attempt *attempt)
{
    const struct ph_str id = ph_json_get_str(attempt->custom, PARKED);
    struct ph_str text;

    if (id.n == 0) {
        return PH_OK;
    }
    PH_TRY(ph_store_parked_find(ctx, &attempt->pool->ref, id, &text));
    if (text.n == 0) { /* swept: the Session has expired as well */
        return PH_FAIL(NotAuthorizedException, PH_MSG_SESSION_EXPIRED);
    }
    attempt->custom = ph_json_parse(ctx->arena, text);
    return attempt->custom != NULL ? PH_OK : ph_internal(ctx, "a parked sign-in does not read");
}

static struct ph_err seal_session(struct ph_ctx *ctx, struct ph_attempt *attempt,
                                  const char *challenge, struct ph_decision *decision)
{
    PH_TRY(ph_custom_park(ctx, attempt, challenge));
    const struct ph_session session = ph_session_of(ctx, attempt, challenge);

    decision->session = ph_session_seal(ctx, attempt->pool, &session);
    return PH_OK;
}

static struct ph_err create(struct ph_ctx *ctx, struct ph_attempt *attempt,
                            struct ph_decision *decision)
{
    struct ph_trigger_call call = call_of(attempt, PH_TRIGGER_CREATE_AUTH_CHALLENGE,
                                          PH_STR("CreateAuthChallenge_Authentication"));
    const struct json_t *response;

    PH_TRY(require_function(attempt, PH_TRIGGER_CREATE_AUTH_CHALLENGE));
    call.session = session_of(ctx, attempt);
    PH_TRY(ph_trigger_run(ctx, attempt->pool, &call, &response));
    keep(ctx, attempt, PRIVATE, ph_json_get(response, "privateChallengeParameters"));
    keep(ctx, attempt, METADATA, ph_json_get(response, "challengeMetadata"));
    decision->parameters = public_parameters(ctx, attempt, response);
    return seal_session(ctx, attempt, CHALLENGE, decision);
}

/* Only in the call that brought SRP_A: what it needs is not kept. */
static bool may_ask_password(const struct ph_attempt *attempt)
{
    const struct json_t *results = ph_json_get(attempt->custom, RESULTS);

    return attempt->opened.challenge.n == 0 && ph_json_length(results) == 1;
}

/* SRP's state rides in SECRET_BLOCK; clients of this flow send a Session back, too. */
static struct ph_err ask_password(struct ph_ctx *ctx, struct ph_attempt *attempt,
                                  struct ph_decision *decision)
{
    const struct ph_stage *stage = &ph_stage_password_verifier;

    if (!may_ask_password(attempt)) {
        return ph_trigger_unusable();
    }
    decision->challenge = stage->challenge;
    PH_TRY(stage->ask(ctx, attempt, decision));
    return seal_session(ctx, attempt, stage->challenge, decision);
}

/* A challenge of ours; nobody is there to ask who does not exist. */
static struct ph_err ask_another(struct ph_ctx *ctx, struct ph_attempt *attempt, struct ph_str name,
                                 struct ph_decision *decision)
{
    static const char *const ALLOWED[] = { "SMS_MFA", "SOFTWARE_TOKEN_MFA", "EMAIL_OTP",
                                           "DEVICE_SRP_AUTH", "NEW_PASSWORD_REQUIRED" };
    const struct ph_stage *stage = NULL;

    for (size_t i = 0; i < sizeof ALLOWED / sizeof ALLOWED[0]; i++) {
        if (ph_str_eq(ph_str_from(ALLOWED[i]), name)) {
            stage = ph_stage_find(name);
        }
    }
    if (stage == NULL || (stage == &ph_stage_new_password && !stage->is_due(attempt))) {
        return ph_trigger_unusable();
    }
    if (!attempt->exists) {
        return ph_wrong_password();
    }
    PH_TRY(ph_custom_park(ctx, attempt, stage->challenge));
    decision->challenge = stage->challenge;
    return stage->ask(ctx, attempt, decision);
}

static struct ph_err follow(struct ph_ctx *ctx, struct ph_attempt *attempt,
                            const struct json_t *response, struct ph_decision *decision)
{
    const struct ph_str name = ph_json_get_str(response, "challengeName");

    if (ph_json_bool(ph_json_get(response, "failAuthentication"))) {
        return ph_wrong_password();
    }
    if (ph_json_bool(ph_json_get(response, "issueTokens"))) {
        return end_well(ctx, attempt, decision);
    }
    if (ph_str_eq(name, PH_STR(CHALLENGE))) {
        return create(ctx, attempt, decision);
    }
    if (ph_str_eq(name, PH_STR("PASSWORD_VERIFIER"))) {
        return ask_password(ctx, attempt, decision);
    }
    return ask_another(ctx, attempt, name, decision);
}

static struct ph_err ask(struct ph_ctx *ctx, struct ph_attempt *attempt,
                         struct ph_decision *decision)
{
    struct ph_trigger_call call = call_of(attempt, PH_TRIGGER_DEFINE_AUTH_CHALLENGE,
                                          PH_STR("DefineAuthChallenge_Authentication"));
    const struct json_t *response;

    keep(ctx, attempt, PRIVATE, NULL);
    keep(ctx, attempt, METADATA, NULL);
    call.session = session_of(ctx, attempt);
    PH_TRY(ph_trigger_run(ctx, attempt->pool, &call, &response));
    return follow(ctx, attempt, response, decision);
}

static bool is_due(const struct ph_attempt *attempt)
{
    return attempt->custom != NULL;
}

/*
 * A wrong answer is no error: Define judges. Every answer that was judged spends its Session, or
 * the count of tries that Define sees could be set back.
 */
static struct ph_err answer(struct ph_ctx *ctx, struct ph_attempt *attempt)
{
    struct ph_trigger_call call = call_of(attempt, PH_TRIGGER_VERIFY_AUTH_CHALLENGE_RESPONSE,
                                          PH_STR("VerifyAuthChallengeResponse_Authentication"));
    const struct json_t *response;

    if (attempt->custom == NULL) {
        return ph_invalid_session();
    }
    PH_TRY(ph_check_opened(ctx, attempt));
    PH_TRY(ph_lockout_check(ctx, attempt)); /* the right answer fails as well, as passwords do */
    PH_TRY(require_function(attempt, PH_TRIGGER_VERIFY_AUTH_CHALLENGE_RESPONSE));
    call.private_parameters = ph_json_get(attempt->custom, PRIVATE);
    call.challenge_answer = ph_answer(attempt, "ANSWER");
    PH_TRY(ph_trigger_run(ctx, attempt->pool, &call, &response));
    PH_TRY(ph_use_opened(ctx, attempt));
    ph_custom_note(ctx, attempt, CHALLENGE, ph_json_bool(ph_json_get(response, "answerCorrect")));
    return PH_OK;
}

static const char *const ANSWERS[] = { "ANSWER", NULL };

const struct ph_stage ph_stage_custom = {
    .challenge = CHALLENGE,
    .answers = ANSWERS,
    .is_due = is_due,
    .ask = ask,
    .open = ph_open_session,
    .refuse = ph_invalid_session,
    .answer = answer,
};

/* ---- the flow ---- */

/* "CHALLENGE_NAME", which the documentation also spells "ChallengeName". */
static bool begins_with_srp(const struct ph_attempt *attempt)
{
    return ph_str_eq(ph_answer(attempt, "CHALLENGE_NAME"), PH_STR("SRP_A")) ||
           ph_str_eq(ph_answer(attempt, "ChallengeName"), PH_STR("SRP_A"));
}

struct ph_err ph_begin_custom(struct ph_ctx *ctx, struct ph_attempt *attempt,
                              struct ph_decision *decision)
{
    static const char *const ALONE[] = { "USERNAME", NULL };
    static const char *const SRP[] = { "USERNAME", "SRP_A", NULL };

    PH_TRY(require_function(attempt, PH_TRIGGER_DEFINE_AUTH_CHALLENGE));
    PH_TRY(ph_require(ctx, attempt, begins_with_srp(attempt) ? SRP : ALONE));
    PH_TRY(ph_identify(ctx, attempt));
    PH_TRY(ph_gate_open(attempt));
    PH_TRY(ph_password_prepare(ctx, attempt));
    attempt->custom = ph_json_object(ctx->arena);
    ph_json_set(ctx->arena, attempt->custom, RESULTS, ph_json_array(ctx->arena));
    if (begins_with_srp(attempt)) {
        ph_custom_note(ctx, attempt, "SRP_A", true);
    }
    return ph_advance(ctx, attempt, decision);
}
