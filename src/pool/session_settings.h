/*
 * The session configuration of pools and clients, which operations of their own set and tell: it
 * is part of the settings' documents and never shown with them.
 */
#ifndef PH_POOL_SESSION_SETTINGS_H
#define PH_POOL_SESSION_SETTINGS_H

#include "pool/pool.h"

/*
 * SetUserPoolSessionConfiguration: the pool's settings with it.
 * FeatureUnavailableInTierException below ESSENTIALS.
 */
PH_MUST_USE struct ph_err ph_pool_settings_sessions(struct ph_ctx *ctx, const struct ph_pool *pool,
                                                    const struct json_t *input,
                                                    struct json_t **settings);

/* UserSessionTracking and TokenSession; the defaults when nobody set them. */
struct json_t *ph_pool_settings_sessions_described(struct ph_arena *arena,
                                                   const struct ph_pool *pool);

/*
 * SetUserPoolClientSessionConfiguration: the client's settings with it. As above, and
 * InvalidParameterException while the pool does not track sessions.
 */
PH_MUST_USE struct ph_err ph_client_settings_sessions(struct ph_ctx *ctx,
                                                      const struct ph_pool *pool,
                                                      const struct ph_client *client,
                                                      const struct json_t *input,
                                                      struct json_t **settings);

/* SSOSession; the default when nobody set it. */
struct json_t *ph_client_settings_sessions_described(struct ph_arena *arena,
                                                     const struct ph_client *client);

/* InvalidParameterException while the pool does not track sessions. */
PH_MUST_USE struct ph_err ph_pool_check_tracks_sessions(const struct ph_pool *pool);

#endif
