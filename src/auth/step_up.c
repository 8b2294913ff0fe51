#include "auth/step_up.h"

#include "mfa/factors.h"
#include "token/access_token.h"
#include "token/methods.h"

enum { LEVEL_BITS = 3, LEVEL_MASK = 7 };

/* ---- targets: a list of levels, the first in the lowest bits ---- */

static unsigned first_of(unsigned targets)
{
    return targets & LEVEL_MASK;
}

static unsigned rest_of(unsigned targets)
{
    return targets >> LEVEL_BITS;
}

static bool has(unsigned targets, unsigned level)
{
    for (; targets != 0; targets = rest_of(targets)) {
        if (first_of(targets) == level) {
            return true;
        }
    }
    return false;
}

/* 0: no level of this pool. */
static unsigned level_named(const struct ph_pool *pool, struct ph_str name)
{
    for (unsigned i = 0; i < PH_ACR_LEVELS; i++) {
        if (ph_str_eq(pool->acr_names[i], name)) {
            return i + 1;
        }
    }
    return 0;
}

/* Names that the pool does not know are passed over. */
static unsigned read_targets(const struct ph_pool *pool, struct ph_str text)
{
    unsigned targets = 0, place = 0;

    while (text.n > 0) {
        struct ph_str name;
        unsigned level;

        ph_str_cut(text, ' ', &name, &text);
        level = level_named(pool, name);
        if (level > 0 && !has(targets, level)) {
            targets |= level << (LEVEL_BITS * place++);
        }
    }
    return targets;
}

static struct ph_err check_age(const struct ph_attempt *attempt)
{
    const struct ph_str text = ph_answer(attempt, "MAX_AGE");
    int64_t age_s;

    return text.n == 0 || ph_str_to_int(text, 0, INT64_MAX, &age_s)
               ? PH_OK
               : PH_FAIL(InvalidParameterException, "MAX_AGE must be a non-negative integer.");
}

struct ph_err ph_step_up_read(struct ph_ctx *ctx, struct ph_attempt *attempt)
{
    const struct ph_str wanted = ph_answer(attempt, "TARGET_ACR_VALUES");

    (void)ctx;
    PH_TRY(check_age(attempt));
    if (wanted.n == 0) {
        return ph_answer(attempt, "ACCESS_TOKEN").n == 0
                   ? PH_OK
                   : PH_FAIL(InvalidParameterException,
                             "ACCESS_TOKEN needs TARGET_ACR_VALUES beside it.");
    }
    if (attempt->pool->is_lite) {
        return PH_FAIL(FeatureUnavailableInTierException,
                       "Step-up authentication is not available in the LITE pricing tier.");
    }
    attempt->targets = read_targets(attempt->pool, wanted);
    return attempt->targets != 0
               ? PH_OK
               : PH_FAIL(InvalidParameterException,
                         "None of the TARGET_ACR_VALUES is an ACR level of the user pool.");
}

/* ---- the token ---- */

static bool is_fresh(struct ph_ctx *ctx, const struct ph_attempt *attempt,
                     const struct json_t *claims)
{
    const struct ph_str text = ph_answer(attempt, "MAX_AGE");
    const int64_t age_s = ph_now_s(ctx) - ph_json_int(ph_json_get(claims, "auth_time"));
    int64_t most_s = INT64_MAX;

    return text.n == 0 || (ph_str_to_int(text, 0, INT64_MAX, &most_s) && age_s <= most_s);
}

struct ph_err ph_step_up_credit(struct ph_ctx *ctx, struct ph_attempt *attempt)
{
    const struct ph_str token = ph_answer(attempt, "ACCESS_TOKEN");
    const struct json_t *claims;

    if (attempt->targets == 0 || token.n == 0) {
        return PH_OK;
    }
    PH_TRY(ph_access_token_check(ctx, token, &claims));
    if (!attempt->exists || !ph_str_eq(ph_json_get_str(claims, "sub"), attempt->user->sub) ||
        !ph_str_eq(ph_json_get_str(claims, "client_id"), attempt->client->id)) {
        return PH_FAIL(NotAuthorizedException, PH_MSG_TOKEN_INVALID);
    }
    if (is_fresh(ctx, attempt, claims)) {
        attempt->methods = ph_methods_read(ph_json_get(claims, "amr"));
        attempt->credited_level = level_named(attempt->pool, ph_json_get_str(claims, "acr"));
    }
    return PH_OK;
}

/* ---- what leads where ---- */

static unsigned method_of(unsigned second_factor)
{
    switch (second_factor) {
    case PH_MFA_TOTP:
        return PH_METHOD_TOTP;
    case PH_MFA_SMS:
        return PH_METHOD_SMS;
    case PH_MFA_EMAIL:
        return PH_METHOD_EMAIL;
    default:
        return 0;
    }
}

/* Those of the second factors that reach the level from these methods. */
static unsigned seconds_to(unsigned level, unsigned methods, unsigned seconds)
{
    unsigned leading = 0;

    for (size_t i = 0; i < PH_MFA_KIND_COUNT; i++) {
        const unsigned bit = seconds & (unsigned)ph_mfa_kinds[i].bit;

        if (bit != 0 && ph_methods_level(methods | method_of(bit)) >= level) {
            leading |= bit;
        }
    }
    return leading;
}

static bool leads(enum ph_factor factor, unsigned level, unsigned methods, unsigned seconds)
{
    switch (factor) {
    case PH_FACTOR_PASSWORD:
        methods |= PH_METHOD_PASSWORD;
        return ph_methods_level(methods) >= level || seconds_to(level, methods, seconds) != 0;
    case PH_FACTOR_EMAIL:
        return ph_methods_level(methods | PH_METHOD_EMAIL) >= level;
    case PH_FACTOR_SMS:
        return ph_methods_level(methods | PH_METHOD_SMS) >= level;
    case PH_FACTOR_PASSKEY:
        return ph_methods_level(methods | PH_METHOD_PLATFORM_KEY) >= level;
    }
    return false;
}

static unsigned firsts_to(unsigned level, const struct ph_attempt *attempt, unsigned factors,
                          unsigned seconds)
{
    static const enum ph_factor FACTORS[] = { PH_FACTOR_PASSWORD, PH_FACTOR_EMAIL, PH_FACTOR_SMS,
                                              PH_FACTOR_PASSKEY };
    unsigned leading = 0;

    for (size_t i = 0; i < sizeof FACTORS / sizeof FACTORS[0]; i++) {
        if ((factors & (unsigned)FACTORS[i]) != 0 &&
            leads(FACTORS[i], level, attempt->methods, seconds)) {
            leading |= (unsigned)FACTORS[i];
        }
    }
    return leading;
}

/*
 * Where users are hidden, what a user has is not told before the first factor: whoever exists could
 * have what the pool allows, like nobody.
 */
static unsigned seconds_of(const struct ph_attempt *attempt)
{
    const bool proven = (attempt->proven & PH_PROVED_FIRST) != 0;

    if (!proven && attempt->client->hides_users) {
        return attempt->pool->mfa == PH_MFA_OFF ? 0 : attempt->pool->mfa_factors;
    }
    return ph_mfa_usable(attempt->pool, attempt->user);
}

/* From the password of the token, without asking for a first factor again. */
static bool is_near(const struct ph_attempt *attempt, unsigned level)
{
    return (attempt->methods & PH_METHOD_PASSWORD) != 0 &&
           seconds_to(level, attempt->methods, ph_mfa_usable(attempt->pool, attempt->user)) != 0;
}

static struct ph_err out_of_reach(void)
{
    return PH_FAIL(InvalidParameterException,
                   "User does not have the factors for any of the TARGET_ACR_VALUES.");
}

struct ph_err ph_step_up_aim(struct ph_ctx *ctx, struct ph_attempt *attempt, unsigned *factors)
{
    const unsigned seconds = seconds_of(attempt);

    (void)ctx;
    if (attempt->targets == 0) {
        return PH_OK;
    }
    for (; attempt->targets != 0; attempt->targets = rest_of(attempt->targets)) {
        const unsigned level = first_of(attempt->targets);
        const unsigned leading = firsts_to(level, attempt, *factors, seconds);

        if (attempt->credited_level >= level) {
            return PH_FAIL(InvalidParameterException,
                           "The access token already meets the requested ACR level.");
        }
        if (leading != 0 || is_near(attempt, level)) {
            *factors = leading;
            return PH_OK;
        }
    }
    return out_of_reach();
}

struct ph_err ph_step_up_aim_by_password(struct ph_ctx *ctx, struct ph_attempt *attempt)
{
    unsigned factors = PH_FACTOR_PASSWORD;

    PH_TRY(ph_step_up_credit(ctx, attempt));
    return ph_step_up_aim(ctx, attempt, &factors);
}

bool ph_step_up_goes_on(const struct ph_attempt *attempt)
{
    return attempt->targets != 0 && is_near(attempt, first_of(attempt->targets));
}

struct ph_err ph_step_up_settle(struct ph_attempt *attempt)
{
    if (attempt->targets == 0 || (attempt->proven & PH_PROVED_FIRST) == 0) {
        return PH_OK;
    }
    for (; attempt->targets != 0; attempt->targets = rest_of(attempt->targets)) {
        const unsigned level = first_of(attempt->targets);

        if (ph_methods_level(attempt->methods) >= level || is_near(attempt, level)) {
            return PH_OK;
        }
    }
    return out_of_reach();
}

unsigned ph_step_up_wants(const struct ph_attempt *attempt)
{
    const unsigned level = first_of(attempt->targets);

    if (level == 0 || (attempt->proven & PH_PROVED_PASSWORD) == 0 ||
        ph_methods_level(attempt->methods) >= level) {
        return 0;
    }
    return seconds_to(level, attempt->methods, ph_mfa_usable(attempt->pool, attempt->user));
}

struct ph_str ph_step_up_reached(const struct ph_attempt *attempt)
{
    const unsigned level = ph_methods_level(attempt->methods);

    return attempt->targets != 0 && level >= first_of(attempt->targets)
               ? attempt->pool->acr_names[level - 1]
               : (struct ph_str){ 0 };
}
