/* Codes sent to users, and how their destinations are shown. */
#include "crypto/hash.h"
#include "deliver/deliver.h"
#include "model/exceptions.h"
#include "model/messages.h"
#include "user/user.h"

#include <string.h>

enum { ATTEMPTS_PER_CODE = 15, HOUR_MS = 3600 * 1000 };

struct ph_str ph_code_new(struct ph_ctx *ctx, size_t digits)
{
    const struct ph_settings *settings = ctx->settings;

    if (settings != NULL && settings->mode == PH_MODE_DEV && settings->fixed_code.n > 0) {
        return settings->fixed_code;
    }
    return ph_random_text(ctx, digits, PH_STR("0123456789"));
}

/* Bound to its owner and purpose: a code does not serve for anything else. */
static void hash_code(const struct ph_key *key, const struct ph_user *user,
                      enum ph_code_purpose purpose, struct ph_str code, struct ph_digest *out)
{
    const uint8_t tag = (uint8_t)purpose;

    PH_HMAC(((struct ph_str){ key->bytes, sizeof key->bytes }), out, ((struct ph_str){ &tag, 1 }),
            user->sub, code);
}

static bool is_right(struct ph_ctx *ctx, const struct ph_pool *pool, const struct ph_user *user,
                     const struct ph_code *stored, struct ph_str given)
{
    const struct ph_str wanted = { stored->hmac, sizeof stored->hmac };
    PH_AUTO(ph_key_wipe) struct ph_key key = { 0 };
    struct ph_digest digest;
    bool right = false;

    for (size_t i = 0;
         !right && ph_pool_next_key(pool, PH_PURPOSE_CODE, ph_now_ms(ctx), &i, &key);) {
        hash_code(&key, user, stored->purpose, given, &digest);
        right = ph_equal_secret(ph_digest_str(&digest), wanted);
    }
    return right;
}

static int64_t life_ms(enum ph_code_purpose purpose)
{
    return (purpose == PH_CODE_RESET_PASSWORD ? 1 : 24) * (int64_t)HOUR_MS;
}

/* One with more time left than it ever had was sent before the clock was set back. */
static bool has_expired(struct ph_ctx *ctx, enum ph_code_purpose purpose,
                        const struct ph_code *code)
{
    const int64_t left_ms = code->expires_ms - ph_now_ms(ctx);

    return left_ms <= 0 || left_ms > life_ms(purpose);
}

/* As it is stored. */
static void add_code(struct ph_ctx *ctx, const struct ph_pool *pool,
                     const struct ph_code_request *request, struct ph_str text,
                     struct ph_user_change *change)
{
    const size_t n = change->put_code_count;
    struct ph_code *codes = ph_arena_array(ctx->arena, n + 1, struct ph_code);
    PH_AUTO(ph_key_wipe) struct ph_key key = { 0 };
    struct ph_digest digest;

    for (size_t i = 0; i < n; i++) {
        codes[i] = change->put_codes[i];
    }
    ph_pool_key(pool, PH_PURPOSE_CODE, &key);
    hash_code(&key, request->user, request->purpose, text, &digest);
    codes[n].purpose = request->purpose;
    memcpy(codes[n].hmac, digest.bytes, sizeof codes[n].hmac);
    codes[n].attribute = request->attribute;
    codes[n].destination = request->destination;
    codes[n].expires_ms = ph_now_ms(ctx) + life_ms(request->purpose);
    change->put_codes = codes;
    change->put_code_count = n + 1;
}

struct ph_err ph_code_issue(struct ph_ctx *ctx, const struct ph_pool *pool,
                            const struct ph_code_request *request, struct ph_user_change *change,
                            struct ph_delivery *delivery)
{
    const struct ph_str text = ph_code_new(ctx, PH_CODE_DIGITS);
    const bool email = ph_str_eq(request->attribute, PH_STR("email"));
    struct ph_message_request wanted = {
        .template = PH_TEMPLATE_VERIFICATION,
        .reason = request->reason,
        .user = request->user,
        .medium = email ? PH_MEDIUM_EMAIL : PH_MEDIUM_SMS,
        .destination = request->destination,
        .code = text,
        .client_id = request->client_id,
    };

    PH_TRY(ph_user_notify(ctx, pool, &wanted, request->client_metadata, change));
    add_code(ctx, pool, request, text, change);
    delivery->medium = wanted.medium;
    delivery->attribute = request->attribute;
    delivery->destination = ph_mask_destination(ctx->arena, wanted.medium, wanted.destination);
    return PH_OK;
}

struct ph_err ph_code_check(struct ph_ctx *ctx, const struct ph_pool *pool,
                            const struct ph_user *user, enum ph_code_purpose purpose,
                            struct ph_str given, struct ph_code **code)
{
    struct ph_code *stored = NULL;
    int64_t attempts = 0;

    PH_TRY(ph_store_code_attempt(ctx, &pool->ref, user->sub, purpose, &stored, &attempts));
    if (ctx->settings != NULL && ctx->settings->attempt_limits && attempts > ATTEMPTS_PER_CODE) {
        return PH_FAIL(LimitExceededException, PH_MSG_ATTEMPT_LIMIT);
    }
    if (stored == NULL || has_expired(ctx, purpose, stored)) {
        return PH_FAIL(ExpiredCodeException, PH_MSG_CODE_EXPIRED);
    }
    if (!is_right(ctx, pool, user, stored, given)) {
        return PH_FAIL(CodeMismatchException, PH_MSG_CODE_MISMATCH);
    }
    *code = stored;
    return PH_OK;
}

/* The first character of UTF-8 text, whole. */
static struct ph_str first_character(struct ph_str s)
{
    size_t n = s.n > 0 ? 1 : 0;

    while (n > 0 && n < s.n && (s.p[n] & 0xc0) == 0x80) {
        n++;
    }
    return (struct ph_str){ s.p, n };
}

struct ph_str ph_mask_destination(struct ph_arena *arena, enum ph_medium medium,
                                  struct ph_str destination)
{
    struct ph_str local, domain;

    if (medium == PH_MEDIUM_SMS) {
        const size_t hidden = destination.n > 4 ? destination.n - 4 : 0;

        return ph_strf(arena, "+*******%.*s", PH_FMT(ph_str_skip(destination, hidden)));
    }
    ph_str_cut(destination, '@', &local, &domain);
    local = first_character(local);
    domain = first_character(domain);
    return ph_strf(arena, "%.*s***@%.*s***", PH_FMT(local), PH_FMT(domain));
}
