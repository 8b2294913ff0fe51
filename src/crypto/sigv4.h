/*
 * The signature of AWS Signature Version 4: for requests that came (protocol/sigv4.h verifies) and
 * for those that we send.
 *
 * Pure: bytes in, signature out. Thread-safe. Follows "Signature Version 4 signing process", AWS
 * general reference.
 */
#ifndef PH_CRYPTO_SIGV4_H
#define PH_CRYPTO_SIGV4_H

#include "crypto/hash.h"
#include "util/message.h"

#define PH_SIGV4_ALGORITHM "AWS4-HMAC-SHA256"

/* What the signature is about besides the request. */
struct ph_sigv4_scope {
    struct ph_str time; /* YYYYMMDDTHHMMSSZ */
    struct ph_str date; /* YYYYMMDD */
    struct ph_str region;
    struct ph_str service;
    struct ph_str signed_headers; /* lower case names in order, separated by ';' */
    bool keeps_path;              /* S3: the path is signed as it was sent */
};

/* False when the request lacks a signed header or is too large. */
PH_MUST_USE bool ph_sigv4_signature(struct ph_arena *arena, const struct ph_http_request *request,
                                    const struct ph_sigv4_scope *scope, struct ph_str secret,
                                    struct ph_digest *out);

/* Who signs our own requests. secret is a secret. */
struct ph_aws_credentials {
    struct ph_str access_key_id;
    struct ph_str secret;
    struct ph_str session_token; /* absent: none */
};

/* A request of ours, before it is signed. */
struct ph_aws_request {
    struct ph_str method;
    struct ph_str url; /* with the path encoded; its query, if any, sorted */
    struct ph_str content_type;
    struct ph_str body;
    struct ph_str region;
    struct ph_str service; /* "lambda", "sns" */
    struct ph_str target;  /* X-Amz-Target; absent: none */
    bool hashes_body;      /* as S3 wants it: X-Amz-Content-Sha256, the path not encoded again */
};

enum { PH_AWS_HEADERS = 6 };

/*
 * The headers to send: Content-Type, X-Amz-Date, Authorization, and those of X-Amz-Content-Sha256,
 * X-Amz-Security-Token and X-Amz-Target that the request needs. Host is signed as HTTP clients
 * write it. *count of them are written; false when the URL is none.
 */
PH_MUST_USE bool ph_aws_sign(struct ph_arena *arena, const struct ph_aws_credentials *credentials,
                             const struct ph_aws_request *request, int64_t now_s,
                             struct ph_http_field headers[PH_AWS_HEADERS], size_t *count);

#endif
