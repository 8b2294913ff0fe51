/* The opener: nothing opens but what was sealed. The input is tried as a seal, then sealed. */
#include "crypto/seal.h"
#include "support/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct ph_arena arena;
    static const struct ph_key key = { { 1, 2, 3 } };
    const struct ph_str in = { data, size };
    struct ph_str sealed, plain = { 0 };

    fuzz_check(!ph_open(&arena, &key, PH_STR("fuzz"), in, &plain));
    fuzz_check(plain.p == NULL);
    sealed = ph_seal(&arena, &key, PH_STR("fuzz"), in);
    fuzz_check(sealed.n == size + PH_SEAL_OVERHEAD);
    fuzz_check(ph_open(&arena, &key, PH_STR("fuzz"), sealed, &plain));
    fuzz_check(ph_str_eq(plain, in));
    ph_arena_reset(&arena);
    return 0;
}
