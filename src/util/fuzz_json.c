/*
 * Any text: our reader takes nothing that the library does not take, and reads the same; what is
 * written is JSON for the library, and the same text when it is written again.
 */
#include "support/fuzz.h"
#include "util/json_internal.h"

#include <jansson.h>

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    ph_json_start();
    return 0;
}

/* A value that the library has read. */
static json_t *read_by_library(struct ph_arena *arena, struct ph_str text)
{
    (void)ph_json_object(arena); /* has the library take its memory from the arena */
    return json_loadb((const char *)text.p, text.n, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, NULL);
}

static void check_order(struct ph_arena *arena, const struct json_t *value,
                        enum ph_json_order order)
{
    const struct ph_str text = ph_json_text(arena, value, order);
    const struct json_t *again = read_by_library(arena, text);

    fuzz_check(again != NULL); /* a real may have lost its last digits: compare the texts */
    fuzz_check(ph_str_eq(ph_json_text(arena, again, order), text));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct ph_arena arena;
    const struct ph_str in = { data, size };
    const struct json_t *theirs = read_by_library(&arena, in);
    const struct json_t *plain = ph_json_read_plain(in);
    const struct json_t *ours = ph_json_parse(&arena, in);

    fuzz_check((ours == NULL) == (theirs == NULL));
    fuzz_check(plain == NULL || (theirs != NULL && ph_json_equal(plain, theirs)));
    if (theirs != NULL) {
        fuzz_check(ph_json_equal(ours, theirs));
        fuzz_check(ph_str_eq(ph_json_text(&arena, ours, PH_JSON_INSERTION),
                             ph_json_text(&arena, theirs, PH_JSON_INSERTION)));
        check_order(&arena, ours, PH_JSON_INSERTION);
        check_order(&arena, ours, PH_JSON_SORTED);
    }
    ph_arena_reset(&arena);
    return 0;
}
