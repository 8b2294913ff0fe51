/* Who signs in, and whether that user may (authentication.md 1.2 and 1.4). */
#include "auth/internal.h"
#include "trigger/trigger.h"
#include "user/migrate.h"

static bool can_migrate(const struct ph_attempt *attempt)
{
    return attempt->may_migrate && ph_answer(attempt, "PASSWORD").n > 0 &&
           (attempt->pool->origin != NULL ||
            ph_trigger_is_set(attempt->pool, PH_TRIGGER_USER_MIGRATION));
}

/* Where users are hidden the password is judged, and counted, like anybody's. */
static struct ph_err count_guess(struct ph_ctx *ctx, struct ph_attempt *attempt,
                                 const struct ph_user *user, struct ph_err err)
{
    if (err.type == NULL && user == NULL && !attempt->client->hides_users) {
        err = PH_FAIL(UserNotFoundException, PH_MSG_USER_UNKNOWN);
    }
    return err.type == &ph_ex_UserNotFoundException ? ph_lockout_judge(ctx, attempt, false, err)
                                                    : err;
}

/*
 * Only who types a password can be brought along: the function, or the service, checks it. Nobody
 * guesses there through us: failures are counted for the name before there is a user.
 */
static struct ph_err migrate(struct ph_ctx *ctx, struct ph_attempt *attempt, struct ph_str name,
                             struct ph_user **user)
{
    const struct ph_sign_in_request *request = attempt->request;
    const bool first = attempt->opened.challenge.n == 0;
    const struct ph_migration given = {
        .client = attempt->client,
        .name = name,
        .password = ph_answer(attempt, "PASSWORD"),
        .validation_data = request->validation_data,
        .client_metadata = first ? request->validation_data /* under both names (5.3) */
                                 : request->client_metadata,
    };
    struct ph_err err;

    if (!can_migrate(attempt)) {
        return PH_OK;
    }
    attempt->user = ph_user_decoy(ctx, attempt->pool, name);
    PH_TRY(ph_lockout_check(ctx, attempt));
    err = ph_user_migrate(ctx, attempt->pool, &given, user);
    return count_guess(ctx, attempt, *user, err);
}

struct ph_err ph_identify(struct ph_ctx *ctx, struct ph_attempt *attempt)
{
    const struct ph_str name = ph_answer(attempt, "USERNAME");
    struct ph_user *user = NULL;

    PH_TRY(ph_client_check_secret_hash(ctx, attempt->client, ph_answer(attempt, "SECRET_HASH"),
                                       &name, 1, PH_IN_AUTH_PARAMETERS));
    PH_TRY(ph_user_find(ctx, attempt->pool, name, &user));
    if (user == NULL) {
        PH_TRY(migrate(ctx, attempt, name, &user));
    }
    if (user == NULL && !attempt->client->hides_users &&
        !(attempt->may_relay && attempt->pool->origin != NULL)) {
        return PH_FAIL(UserNotFoundException, PH_MSG_USER_UNKNOWN);
    }
    attempt->exists = user != NULL;
    attempt->named = user;
    attempt->user = user != NULL ? user : ph_user_decoy(ctx, attempt->pool, name);
    attempt->name = name;
    attempt->device_key = ph_answer(attempt, "DEVICE_KEY");
    attempt->event_id = ph_new_event_id(ctx, attempt->user);
    return PH_OK;
}

struct ph_err ph_identify_by_password(struct ph_ctx *ctx, struct ph_attempt *attempt)
{
    struct ph_user *user = NULL;

    if (attempt->exists || attempt->opened.challenge.n == 0) { /* ph_identify() has asked */
        return PH_OK;
    }
    attempt->may_migrate = true;
    PH_TRY(migrate(ctx, attempt, attempt->name, &user));
    if (user != NULL) {
        attempt->exists = true;
        attempt->user = user;
    }
    return PH_OK;
}

/* Clients answer with the name they typed, with the one the challenge told, or another alias. */
static struct ph_err is_named(struct ph_ctx *ctx, const struct ph_attempt *attempt, bool *named)
{
    const struct ph_str given = ph_answer(attempt, "USERNAME");
    struct ph_user *user = NULL;

    *named =
        ph_str_eq(given, attempt->user->username) || ph_str_eq(given, attempt->user->sub) ||
        (given.n > 0 && (ph_str_eq(given, attempt->name) || ph_str_eq(given, attempt->relayed)));
    if (*named || !attempt->exists) {
        return PH_OK;
    }
    PH_TRY(ph_user_find(ctx, attempt->pool, given, &user));
    *named = user != NULL && ph_str_eq(user->sub, attempt->user->sub);
    return PH_OK;
}

/* Once it was recognised, after the first factor, a sign-in stays with its device. */
static struct ph_str device_key_of(const struct ph_attempt *attempt)
{
    const struct ph_str before = attempt->opened.device_key;
    const struct ph_str given = ph_answer(attempt, "DEVICE_KEY");
    const bool stays = before.n > 0 && (attempt->opened.proven & PH_PROVED_FIRST) != 0;

    return stays || given.n == 0 ? before : given;
}

struct ph_err ph_identify_opened(struct ph_ctx *ctx, struct ph_attempt *attempt)
{
    const struct ph_session *opened = &attempt->opened;
    struct ph_user *user = NULL;

    PH_TRY(ph_store_user_by_sub(ctx, &attempt->pool->ref, opened->sub, &user));
    attempt->exists = user != NULL;
    attempt->named = user;
    if (user == NULL) {
        user = ph_user_decoy(ctx, attempt->pool, opened->name);
        user->sub = opened->sub;
    }
    attempt->user = user;
    attempt->name = opened->name;
    attempt->event_id = opened->event_id;
    attempt->proven = opened->proven;
    attempt->methods = opened->methods;
    attempt->targets = opened->targets;
    attempt->choice = opened->choice;
    attempt->device_key = opened->device_key;
    attempt->custom = opened->custom == NULL ? NULL : ph_json_copy(ctx->arena, opened->custom);
    return ph_custom_recall(ctx, attempt);
}

struct ph_err ph_identify_again(struct ph_ctx *ctx, struct ph_attempt *attempt, bool *named)
{
    PH_TRY(ph_identify_opened(ctx, attempt));
    attempt->device_key = device_key_of(attempt);
    const struct ph_str names[] = { ph_answer(attempt, "USERNAME"), attempt->user->username,
                                    attempt->opened.name };

    PH_TRY(ph_client_check_secret_hash(ctx, attempt->client, ph_answer(attempt, "SECRET_HASH"),
                                       names, sizeof names / sizeof names[0],
                                       PH_IN_AUTH_PARAMETERS));
    return is_named(ctx, attempt, named);
}

static struct ph_err check_enabled(const struct ph_attempt *attempt)
{
    if (!attempt->user->enabled) {
        return PH_FAIL(NotAuthorizedException, PH_MSG_USER_DISABLED);
    }
    return PH_OK;
}

static struct ph_err check_reset(const struct ph_attempt *attempt)
{
    if (attempt->user->status == PH_USER_RESET_REQUIRED) {
        return PH_FAIL(PasswordResetRequiredException, PH_MSG_RESET_REQUIRED);
    }
    return PH_OK;
}

struct ph_err ph_gate_open(struct ph_attempt *attempt)
{
    if (attempt->client->hides_users) {
        return PH_OK;
    }
    PH_TRY(check_enabled(attempt));
    return check_reset(attempt);
}

static bool has_expired_password(struct ph_ctx *ctx, const struct ph_attempt *attempt)
{
    const int64_t days_ms = attempt->pool->password_policy.temporary_days * 24 * 3600 * 1000;

    return attempt->user->status == PH_USER_FORCE_CHANGE_PASSWORD &&
           attempt->user->password_set_ms + days_ms <= ph_now_ms(ctx);
}

static struct ph_err check_confirmed(const struct ph_attempt *attempt)
{
    if (attempt->user->status == PH_USER_UNCONFIRMED) {
        return PH_FAIL(UserNotConfirmedException, PH_MSG_USER_UNCONFIRMED);
    }
    return PH_OK;
}

struct ph_err ph_gate_custom(const struct ph_attempt *attempt)
{
    PH_TRY(check_enabled(attempt));
    PH_TRY(check_reset(attempt));
    return check_confirmed(attempt);
}

struct ph_err ph_gate_proven(struct ph_ctx *ctx, struct ph_attempt *attempt)
{
    PH_TRY(ph_gate_custom(attempt));
    if (has_expired_password(ctx, attempt)) {
        return PH_FAIL(NotAuthorizedException, PH_MSG_TEMPORARY_EXPIRED);
    }
    return PH_OK;
}
