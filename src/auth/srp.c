/*
 * SRP, whose state rides in SECRET_BLOCK: the exchange that users and devices share, and
 * PASSWORD_VERIFIER of USER_SRP_AUTH and of PASSWORD_SRP in USER_AUTH (authentication.md 2.2).
 */
#include "crypto/srp.h"
#include "auth/step_up.h"
#include "store/sign_in.h"
#include "util/encode.h"

#include <string.h>

#define CHALLENGE "PASSWORD_VERIFIER"

enum { CLOCK_WINDOW_S = 300 };

static struct ph_err read_a(struct ph_ctx *ctx, const struct ph_attempt *attempt,
                            struct ph_srp_number *a)
{
    if (!ph_srp_read_hex(ctx->arena, ph_answer(attempt, "SRP_A"), a) || ph_srp_number_is_zero(a)) {
        return PH_FAIL(InvalidParameterException, "Invalid SRP_A");
    }
    return PH_OK;
}

static void read_verifier(const struct ph_srp_party *party, struct ph_srp_number *verifier)
{
    memcpy(verifier->bytes, party->verifier.p, sizeof verifier->bytes);
}

struct ph_err ph_exchange_check_a(struct ph_ctx *ctx, const struct ph_attempt *attempt)
{
    struct ph_srp_number a;

    return read_a(ctx, attempt, &a);
}

static struct ph_err make_state(struct ph_ctx *ctx, const struct ph_attempt *attempt,
                                const struct ph_srp_party *party, struct ph_srp_state *state)
{
    PH_AUTO(ph_srp_number_wipe) struct ph_srp_number verifier = { 0 };

    PH_TRY(read_a(ctx, attempt, &state->a));
    read_verifier(party, &verifier);
    do { /* zero never happens, and must not */
        ctx->random->fill(ctx->random->self, state->secret_b, sizeof state->secret_b);
        ph_srp_public_b(&verifier, (struct ph_str){ state->secret_b, sizeof state->secret_b },
                        &state->b);
    } while (ph_srp_number_is_zero(&state->b));
    return PH_OK;
}

struct ph_err ph_exchange_begin(struct ph_ctx *ctx, const struct ph_attempt *attempt,
                                const struct ph_srp_party *party, const struct ph_session *session,
                                struct json_t *parameters)
{
    PH_AUTO(ph_srp_state_wipe) struct ph_srp_state state = { 0 };

    PH_TRY(make_state(ctx, attempt, party, &state));
    ph_json_set_str(ctx->arena, parameters, "SALT", ph_srp_hex(ctx->arena, party->salt));
    ph_json_set_str(ctx->arena, parameters, "SECRET_BLOCK",
                    ph_secret_block_seal(ctx, attempt->pool, session, &state));
    ph_json_set_str(ctx->arena, parameters, "SRP_B",
                    ph_srp_hex(ctx->arena, (struct ph_str){ state.b.bytes, PH_SRP_BYTES }));
    return PH_OK;
}

struct ph_err ph_exchange_open(struct ph_ctx *ctx, struct ph_attempt *attempt)
{
    if (!ph_secret_block_open(ctx, attempt->pool, ph_answer(attempt, "PASSWORD_CLAIM_SECRET_BLOCK"),
                              &attempt->opened, &attempt->srp, &attempt->secret_block)) {
        return ph_wrong_password();
    }
    return PH_OK;
}

struct ph_err ph_exchange_check_time(struct ph_ctx *ctx, const struct ph_attempt *attempt)
{
    int64_t at_s, off_s;

    if (!ph_srp_timestamp(ph_answer(attempt, "TIMESTAMP"), &at_s)) {
        return PH_FAIL(InvalidParameterException,
                       "TIMESTAMP format should be EEE MMM d HH:mm:ss z yyyy in english.");
    }
    off_s = at_s - ph_now_s(ctx);
    return off_s >= -CLOCK_WINDOW_S && off_s <= CLOCK_WINDOW_S ? PH_OK : ph_wrong_password();
}

bool ph_exchange_proves(struct ph_ctx *ctx, const struct ph_attempt *attempt,
                        const struct ph_srp_party *party)
{
    PH_AUTO(ph_srp_number_wipe) struct ph_srp_number verifier = { 0 };
    PH_AUTO(ph_srp_claim_key_wipe) struct ph_srp_claim_key key = { 0 };
    const struct ph_srp_state *srp = &attempt->srp;
    struct ph_digest claim;
    struct ph_str given;

    read_verifier(party, &verifier);
    if (!ph_base64_decode(ctx->arena, ph_answer(attempt, "PASSWORD_CLAIM_SIGNATURE"), &given) ||
        !ph_srp_server_key(ctx->arena, &srp->a, &srp->b, &verifier,
                           (struct ph_str){ srp->secret_b, sizeof srp->secret_b }, &key)) {
        return false;
    }
    ph_srp_claim(&key, &party->identity, attempt->secret_block, ph_answer(attempt, "TIMESTAMP"),
                 &claim);
    return ph_equal_secret(ph_digest_str(&claim), given) &&
           ph_str_eq(attempt->opened.password, ph_password_tag(ctx, attempt->user));
}

/* ---- PASSWORD_VERIFIER ---- */

/* Who has no password is asked like anybody else: the same work for somebody and for nobody. */
static struct ph_srp_party party_of(struct ph_ctx *ctx, const struct ph_attempt *attempt)
{
    const struct ph_password *password =
        attempt->user->password != NULL
            ? attempt->user->password
            : ph_user_decoy(ctx, attempt->pool, attempt->name)->password;

    return (struct ph_srp_party){
        .identity = { attempt->pool->srp_name, attempt->user->username },
        .salt = { password->salt, sizeof password->salt },
        .verifier = { password->verifier, sizeof password->verifier },
    };
}

struct ph_err ph_begin_srp(struct ph_ctx *ctx, struct ph_attempt *attempt,
                           struct ph_decision *decision)
{
    attempt->may_relay = true;
    PH_TRY(ph_identify(ctx, attempt));
    PH_TRY(ph_gate_open(attempt));
    PH_TRY(ph_step_up_aim_by_password(ctx, attempt));
    PH_TRY(ph_password_prepare(ctx, attempt));
    return ph_advance(ctx, attempt, decision);
}

static bool is_due(const struct ph_attempt *attempt)
{
    return (attempt->proven & PH_PROVED_FIRST) == 0;
}

/* In USER_AUTH the challenge carries a Session, too. */
static struct ph_str session_beside(struct ph_ctx *ctx, const struct ph_attempt *attempt,
                                    const struct ph_session *session)
{
    return attempt->choice == PH_CHOICE_NONE ? (struct ph_str){ 0 }
                                             : ph_session_seal(ctx, attempt->pool, session);
}

/*
 * Who came with a hash of a password has no verifier before the first sign-in by the password
 * itself; nor has who waits for the one of a service that is not asked any more. Where users are
 * not hidden the client learns what helps; where they are, nobody knows the answer to the
 * challenge, as for names that nobody has.
 */
static struct ph_err check_has_verifier(const struct ph_attempt *attempt)
{
    const struct ph_user *user = attempt->user;
    const bool waits = user->origin == PH_ORIGIN_WAITING && user->password == NULL;

    if ((user->password_hash.n > 0 || waits) && !attempt->client->hides_users) {
        return PH_FAIL(PasswordResetRequiredException, PH_MSG_RESET_REQUIRED);
    }
    return PH_OK;
}

static struct ph_err ask_ourselves(struct ph_ctx *ctx, const struct ph_attempt *attempt,
                                   const struct ph_session *session, struct json_t *p)
{
    PH_TRY(check_has_verifier(attempt));
    const struct ph_srp_party party = party_of(ctx, attempt);

    PH_TRY(ph_exchange_begin(ctx, attempt, &party, session, p));
    ph_json_set_str(ctx->arena, p, "USERNAME", attempt->user->username);
    ph_json_set_str(ctx->arena, p, "USER_ID_FOR_SRP", attempt->user->username);
    return PH_OK;
}

static struct ph_err ask(struct ph_ctx *ctx, struct ph_attempt *attempt,
                         struct ph_decision *decision)
{
    const struct ph_session session = ph_session_of(ctx, attempt, CHALLENGE);
    struct json_t *p = ph_json_object(ctx->arena);
    bool relayed;

    PH_TRY(ph_exchange_check_a(ctx, attempt)); /* it may go to another server */
    PH_TRY(ph_origin_relay(ctx, attempt, &session, p, &relayed));
    PH_TRY(relayed ? PH_OK : ask_ourselves(ctx, attempt, &session, p));
    decision->parameters = p;
    decision->session = session_beside(ctx, attempt, &session);
    return PH_OK;
}

/* The Session of USER_AUTH is good with its block alone. */
static struct ph_err open_block(struct ph_ctx *ctx, struct ph_attempt *attempt)
{
    struct ph_session block;
    bool opened = false;

    const struct ph_err err = ph_exchange_open(ctx, attempt);

    if (err.type != NULL) { /* of an exchange with the origin? */
        PH_TRY(ph_origin_relay_open(ctx, attempt, &opened));
        PH_TRY(opened ? PH_OK : err);
    }
    block = attempt->opened;
    if (block.choice == PH_CHOICE_NONE) {
        return PH_OK;
    }
    PH_TRY(ph_open_session(ctx, attempt));
    return ph_str_eq(attempt->opened.nonce, block.nonce) ? PH_OK : ph_invalid_session();
}

/* The origin's block is good once, and its devices are not known here. */
static bool names_device(const struct ph_attempt *attempt)
{
    return attempt->pool->tracks_devices && attempt->device_key.n > 0 && attempt->relayed.n == 0;
}

/*
 * Clients whose device is unknown answer the same block again, without the key. So a block is good
 * for one guess with a key and, unless that one was wrong, for one without. A key that was sent in
 * the first call alone is dropped at the second try: clients cannot take it back.
 */
static struct ph_err spend_guess(struct ph_ctx *ctx, struct ph_attempt *attempt, bool *first)
{
    const struct ph_session *opened = &attempt->opened;

    if (!names_device(attempt)) {
        return ph_spend_opened(ctx, attempt, first);
    }
    PH_TRY(ph_store_spend(ctx, PH_CONCAT(ctx->arena, opened->nonce, PH_STR(" with a device")),
                          opened->expires_ms, first));
    if (*first || ph_answer(attempt, "DEVICE_KEY").n > 0) {
        return PH_OK;
    }
    attempt->device_key = (struct ph_str){ 0 };
    return ph_spend_opened(ctx, attempt, first);
}

/* An unknown device is told only to who knows the password and is not locked, like tokens. */
static struct ph_err judge_device(struct ph_ctx *ctx, struct ph_attempt *attempt, bool right,
                                  bool *first)
{
    if (!names_device(attempt)) {
        return PH_OK;
    }
    if (right) {
        PH_TRY(ph_lockout_check(ctx, attempt));
        PH_TRY(ph_device_recognise(ctx, attempt));
    }
    return ph_spend_opened(ctx, attempt, first);
}

static struct ph_err prove(struct ph_ctx *ctx, struct ph_attempt *attempt, bool *right)
{
    if (attempt->relayed.n > 0) {
        attempt->device_key = (struct ph_str){ 0 };
        return ph_origin_relay_answer(ctx, attempt, right);
    }
    const struct ph_srp_party party = party_of(ctx, attempt);

    *right = ph_exchange_proves(ctx, attempt, &party) && attempt->user->password != NULL;
    return PH_OK;
}

static struct ph_err answer(struct ph_ctx *ctx, struct ph_attempt *attempt)
{
    bool first = false, right = false;

    PH_TRY(ph_lockout_check(ctx, attempt));
    PH_TRY(ph_exchange_check_time(ctx, attempt));
    PH_TRY(spend_guess(ctx, attempt, &first));
    if (first) {
        PH_TRY(prove(ctx, attempt, &right));
        PH_TRY(judge_device(ctx, attempt, right, &first));
    }
    if (!first) {
        return ph_wrong_password();
    }
    PH_TRY(ph_password_judge(ctx, attempt, right));
    return ph_gate_proven(ctx, attempt);
}

static const char *const ANSWERS[] = { "PASSWORD_CLAIM_SECRET_BLOCK", "PASSWORD_CLAIM_SIGNATURE",
                                       "TIMESTAMP", NULL };

const struct ph_stage ph_stage_password_verifier = {
    .challenge = CHALLENGE,
    .answers = ANSWERS,
    .is_due = is_due,
    .ask = ask,
    .open = open_block,
    .refuse = ph_wrong_password,
    .answer = answer,
};

/* ---- PASSWORD_SRP: chosen, but SRP_A did not come along ---- */

static bool lacks_a(const struct ph_attempt *attempt)
{
    return is_due(attempt) && attempt->choice == PH_CHOICE_SRP &&
           ph_answer(attempt, "SRP_A").n == 0;
}

static struct ph_err take_a(struct ph_ctx *ctx, struct ph_attempt *attempt)
{
    PH_TRY(ph_check_opened(ctx, attempt));
    PH_TRY(ph_lockout_check(ctx, attempt));
    PH_TRY(ph_exchange_check_a(ctx, attempt));
    return ph_use_opened(ctx, attempt);
}

static const char *const SRP_A[] = { "SRP_A", NULL };

const struct ph_stage ph_stage_password_srp = {
    .challenge = "PASSWORD_SRP",
    .answers = SRP_A,
    .is_due = lacks_a,
    .ask = ph_ask_plainly,
    .open = ph_open_session,
    .refuse = ph_invalid_session,
    .answer = take_a,
};
