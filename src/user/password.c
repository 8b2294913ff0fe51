/* Passwords: the pool's policy, the history, setting and checking (management.md 4.5). */
#include "crypto/password_hash.h"
#include "model/exceptions.h"
#include "model/messages.h"
#include "user/origin.h"
#include "user/verifier.h"
#include "util/unicode.h"

#include <string.h>

static const struct ph_str SYMBOLS = PH_STR_INIT("^$*.[]{}()?\"!@#%&/\\,><':;|_~`=+-");
static const struct ph_str UPPER = PH_STR_INIT("ABCDEFGHIJKLMNOPQRSTUVWXYZ");
static const struct ph_str LOWER = PH_STR_INIT("abcdefghijklmnopqrstuvwxyz");
static const struct ph_str DIGITS = PH_STR_INIT("0123456789");

enum { GENERATED_MIN = 8, CHANGES_PER_HOUR = 5 };

static bool has_any(struct ph_str password, struct ph_str alphabet)
{
    for (size_t i = 0; i < password.n; i++) {
        if (ph_str_has_byte(alphabet, password.p[i])) {
            return true;
        }
    }
    return false;
}

/* A space counts as a symbol, but not at the ends. */
static bool has_symbol(struct ph_str password)
{
    return has_any(password, SYMBOLS) || ph_str_has_byte(ph_str_trim(password), ' ');
}

static const char *broken_rule(const struct ph_password_policy *policy, struct ph_str password)
{
    if ((int64_t)ph_utf16_length(password) < policy->minimum_length) {
        return "Password not long enough";
    }
    if (policy->upper && !has_any(password, UPPER)) {
        return "Password must have uppercase characters";
    }
    if (policy->lower && !has_any(password, LOWER)) {
        return "Password must have lowercase characters";
    }
    if (policy->numbers && !has_any(password, DIGITS)) {
        return "Password must have numeric characters";
    }
    if (policy->symbols && !has_symbol(password)) {
        return "Password must have symbol characters";
    }
    return NULL;
}

static struct ph_srp_identity identity_of(const struct ph_pool *pool, const struct ph_user *user)
{
    return (struct ph_srp_identity){ pool->srp_name, user->username };
}

/* A hash that was made elsewhere and is good still. */
static bool matches_hash(struct ph_ctx *ctx, const struct ph_user *user, struct ph_str password)
{
    return user->password_hash.n > 0 &&
           ph_password_hash_matches(ctx->arena, user->password_hash, password);
}

/* A temporary password was never the user's own: it does not count as used. */
static bool keeps_current(const struct ph_user *user)
{
    return user->password != NULL && user->status != PH_USER_FORCE_CHANGE_PASSWORD;
}

static bool was_used(struct ph_ctx *ctx, const struct ph_pool *pool, const struct ph_user *user,
                     struct ph_str password)
{
    const struct ph_srp_identity identity = identity_of(pool, user);
    int64_t left = pool->password_policy.history_size;

    if (left > 0 && matches_hash(ctx, user, password)) {
        return true;
    }
    if (left > 0 && keeps_current(user)) {
        left--;
        if (ph_verifier_matches(ctx->arena, &identity, password, user->password)) {
            return true;
        }
    }
    for (size_t i = 0; i < user->password_history_count && left > 0; i++, left--) {
        if (ph_verifier_matches(ctx->arena, &identity, password, &user->password_history[i])) {
            return true;
        }
    }
    return false;
}

struct ph_err ph_password_check_policy(struct ph_ctx *ctx, const struct ph_pool *pool,
                                       const struct ph_user *user_or_null, struct ph_str password,
                                       enum ph_password_where where)
{
    static const char *const PREFIX[] = {
        [PH_PW_SIGN_UP] = "Password did not conform with policy: ",
        [PH_PW_CHANGE] = "Password does not conform to policy: ",
        [PH_PW_ADMIN] = "Password did not conform with password policy: ",
    };
    const char *rule = broken_rule(&pool->password_policy, password);

    if (rule != NULL) {
        return PH_FAIL(InvalidPasswordException, ph_textf(ctx->arena, "%s%s", PREFIX[where], rule));
    }
    if (user_or_null != NULL && was_used(ctx, pool, user_or_null, password)) {
        return PH_FAIL(PasswordHistoryPolicyViolationException,
                       "Password has previously been used");
    }
    return PH_OK;
}

static void remember(struct ph_ctx *ctx, const struct ph_pool *pool, struct ph_user *user)
{
    const size_t max = (size_t)pool->password_policy.history_size;
    const size_t old = user->password_history_count;
    const size_t count = old + 1 < max ? old + 1 : max;
    struct ph_password *history;

    if (max == 0 || !keeps_current(user)) {
        return;
    }
    history = ph_arena_array(ctx->arena, count, struct ph_password);
    history[0] = *user->password;
    for (size_t i = 1; i < count; i++) {
        history[i] = user->password_history[i - 1];
    }
    user->password_history = history;
    user->password_history_count = count;
}

void ph_password_set(struct ph_ctx *ctx, const struct ph_pool *pool, struct ph_user *user,
                     struct ph_str password)
{
    const struct ph_srp_identity identity = identity_of(pool, user);
    struct ph_password *next = ph_arena_new(ctx->arena, struct ph_password);

    remember(ctx, pool, user);
    ctx->random->fill(ctx->random->self, next->salt, sizeof next->salt);
    ph_salt_shape(next->salt);
    ph_verifier_set(ctx->arena, &identity, password, next);
    user->password = next;
    user->password_hash = (struct ph_str){ 0 };
    user->password_set_ms = ph_now_ms(ctx);
    if (user->origin == PH_ORIGIN_WAITING) { /* whatever the password there is */
        user->origin = PH_ORIGIN_SETTLED;
    }
}

struct ph_err ph_password_set_by_admin(struct ph_ctx *ctx, const struct ph_pool *pool,
                                       struct ph_user *user, struct ph_str password,
                                       enum ph_password_kind kind)
{
    struct ph_user_change change = { .user = user };

    PH_TRY(ph_password_check_policy(ctx, pool, user, password, PH_PW_ADMIN));
    ph_password_set(ctx, pool, user, password);
    if (user->status != PH_USER_EXTERNAL_PROVIDER) {
        user->status = kind == PH_PW_PERMANENT ? PH_USER_CONFIRMED : PH_USER_FORCE_CHANGE_PASSWORD;
    }
    return ph_user_save(ctx, pool, &change, 0);
}

/* Who never had a password need not know one; whoever has one must. */
static bool may_change(struct ph_ctx *ctx, const struct ph_pool *pool, const struct ph_user *user,
                       struct ph_str previous)
{
    if (user->status == PH_USER_EXTERNAL_PROVIDER && !ph_user_has_password(user)) {
        return false; /* signs in at a provider */
    }
    return ph_user_has_password(user) ? ph_password_matches(ctx, pool, user, previous)
                                      : previous.n == 0;
}

struct ph_err ph_password_change(struct ph_ctx *ctx, const struct ph_pool *pool,
                                 struct ph_user *user, struct ph_str previous,
                                 struct ph_str proposed)
{
    struct ph_user_change change = { .user = user };

    PH_TRY(ph_user_count_try(ctx, pool, user->sub, "ChangePassword", CHANGES_PER_HOUR));
    if (user->status == PH_USER_RESET_REQUIRED) {
        return PH_FAIL(PasswordResetRequiredException, PH_MSG_RESET_REQUIRED);
    }
    PH_TRY(ph_user_bring_password(ctx, pool, previous, &user));
    change.user = user;
    if (!may_change(ctx, pool, user, previous)) {
        return PH_FAIL(NotAuthorizedException, PH_MSG_WRONG_PASSWORD);
    }
    if (user->password_hash.n > 0) { /* so that the history has it */
        ph_password_set(ctx, pool, user, previous);
    }
    PH_TRY(ph_password_check_policy(ctx, pool, user, proposed, PH_PW_CHANGE));
    ph_password_set(ctx, pool, user, proposed);
    return ph_user_save(ctx, pool, &change, 0);
}

/*
 * By the user's own hash; else the same work with somebody's, so that time tells neither who has
 * one nor who exists. The one to work with is chosen by the sub: where hashes differ in their
 * costs, so does whoever has none.
 */
static bool judge_by_hash(struct ph_ctx *ctx, const struct ph_pool *pool,
                          const struct ph_user *user, struct ph_str password)
{
    const bool own = user->password_hash.n > 0;
    struct ph_str hash = { 0 };
    bool matches;

    (void)ph_store_user_some_hash(ctx, &pool->ref, user->sub, &hash).type; /* logged; then none */
    hash = own ? user->password_hash : hash;
    matches = hash.n > 0 && ph_password_hash_matches(ctx->arena, hash, password);
    return own && matches;
}

bool ph_password_matches(struct ph_ctx *ctx, const struct ph_pool *pool, const struct ph_user *user,
                         struct ph_str password)
{
    static const struct ph_password NOBODY = { .salt = { 0x10 } }; /* zero is no power of g */
    const struct ph_srp_identity identity = identity_of(pool, user);
    const struct ph_password *stored = user->password == NULL ? &NOBODY : user->password;

    return ph_verifier_matches(ctx->arena, &identity, password, stored) ||
           judge_by_hash(ctx, pool, user, password);
}

/* What another sign-in of the same moment has stored, if that was it. */
static struct ph_user *adopted_meanwhile(struct ph_ctx *ctx, const struct ph_pool *pool,
                                         struct ph_str sub, struct ph_str password)
{
    struct ph_user *stored = NULL;

    if (ph_store_user_by_sub(ctx, &pool->ref, sub, &stored).type != NULL || stored == NULL ||
        stored->password == NULL || !stored->enabled ||
        !ph_password_matches(ctx, pool, stored, password)) {
        return NULL;
    }
    return stored;
}

void ph_password_adopt(struct ph_ctx *ctx, const struct ph_pool *pool, struct ph_user **user,
                       struct ph_str password)
{
    struct ph_user *adopted = ph_arena_new(ctx->arena, struct ph_user);
    struct ph_user_change change = { .user = adopted };

    if ((*user)->password_hash.n == 0) {
        return;
    }
    *adopted = **user;
    ph_password_set(ctx, pool, adopted, password);
    if (ph_user_save(ctx, pool, &change, 0).type != NULL) {
        adopted = adopted_meanwhile(ctx, pool, adopted->sub, password);
    }
    if (adopted != NULL) {
        *user = adopted;
    }
}

struct ph_str ph_password_generate(struct ph_ctx *ctx, const struct ph_pool *pool)
{
    static const struct ph_str ALL =
        PH_STR_INIT("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!@#$%^*-_=+");
    const int64_t wanted = pool->password_policy.minimum_length;
    const size_t n = wanted > GENERATED_MIN ? (size_t)wanted : GENERATED_MIN;
    const struct ph_password_policy all = { (int64_t)n, true, true, true, true, 0, 0 };
    struct ph_str password;

    do { /* about three tries in the mean: simpler than forcing positions, and even */
        password = ph_random_text(ctx, n, ALL);
    } while (broken_rule(&all, password) != NULL);
    return password;
}
