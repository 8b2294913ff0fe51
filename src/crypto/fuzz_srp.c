/* What a client sends of SRP: the number in hexadecimal and the timestamp. */
#include "crypto/srp.h"
#include "support/fuzz.h"

static void check_number(struct ph_arena *arena, struct ph_str in)
{
    struct ph_srp_number n, again;
    struct ph_str text;

    if (!ph_srp_read_hex(arena, in, &n)) {
        return;
    }
    fuzz_check(in.n > 0 && in.n <= PH_SRP_HEX_MAX);
    text = ph_srp_hex(arena, (struct ph_str){ n.bytes, sizeof n.bytes });
    fuzz_check(text.n > 0 && (text.p[0] != '0' || text.n == 1));
    fuzz_check(ph_srp_number_is_zero(&n) == ph_str_eq(text, PH_STR("0")));
    fuzz_check(ph_srp_read_hex(arena, text, &again));
    fuzz_check(ph_equal_secret((struct ph_str){ n.bytes, sizeof n.bytes },
                               (struct ph_str){ again.bytes, sizeof again.bytes }));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct ph_arena arena;
    const struct ph_str in = { data, size };
    int64_t epoch_s = -1;

    check_number(&arena, in);
    if (ph_srp_timestamp(in, &epoch_s)) {
        fuzz_check(size >= sizeof "Sat Jan 3 04:05:06 UTC 2026" - 1 && size < 64);
    } else {
        fuzz_check(epoch_s == -1);
    }
    ph_arena_reset(&arena);
    return 0;
}
