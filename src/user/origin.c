#include "user/origin.h"

#include "model/exceptions.h"
#include "model/messages.h"
#include "store/groups.h"
#include "user/described.h"

/* ---- refusals ---- */

/* While nobody can be asked: a client that hides users must not show whom it would ask for. */
static struct ph_err away(const struct ph_client *client)
{
    return client->hides_users ? PH_FAIL(NotAuthorizedException, PH_MSG_WRONG_PASSWORD)
                               : PH_FAIL(TooManyRequestsException, "Too many requests");
}

/* The origin may say these before it has seen a right password: who hides users repeats none. */
static struct ph_err refusal(const struct ph_client *client, enum ph_origin_word word)
{
    if (word == PH_ORIGIN_SAYS_NOTHING) {
        return away(client);
    }
    if (client->hides_users) {
        return PH_OK;
    }
    if (word == PH_ORIGIN_SAYS_RESET) {
        return PH_FAIL(PasswordResetRequiredException, PH_MSG_RESET_REQUIRED);
    }
    return word == PH_ORIGIN_SAYS_UNCONFIRMED
               ? PH_FAIL(UserNotConfirmedException, PH_MSG_USER_UNCONFIRMED)
               : PH_OK;
}

static bool is_right(enum ph_origin_word word)
{
    return word == PH_ORIGIN_SAYS_YES || word == PH_ORIGIN_SAYS_TEMPORARY ||
           word == PH_ORIGIN_SAYS_FACTOR;
}

static void log_user(const struct ph_ctx *ctx, const struct ph_pool *pool, const char *event,
                     struct ph_str sub)
{
    PH_LOG(&ctx->log, PH_INFO, event, ph_f_str("pool", pool->id), ph_f_str("sub", sub));
}

/* ---- who it is ---- */

/*
 * A user who came by a file without subs has another one here; his Username is the same, which
 * nobody can take at the origin. With both different it is somebody else.
 */
static bool is_same_user(struct ph_ctx *ctx, const struct ph_pool *pool,
                         const struct ph_user *known, const struct ph_user *described)
{
    return ph_str_eq(known->sub, described->sub) ||
           ph_str_eq(ph_user_fold(ctx, pool, known->username), described->username);
}

/* False for what cannot be a user here: it is logged. */
static bool read(struct ph_ctx *ctx, const struct ph_pool *pool, const struct json_t *described,
                 struct ph_user **user)
{
    const struct ph_err err = ph_user_described(ctx, pool, described, PH_DESCRIBED_LENIENT, user);

    if (err.type != NULL) {
        PH_LOG(&ctx->log, PH_WARN, "origin_user_unusable", ph_f_str("pool", pool->id),
               ph_f_text("why", err.message));
    }
    return err.type == NULL;
}

/* *user: a copy of the known one, or a new one; NULL when it is somebody else, or unknown. */
static struct ph_err choose(struct ph_ctx *ctx, const struct ph_pool *pool,
                            const struct ph_newcomer *given, const struct ph_origin_reply *reply,
                            struct ph_user **user)
{
    struct ph_user *described = NULL, *kept;

    *user = NULL;
    if (reply->described != NULL && !read(ctx, pool, reply->described, &described)) {
        return PH_OK;
    }
    if (given->known == NULL) { /* known by his sub, perhaps, under another name */
        if (described != NULL) {
            PH_TRY(ph_store_user_by_sub(ctx, &pool->ref, described->sub, &kept));
            *user = kept == NULL ? described : kept;
        }
        return PH_OK;
    }
    if (described != NULL && !is_same_user(ctx, pool, given->known, described)) {
        log_user(ctx, pool, "origin_user_differs", given->known->sub);
        return PH_OK;
    }
    kept = ph_arena_new(ctx->arena, struct ph_user);
    *kept = *given->known;
    if (described != NULL) {
        kept->enrols = described->enrols;
    }
    *user = kept;
    return PH_OK;
}

/* ---- second factors ---- */

/* Codes go to the same address as there; an app must be set up anew, because nobody tells its
 * secret.
 */
static void keep_factors(struct ph_ctx *ctx, const struct ph_pool *pool, unsigned factors,
                         struct ph_user *user)
{
    const bool phone = ph_attrs_get(&user->attrs, PH_STR("phone_number")).n > 0;
    const bool email = ph_attrs_get(&user->attrs, PH_STR("email")).n > 0;
    const unsigned sent =
        factors & pool->mfa_factors &
        ((phone ? (unsigned)PH_MFA_SMS : 0U) | (email ? (unsigned)PH_MFA_EMAIL : 0U));

    user->mfa_on |= sent;
    user->enrols = user->enrols || (factors & PH_MFA_TOTP) != 0;
    if (factors != 0 && sent == 0 && (factors & PH_MFA_TOTP & pool->mfa_factors) == 0) {
        log_user(ctx, pool, "origin_factor_lost", user->sub);
    }
}

/* ---- keeping ---- */

/* While he waits his state is the origin's: what a file said of it is older than this answer. */
static void set_status(enum ph_origin_word word, struct ph_user *user)
{
    if (word == PH_ORIGIN_SAYS_TEMPORARY) {
        user->status = PH_USER_FORCE_CHANGE_PASSWORD;
    } else if (user->status != PH_USER_EXTERNAL_PROVIDER) {
        user->status = PH_USER_CONFIRMED;
    }
}

/* Those of the pool here; there may be others there. */
static struct ph_err join_groups(struct ph_ctx *ctx, const struct ph_pool *pool,
                                 const struct json_t *claims, struct ph_str sub)
{
    const struct json_t *groups = ph_json_get(claims, "cognito:groups");
    enum ph_group_write result;

    for (size_t i = 0; i < ph_json_length(groups) && i < PH_GROUPS_OF_USER_MAX; i++) {
        PH_TRY(
            ph_store_group_add(ctx, &pool->ref, ph_json_str(ph_json_at(groups, i)), sub, &result));
    }
    return PH_OK;
}

static struct ph_err write(struct ph_ctx *ctx, const struct ph_pool *pool, struct ph_user *user)
{
    struct ph_user_change change = { .user = user };

    if (user->revision == 0) {
        PH_TRY(ph_user_check_names(ctx, pool, &change, 0));
    }
    return ph_user_save(ctx, pool, &change, 0);
}

/* Two sign-ins at once bring the same user: the slower one finds him. */
static struct ph_err store(struct ph_ctx *ctx, const struct ph_pool *pool, struct ph_user *made,
                           struct ph_user **user)
{
    const struct ph_err err = write(ctx, pool, made);

    *user = made;
    if (err.type == NULL || err.type == &ph_ex_InternalErrorException) {
        return err;
    }
    PH_TRY(ph_store_user_by_sub(ctx, &pool->ref, made->sub, user));
    if (*user == NULL) { /* a name of his belongs to somebody who was made here */
        log_user(ctx, pool, "origin_user_not_kept", made->sub);
    }
    return PH_OK;
}

static bool is_unchanged(const struct ph_user *before, const struct ph_user *after)
{
    return before->revision != 0 && before->password == after->password &&
           before->status == after->status && before->mfa_on == after->mfa_on &&
           before->enrols == after->enrols;
}

struct ph_err ph_user_keep_from_origin(struct ph_ctx *ctx, const struct ph_pool *pool,
                                       const struct ph_newcomer *given,
                                       const struct ph_origin_reply *reply, struct ph_user **user)
{
    struct ph_user *kept, before;

    *user = NULL;
    if (!is_right(reply->word)) {
        return PH_OK;
    }
    PH_TRY(choose(ctx, pool, given, reply, &kept));
    if (kept == NULL || (kept->revision != 0 && !ph_user_waits(pool, kept))) {
        *user = kept; /* whose password here counts, if he has one by now */
        return PH_OK;
    }
    before = *kept;
    if (given->password.n > 0) { /* whatever the policy says: it is the user's already */
        ph_password_set(ctx, pool, kept, given->password);
    }
    set_status(reply->word, kept);
    keep_factors(ctx, pool, reply->factors, kept);
    if (is_unchanged(&before, kept)) { /* by SRP, not for the first time */
        *user = kept;
        return PH_OK;
    }
    PH_TRY(store(ctx, pool, kept, user));
    if (*user == NULL) {
        return PH_OK;
    }
    log_user(ctx, pool, "origin_user_kept", (*user)->sub);
    return join_groups(ctx, pool, reply->claims, (*user)->sub);
}

struct ph_err ph_user_from_origin(struct ph_ctx *ctx, const struct ph_pool *pool,
                                  const struct ph_newcomer *given, struct ph_user **user)
{
    const struct ph_str name = given->known != NULL ? given->known->username : given->name;
    struct ph_origin_reply reply;

    *user = NULL;
    ph_origin_ask_password(ctx, pool, given->client, name, given->password, &reply);
    PH_TRY(refusal(given->client, reply.word));
    return ph_user_keep_from_origin(ctx, pool, given, &reply, user);
}

struct ph_err ph_user_find_at_origin(struct ph_ctx *ctx, const struct ph_pool *pool,
                                     const struct ph_client *client, struct ph_str name,
                                     struct ph_user **user)
{
    struct ph_user *found;
    struct ph_origin_reply reply;

    *user = NULL;
    ph_origin_ask_user(ctx, pool, name, &reply);
    if (reply.word == PH_ORIGIN_SAYS_NOTHING && !client->hides_users) {
        return away(client);
    }
    if (reply.word != PH_ORIGIN_SAYS_YES) {
        return PH_OK;
    }
    return read(ctx, pool, reply.described, &found) ? store(ctx, pool, found, user) : PH_OK;
}

struct ph_err ph_user_bring_password(struct ph_ctx *ctx, const struct ph_pool *pool,
                                     struct ph_str password, struct ph_user **user)
{
    struct ph_newcomer given = { .name = (*user)->username, .password = password, .known = *user };
    struct ph_user *kept = NULL;
    const struct ph_pool *same;

    if ((*user)->origin != PH_ORIGIN_WAITING || ph_user_has_password(*user)) {
        return PH_OK;
    }
    if (password.n > 0 && pool->origin != NULL) {
        PH_TRY(ph_client_get(ctx, pool->id, ctx->caller.client_id, &same, &given.client));
        PH_TRY(ph_user_from_origin(ctx, pool, &given, &kept));
    }
    if (kept == NULL) {
        return PH_FAIL(NotAuthorizedException, PH_MSG_WRONG_PASSWORD);
    }
    *user = kept;
    return PH_OK;
}
