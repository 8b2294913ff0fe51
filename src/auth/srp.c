/* USER_SRP_AUTH: PASSWORD_VERIFIER, whose state rides in SECRET_BLOCK (authentication.md 2.2). */
#include "crypto/srp.h"
#include "auth/internal.h"
#include "util/encode.h"

#include <string.h>

#define CHALLENGE "PASSWORD_VERIFIER"

enum { CLOCK_WINDOW_S = 300 };

/* Who has no password is asked like anybody else. */
static const struct ph_password *password_of(struct ph_ctx *ctx, const struct ph_attempt *attempt)
{
    return attempt->user->password != NULL
               ? attempt->user->password
               : ph_user_decoy(ctx, attempt->pool, attempt->name)->password;
}

static void read_verifier(const struct ph_password *password, struct ph_srp_number *verifier)
{
    memcpy(verifier->bytes, password->verifier, sizeof verifier->bytes);
}

struct ph_err ph_begin_srp(struct ph_ctx *ctx, struct ph_attempt *attempt,
                           struct ph_decision *decision)
{
    PH_TRY(ph_identify(ctx, attempt));
    PH_TRY(ph_gate_open(attempt));
    PH_TRY(ph_password_prepare(ctx, attempt));
    return ph_advance(ctx, attempt, decision);
}

static bool is_due(const struct ph_attempt *attempt)
{
    return (attempt->proven & PH_PROVED_PASSWORD) == 0;
}

static struct ph_err make_state(struct ph_ctx *ctx, const struct ph_attempt *attempt,
                                const struct ph_password *password, struct ph_srp_state *state)
{
    PH_AUTO(ph_srp_number_wipe) struct ph_srp_number verifier = { 0 };

    if (!ph_srp_read_hex(ctx->arena, ph_answer(attempt, "SRP_A"), &state->a) ||
        ph_srp_number_is_zero(&state->a)) {
        return PH_FAIL(InvalidParameterException, "Invalid SRP_A");
    }
    read_verifier(password, &verifier);
    do { /* zero never happens, and must not */
        ctx->random->fill(ctx->random->self, state->secret_b, sizeof state->secret_b);
        ph_srp_public_b(&verifier, (struct ph_str){ state->secret_b, sizeof state->secret_b },
                        &state->b);
    } while (ph_srp_number_is_zero(&state->b));
    return PH_OK;
}

static struct ph_err ask(struct ph_ctx *ctx, struct ph_attempt *attempt,
                         struct ph_decision *decision)
{
    PH_AUTO(ph_srp_state_wipe) struct ph_srp_state state = { 0 };
    const struct ph_password *password = password_of(ctx, attempt);
    const struct ph_session session = ph_session_of(ctx, attempt, CHALLENGE);
    struct json_t *p = ph_json_object(ctx->arena);

    PH_TRY(make_state(ctx, attempt, password, &state));
    ph_json_set_str(ctx->arena, p, "SALT",
                    ph_srp_hex(ctx->arena, (struct ph_str){ password->salt, PH_SALT_BYTES }));
    ph_json_set_str(ctx->arena, p, "SECRET_BLOCK",
                    ph_secret_block_seal(ctx, attempt->pool, &session, &state));
    ph_json_set_str(ctx->arena, p, "SRP_B",
                    ph_srp_hex(ctx->arena, (struct ph_str){ state.b.bytes, PH_SRP_BYTES }));
    ph_json_set_str(ctx->arena, p, "USERNAME", attempt->user->username);
    ph_json_set_str(ctx->arena, p, "USER_ID_FOR_SRP", attempt->user->username);
    decision->parameters = p;
    return PH_OK;
}

static struct ph_err open_block(struct ph_ctx *ctx, struct ph_attempt *attempt)
{
    if (!ph_secret_block_open(ctx, attempt->pool, ph_answer(attempt, "PASSWORD_CLAIM_SECRET_BLOCK"),
                              &attempt->opened, &attempt->srp, &attempt->secret_block)) {
        return ph_wrong_password();
    }
    return PH_OK;
}

static struct ph_err check_timestamp(struct ph_ctx *ctx, const struct ph_attempt *attempt)
{
    int64_t at_s, off_s;

    if (!ph_srp_timestamp(ph_answer(attempt, "TIMESTAMP"), &at_s)) {
        return PH_FAIL(InvalidParameterException,
                       "TIMESTAMP format should be EEE MMM d HH:mm:ss z yyyy in english.");
    }
    off_s = at_s - ph_now_s(ctx);
    return off_s >= -CLOCK_WINDOW_S && off_s <= CLOCK_WINDOW_S ? PH_OK : ph_wrong_password();
}

/* The same work whether the block is for somebody or for nobody. */
static bool proof_holds(struct ph_ctx *ctx, const struct ph_attempt *attempt)
{
    PH_AUTO(ph_srp_number_wipe) struct ph_srp_number verifier = { 0 };
    PH_AUTO(ph_srp_claim_key_wipe) struct ph_srp_claim_key key = { 0 };
    const struct ph_srp_identity identity = { attempt->pool->srp_name, attempt->user->username };
    const struct ph_srp_state *srp = &attempt->srp;
    struct ph_digest claim;
    struct ph_str given;

    read_verifier(password_of(ctx, attempt), &verifier);
    if (!ph_base64_decode(ctx->arena, ph_answer(attempt, "PASSWORD_CLAIM_SIGNATURE"), &given) ||
        !ph_srp_server_key(ctx->arena, &srp->a, &srp->b, &verifier,
                           (struct ph_str){ srp->secret_b, sizeof srp->secret_b }, &key)) {
        return false;
    }
    ph_srp_claim(&key, &identity, attempt->secret_block, ph_answer(attempt, "TIMESTAMP"), &claim);
    return ph_equal_secret(ph_digest_str(&claim), given) && attempt->user->password != NULL &&
           ph_str_eq(attempt->opened.password, ph_password_tag(ctx, attempt->user));
}

static struct ph_err answer(struct ph_ctx *ctx, struct ph_attempt *attempt)
{
    bool first = false;

    PH_TRY(ph_lockout_check(ctx, attempt));
    PH_TRY(check_timestamp(ctx, attempt));
    PH_TRY(ph_spend_opened(ctx, attempt, &first)); /* one block, one guess */
    if (!first) {
        return ph_wrong_password();
    }
    PH_TRY(ph_password_judge(ctx, attempt, proof_holds(ctx, attempt)));
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
