/* Access keys of administrators and their IAM policies (protocol/policy.h reads the document). */
#ifndef PH_STORE_ACCESS_H
#define PH_STORE_ACCESS_H

#include "store/store.h"

struct ph_access_key {
    struct ph_str id;            /* "AKIA...": 20 characters */
    struct ph_str secret;        /* sealed in the row */
    struct ph_str session_token; /* absent for long-lived keys; sealed */
    struct ph_str user_name;     /* for the ARN in AccessDenied texts */
    struct ph_str policy;        /* JSON policy document */
    int64_t created_ms;
    int64_t expires_ms; /* 0: never */
};

/* *taken: the id exists. */
PH_MUST_USE struct ph_err ph_store_access_key_insert(struct ph_ctx *ctx,
                                                     const struct ph_access_key *key, bool *taken);

/* *key is NULL when there is none. */
PH_MUST_USE struct ph_err ph_store_access_key_find(struct ph_ctx *ctx, struct ph_str id,
                                                   struct ph_access_key **key);

/* Without the secrets, in order of creation. */
PH_MUST_USE struct ph_err ph_store_access_key_list(struct ph_ctx *ctx, struct ph_access_key **keys,
                                                   size_t *count);
PH_MUST_USE struct ph_err ph_store_access_key_delete(struct ph_ctx *ctx, struct ph_str id,
                                                     bool *existed);

#endif
