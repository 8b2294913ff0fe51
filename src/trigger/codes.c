#include "trigger/codes.h"

#include "crypto/data_key.h"
#include "crypto/envelope.h"
#include "deliver/aws.h"
#include "store/store.h"
#include "util/encode.h"
#include "util/json.h"
#include "util/memory.h"

#include <stdlib.h>
#include <string.h>

#define POOL_ID "userpool-id" /* the service's own name in the encryption context */

struct ph_codes {
    enum ph_codes_form form;
    struct ph_aws_service service;
};

enum ph_codes_form ph_codes_form(const struct ph_settings *settings)
{
    if (settings->kms.endpoint.n > 0) {
        return PH_CODES_BY_ENDPOINT;
    }
    if (settings->plain_codes) {
        return PH_CODES_PLAIN;
    }
    return settings->mode == PH_MODE_DEV ? PH_CODES_BY_OURSELVES : PH_CODES_NEVER;
}

struct ph_codes *ph_codes_create(const struct ph_settings *settings, struct ph_fetch *fetch)
{
    struct ph_codes *codes = ph_heap_zeroed(1, sizeof *codes);

    codes->form = ph_codes_form(settings);
    codes->service = ph_aws_service(settings, fetch, settings->kms.endpoint, settings->kms.region,
                                    "kms", settings->kms.timeout_ms);
    if (codes->service.credentials.access_key_id.n == 0) { /* stand-ins take any */
        codes->service.credentials = (struct ph_aws_credentials){
            .access_key_id = PH_STR("poolhouse"),
            .secret = PH_STR("poolhouse"),
        };
    }
    return codes;
}

void ph_codes_destroy(struct ph_codes *codes)
{
    free(codes);
}

/* ---- data keys ---- */

/* A data key, and what the message says of it. */
struct wrapped {
    struct ph_key key;
    struct ph_str arn;
    struct ph_str bytes;
};

static void wrapped_wipe(struct wrapped *wrapped)
{
    ph_key_wipe(&wrapped->key);
}

static struct ph_str request_text(struct ph_arena *arena, struct ph_str key_arn,
                                  const struct json_t *context)
{
    struct json_t *request = ph_json_object(arena);

    ph_json_set_str(arena, request, "KeyId", key_arn);
    ph_json_set_int(arena, request, "NumberOfBytes", PH_KEY_BYTES);
    ph_json_set(arena, request, "EncryptionContext", ph_json_copy(arena, context));
    return ph_json_text(arena, request, PH_JSON_INSERTION);
}

static bool read_reply(struct ph_arena *arena, struct ph_str body, struct wrapped *wrapped)
{
    const struct json_t *reply = ph_json_parse(arena, body);
    struct ph_str plain;

    wrapped->arn = ph_json_get_str(reply, "KeyId");
    if (wrapped->arn.n == 0 ||
        !ph_base64_decode(arena, ph_json_get_str(reply, "CiphertextBlob"), &wrapped->bytes) ||
        !ph_base64_decode(arena, ph_json_get_str(reply, "Plaintext"), &plain) ||
        plain.n != sizeof wrapped->key.bytes) {
        return false;
    }
    memcpy(wrapped->key.bytes, plain.p, plain.n);
    return true;
}

/* 400 is about the key or the request, or says that our signature is none: it may be mended. */
static enum ph_codes_result ask(const struct ph_codes *codes, struct ph_ctx *ctx,
                                struct ph_str key_arn, const struct json_t *context,
                                struct wrapped *wrapped, const char **why)
{
    const struct ph_str body = request_text(ctx->arena, key_arn, context);
    const struct ph_aws_call call = {
        .method = "POST",
        .path = PH_STR("/"),
        .content_type = PH_STR("application/x-amz-json-1.1"),
        .target = PH_STR("TrentService.GenerateDataKey"),
        .body = body,
    };
    struct ph_fetch_reply reply;

    *why = "the key service cannot be reached";
    if (ph_aws_send(&codes->service, ctx->arena, ph_now_s(ctx), &call, &reply) !=
        PH_FETCH_REPLIED) {
        return PH_CODES_AWAY;
    }
    if (reply.status == 200 && read_reply(ctx->arena, reply.body, wrapped)) {
        return PH_CODES_DONE;
    }
    *why = "the key service refused";
    return reply.status == 400 ? PH_CODES_REFUSED : PH_CODES_AWAY;
}

static void make(struct ph_ctx *ctx, struct ph_str key_arn, const struct json_t *context,
                 struct wrapped *wrapped)
{
    PH_AUTO(ph_key_wipe) struct ph_key own = { 0 };

    ph_store_key(ctx, PH_DATA_KEY_PURPOSE, &own);
    ctx->random->fill(ctx->random->self, wrapped->key.bytes, sizeof wrapped->key.bytes);
    wrapped->arn = key_arn;
    wrapped->bytes =
        ph_data_key_wrap(ctx->arena, &own, key_arn,
                         ph_json_text(ctx->arena, context, PH_JSON_SORTED), &wrapped->key);
}

static enum ph_codes_result data_key(const struct ph_codes *codes, struct ph_ctx *ctx,
                                     struct ph_str key_arn, const struct json_t *context,
                                     struct wrapped *wrapped, const char **why)
{
    if (codes->form == PH_CODES_BY_ENDPOINT) {
        return ask(codes, ctx, key_arn, context, wrapped, why);
    }
    make(ctx, key_arn, context, wrapped);
    return PH_CODES_DONE;
}

/* ---- messages ---- */

static enum ph_codes_result encrypt(const struct ph_codes *codes, struct ph_ctx *ctx,
                                    struct ph_str pool_id, struct ph_str key_arn,
                                    struct ph_str code, struct ph_str *text, const char **why)
{
    PH_AUTO(ph_envelope_signer_free) struct ph_envelope_signer signer = { 0 };
    PH_AUTO(wrapped_wipe) struct wrapped wrapped = { 0 };
    struct json_t *context = ph_json_object(ctx->arena);
    struct ph_str message;
    enum ph_codes_result result;

    ph_envelope_signer_new(ctx->arena, &signer);
    ph_json_set_str(ctx->arena, context, PH_ENVELOPE_PUBLIC_KEY, signer.public_key);
    ph_json_set_str(ctx->arena, context, POOL_ID, pool_id);
    result = data_key(codes, ctx, key_arn, context, &wrapped, why);
    if (result != PH_CODES_DONE) {
        return result;
    }
    const struct ph_envelope_pair pairs[] = {
        { PH_STR(PH_ENVELOPE_PUBLIC_KEY), signer.public_key },
        { PH_STR(POOL_ID), pool_id },
    };
    const struct ph_envelope envelope = {
        .context = pairs,
        .context_count = sizeof pairs / sizeof pairs[0],
        .provider = PH_STR("aws-kms"),
        .key_id = wrapped.arn,
        .wrapped = wrapped.bytes,
        .data_key = &wrapped.key,
    };

    *why = "the code is too long";
    if (!ph_envelope_seal(ctx->arena, &signer, &envelope, code, &message)) {
        return PH_CODES_REFUSED;
    }
    *text = ph_base64(ctx->arena, message);
    return PH_CODES_DONE;
}

enum ph_codes_result ph_codes_write(const struct ph_codes *codes, struct ph_ctx *ctx,
                                    struct ph_str pool_id, struct ph_str key_arn,
                                    struct ph_str code, struct ph_str *text, const char **why)
{
    switch (codes->form) {
    case PH_CODES_PLAIN:
        *text = ph_base64(ctx->arena, code);
        return PH_CODES_DONE;
    case PH_CODES_BY_ENDPOINT:
    case PH_CODES_BY_OURSELVES:
        return encrypt(codes, ctx, pool_id, key_arn, code, text, why);
    case PH_CODES_NEVER: /* it was otherwise when the message was written */
        break;
    }
    *why = "codes cannot be encrypted: kms.endpoint is not set";
    return PH_CODES_AWAY;
}
