/* Any text is a filter or is refused, and reading it takes bounded memory. */
#include "user/filter.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ph_arena arena = { 0 };
    struct ph_user_filter filter;
    const struct ph_err err = ph_user_filter_parse(&arena, (struct ph_str){ data, size }, &filter);

    if (err.type == NULL && filter.value.n > size * 4) {
        ph_fatal("a filter's value outgrew its text");
    }
    for (int extended = 0; extended < 2; extended++) {
        struct ph_filter_parts parts;

        if (ph_user_filter_split(&arena, (struct ph_str){ data, size }, extended == 1, &parts) &&
            parts.name.n + parts.value.n > size) {
            ph_fatal("the parts of a filter outgrew its text");
        }
    }
    ph_arena_finish(&arena);
    return 0;
}
