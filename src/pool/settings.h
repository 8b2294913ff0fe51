/*
 * The settings of pools and clients as documents in the API's own shape: made from the input of
 * Create and Update operations, with defaults filled in and the checks that go beyond the model
 * (management.md 2.2 to 2.5 and 3.1 to 3.2). They are what the store keeps and, with the id and
 * dates beside them, what Describe answers.
 *
 * Input has passed the model's validation. Results live in ctx->arena.
 */
#ifndef PH_POOL_SETTINGS_H
#define PH_POOL_SETTINGS_H

#include "pool/pool.h"

/* CreateUserPool. Name, Id, Arn and dates are not part of the document. */
PH_MUST_USE struct ph_err ph_pool_settings_create(struct ph_ctx *ctx, struct ph_str region,
                                                  const struct json_t *input,
                                                  struct json_t **settings);

/* UpdateUserPool: what the input omits goes back to its default, with few exceptions. */
PH_MUST_USE struct ph_err ph_pool_settings_update(struct ph_ctx *ctx, const struct ph_pool *pool,
                                                  const struct json_t *input,
                                                  struct json_t **settings);

/*
 * SetUserPoolMfaConfig: a call that names MfaConfiguration or a factor sets all factors, omitted
 * ones are off; WebAuthnConfiguration stays when omitted. InvalidParameterException for settings
 * that do not fit together.
 */
PH_MUST_USE struct ph_err ph_pool_settings_mfa(struct ph_ctx *ctx, const struct ph_pool *pool,
                                               const struct json_t *input,
                                               struct json_t **settings);

/* The members of GetUserPoolMfaConfig. */
struct json_t *ph_pool_settings_mfa_described(struct ph_arena *arena, const struct ph_pool *pool);

/*
 * The settings with the members that only a creation takes as they are in the fields of `pool`:
 * UsernameConfiguration, AliasAttributes, UsernameAttributes.
 */
struct json_t *ph_pool_settings_altered(struct ph_arena *arena, const struct ph_pool *pool);

/*
 * UserPoolTags with `added` (an object; NULL: none) and without the keys of `removed` (an array;
 * NULL: none). InvalidParameterException for keys that are not ours to set, and above 50.
 */
PH_MUST_USE struct ph_err ph_pool_settings_tagged(struct ph_ctx *ctx, const struct ph_pool *pool,
                                                  const struct json_t *added,
                                                  const struct json_t *removed,
                                                  struct json_t **settings);

/*
 * Stores name and settings of the pool as it was read. *result is DONE or CONFLICT: the pool, or
 * the set of its clients, has changed since.
 */
PH_MUST_USE struct ph_err ph_pool_settings_save(struct ph_ctx *ctx, const struct ph_pool *pool,
                                                struct ph_str name, const struct json_t *settings,
                                                enum ph_write_result *result);

/* A copy without what operations of its own tell. */
struct json_t *ph_pool_settings_described(struct ph_arena *arena, const struct json_t *settings);

/*
 * CreateUserPoolClient. Ids, name, dates and secret are not part of the document; has_secret says
 * whether the new client gets one.
 */
PH_MUST_USE struct ph_err ph_client_settings_create(struct ph_ctx *ctx, const struct ph_pool *pool,
                                                    bool has_secret, const struct json_t *input,
                                                    struct json_t **settings);

/* UpdateUserPoolClient: as ph_pool_settings_update. */
PH_MUST_USE struct ph_err ph_client_settings_update(struct ph_ctx *ctx, const struct ph_pool *pool,
                                                    const struct ph_client *client,
                                                    const struct json_t *input,
                                                    struct json_t **settings);

#endif
