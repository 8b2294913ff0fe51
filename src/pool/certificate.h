/* The certificate over the key that signs requests to identity providers (management.md 10). */
#ifndef PH_POOL_CERTIFICATE_H
#define PH_POOL_CERTIFICATE_H

#include "pool/pool.h"

/*
 * The key of ID tokens that is in use, which signs SAML requests, too: DER in ctx->arena, good for
 * ten years from the making of the key. Nothing is kept: as long as the key is in use, every server
 * makes the same bytes of it, and a rotation gives another certificate. InternalErrorException for
 * a pool without a key.
 */
PH_MUST_USE struct ph_err ph_pool_certificate(struct ph_ctx *ctx, const struct ph_pool *pool,
                                              struct ph_str *der);

#endif
