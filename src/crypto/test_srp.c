/* tests/vectors/srp.json: values that four independent implementations agree on. */
#include "crypto/random.h"
#include "crypto/srp.h"
#include "util/encode.h"
#include "util/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
/* cmocka wants the three above first */
#include <cmocka.h>

static struct ph_arena arena;
static struct json_t *vectors;

static int load(void **state)
{
    static char text[1 << 17];
    FILE *f = fopen(PH_VECTORS "/srp.json", "rb");
    size_t n;

    (void)state;
    assert_non_null(f);
    n = fread(text, 1, sizeof text, f);
    fclose(f);
    ph_json_start();
    vectors = ph_json_parse(&arena, (struct ph_str){ (const uint8_t *)text, n });
    assert_non_null(vectors);
    return 0;
}

static struct ph_str unhex(struct ph_str hex)
{
    struct ph_str bytes = { 0 };

    if (hex.n % 2 != 0) {
        hex = ph_strf(&arena, "0%.*s", PH_FMT(hex));
    }
    assert_true(ph_hex_decode(&arena, hex, &bytes));
    return bytes;
}

static struct ph_str number_hex(const struct ph_srp_number *n)
{
    return ph_srp_hex(&arena, (struct ph_str){ n->bytes, sizeof n->bytes });
}

static void assert_str(struct ph_str got, struct ph_str expected)
{
    assert_string_equal(ph_cstr(&arena, got), ph_cstr(&arena, expected));
}

static struct ph_srp_number number(const struct json_t *v, const char *key)
{
    struct ph_srp_number n;

    assert_true(ph_srp_read_hex(&arena, ph_json_get_str(v, key), &n));
    return n;
}

static void check_vector(const struct json_t *v, const struct ph_srp_identity *identity)
{
    const struct ph_str salt = unhex(ph_json_get_str(v, "salt"));
    const struct ph_srp_number a_public = number(v, "A");
    uint8_t x[PH_SRP_EXPONENT], u[PH_SRP_EXPONENT];
    const struct ph_str b = unhex(ph_json_get_str(v, "b"));
    struct ph_srp_number verifier, b_public, secret;
    struct ph_srp_claim_key key = { 0 };
    struct ph_digest claim;
    struct ph_str block = { 0 };

    ph_srp_x(&arena, identity, ph_json_get_str(v, "password"), salt, x);
    assert_str(ph_hex(&arena, (struct ph_str){ x, sizeof x }), ph_json_get_str(v, "x_hex64"));
    ph_srp_verifier(&arena, identity, ph_json_get_str(v, "password"), salt, &verifier);
    assert_str(number_hex(&verifier), ph_json_get_str(v, "verifier"));

    ph_srp_public_b(&verifier, b, &b_public);
    assert_str(number_hex(&b_public), ph_json_get_str(v, "B"));
    ph_srp_u(&arena, &a_public, &b_public, u);
    assert_str(ph_hex(&arena, (struct ph_str){ u, sizeof u }), ph_json_get_str(v, "u_hex64"));
    ph_srp_server_secret(&a_public, &verifier, u, b, &secret);
    assert_str(number_hex(&secret), ph_json_get_str(v, "S"));

    assert_true(ph_srp_server_key(&arena, &a_public, &b_public, &verifier, b, &key));
    assert_str(ph_hex(&arena, (struct ph_str){ key.bytes, sizeof key.bytes }),
               ph_json_get_str(v, "K_hex32"));
    assert_true(ph_base64_decode(&arena, ph_json_get_str(v, "secret_block_base64"), &block));
    ph_srp_claim(&key, identity, block, ph_json_get_str(v, "timestamp"), &claim);
    assert_str(ph_base64(&arena, ph_digest_str(&claim)),
               ph_json_get_str(v, "password_claim_signature"));
}

static void the_server_agrees_with_every_user_vector(void **state)
{
    const struct json_t *users = ph_json_get(vectors, "user");

    (void)state;
    assert_true(ph_json_length(users) >= 7);
    for (size_t i = 0; i < ph_json_length(users); i++) {
        const struct json_t *v = ph_json_at(users, i);
        const struct ph_srp_identity identity = { ph_json_get_str(v, "pool_name_part"),
                                                  ph_json_get_str(v, "user_id_for_srp") };

        check_vector(v, &identity);
    }
}

static void the_server_agrees_with_every_device_vector(void **state)
{
    const struct json_t *devices = ph_json_get(vectors, "device");

    (void)state;
    assert_true(ph_json_length(devices) >= 2);
    for (size_t i = 0; i < ph_json_length(devices); i++) {
        const struct json_t *v = ph_json_at(devices, i);
        const struct ph_srp_identity identity = { ph_json_get_str(v, "device_group_key"),
                                                  ph_json_get_str(v, "device_key") };

        check_vector(v, &identity);
    }
}

static void random_bytes(uint8_t *out, size_t n)
{
    ph_system_random.fill(NULL, out, n);
}

static void client_and_server_meet_in_random_exchanges(void **state)
{
    const struct ph_srp_identity identity = { PH_STR("Pool"), PH_STR("alice") };

    (void)state;
    for (int i = 0; i < 20; i++) {
        uint8_t a[PH_SRP_EXPONENT], b[PH_SRP_EXPONENT], x[PH_SRP_EXPONENT], u[PH_SRP_EXPONENT];
        struct ph_srp_number verifier, a_public, b_public, server, client;

        random_bytes(a, sizeof a);
        random_bytes(b, sizeof b);
        ph_srp_x(&arena, &identity, PH_STR("password"), PH_STR("salt"), x);
        ph_srp_verifier(&arena, &identity, PH_STR("password"), PH_STR("salt"), &verifier);
        ph_srp_power_of_g(a, &a_public);
        ph_srp_public_b(&verifier, (struct ph_str){ b, sizeof b }, &b_public);
        ph_srp_u(&arena, &a_public, &b_public, u);
        ph_srp_server_secret(&a_public, &verifier, u, (struct ph_str){ b, sizeof b }, &server);
        ph_srp_client_secret(&b_public, x, u, a, &client);
        assert_memory_equal(server.bytes, client.bytes, sizeof client.bytes);
    }
}

static void powers_of_g_are_right_at_the_edges(void **state)
{
    uint8_t e[PH_SRP_EXPONENT] = { 0 };
    struct ph_srp_number power;

    (void)state;
    ph_srp_power_of_g(e, &power);
    assert_str(number_hex(&power), PH_STR("1"));
    e[PH_SRP_EXPONENT - 1] = 1;
    ph_srp_power_of_g(e, &power);
    assert_str(number_hex(&power), PH_STR("2"));
    e[PH_SRP_EXPONENT - 1] = 0;
    e[PH_SRP_EXPONENT - 2] = 1; /* 2^256: a one and 64 zero digits */
    ph_srp_power_of_g(e, &power);
    assert_str(number_hex(&power), PH_STR("1"
                                          "0000000000000000000000000000000000000000000000000000000"
                                          "000000000"));
}

static void a_multiple_of_n_is_refused(void **state)
{
    const uint8_t b[PH_SRP_EXPONENT] = { 7 };
    struct ph_srp_number zero, verifier;
    struct ph_srp_claim_key key = { 0 };

    (void)state;
    assert_true(ph_srp_read_hex(&arena, ph_json_get_str(vectors, "N"), &zero));
    assert_true(ph_srp_number_is_zero(&zero));
    ph_srp_power_of_g(b, &verifier);
    assert_false(ph_srp_server_key(&arena, &zero, &verifier, &verifier,
                                   (struct ph_str){ b, sizeof b }, &key));
}

static void k_follows_from_n_and_g(void **state)
{
    const uint8_t two = 2;
    struct ph_digest k;

    (void)state;
    PH_SHA256(&k, ph_srp_bi(&arena, unhex(ph_json_get_str(vectors, "N"))),
              ((struct ph_str){ &two, 1 }));
    assert_str(ph_hex(&arena, ph_digest_str(&k)), ph_json_get_str(vectors, "k_hex64"));
}

static void numbers_are_read_leniently_and_bounded(void **state)
{
    struct ph_srp_number n, same;
    char long_hex[PH_SRP_HEX_MAX + 1];

    (void)state;
    assert_true(ph_srp_read_hex(&arena, PH_STR("aBc"), &n));
    assert_true(ph_srp_read_hex(&arena, PH_STR("00000ABC"), &same));
    assert_memory_equal(&n, &same, sizeof n);
    assert_false(ph_srp_read_hex(&arena, PH_STR(""), &n));
    assert_false(ph_srp_read_hex(&arena, PH_STR("0x12"), &n));
    assert_false(ph_srp_read_hex(&arena, PH_STR("-1"), &n));
    memset(long_hex, '1', sizeof long_hex);
    assert_false(
        ph_srp_read_hex(&arena, (struct ph_str){ (const uint8_t *)long_hex, sizeof long_hex }, &n));
}

static void numbers_are_encoded_as_two_s_complement(void **state)
{
    (void)state;
    assert_str(ph_hex(&arena, ph_srp_bi(&arena, (struct ph_str){ 0 })), PH_STR("00"));
    assert_str(ph_hex(&arena, ph_srp_bi(&arena, unhex(PH_STR("0000")))), PH_STR("00"));
    assert_str(ph_hex(&arena, ph_srp_bi(&arena, unhex(PH_STR("00007f01")))), PH_STR("7f01"));
    assert_str(ph_hex(&arena, ph_srp_bi(&arena, unhex(PH_STR("80")))), PH_STR("0080"));
}

static void timestamps_of_all_clients_are_read(void **state)
{
    int64_t at = 0;

    (void)state;
    assert_true(ph_srp_timestamp(PH_STR("Sat Jan 3 04:05:06 UTC 2026"), &at));
    assert_int_equal(at, 1767413106);
    assert_true(ph_srp_timestamp(PH_STR("Sat Jan 03 04:05:06 GMT 2026"), &at));
    assert_int_equal(at, 1767413106);
    assert_false(ph_srp_timestamp(PH_STR("Sat Jan 3 04:05:06 CET 2026"), &at));
    assert_false(ph_srp_timestamp(PH_STR("Sat Feb 30 04:05:06 UTC 2026"), &at));
    assert_false(ph_srp_timestamp(PH_STR("2026-01-03T04:05:06Z"), &at));
    assert_false(ph_srp_timestamp(PH_STR("Sat Jan 3 04:05:06 UTC 2026 "), &at));
    assert_false(ph_srp_timestamp(PH_STR(""), &at));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_server_agrees_with_every_user_vector),
        cmocka_unit_test(the_server_agrees_with_every_device_vector),
        cmocka_unit_test(client_and_server_meet_in_random_exchanges),
        cmocka_unit_test(powers_of_g_are_right_at_the_edges),
        cmocka_unit_test(a_multiple_of_n_is_refused),
        cmocka_unit_test(k_follows_from_n_and_g),
        cmocka_unit_test(numbers_are_read_leniently_and_bounded),
        cmocka_unit_test(numbers_are_encoded_as_two_s_complement),
        cmocka_unit_test(timestamps_of_all_clients_are_read),
    };
    const int failed = cmocka_run_group_tests(tests, load, NULL);

    ph_arena_finish(&arena);
    return failed;
}
