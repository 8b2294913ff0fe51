/*
 * A function's reply of anywhere; its first byte picks the trigger. Whatever is accepted has the
 * types that the rules read.
 */
#include "support/fuzz.h"
#include "trigger/event.h"

static struct ph_arena arena;

static const char *const MAPS[] = { "publicChallengeParameters", "privateChallengeParameters" };

static bool is_flag(const struct json_t *value)
{
    const enum ph_json_kind kind = ph_json_kind(value);

    return kind == PH_JSON_NULL || kind == PH_JSON_TRUE || kind == PH_JSON_FALSE;
}

static void check_flags(enum ph_trigger trigger, const struct json_t *response)
{
    static const char *const OWN[PH_TRIGGER_COUNT][8] = {
        [PH_TRIGGER_PRE_SIGN_UP] = { "autoConfirmUser", "autoVerifyEmail", "autoVerifyPhone" },
        [PH_TRIGGER_DEFINE_AUTH_CHALLENGE] = { "issueTokens", "failAuthentication" },
        [PH_TRIGGER_VERIFY_AUTH_CHALLENGE_RESPONSE] = { "answerCorrect" },
        [PH_TRIGGER_USER_MIGRATION] = { "forceAliasCreation", "enableSMSMFA" },
    };

    for (size_t i = 0; OWN[trigger][i] != NULL; i++) {
        fuzz_check(is_flag(ph_json_get(response, OWN[trigger][i])));
    }
}

static void check_maps(const struct json_t *response)
{
    for (size_t i = 0; i < sizeof MAPS / sizeof MAPS[0]; i++) {
        const struct json_t *map = ph_json_get(response, MAPS[i]);

        for (void *m = ph_json_first(map); m != NULL; m = ph_json_next(map, m)) {
            const enum ph_json_kind kind = ph_json_kind(ph_json_member(m));

            fuzz_check(kind == PH_JSON_STRING || kind == PH_JSON_NULL);
        }
    }
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    ph_json_start();
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct json_t *response = NULL;
    enum ph_trigger trigger;

    if (size == 0) {
        return 0;
    }
    trigger = (enum ph_trigger)(data[0] % PH_TRIGGER_COUNT);
    if (ph_event_read_reply(&arena, trigger, (struct ph_str){ data + 1, size - 1 }, &response)) {
        fuzz_check(ph_json_kind(response) == PH_JSON_OBJECT);
        check_flags(trigger, response);
        if (trigger == PH_TRIGGER_CREATE_AUTH_CHALLENGE) {
            check_maps(response);
        }
    }
    ph_arena_reset(&arena);
    return 0;
}
