/*
 * Codes on their way to custom senders (authentication.md 5.4): as the service makes them, which is
 * messages of the AWS Encryption SDK whose data key is wrapped by the KMS key of the pool.
 *
 * Which key service: the endpoint of kms.endpoint, else in `dev` ourselves
 * (protocol/key_service.h), else none; triggers.plain_codes hands codes over in base64 where there
 * is no endpoint.
 */
#ifndef PH_TRIGGER_CODES_H
#define PH_TRIGGER_CODES_H

#include "util/ctx.h"
#include "util/str.h"

struct ph_fetch;
struct ph_codes;

enum ph_codes_form {
    PH_CODES_BY_ENDPOINT,
    PH_CODES_BY_OURSELVES,
    PH_CODES_PLAIN,
    PH_CODES_NEVER, /* they can be handed over in no way */
};

enum ph_codes_form ph_codes_form(const struct ph_settings *settings);

/* Keeps the pointers, and no secret but the operator's. */
struct ph_codes *ph_codes_create(const struct ph_settings *settings, struct ph_fetch *fetch);
void ph_codes_destroy(struct ph_codes *codes); /* NULL is fine */

enum ph_codes_result {
    PH_CODES_DONE,
    PH_CODES_AWAY,    /* the key service cannot be reached, or does not know us */
    PH_CODES_REFUSED, /* it does not do it with this key */
};

/* ctx->store for the key service that we are ourselves. key_arn: KMSKeyID of the pool. */
enum ph_codes_result ph_codes_write(const struct ph_codes *codes, struct ph_ctx *ctx,
                                    struct ph_str pool_id, struct ph_str key_arn,
                                    struct ph_str code, struct ph_str *text, const char **why);

#endif
