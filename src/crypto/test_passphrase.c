/* Keys under a passphrase: one made by another implementation, then everything to be refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "crypto/passphrase.h"

#include <string.h>

/* Python: hashlib.scrypt, and AESGCM of cryptography. The key is the bytes 0 to 31. */
static const char MADE_ELSEWHERE[] =
    "scrypt:10:8:1:AAECAwQFBgcICQoLDA0ODw==:AQcHBwcHBwcHBwcHB3p7E"
    "5n9xSIJHRVCkMh9t7Uc7SqsElPUJHKZw5Ql5zUlIojp7PcD7nG60mW12oSd7w==";
static const char PASSPHRASE[] = "correct horse battery";

static bool unwrap(struct ph_arena *arena, const char *passphrase, struct ph_str text,
                   struct ph_key *key)
{
    struct ph_wrapped_key wrapped;

    return ph_wrapped_key_parse(arena, text, &wrapped) &&
           ph_passphrase_unwrap(arena, ph_str_from(passphrase), &wrapped, key);
}

static void a_key_wrapped_elsewhere_opens(void **state)
{
    struct ph_arena arena = { 0 };
    struct ph_key key = { 0 };

    (void)state;
    assert_true(unwrap(&arena, PASSPHRASE, ph_str_from(MADE_ELSEWHERE), &key));
    for (uint8_t i = 0; i < sizeof key.bytes; i++) {
        assert_int_equal(key.bytes[i], i);
    }
    assert_false(unwrap(&arena, "correct horse batterz", ph_str_from(MADE_ELSEWHERE), &key));
    ph_arena_finish(&arena);
}

static void what_is_wrapped_opens_with_the_same_passphrase_only(void **state)
{
    const struct ph_key key = { { 7, 8, 9 } };
    struct ph_key found = { 0 };
    struct ph_arena arena = { 0 };
    const struct ph_str text = ph_passphrase_wrap(&arena, ph_str_from(PASSPHRASE), &key);

    (void)state;
    assert_true(ph_str_starts(text, PH_STR("scrypt:17:8:1:")));
    assert_true(unwrap(&arena, PASSPHRASE, text, &found));
    assert_memory_equal(&found, &key, sizeof key);
    assert_false(unwrap(&arena, "another passphrase", text, &found));
    assert_false(ph_str_eq(text, ph_passphrase_wrap(&arena, ph_str_from(PASSPHRASE), &key)));
    ph_arena_finish(&arena);
}

static void a_changed_seal_does_not_open(void **state)
{
    struct ph_arena arena = { 0 };
    struct ph_key key = { 0 };
    char text[sizeof MADE_ELSEWHERE];

    (void)state;
    memcpy(text, MADE_ELSEWHERE, sizeof text);
    text[sizeof text - 8] = text[sizeof text - 8] == 'A' ? 'B' : 'A';
    assert_false(unwrap(&arena, PASSPHRASE, ph_str_from(text), &key));
    ph_arena_finish(&arena);
}

static void other_texts_and_excessive_costs_are_refused(void **state)
{
    static const char *const TEXTS[] = { "", "scrypt", "scrypt:10:8:1:AAAA",
                                         "bcrypt:10:8:1:AAAA:AAAA" };
    struct ph_arena arena = { 0 };
    struct ph_wrapped_key w;

    (void)state;
    for (size_t i = 0; i < sizeof TEXTS / sizeof TEXTS[0]; i++) {
        assert_false(ph_wrapped_key_parse(&arena, ph_str_from(TEXTS[i]), &w));
    }
    for (size_t n = 0; n < sizeof MADE_ELSEWHERE - 1; n++) {
        assert_false(ph_wrapped_key_parse(
            &arena, (struct ph_str){ (const uint8_t *)MADE_ELSEWHERE, n }, &w));
    }
    for (size_t i = 0; i < 3; i++) {
        static const char *const COSTS[] = { "21:8:1", "10:9:1", "10:8:5" };
        const struct ph_str rest =
            ph_str_skip(ph_str_from(MADE_ELSEWHERE), strlen("scrypt:10:8:1"));

        assert_false(ph_wrapped_key_parse(
            &arena, ph_strf(&arena, "scrypt:%s%.*s", COSTS[i], PH_FMT(rest)), &w));
    }
    ph_arena_finish(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_key_wrapped_elsewhere_opens),
        cmocka_unit_test(what_is_wrapped_opens_with_the_same_passphrase_only),
        cmocka_unit_test(a_changed_seal_does_not_open),
        cmocka_unit_test(other_texts_and_excessive_costs_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
