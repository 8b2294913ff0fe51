/*
 * Devices in a sign-in: a remembered one proves itself by a secret of its own, with the same
 * exchange as a user's password (authentication.md 2.4).
 */
#include "device/device.h"
#include "auth/internal.h"

#define SRP_AUTH "DEVICE_SRP_AUTH"
#define VERIFIER "DEVICE_PASSWORD_VERIFIER"

struct ph_err ph_device_recognise(struct ph_ctx *ctx, struct ph_attempt *attempt)
{
    struct ph_device *device;

    if (!attempt->pool->tracks_devices || attempt->device_key.n == 0 || attempt->device != NULL ||
        !attempt->exists) {
        return PH_OK;
    }
    PH_TRY(ph_device_get(ctx, attempt->pool, attempt->user->sub, attempt->device_key, &device));
    attempt->device = device;
    return PH_OK;
}

static bool is_remembered(const struct ph_attempt *attempt)
{
    return attempt->device != NULL && attempt->device->status == PH_DEVICE_REMEMBERED;
}

bool ph_device_replaces_mfa(const struct ph_attempt *attempt)
{
    return attempt->pool->device_replaces_mfa &&
           ((attempt->proven & PH_PROVED_DEVICE) != 0 || is_remembered(attempt));
}

static bool has_to_prove(const struct ph_attempt *attempt)
{
    return is_remembered(attempt) && (attempt->proven & PH_PROVED_DEVICE) == 0;
}

/* The key that an answer names must be the one that the sign-in began with. */
static bool is_the_device(const struct ph_attempt *attempt)
{
    return attempt->device != NULL &&
           ph_str_eq(ph_answer(attempt, "DEVICE_KEY"), attempt->opened.device_key);
}

/* ---- DEVICE_SRP_AUTH ---- */

static bool srp_is_due(const struct ph_attempt *attempt)
{
    return has_to_prove(attempt) && !attempt->device_began;
}

/*
 * Some clients do not send the Session back: it is kept at the device, too. A function of
 * CUSTOM_AUTH may ask when there is no device to be asked.
 */
static struct ph_err ask_srp(struct ph_ctx *ctx, struct ph_attempt *attempt,
                             struct ph_decision *decision)
{
    const struct ph_session session = ph_session_of(ctx, attempt, SRP_AUTH);

    PH_TRY(ph_device_recognise(ctx, attempt));
    if (!is_remembered(attempt)) {
        return PH_FAIL(ResourceNotFoundException, PH_MSG_DEVICE_UNKNOWN);
    }
    decision->session = ph_session_seal(ctx, attempt->pool, &session);
    ph_store_device_await(ctx, &attempt->pool->ref, attempt->user->sub, attempt->device->key,
                          decision->session);
    return PH_OK;
}

/*
 * pycognito: the sign-in is the one that waits for this device of this user. Who does not exist is
 * looked for as long as anybody else.
 */
static struct ph_err open_awaited(struct ph_ctx *ctx, struct ph_attempt *attempt)
{
    const struct ph_str name = ph_answer(attempt, "USERNAME");
    struct ph_str session, sub;
    struct ph_user *user;

    PH_TRY(ph_user_find(ctx, attempt->pool, name, &user));
    sub = user == NULL ? ph_decoy_sub(ctx, attempt->pool, name) : user->sub;
    PH_TRY(ph_store_device_awaited(ctx, &attempt->pool->ref, sub, ph_answer(attempt, "DEVICE_KEY"),
                                   &session));
    if (session.n == 0 || !ph_session_open(ctx, attempt->pool, session, &attempt->opened)) {
        return ph_invalid_session();
    }
    return PH_OK;
}

static struct ph_err open_srp(struct ph_ctx *ctx, struct ph_attempt *attempt)
{
    return attempt->request->session.n > 0 ? ph_open_session(ctx, attempt)
                                           : open_awaited(ctx, attempt);
}

static struct ph_err answer_srp(struct ph_ctx *ctx, struct ph_attempt *attempt)
{
    PH_TRY(ph_device_recognise(ctx, attempt));
    if (!is_the_device(attempt)) {
        return ph_invalid_session();
    }
    PH_TRY(ph_check_opened(ctx, attempt));
    PH_TRY(ph_lockout_check(ctx, attempt));
    PH_TRY(ph_gate_proven(ctx, attempt));
    PH_TRY(ph_exchange_check_a(ctx, attempt));
    PH_TRY(ph_use_opened(ctx, attempt));
    attempt->device_began = true;
    return PH_OK;
}

static const char *const SRP_ANSWERS[] = { "DEVICE_KEY", "SRP_A", NULL };

const struct ph_stage ph_stage_device_srp = {
    .challenge = SRP_AUTH,
    .answers = SRP_ANSWERS,
    .is_due = srp_is_due,
    .ask = ask_srp,
    .open = open_srp,
    .refuse = ph_invalid_session,
    .answer = answer_srp,
};

/* ---- DEVICE_PASSWORD_VERIFIER ---- */

static bool verifier_is_due(const struct ph_attempt *attempt)
{
    return has_to_prove(attempt) && attempt->device_began;
}

static struct ph_srp_party party_of(struct ph_ctx *ctx, const struct ph_attempt *attempt)
{
    return (struct ph_srp_party){
        .identity = { ph_device_group_key(ctx, attempt->pool, attempt->user->sub),
                      attempt->device->key },
        .salt = attempt->device->salt,
        .verifier = attempt->device->verifier,
    };
}

static struct ph_err ask_verifier(struct ph_ctx *ctx, struct ph_attempt *attempt,
                                  struct ph_decision *decision)
{
    const struct ph_srp_party party = party_of(ctx, attempt);
    const struct ph_session session = ph_session_of(ctx, attempt, VERIFIER);
    struct json_t *p = ph_json_object(ctx->arena);

    ph_json_set_str(ctx->arena, p, "DEVICE_KEY", attempt->device->key);
    PH_TRY(ph_exchange_begin(ctx, attempt, &party, &session, p));
    ph_json_set_str(ctx->arena, p, "USERNAME", attempt->user->username);
    decision->parameters = p;
    return PH_OK;
}

static struct ph_err judge(struct ph_ctx *ctx, struct ph_attempt *attempt)
{
    const struct ph_srp_party party = party_of(ctx, attempt);
    const bool right = ph_exchange_proves(ctx, attempt, &party);

    attempt->judged = true;
    return ph_lockout_judge(ctx, attempt, right, ph_wrong_password());
}

/* A device that is not remembered any more proves nothing that counts. */
static struct ph_err answer_verifier(struct ph_ctx *ctx, struct ph_attempt *attempt)
{
    bool first = false;

    PH_TRY(ph_lockout_check(ctx, attempt));
    PH_TRY(ph_exchange_check_time(ctx, attempt));
    PH_TRY(ph_device_recognise(ctx, attempt));
    PH_TRY(ph_spend_opened(ctx, attempt, &first)); /* one block, one guess */
    if (!first || !is_the_device(attempt)) {
        return ph_wrong_password();
    }
    PH_TRY(judge(ctx, attempt));
    PH_TRY(ph_gate_proven(ctx, attempt));
    if (is_remembered(attempt)) {
        attempt->proven |= PH_PROVED_DEVICE;
    }
    return PH_OK;
}

static const char *const VERIFIER_ANSWERS[] = { "DEVICE_KEY", "PASSWORD_CLAIM_SECRET_BLOCK",
                                                "PASSWORD_CLAIM_SIGNATURE", "TIMESTAMP", NULL };

const struct ph_stage ph_stage_device_verifier = {
    .challenge = VERIFIER,
    .answers = VERIFIER_ANSWERS,
    .is_due = verifier_is_due,
    .ask = ask_verifier,
    .open = ph_exchange_open,
    .refuse = ph_wrong_password,
    .answer = answer_verifier,
};
