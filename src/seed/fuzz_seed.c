/* Any text is a seed, a template, or is refused with a reason; reading it takes bounded memory. */
#include "seed/seed.h"
#include "support/fuzz.h"
#include "util/json.h"

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    ph_json_start();
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct ph_settings SETTINGS = {
        .default_region = PH_STR_INIT("eu-west-1"),
        .account_id = PH_STR_INIT("123456789012"),
        .public_url = PH_STR_INIT("http://localhost:9229"),
    };
    const struct ph_seed_options options = { .settings = &SETTINGS };
    struct ph_arena arena = { 0 };
    struct ph_seed *seed = NULL;
    const char *why = NULL;

    if (ph_seed_read_text(&arena, &options, PH_STR("shop"), PH_STR("file"),
                          (struct ph_str){ data, size }, &seed, &why)) {
        fuzz_check(ph_json_get(ph_seed_result(&arena, seed), "UserPools") != NULL);
        (void)ph_seed_summary(&arena, seed);
        (void)ph_seed_routes(seed);
    } else {
        fuzz_check(why != NULL);
    }
    ph_arena_finish(&arena);
    return 0;
}
