/*
 * Identity providers as documents: what each type needs, what is added when it is read back
 * (management.md 7). The document has ProviderType, ProviderDetails, AttributeMapping and
 * IdpIdentifiers, as they were sent.
 */
#ifndef PH_POOL_PROVIDER_H
#define PH_POOL_PROVIDER_H

#include "pool/pool.h"

/* InvalidParameterException when the name, the details or the mapping do not fit the type. */
PH_MUST_USE struct ph_err ph_provider_create(struct ph_ctx *ctx, const struct ph_pool *pool,
                                             const struct json_t *input, struct json_t **document);

/* What the input omits stays; what it names is replaced as a whole. */
PH_MUST_USE struct ph_err ph_provider_update(struct ph_ctx *ctx, const struct ph_pool *pool,
                                             const struct json_t *current,
                                             const struct json_t *input, struct json_t **document);

/* OIDC and SAML: the pool's administrator names the provider and maps its claims. */
bool ph_provider_is_named(const struct json_t *document);

/*
 * The entityID of a SAML provider, from the metadata it came with; absent for all others and
 * while it has not been fetched.
 */
struct ph_str ph_provider_entity_id(const struct json_t *document);

/* A copy with what the type adds, and without what is never shown. */
struct json_t *ph_provider_described(struct ph_arena *arena, const struct json_t *document);

#endif
