/* What is in a database as a seed: reading it back makes the same again. */
#ifndef PH_SEED_DUMP_H
#define PH_SEED_DUMP_H

#include "util/ctx.h"
#include "util/json.h"

/*
 * Secrets are client secrets, those of identity providers, verifiers of passwords and secrets of
 * software tokens, all in clear. Without them users have no password, clients with a secret get
 * another one, and providers a word in its place.
 */
enum ph_dump_secrets { PH_DUMP_WITHOUT_SECRETS, PH_DUMP_WITH_SECRETS };

/*
 * All pools, in the order of their ids, as ph_seed_read() takes them. In it are no tokens, devices,
 * passkeys, signing keys, codes and messages.
 */
PH_MUST_USE struct ph_err ph_seed_dump(struct ph_ctx *ctx, enum ph_dump_secrets secrets,
                                       struct json_t **document);

#endif
