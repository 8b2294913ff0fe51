/*
 * What the operator decided, as plain data: filled by main/ from the configuration, read-only
 * afterwards. Sections and keys are described in docs/operations.md.
 */
#ifndef PH_UTIL_SETTINGS_H
#define PH_UTIL_SETTINGS_H

#include "util/str.h"

enum ph_mode { PH_MODE_DEV, PH_MODE_SERVE };

/* How the issuer of a pool is written into tokens and discovery (docs/operations.md). */
enum ph_issuer_mode {
    PH_ISSUER_LOCAL,    /* {public_url}/{poolId} */
    PH_ISSUER_AWS,      /* https://cognito-idp.{region}.amazonaws.com/{poolId} */
    PH_ISSUER_AWS_NEW,  /* https://issuer-cognito-idp.{region}.amazonaws.com/{poolId} */
    PH_ISSUER_TEMPLATE, /* issuer_template with {poolId}, {region}, {public_url} */
};

struct ph_settings {
    enum ph_mode mode;
    struct ph_str account_id;     /* 12 digits */
    struct ph_str default_region; /* for pools made without a credential scope */
    struct ph_str public_url;     /* without a slash at the end: "http://localhost:9229" */
    enum ph_issuer_mode issuer_mode;
    struct ph_str issuer_template;
    struct ph_str fixed_code; /* dev: every code is this value; absent otherwise */
    bool lockout;             /* the back-off after five wrong passwords */
    bool attempt_limits;      /* per-hour limits on codes (authentication.md 4.4) */
    int64_t signature_skew_s; /* how far X-Amz-Date may be from our clock */
};

#endif
