/*
 * The library makes room for as many elements as CBOR says that it has. Read once without making
 * anything, to see that it does not say more than it could hold.
 */
#include "passkey/internal.h"

#include <cbor.h>

struct claims {
    size_t most; /* elements that the rest could hold: each takes a byte at least */
    bool are_true;
};

static void count(void *context, size_t elements)
{
    struct claims *claims = context;

    claims->are_true = claims->are_true && elements <= claims->most;
}

bool ph_cbor_claims_are_true(struct ph_str bytes)
{
    struct cbor_callbacks callbacks = cbor_empty_callbacks;
    struct claims claims = { .are_true = true };

    callbacks.array_start = count;
    callbacks.map_start = count;
    while (bytes.n > 0 && claims.are_true) {
        struct cbor_decoder_result result;

        claims.most = bytes.n;
        result = cbor_stream_decode(bytes.p, bytes.n, &callbacks, &claims);
        if (result.status != CBOR_DECODER_FINISHED) {
            return false;
        }
        bytes = ph_str_skip(bytes, result.read);
    }
    return claims.are_true;
}
