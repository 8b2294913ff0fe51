/* Any text has users, each inside of it and after the one before, or is refused with a reason. */
#include "import/listed.h"
#include "support/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct ph_str text = { data, size };
    struct ph_listed listed;
    struct ph_str user;
    const uint8_t *last = data;
    enum ph_listed_found found;

    ph_listed_begin(&listed, text);
    while ((found = ph_listed_next(&listed, &user)) == PH_LISTED_USER) {
        fuzz_inside(text, user);
        fuzz_check(user.n >= 2 && user.p >= last && user.p[0] == '{');
        last = user.p + user.n;
    }
    fuzz_check((found == PH_LISTED_BROKEN) == (listed.why != NULL));
    fuzz_check(listed.at <= size);
    return 0;
}
