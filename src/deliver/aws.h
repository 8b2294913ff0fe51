/* Requests to services of AWS or their stand-ins: signed with the operator's keys, one try each. */
#ifndef PH_DELIVER_AWS_H
#define PH_DELIVER_AWS_H

#include "crypto/sigv4.h"
#include "fetch/fetch.h"
#include "util/settings.h"

struct ph_aws_service {
    struct ph_fetch *fetch;
    struct ph_aws_credentials credentials;
    struct ph_str endpoint; /* without a slash at its end */
    struct ph_str region;
    struct ph_str name; /* "sns", "mobiletargeting": in the signature */
    int64_t timeout_ms;
};

/* A service of the settings; region may be absent. */
struct ph_aws_service ph_aws_service(const struct ph_settings *settings, struct ph_fetch *fetch,
                                     struct ph_str endpoint, struct ph_str region, const char *name,
                                     int64_t timeout_ms);

/* POST of awsJson 1.1 to the endpoint; target is X-Amz-Target. */
enum ph_fetch_result ph_aws_post_json(const struct ph_aws_service *service, struct ph_arena *arena,
                                      int64_t now_s, const struct ph_http_field *target,
                                      struct ph_str body, struct ph_fetch_reply *reply);

/* POST of the body to endpoint and path; a request that cannot be signed is unreachable. */
enum ph_fetch_result ph_aws_post(const struct ph_aws_service *service, struct ph_arena *arena,
                                 int64_t now_s, struct ph_str path, struct ph_str content_type,
                                 struct ph_str body, struct ph_fetch_reply *reply);

#endif
