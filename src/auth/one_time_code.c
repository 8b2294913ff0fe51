#include "auth/one_time_code.h"

#include "crypto/hash.h"
#include "token/methods.h"
#include "util/encode.h"

enum { MAC_BYTES = 16 };

/* A user may have no address by now, and a decoy has none: what it is bound to is empty then. */
static struct ph_str mac_of(struct ph_ctx *ctx, const struct ph_attempt *attempt,
                            const struct ph_key *key, const struct ph_contact_kind *contact,
                            struct ph_str nonce, struct ph_str code)
{
    const struct ph_str separator = { (const uint8_t *)"", 1 };
    struct ph_digest mac;

    PH_HMAC(((struct ph_str){ key->bytes, sizeof key->bytes }), &mac, nonce, separator,
            attempt->user->sub, separator, contact->attribute, separator,
            ph_attrs_get(&attempt->user->attrs, contact->attribute), separator, code);
    return ph_base64url(ctx->arena, (struct ph_str){ mac.bytes, MAC_BYTES });
}

static bool is_right(struct ph_ctx *ctx, const struct ph_attempt *attempt,
                     const struct ph_contact_kind *contact, struct ph_str given)
{
    const struct ph_session *opened = &attempt->opened;
    PH_AUTO(ph_key_wipe) struct ph_key key = { 0 };
    bool right = false;

    for (size_t i = 0;
         opened->code.n > 0 && !right &&
         ph_pool_next_key(attempt->pool, PH_PURPOSE_ONE_TIME_CODE, ph_now_ms(ctx), &i, &key);) {
        right = ph_equal_secret(opened->code,
                                mac_of(ctx, attempt, &key, contact, opened->nonce, given));
    }
    return right;
}

static struct ph_err send(struct ph_ctx *ctx, const struct ph_attempt *attempt,
                          const struct ph_contact_kind *contact, struct ph_str destination,
                          struct ph_str code)
{
    struct ph_message_request wanted = {
        .template = PH_TEMPLATE_AUTHENTICATION,
        .reason = PH_STR("Authentication"),
        .user = attempt->user,
        .medium = contact->medium,
        .destination = destination,
        .code = code,
        .client_id = attempt->client->id,
    };
    struct ph_user_change change = { .user = attempt->user };

    PH_TRY(ph_user_notify(ctx, attempt->pool, &wanted, attempt->request->client_metadata, &change));
    return ph_store_outbox_put(ctx, change.messages, change.message_count);
}

static struct ph_err deliver(struct ph_ctx *ctx, const struct ph_attempt *attempt,
                             const struct ph_contact_kind *contact, struct ph_str code,
                             struct ph_str *destination)
{
    if (!attempt->exists) {
        *destination = ph_decoy_destination(ctx, attempt->pool, attempt->name, contact->medium);
        return ph_decoy_write(ctx, attempt->pool, attempt->user->sub);
    }
    *destination = ph_attrs_get(&attempt->user->attrs, contact->attribute);
    return send(ctx, attempt, contact, *destination, code);
}

struct ph_err ph_one_time_code_ask(struct ph_ctx *ctx, struct ph_attempt *attempt,
                                   const char *challenge, const struct ph_contact_kind *contact,
                                   size_t digits, struct ph_decision *decision)
{
    const struct ph_str code = ph_code_new(ctx, digits);
    struct ph_session session = ph_session_of(ctx, attempt, challenge);
    struct json_t *p = ph_json_object(ctx->arena);
    PH_AUTO(ph_key_wipe) struct ph_key key = { 0 };
    struct ph_str destination;

    ph_pool_key(attempt->pool, PH_PURPOSE_ONE_TIME_CODE, &key);
    PH_TRY(deliver(ctx, attempt, contact, code, &destination));
    session.code = mac_of(ctx, attempt, &key, contact, session.nonce, code);
    ph_json_set_str(ctx->arena, p, "CODE_DELIVERY_DELIVERY_MEDIUM",
                    contact->medium == PH_MEDIUM_SMS ? PH_STR("SMS") : PH_STR("EMAIL"));
    ph_json_set_str(ctx->arena, p, "CODE_DELIVERY_DESTINATION",
                    ph_mask_destination(ctx->arena, contact->medium, destination));
    decision->parameters = p;
    decision->session = ph_session_seal(ctx, attempt->pool, &session);
    return PH_OK;
}

/* --- answers --- */

/*
 * Whoever got the code has the address. Not worth failing for: where the address is somebody
 * else's name by now, or the user was changed at this moment, it stays as it was.
 */
static struct ph_err mark_verified(struct ph_ctx *ctx, struct ph_attempt *attempt,
                                   const struct ph_contact_kind *contact)
{
    struct ph_attrs *attrs = &attempt->user->attrs;
    const struct ph_str before = ph_attrs_get(attrs, contact->flag);
    struct ph_user_change change = { .user = attempt->user };
    struct ph_err err;

    if (ph_str_eq(before, PH_STR("true"))) {
        return PH_OK;
    }
    ph_attrs_set(ctx->arena, attrs, contact->flag, PH_STR("true"));
    err = ph_user_save(ctx, attempt->pool, &change, 0);
    if (err.type != &ph_ex_AliasExistsException && err.type != &ph_ex_TooManyRequestsException) {
        return err;
    }
    if (before.p != NULL) {
        ph_attrs_set(ctx->arena, attrs, contact->flag, before);
    } else {
        ph_attrs_remove(attrs, contact->flag);
    }
    return PH_OK;
}

struct ph_err ph_one_time_code_answer(struct ph_ctx *ctx, struct ph_attempt *attempt,
                                      const struct ph_contact_kind *contact, struct ph_str given,
                                      enum ph_proof proof)
{
    PH_TRY(ph_check_opened(ctx, attempt));
    PH_TRY(ph_lockout_check(ctx, attempt));
    PH_TRY(ph_lockout_judge(ctx, attempt, is_right(ctx, attempt, contact, given),
                            PH_FAIL(CodeMismatchException, PH_MSG_SIGN_IN_CODE_MISMATCH)));
    PH_TRY(ph_gate_proven(ctx, attempt));
    PH_TRY(ph_use_opened(ctx, attempt));
    PH_TRY(mark_verified(ctx, attempt, contact));
    attempt->proven |= (unsigned)proof;
    attempt->methods |= contact->medium == PH_MEDIUM_SMS ? PH_METHOD_SMS : PH_METHOD_EMAIL;
    return PH_OK;
}

/* The guide of the service writes EMAIL_MFA_CODE in places. */
struct ph_str ph_email_code(const struct ph_attempt *attempt)
{
    const struct ph_str code = ph_answer(attempt, "EMAIL_OTP_CODE");

    return code.n > 0 ? code : ph_answer(attempt, "EMAIL_MFA_CODE");
}

struct ph_err ph_email_code_open(struct ph_ctx *ctx, struct ph_attempt *attempt)
{
    static const char *const ANSWERS[] = { "EMAIL_OTP_CODE", NULL };

    if (ph_email_code(attempt).n == 0) {
        return ph_require(ctx, attempt, ANSWERS);
    }
    return ph_open_session(ctx, attempt);
}
