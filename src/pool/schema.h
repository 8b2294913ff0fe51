/* A pool's schema: the standard attributes, those a pool redeclares, and its own. */
#ifndef PH_POOL_SCHEMA_H
#define PH_POOL_SCHEMA_H

#include "pool/pool.h"

/*
 * The SchemaAttributes of a new pool from the Schema that its creator sent (NULL: none), checked.
 * InvalidParameterException in the words of management.md 2.5.
 */
PH_MUST_USE struct ph_err ph_schema_create(struct ph_ctx *ctx, const struct json_t *declared,
                                           struct json_t **attributes);

/*
 * Appends the custom attributes to a copy of a pool's SchemaAttributes (AddCustomAttributes).
 * LimitExceededException above 50 custom attributes.
 */
PH_MUST_USE struct ph_err ph_schema_add(struct ph_ctx *ctx, const struct json_t *attributes,
                                        const struct json_t *custom, struct json_t **result);

/* Reads stored SchemaAttributes; false when they are not what ph_schema_create() makes. */
PH_MUST_USE bool ph_schema_read(struct ph_arena *arena, const struct json_t *attributes,
                                const struct ph_attr_def **schema, size_t *count);

#endif
