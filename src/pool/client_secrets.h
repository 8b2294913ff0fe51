/*
 * The secrets of an app client: one from its making on, a second one beside it while the first is
 * replaced (management.md 3.3). Which ones are right says pool/pool.h.
 */
#ifndef PH_POOL_CLIENT_SECRETS_H
#define PH_POOL_CLIENT_SECRETS_H

#include "pool/pool.h"

/* A random one. */
struct ph_str ph_client_secret_new(const struct ph_ctx *ctx);

/* "<client id>--<time of its making>"; cut in front when the client's id is a very long one. */
struct ph_str ph_client_secret_id(struct ph_arena *arena, const struct ph_client *client,
                                  const struct ph_client_secret *secret);

/*
 * Gives the client a second secret. InvalidParameterException for a client without any,
 * LimitExceededException when it has two, TooManyRequestsException when others keep changing it,
 * the errors of ph_client_get().
 */
PH_MUST_USE struct ph_err ph_client_secret_add(struct ph_ctx *ctx, struct ph_str pool_id,
                                               struct ph_str client_id, struct ph_str value,
                                               const struct ph_client **client,
                                               struct ph_client_secret *added);

/*
 * Takes one of two away: it counts for nothing from then on. ResourceNotFoundException for an id
 * that is none of the client's, InvalidParameterException for its last one, and as above.
 */
PH_MUST_USE struct ph_err ph_client_secret_delete(struct ph_ctx *ctx, struct ph_str pool_id,
                                                  struct ph_str client_id, struct ph_str id);

#endif
