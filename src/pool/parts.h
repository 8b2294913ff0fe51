/* What a pool has beside its settings: the scopes of resource servers, identity providers. */
#ifndef PH_POOL_PARTS_H
#define PH_POOL_PARTS_H

#include "pool/pool.h"

/* "<identifier>/<name>" of a scope that a resource server of the pool has. */
PH_MUST_USE struct ph_err ph_pool_has_scope(struct ph_ctx *ctx, const struct ph_pool *pool,
                                            struct ph_str scope, bool *exists);

/* COGNITO, which stands for the pool's own users, or an identity provider. */
PH_MUST_USE struct ph_err ph_pool_has_provider(struct ph_ctx *ctx, const struct ph_pool *pool,
                                               struct ph_str name, bool *exists);

#endif
