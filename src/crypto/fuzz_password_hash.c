/*
 * Any text is a hash or is refused, what is accepted is within its bounds, and a text is of one
 * kind only. Nothing is computed: that is what the bounds are for.
 */
#include "crypto/password_hash.h"
#include "support/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct ph_str text = { data, size };
    struct ph_arena arena = { 0 };
    const enum ph_hash_algorithm kind = ph_password_hash_kind(&arena, text);

    fuzz_check(kind == PH_HASH_NONE || size <= PH_HASH_TEXT_MAX);
    fuzz_check(kind != PH_HASH_BCRYPT || size == 60);
    fuzz_check(kind == PH_HASH_NONE || (kind == PH_HASH_SCRYPT) == (data[0] != '$'));
    ph_arena_finish(&arena);
    return 0;
}
