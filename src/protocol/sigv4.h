/*
 * AWS Signature Version 4: the Authorization header of a signed request.
 *
 * Pure: bytes in, verdict out; the caller brings the secret, the clock and the tolerance. Slices
 * point into the request. Thread-safe. Follows "Signature Version 4 signing process", AWS general
 * reference; texts of protocol.md section 7.
 */
#ifndef PH_PROTOCOL_SIGV4_H
#define PH_PROTOCOL_SIGV4_H

#include "model/exceptions.h"
#include "util/message.h"

enum { PH_SIGV4_HEADER_MAX = 4096, PH_SIGV4_SIGNATURE_BYTES = 32 };

struct ph_sigv4 {
    struct ph_str access_key_id;
    struct ph_str date; /* YYYYMMDD of the credential scope */
    struct ph_str region;
    struct ph_str service;
    struct ph_str signed_headers; /* lower case names, separated by ';' */
    struct ph_str time;           /* X-Amz-Date, or Date: YYYYMMDDTHHMMSSZ */
    struct ph_str session_token;  /* absent without X-Amz-Security-Token */
    uint8_t signature[PH_SIGV4_SIGNATURE_BYTES];
};

/*
 * Splits the header; says nothing yet about whether the signature is right.
 * MissingAuthenticationTokenException without an Authorization header, and
 * IncompleteSignatureException when a part is missing, doubled or malformed; *out untouched.
 */
PH_MUST_USE struct ph_err
ph_sigv4_parse(struct ph_arena *arena, const struct ph_http_request *request, struct ph_sigv4 *out);

/*
 * Checks scope, time and signature against the secret; Host and X-Amz-Target must be signed. skew_s
 * is how far the time may be from now_s. InvalidSignatureException otherwise.
 */
PH_MUST_USE struct ph_err ph_sigv4_verify(struct ph_arena *arena,
                                          const struct ph_http_request *request,
                                          const struct ph_sigv4 *parsed, struct ph_str service,
                                          struct ph_str secret, int64_t now_s, int64_t skew_s);

#endif
