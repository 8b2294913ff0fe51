/* USER_AUTH: the user chooses how to prove who it is (authentication.md 1.10). */
#include "auth/factors.h"
#include "auth/step_up.h"

struct way {
    struct ph_str name; /* of the challenge, and of the choice */
    enum ph_factor factor;
    enum ph_choice choice;
};

static const struct way WAYS[] = {
    { PH_STR_INIT("PASSWORD_SRP"), PH_FACTOR_PASSWORD, PH_CHOICE_SRP },
    { PH_STR_INIT("PASSWORD"), PH_FACTOR_PASSWORD, PH_CHOICE_PASSWORD },
    { PH_STR_INIT("EMAIL_OTP"), PH_FACTOR_EMAIL, PH_CHOICE_EMAIL },
    { PH_STR_INIT("SMS_OTP"), PH_FACTOR_SMS, PH_CHOICE_SMS },
    { PH_STR_INIT("WEB_AUTHN"), PH_FACTOR_PASSKEY, PH_CHOICE_PASSKEY },
};

enum { WAY_COUNT = sizeof WAYS / sizeof WAYS[0] };

/* OPEN when there is no such way among the factors. */
static enum ph_choice choose(struct ph_str name, unsigned factors)
{
    for (size_t i = 0; i < WAY_COUNT; i++) {
        if (ph_str_eq(WAYS[i].name, name) && (factors & (unsigned)WAYS[i].factor) != 0) {
            return WAYS[i].choice;
        }
    }
    return PH_CHOICE_OPEN;
}

static struct json_t *names_of(struct ph_ctx *ctx, unsigned factors)
{
    struct json_t *names = ph_json_array(ctx->arena);

    for (size_t i = 0; i < WAY_COUNT; i++) {
        if ((factors & (unsigned)WAYS[i].factor) != 0) {
            ph_json_append(ctx->arena, names, ph_json_new_str(ctx->arena, WAYS[i].name));
        }
    }
    return names;
}

static bool is_by_password(enum ph_choice choice)
{
    return choice == PH_CHOICE_PASSWORD || choice == PH_CHOICE_SRP;
}

/* From here on the attempt is for nobody, as it is for names that nobody has. */
static void become_nobody(struct ph_ctx *ctx, struct ph_attempt *attempt)
{
    attempt->exists = false;
    attempt->user = ph_user_decoy(ctx, attempt->pool, attempt->name);
}

static struct ph_err nothing_to_choose(const struct ph_attempt *attempt)
{
    return attempt->user->status == PH_USER_UNCONFIRMED
               ? PH_FAIL(UserNotConfirmedException, PH_MSG_USER_UNCONFIRMED)
               : PH_FAIL(InvalidParameterException, "User does not have any available challenges.");
}

/* What is offered; where users are hidden, whoever has nothing is offered what nobody is. */
static struct ph_err find_factors(struct ph_ctx *ctx, struct ph_attempt *attempt, unsigned *factors)
{
    unsigned found = 0;

    if (!attempt->exists && !attempt->client->hides_users) { /* gone since the first call */
        return PH_FAIL(UserNotFoundException, PH_MSG_USER_UNKNOWN);
    }
    if (attempt->exists) {
        PH_TRY(ph_factors_of(ctx, attempt->pool, attempt->user, &found));
    }
    if (found == 0 && attempt->exists) {
        if (!attempt->client->hides_users) {
            return nothing_to_choose(attempt);
        }
        become_nobody(ctx, attempt);
    }
    *factors = attempt->exists ? found : ph_factors_of_nobody(attempt->pool, attempt->name);
    return PH_OK;
}

/* Who may not sign in is sent no code; only who proves the password is told why. */
static void take(struct ph_ctx *ctx, struct ph_attempt *attempt, enum ph_choice choice)
{
    attempt->choice = choice;
    if (choice != PH_CHOICE_OPEN && !is_by_password(choice) && !attempt->user->enabled) {
        become_nobody(ctx, attempt);
    }
}

/* A password that came along is judged at once, without its challenge. */
static struct ph_err judge_given(struct ph_ctx *ctx, struct ph_attempt *attempt)
{
    if (attempt->choice != PH_CHOICE_PASSWORD || ph_answer(attempt, "PASSWORD").n == 0) {
        return PH_OK;
    }
    return ph_password_prove(ctx, attempt);
}

/* ---- beginning ---- */

static struct ph_err prepare(struct ph_ctx *ctx, struct ph_attempt *attempt)
{
    return is_by_password(attempt->choice) ? ph_password_prepare(ctx, attempt)
                                           : ph_pre_authenticate(ctx, attempt);
}

/* The password that a token was given for stands for the first factor. */
static struct ph_err go_on(struct ph_ctx *ctx, struct ph_attempt *attempt,
                           struct ph_decision *decision)
{
    PH_TRY(ph_password_prepare(ctx, attempt));
    PH_TRY(ph_gate_proven(ctx, attempt));
    attempt->proven |= PH_PROVED_PASSWORD;
    return ph_advance(ctx, attempt, decision);
}

static struct ph_err begin(struct ph_ctx *ctx, struct ph_attempt *attempt,
                           struct ph_decision *decision)
{
    const struct ph_str preferred = ph_answer(attempt, "PREFERRED_CHALLENGE");
    unsigned factors;

    attempt->may_migrate =
        ph_str_eq(preferred, PH_STR("PASSWORD")) && ph_answer(attempt, "PASSWORD").n > 0;
    PH_TRY(ph_identify(ctx, attempt));
    PH_TRY(ph_gate_open(attempt));
    PH_TRY(ph_step_up_credit(ctx, attempt));
    PH_TRY(find_factors(ctx, attempt, &factors));
    PH_TRY(ph_step_up_aim(ctx, attempt, &factors));
    if (ph_step_up_goes_on(attempt)) {
        return go_on(ctx, attempt, decision);
    }
    take(ctx, attempt, choose(preferred, factors));
    PH_TRY(prepare(ctx, attempt));
    PH_TRY(judge_given(ctx, attempt));
    PH_TRY(ph_advance(ctx, attempt, decision));
    if ((attempt->proven & PH_PROVED_FIRST) == 0) {
        decision->available = names_of(ctx, factors);
    }
    return PH_OK;
}

struct ph_err ph_begin_choice(struct ph_ctx *ctx, struct ph_attempt *attempt,
                              struct ph_decision *decision)
{
    static const char *const SRP[] = { "SRP_A", NULL };

    if (attempt->request->session.n > 0) {
        return ph_begin_signed_up(ctx, attempt, decision);
    }
    if (ph_str_eq(ph_answer(attempt, "PREFERRED_CHALLENGE"), PH_STR("PASSWORD_SRP"))) {
        PH_TRY(ph_require(ctx, attempt, SRP));
    }
    return begin(ctx, attempt, decision);
}

/* ---- SELECT_CHALLENGE ---- */

static bool is_due(const struct ph_attempt *attempt)
{
    return (attempt->proven & PH_PROVED_FIRST) == 0 && attempt->choice == PH_CHOICE_OPEN;
}

static struct ph_err check_lock(struct ph_ctx *ctx, const struct ph_attempt *attempt)
{
    return is_by_password(attempt->choice) ? ph_lockout_check(ctx, attempt) : PH_OK;
}

/* A wrong choice or password leaves the Session alone. */
static struct ph_err answer(struct ph_ctx *ctx, struct ph_attempt *attempt)
{
    unsigned factors;
    enum ph_choice choice;

    PH_TRY(ph_check_opened(ctx, attempt));
    PH_TRY(ph_gate_open(attempt));
    PH_TRY(find_factors(ctx, attempt, &factors));
    PH_TRY(ph_step_up_aim(ctx, attempt, &factors));
    choice = choose(ph_answer(attempt, "ANSWER"), factors);
    if (choice == PH_CHOICE_OPEN) {
        return PH_FAIL(InvalidParameterException, "Selected challenge is not available");
    }
    take(ctx, attempt, choice);
    PH_TRY(check_lock(ctx, attempt));
    PH_TRY(judge_given(ctx, attempt));
    return ph_use_opened(ctx, attempt);
}

static const char *const ANSWERS[] = { "ANSWER", NULL };

const struct ph_stage ph_stage_select_challenge = {
    .challenge = "SELECT_CHALLENGE",
    .answers = ANSWERS,
    .is_due = is_due,
    .ask = ph_ask_plainly,
    .open = ph_open_session,
    .refuse = ph_invalid_session,
    .answer = answer,
};
