/* A Session or SECRET_BLOCK from anywhere: nothing that we did not seal opens. */
#include "auth/session.h"
#include "crypto/random.h"
#include "support/fuzz.h"
#include "util/json.h"

static struct ph_key key; /* drawn anew in each process: nobody can have sealed with it */

static void start(void)
{
    static bool started;

    if (!started) {
        started = true;
        ph_json_start();
        ph_system_random.fill(ph_system_random.self, key.bytes, sizeof key.bytes);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct ph_arena arena;
    static const struct ph_pool POOL = { .id = PH_STR_INIT("eu-west-1_aaaaaaaaa"),
                                         .ref = { .id = PH_STR_INIT("eu-west-1_aaaaaaaaa"),
                                                  .data_key = &key } };
    struct ph_ctx ctx = { .arena = &arena, .clock = &ph_system_clock, .random = &ph_system_random };
    const struct ph_str in = { data, size };
    struct ph_srp_state srp;
    struct ph_session session;
    struct ph_str bytes;

    start();
    fuzz_check(!ph_session_open(&ctx, &POOL, in, &session));
    (void)!ph_session_pool_id(&ctx, in, &bytes);
    fuzz_check(!ph_secret_block_open(&ctx, &POOL, in, &session, &srp, &bytes));
    ph_arena_reset(&arena);
    return 0;
}
