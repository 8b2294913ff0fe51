/* The app client of public operations that carry ClientId, Username and SecretHash. */
#ifndef PH_API_PUBLIC_CLIENT_H
#define PH_API_PUBLIC_CLIENT_H

#include "model/io.h"
#include "pool/pool.h"

/*
 * Client and pool; whoever has the client's secret proves it for the name as it was typed. Errors
 * of ph_client_get() and ph_client_check_secret_hash().
 */
PH_MUST_USE struct ph_err ph_public_client(struct ph_ctx *ctx, const struct ph_in *in,
                                           const struct ph_pool **pool,
                                           const struct ph_client **client);

#endif
