/* Any text is a description or is refused with a reason; what is made of it is a seed. */
#include "seed/describe.h"
#include "support/fuzz.h"

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    ph_json_start();
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ph_arena arena = { 0 };
    struct ph_described *described = ph_described_new(&arena);
    struct ph_str rest = { data, size }, text;
    struct json_t *document, *notes;
    const char *why = NULL;
    bool more = true;

    while (more) { /* several files in one text */
        more = ph_str_cut(rest, 0, &text, &rest);
        if (!ph_described_add(described, PH_STR("file"), text, &why)) {
            fuzz_check(why != NULL);
        }
    }
    why = NULL;
    if (ph_described_seed(described, &document, &notes, &why)) {
        fuzz_check(ph_json_length(ph_json_get(document, "UserPools")) > 0);
    } else {
        fuzz_check(why != NULL);
    }
    ph_arena_finish(&arena);
    return 0;
}
