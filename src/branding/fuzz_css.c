/* Style sheets: what is found right could stand inside a page's <style>. */
#include "branding/css.h"
#include "support/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct ph_arena arena;
    const struct ph_str in = { data, size };
    const char *wrong = ph_css_check(&arena, in);

    if (wrong == NULL) {
        fuzz_check(!ph_str_has_byte(in, '<'));
        fuzz_check(!ph_str_has_byte(in, '@'));
        fuzz_check(!ph_str_has_byte(in, '{') || ph_str_contains(in, PH_STR("-customizable")) ||
                   ph_str_contains(in, PH_STR("/*")));
    }
    ph_arena_reset(&arena);
    return 0;
}
