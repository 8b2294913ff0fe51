/*
 * Users as another service describes them: an element of ListUsers, or the reply of AdminGetUser or
 * GetUser. The ids, dates and states of that service are kept (docs/leaving.md).
 */
#ifndef PH_USER_DESCRIBED_H
#define PH_USER_DESCRIBED_H

#include "user/user.h"
#include "util/json.h"

/* Whether an attribute that the pool does not know, or would not take, is an error or left out. */
enum ph_described_attributes { PH_DESCRIBED_STRICT, PH_DESCRIBED_LENIENT };

/*
 * A user who is not stored: sub, Username, attributes, second factors by text message and e-mail;
 * status, enabled and dates where the description has them, else confirmed, enabled and now. He has
 * no password and waits for it, unless he belongs to another provider.
 *
 * InvalidParameterException, which quotes no value, for what is no user or breaks the schema.
 */
PH_MUST_USE struct ph_err ph_user_described(struct ph_ctx *ctx, const struct ph_pool *pool,
                                            const struct json_t *described,
                                            enum ph_described_attributes attributes,
                                            struct ph_user **user);

/* The links to other providers in the attribute `identities`, a list; NULL: there are none. */
const struct json_t *ph_described_identities(struct ph_arena *arena,
                                             const struct json_t *described);

/*
 * The same user as he is described later: *known with what is new, while he still waits; his status
 * and password here stay. NULL when he does not wait any more, or nothing is newer.
 */
struct ph_user *ph_user_described_anew(struct ph_ctx *ctx, const struct ph_user *known,
                                       const struct ph_user *described);

#endif
