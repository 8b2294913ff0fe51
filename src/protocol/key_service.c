#include "protocol/key_service.h"

#include "crypto/data_key.h"
#include "store/store.h"
#include "util/encode.h"
#include "util/json.h"

enum { ARN_MAX = 2048 };

/* NULL, or the name of KMS's own error. */
typedef const char *verdict;

static void write_key(struct ph_ctx *ctx, struct json_t *out, struct ph_str arn,
                      const struct ph_key *key)
{
    const struct ph_str plain = { key->bytes, sizeof key->bytes };

    ph_json_set_str(ctx->arena, out, "KeyId", arn);
    ph_json_set_str(ctx->arena, out, "Plaintext", ph_base64(ctx->arena, plain));
}

/* The same for the same pairs, in whatever order they came; none is an empty one. */
static struct ph_str context_of(struct ph_ctx *ctx, const struct json_t *in)
{
    const struct json_t *context = ph_json_get(in, "EncryptionContext");

    return ph_json_text(ctx->arena, context != NULL ? context : ph_json_object(ctx->arena),
                        PH_JSON_SORTED);
}

static bool is_arn(struct ph_str s)
{
    return s.n <= ARN_MAX && ph_str_starts(s, PH_STR("arn:")) && !ph_str_has_byte(s, '|');
}

static verdict generate_data_key(struct ph_ctx *ctx, const struct json_t *in, struct json_t *out)
{
    PH_AUTO(ph_key_wipe) struct ph_key service = { 0 };
    PH_AUTO(ph_key_wipe) struct ph_key key = { 0 };
    const struct ph_str arn = ph_json_get_str(in, "KeyId");
    const struct ph_str spec = ph_json_get_str(in, "KeySpec");

    if (!is_arn(arn)) {
        return "NotFoundException";
    }
    if (ph_json_int(ph_json_get(in, "NumberOfBytes")) != PH_KEY_BYTES &&
        !ph_str_eq(spec, PH_STR("AES_256"))) {
        return "ValidationException";
    }
    ph_store_key(ctx, PH_DATA_KEY_PURPOSE, &service);
    ctx->random->fill(ctx->random->self, key.bytes, sizeof key.bytes);
    write_key(ctx, out, arn, &key);
    ph_json_set_str(ctx->arena, out, "CiphertextBlob",
                    ph_base64(ctx->arena, ph_data_key_wrap(ctx->arena, &service, arn,
                                                           context_of(ctx, in), &key)));
    return NULL;
}

/* Of functions that still have one from before a rotation of the master key, too. */
static bool unwrap(struct ph_ctx *ctx, struct ph_str wrapped, struct ph_str context,
                   struct ph_str *arn, struct ph_key *key)
{
    PH_AUTO(ph_key_wipe) struct ph_key service = { 0 };

    ph_store_key(ctx, PH_DATA_KEY_PURPOSE, &service);
    return ph_data_key_unwrap(ctx->arena, &service, wrapped, context, arn, key) ||
           (ph_store_other_key(ctx, PH_DATA_KEY_PURPOSE, &service) &&
            ph_data_key_unwrap(ctx->arena, &service, wrapped, context, arn, key));
}

static verdict decrypt(struct ph_ctx *ctx, const struct json_t *in, struct json_t *out)
{
    PH_AUTO(ph_key_wipe) struct ph_key key = { 0 };
    const struct ph_str wanted = ph_json_get_str(in, "KeyId");
    struct ph_str wrapped, arn;

    if (!ph_base64_decode(ctx->arena, ph_json_get_str(in, "CiphertextBlob"), &wrapped) ||
        !unwrap(ctx, wrapped, context_of(ctx, in), &arn, &key)) {
        return "InvalidCiphertextException";
    }
    if (wanted.n > 0 && !ph_str_eq(wanted, arn)) {
        return "IncorrectKeyException";
    }
    write_key(ctx, out, arn, &key);
    ph_json_set_str(ctx->arena, out, "EncryptionAlgorithm", PH_STR("SYMMETRIC_DEFAULT"));
    return NULL;
}

static verdict run(struct ph_ctx *ctx, struct ph_str target, const struct json_t *in,
                   struct json_t *out)
{
    if (in == NULL) {
        return "SerializationException";
    }
    if (ph_str_eq(target, PH_STR("TrentService.GenerateDataKey"))) {
        return generate_data_key(ctx, in, out);
    }
    return ph_str_eq(target, PH_STR("TrentService.Decrypt")) ? decrypt(ctx, in, out)
                                                             : "UnknownOperationException";
}

bool ph_key_service_handle(struct ph_ctx *ctx, const struct ph_http_request *request,
                           struct ph_http_reply *reply)
{
    struct json_t *out = ph_json_object(ctx->arena);
    verdict wrong;

    if (ctx->settings->mode != PH_MODE_DEV || !ph_str_eq(request->method, PH_STR("POST")) ||
        (!ph_str_eq(request->path, PH_STR(PH_KEY_SERVICE_PATH)) &&
         !ph_str_eq(request->path, PH_STR(PH_KEY_SERVICE_PATH "/")))) {
        return false;
    }
    wrong = run(ctx, ph_http_header(request, PH_STR("X-Amz-Target")),
                ph_json_parse(ctx->arena, request->body), out);
    if (wrong != NULL) {
        out = ph_json_object(ctx->arena);
        ph_json_set_str(ctx->arena, out, "__type", ph_str_from(wrong));
        reply->status = 400;
    }
    ph_http_reply_header(reply, ctx->arena, PH_STR("Cache-Control"), PH_STR("no-store"));
    reply->content_type = PH_STR("application/x-amz-json-1.1");
    reply->body = ph_json_text(ctx->arena, out, PH_JSON_INSERTION);
    return true;
}
