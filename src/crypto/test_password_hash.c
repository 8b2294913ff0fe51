/* Hashes of other systems: published vectors, then everything that must be refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "crypto/password_hash.h"

#include <string.h>

static const struct {
    enum ph_hash_algorithm kind;
    const char *hash;
    const char *password;
} VECTORS[] = {
    /* Openwall's crypt_blowfish, its own tests. */
    { PH_HASH_BCRYPT, "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW", "U*U" },
    { PH_HASH_BCRYPT, "$2y$04$abcdefghijklmnopqrstuuchGdllX0O2ZthG6oyaPSbmBrCIbnHlu", "Passw0rd!" },
    { PH_HASH_BCRYPT, "$2b$04$abcdefghijklmnopqrstuuchGdllX0O2ZthG6oyaPSbmBrCIbnHlu", "Passw0rd!" },
    { PH_HASH_BCRYPT, "$2x$04$abcdefghijklmnopqrstuuchGdllX0O2ZthG6oyaPSbmBrCIbnHlu", "Passw0rd!" },
    /* RFC 7914, 12. */
    { PH_HASH_SCRYPT,
      "16384$8$1$536f6469756d43686c6f72696465$"
      "7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2"
      "d5432955613f0fcf62d49705242a9af9e61e85dc0d651e40dfcf017b45575887",
      "pleaseletmein" },
    /* The reference implementation's own tests. */
    { PH_HASH_ARGON2ID,
      "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
      "password" },
    /* Passlib's documentation; then one made with Python's hashlib, in both alphabets. */
    { PH_HASH_PBKDF2_SHA256,
      "$pbkdf2-sha256$6400$.6UI/S.nXIk8jcbdHx3Fhg$98jZicV16ODfEsEZeYPGHU3kbrUrvUEXOPimVSQDD44",
      "password" },
    { PH_HASH_PBKDF2_SHA256,
      "$pbkdf2-sha256$29000$AAECAwQFBgcICQoLDA0ODw$rCzvg4KwE/mjZ4w3zumqaBNu0pv8g3Kz6GtWGyexaic",
      "Passw0rd!" },
    { PH_HASH_PBKDF2_SHA256,
      "$pbkdf2-sha256$29000$AAECAwQFBgcICQoLDA0ODw==$rCzvg4KwE/mjZ4w3zumqaBNu0pv8g3Kz6GtWGyexaic=",
      "Passw0rd!" },
};
enum { VECTOR_COUNT = sizeof VECTORS / sizeof VECTORS[0] };

static bool matches(const char *hash, struct ph_str password)
{
    struct ph_arena arena = { 0 };
    const bool right = ph_password_hash_matches(&arena, ph_str_from(hash), password);

    ph_arena_finish(&arena);
    return right;
}

static enum ph_hash_algorithm kind_of(const char *hash)
{
    struct ph_arena arena = { 0 };
    const enum ph_hash_algorithm kind = ph_password_hash_kind(&arena, ph_str_from(hash));

    ph_arena_finish(&arena);
    return kind;
}

static void the_vectors_are_known_and_match(void **state)
{
    (void)state;
    for (size_t i = 0; i < VECTOR_COUNT; i++) {
        if (kind_of(VECTORS[i].hash) != VECTORS[i].kind ||
            !matches(VECTORS[i].hash, ph_str_from(VECTORS[i].password))) {
            fail_msg("%s", VECTORS[i].hash);
        }
    }
}

static void another_password_does_not_match(void **state)
{
    (void)state;
    for (size_t i = 0; i < VECTOR_COUNT; i++) {
        const struct ph_str right = ph_str_from(VECTORS[i].password);

        assert_false(matches(VECTORS[i].hash, PH_STR("")));
        assert_false(matches(VECTORS[i].hash, (struct ph_str){ 0 }));
        assert_false(matches(VECTORS[i].hash, (struct ph_str){ right.p, right.n - 1 }));
        assert_false(matches(VECTORS[i].hash, (struct ph_str){ right.p, right.n + 1 }));
    }
}

/* C strings end at a NUL; passwords do not. */
static void what_follows_a_nul_counts(void **state)
{
    const struct ph_str longer = PH_STR("Passw0rd!\0x");

    (void)state;
    for (size_t i = 0; i < VECTOR_COUNT; i++) {
        assert_false(matches(VECTORS[i].hash, longer));
    }
}

static void a_changed_hash_does_not_match(void **state)
{
    (void)state;
    for (size_t i = 0; i < VECTOR_COUNT; i++) {
        char copy[256];
        const size_t n = strlen(VECTORS[i].hash);
        const size_t at = n - 8;

        memcpy(copy, VECTORS[i].hash, n + 1);
        copy[at] = copy[at] == 'a' ? 'b' : 'a';
        assert_false(matches(copy, ph_str_from(VECTORS[i].password)));
    }
}

static void a_hash_that_is_cut_anywhere_is_refused_or_no_match(void **state)
{
    (void)state;
    for (size_t i = 0; i < VECTOR_COUNT; i++) {
        for (size_t n = 0; n < 40 && n < strlen(VECTORS[i].hash); n++) {
            char copy[256] = "";

            memcpy(copy, VECTORS[i].hash, n);
            assert_int_equal(kind_of(copy), PH_HASH_NONE);
        }
    }
}

static void costs_beyond_the_bounds_are_refused(void **state)
{
    static const char *const REFUSED[] = {
        "$2b$13$abcdefghijklmnopqrstuuchGdllX0O2ZthG6oyaPSbmBrCIbnHlu",
        "$2b$03$abcdefghijklmnopqrstuuchGdllX0O2ZthG6oyaPSbmBrCIbnHlu",
        "$2b$99$abcdefghijklmnopqrstuuchGdllX0O2ZthG6oyaPSbmBrCIbnHlu",
        "$2c$04$abcdefghijklmnopqrstuuchGdllX0O2ZthG6oyaPSbmBrCIbnHlu",
        "$2b$04$abcdefghijklmnopqrstu!chGdllX0O2ZthG6oyaPSbmBrCIbnHlu",
        "131072$8$1$0011$00112233445566778899aabbccddeeff",
        "65535$8$1$0011$00112233445566778899aabbccddeeff",
        "0$8$1$0011$00112233445566778899aabbccddeeff",
        "65536$9$1$0011$00112233445566778899aabbccddeeff",
        "65536$8$2$0011$00112233445566778899aabbccddeeff",
        "65536$8$1$$00112233445566778899aabbccddeeff",
        "65536$8$1$0011$00112233",
        "$argon2id$v=19$m=19457,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
        "$argon2id$v=19$m=7,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
        "$argon2id$v=19$m=256,t=3,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
        "$argon2id$v=19$m=256,t=0,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
        "$argon2id$v=19$m=256,t=2,p=2$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
        "$argon2id$v=16$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
        "$argon2i$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
        "$pbkdf2-sha256$600001$AAECAwQFBgcICQoLDA0ODw$rCzvg4KwE/mjZ4w3zumqaBNu0pv8g3Kz6GtWGyexaic",
        "$pbkdf2-sha256$0$AAECAwQFBgcICQoLDA0ODw$rCzvg4KwE/mjZ4w3zumqaBNu0pv8g3Kz6GtWGyexaic",
        "$pbkdf2-sha256$-1$AAECAwQFBgcICQoLDA0ODw$rCzvg4KwE/mjZ4w3zumqaBNu0pv8g3Kz6GtWGyexaic",
        "$pbkdf2-sha256$29000$AAECAwQFBgcICQoLDA0ODw$rCzv",
        "$pbkdf2-sha512$29000$AAECAwQFBgcICQoLDA0ODw$rCzvg4KwE/mjZ4w3zumqaBNu0pv8g3Kz6GtWGyexaic",
        "$6$rounds=999999999$salt$hash",
        "",
        "$",
        "$$$$$",
    };

    (void)state;
    for (size_t i = 0; i < sizeof REFUSED / sizeof REFUSED[0]; i++) {
        if (kind_of(REFUSED[i]) != PH_HASH_NONE || matches(REFUSED[i], PH_STR("Passw0rd!"))) {
            fail_msg("%s", REFUSED[i]);
        }
    }
}

static void names_of_algorithms_are_those_of_the_api(void **state)
{
    (void)state;
    for (int i = PH_HASH_BCRYPT; i <= PH_HASH_PBKDF2_SHA256; i++) {
        const enum ph_hash_algorithm algorithm = (enum ph_hash_algorithm)i;

        assert_int_equal(ph_hash_algorithm_of(ph_hash_algorithm_name(algorithm)), algorithm);
    }
    assert_int_equal(ph_hash_algorithm_of(PH_STR("MD5")), PH_HASH_NONE);
    assert_int_equal(ph_hash_algorithm_of((struct ph_str){ 0 }), PH_HASH_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_vectors_are_known_and_match),
        cmocka_unit_test(another_password_does_not_match),
        cmocka_unit_test(what_follows_a_nul_counts),
        cmocka_unit_test(a_changed_hash_does_not_match),
        cmocka_unit_test(a_hash_that_is_cut_anywhere_is_refused_or_no_match),
        cmocka_unit_test(costs_beyond_the_bounds_are_refused),
        cmocka_unit_test(names_of_algorithms_are_those_of_the_api),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
