#include "crypto/data_key.h"

#include "crypto/seal.h"

#include <string.h>

static struct ph_str purpose(struct ph_arena *arena, struct ph_str key_arn, struct ph_str context)
{
    return PH_CONCAT(arena, PH_STR("data key|"), key_arn, PH_STR("|"), context);
}

struct ph_str ph_data_key_wrap(struct ph_arena *arena, const struct ph_key *service,
                               struct ph_str key_arn, struct ph_str context,
                               const struct ph_key *data_key)
{
    const struct ph_str plain = { data_key->bytes, sizeof data_key->bytes };

    return PH_CONCAT(arena, key_arn, PH_STR("|"),
                     ph_seal(arena, service, purpose(arena, key_arn, context), plain));
}

bool ph_data_key_unwrap(struct ph_arena *arena, const struct ph_key *service, struct ph_str wrapped,
                        struct ph_str context, struct ph_str *key_arn, struct ph_key *data_key)
{
    struct ph_str arn, sealed, plain;

    if (!ph_str_cut(wrapped, '|', &arn, &sealed) ||
        !ph_open(arena, service, purpose(arena, arn, context), sealed, &plain) ||
        plain.n != sizeof data_key->bytes) {
        return false;
    }
    memcpy(data_key->bytes, plain.p, sizeof data_key->bytes);
    *key_arn = arn;
    return true;
}
