/*
 * In `dev`, what handlers of custom senders want of KMS: Decrypt and GenerateDataKey, under keys
 * that follow from the master key. So a handler that decrypts its code by the AWS Encryption SDK
 * runs offline; nobody else's keys are here, and any ARN is one.
 *
 * Clients are pointed at it by AWS_ENDPOINT_URL_KMS, which local functions get by themselves.
 */
#ifndef PH_PROTOCOL_KEY_SERVICE_H
#define PH_PROTOCOL_KEY_SERVICE_H

#include "util/ctx.h"
#include "util/message.h"

#define PH_KEY_SERVICE_PATH "/_poolhouse/kms"

/* False when the request is for somebody else; always in `serve`. Signatures are not looked at. */
bool ph_key_service_handle(struct ph_ctx *ctx, const struct ph_http_request *request,
                           struct ph_http_reply *reply);

#endif
