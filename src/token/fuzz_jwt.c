/* A token from anywhere: what is accepted has our form, and no forgery verifies. */
#include "support/fuzz.h"
#include "token/jwt.h"

/* Made once; nobody else knows it, so nothing that is fed in can carry its signature. */
static const struct ph_rsa_key *key(void)
{
    static struct ph_rsa_key *made;

    if (made == NULL) {
        ph_json_start();
        made = ph_rsa_generate();
    }
    return made;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct ph_arena arena;
    const struct ph_str in = { data, size };
    const struct ph_rsa_key *unknown = key();
    struct ph_jwt jwt;

    if (ph_jwt_split(&arena, in, &jwt)) {
        fuzz_inside(in, jwt.input);
        fuzz_inside(in, jwt.claims);
        fuzz_check(size <= PH_JWT_MAX && jwt.kid.n == PH_JWT_KID_CHARS);
        fuzz_check(jwt.signature.n == PH_RSA_BYTES && jwt.input.p == data);
        fuzz_check(ph_jwt_claims(&arena, &jwt, unknown) == NULL);
    }
    ph_arena_reset(&arena);
    return 0;
}
