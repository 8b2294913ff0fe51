/* The access token of a machine: an app client asks for itself (oauth.md 5.4). */
#ifndef PH_TOKEN_CLIENT_TOKEN_H
#define PH_TOKEN_CLIENT_TOKEN_H

#include "pool/pool.h"

enum { PH_CLIENT_TOKEN_SCOPES_MAX = 50 };

/* What a client that has proven its secret asks for. */
struct ph_client_token_request {
    const struct ph_pool *pool;
    const struct ph_client *client;
    const struct ph_str *scopes; /* count 0: all that the client may have */
    size_t scope_count;
    const struct json_t *client_metadata; /* for the trigger; NULL: none */
};

/*
 * A signed access token, good for client->access_token_s seconds. Its scopes are those of resource
 * servers that exist and that the client is allowed. A pool whose trigger is of the third version
 * may change claims and scopes.
 *
 * InvalidParameterException "Invalid scope requested: ..."; the errors of triggers.
 */
PH_MUST_USE struct ph_err ph_client_token_issue(struct ph_ctx *ctx,
                                                const struct ph_client_token_request *request,
                                                struct ph_str *token);

#endif
