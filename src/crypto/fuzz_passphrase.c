/*
 * Any text is a wrapped key within its bounds, or is refused. Nothing is computed: that is what the
 * bounds are for.
 */
#include "crypto/passphrase.h"
#include "support/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ph_arena arena = { 0 };
    struct ph_wrapped_key w = { 0 };

    if (ph_wrapped_key_parse(&arena, (struct ph_str){ data, size }, &w)) {
        fuzz_check(w.ln >= 1 && w.ln <= 20 && w.r >= 1 && w.r <= 8 && w.p >= 1 && w.p <= 4);
        fuzz_check(w.salt.n > 0 && w.salt.n <= 64 && w.sealed.n == 1 + 12 + 32 + 16);
    } else {
        fuzz_check(w.ln == 0 && w.salt.p == NULL);
    }
    ph_arena_finish(&arena);
    return 0;
}
