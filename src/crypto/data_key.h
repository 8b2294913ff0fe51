/*
 * Data keys of a key service that we are ourselves: `dev` has no KMS, and functions that decrypt
 * codes want one (docs/decisions/0025-codes-for-custom-senders.md).
 *
 * Form: the ARN of the key, '|', and the data key sealed for that ARN and encryption context.
 */
#ifndef PH_CRYPTO_DATA_KEY_H
#define PH_CRYPTO_DATA_KEY_H

#include "crypto/secret.h"

/* Of the key that wraps them: ph_store_key(). */
#define PH_DATA_KEY_PURPOSE PH_STR("data keys of dev")

/* context: the encryption context in one canonical text. */
struct ph_str ph_data_key_wrap(struct ph_arena *arena, const struct ph_key *service,
                               struct ph_str key_arn, struct ph_str context,
                               const struct ph_key *data_key);

/* False when it was not wrapped by this service for this context; outputs untouched. */
PH_MUST_USE bool ph_data_key_unwrap(struct ph_arena *arena, const struct ph_key *service,
                                    struct ph_str wrapped, struct ph_str context,
                                    struct ph_str *key_arn, struct ph_key *data_key);

#endif
