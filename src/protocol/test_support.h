/* What the tests of the protocol share: requests made and replies read without a socket. */
#ifndef PH_PROTOCOL_TEST_SUPPORT_H
#define PH_PROTOCOL_TEST_SUPPORT_H

#include "pool/test_support.h"

#include "protocol/dispatch.h"

#define TARGET(operation) "AWSCognitoIdentityProviderService." operation
#define API_TYPE "application/x-amz-json-1.1"

/* A signature as `dev` accepts it. */
#define SIGNED                                                                                     \
    { PH_STR_INIT("X-Amz-Date"), PH_STR_INIT("20260102T030405Z") },                                \
    {                                                                                              \
        PH_STR_INIT("Authorization"),                                                              \
            PH_STR_INIT("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260102/eu-west-1/cognito-idp/"  \
                        "aws4_request, SignedHeaders=host;x-amz-date, Signature="                  \
                        "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff")        \
    }

static inline struct ph_str reply_header(const struct ph_http_reply *reply, const char *name)
{
    for (size_t i = 0; i < reply->header_count; i++) {
        if (ph_str_eq_nocase(reply->headers[i].name, ph_str_from(name))) {
            return reply->headers[i].value;
        }
    }
    return (struct ph_str){ 0 };
}

static inline void assert_in(struct ph_str text, const char *part)
{
    if (!ph_str_contains(text, ph_str_from(part))) {
        fail_msg("expected \"%s\" in \"%.*s\"", part, PH_FMT(text));
    }
}

static inline void assert_not_in(struct ph_str text, const char *part)
{
    if (ph_str_contains(text, ph_str_from(part))) {
        fail_msg("expected no \"%s\" in \"%.*s\"", part, PH_FMT(text));
    }
}

static inline void assert_refused(const struct ph_http_reply *reply, int status, const char *body)
{
    assert_int_equal(reply->status, status);
    assert_str(reply->content_type, API_TYPE);
    assert_str(reply->body, body);
}

#endif
