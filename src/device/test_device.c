#include "device/device.h"

#include "crypto/srp.h"
#include "pool/test_support.h"
#include "store/users.h"
#include "util/encode.h"

#include <stdio.h>

#define SUB PH_STR("00000000-0000-4000-8000-000000000001")
#define OTHER_SUB PH_STR("00000000-0000-4000-8000-000000000002")
#define TRACKS "{'DeviceConfiguration':{'DeviceOnlyRememberedOnUserPrompt':false}}"
#define ASKS "{'DeviceConfiguration':{'DeviceOnlyRememberedOnUserPrompt':true}}"

/* A verifier and a salt that are right in form. */
#define VERIFIER PH_STR("AP8=")
#define SALT PH_STR("AIA=")

/* ---- keys ---- */

static void a_key_is_of_the_form_that_clients_know(void **state)
{
    struct test_pool *t = *state;
    const struct ph_pool *pool = make_pool(t, TRACKS);
    const struct ph_str key = ph_device_key_new(&t->ctx, pool, SUB);
    const struct ph_str group = ph_device_group_key(&t->ctx, pool, SUB);

    assert_int_equal(key.n, strlen("eu-west-1_") + PH_UUID_CHARS);
    assert_true(ph_str_starts(key, PH_STR("eu-west-1_")));
    assert_int_equal(key.p[strlen("eu-west-1_") + 14], '4'); /* the version */
    assert_int_equal(group.n, 9);
    assert_int_equal(group.p[0], '-');
    assert_true(ph_str_eq(group, ph_device_group_key(&t->ctx, pool, SUB)));
    assert_false(ph_str_eq(group, ph_device_group_key(&t->ctx, pool, OTHER_SUB)));
}

static void keys_are_known_again_and_never_the_same(void **state)
{
    struct test_pool *t = *state;
    const struct ph_pool *pool = make_pool(t, TRACKS);
    struct ph_str before = { 0 };

    for (int i = 0; i < 100; i++) {
        const struct ph_str key = ph_device_key_new(&t->ctx, pool, SUB);

        assert_false(ph_str_eq(key, before));
        assert_ok(ph_device_key_check(pool, SUB, key));
        before = key;
    }
}

static void a_key_is_for_one_user_and_one_pool(void **state)
{
    struct test_pool *t = *state;
    const struct ph_pool *pool = make_pool(t, TRACKS);
    const struct ph_str key = ph_device_key_new(&t->ctx, pool, SUB);
    struct ph_pool other = *pool;

    assert_fails(ph_device_key_check(pool, OTHER_SUB, key), "ResourceNotFoundException",
                 "Device does not exist.");
    other.id = PH_STR("eu-west-1_BBBBBBBBB");
    assert_fails(ph_device_key_check(&other, SUB, key), "ResourceNotFoundException",
                 "Device does not exist.");
}

static void a_key_changed_anywhere_was_not_given_out(void **state)
{
    struct test_pool *t = *state;
    const struct ph_pool *pool = make_pool(t, TRACKS);
    const struct ph_str key = ph_device_key_new(&t->ctx, pool, SUB);
    uint8_t *changed = ph_arena_alloc(&t->arena, key.n);
    const size_t from = key.n - PH_UUID_CHARS;

    memcpy(changed, key.p, key.n);
    for (size_t i = from; i < key.n; i++) {
        if (key.p[i] == '-') {
            continue;
        }
        changed[i] = key.p[i] == '0' ? '1' : '0';
        assert_fails(ph_device_key_check(pool, SUB, (struct ph_str){ changed, key.n }),
                     "ResourceNotFoundException", "Device does not exist.");
        changed[i] = key.p[i];
    }
    for (size_t n = 0; n < key.n; n++) {
        assert_fails(ph_device_key_check(pool, SUB, (struct ph_str){ key.p, n }),
                     "InvalidParameterException", "Invalid device key given.");
    }
}

/* ---- devices ---- */

static void add_user(struct test_pool *t, const struct ph_pool *pool)
{
    struct ph_user user = { .sub = SUB, .username = PH_STR("ann"), .enabled = true };
    const struct ph_user_change change = { .user = &user };
    enum ph_user_write result;

    assert_ok(ph_store_user_write(&t->ctx, &pool->ref, &change, &result, NULL));
    assert_int_equal(result, PH_USER_DONE);
}

static struct ph_err confirm(struct test_pool *t, const struct ph_pool *pool, struct ph_str key,
                             struct ph_str verifier, struct ph_str salt, bool *must_be_asked)
{
    const struct ph_device_confirmation given = {
        .key = key,
        .name = PH_STR("a phone"),
        .verifier = verifier,
        .salt = salt,
    };

    return ph_device_confirm(&t->ctx, pool, SUB, &given, must_be_asked);
}

static struct ph_device *get(struct test_pool *t, const struct ph_pool *pool, struct ph_str key)
{
    struct ph_device *device = NULL;

    assert_ok(ph_device_get(&t->ctx, pool, SUB, key, &device));
    return device;
}

static void a_pool_that_does_not_ask_remembers_at_once(void **state)
{
    struct test_pool *t = *state;
    const struct ph_pool *pool = make_pool(t, TRACKS);
    const struct ph_str key = ph_device_key_new(&t->ctx, pool, SUB);
    bool asked = true;

    add_user(t, pool);
    assert_ok(confirm(t, pool, key, VERIFIER, SALT, &asked));
    assert_false(asked);
    assert_int_equal(get(t, pool, key)->status, PH_DEVICE_REMEMBERED);
    assert_fails(confirm(t, pool, key, VERIFIER, SALT, &asked), "DeviceKeyExistsException",
                 "Device key already exists.");
}

static void a_pool_that_asks_waits_for_the_answer(void **state)
{
    struct test_pool *t = *state;
    const struct ph_pool *pool = make_pool(t, ASKS);
    const struct ph_str key = ph_device_key_new(&t->ctx, pool, SUB);
    bool asked = false;

    add_user(t, pool);
    assert_fails(ph_device_set_status(&t->ctx, pool, SUB, key, PH_STR("remembered")),
                 "ResourceNotFoundException", "Device does not exist.");
    assert_ok(confirm(t, pool, key, VERIFIER, SALT, &asked));
    assert_true(asked);
    assert_int_equal(get(t, pool, key)->status, PH_DEVICE_NOT_REMEMBERED);
    assert_ok(ph_device_set_status(&t->ctx, pool, SUB, key, PH_STR("remembered")));
    assert_int_equal(get(t, pool, key)->status, PH_DEVICE_REMEMBERED);
    assert_ok(ph_device_set_status(&t->ctx, pool, SUB, key, PH_STR("not_remembered")));
    assert_int_equal(get(t, pool, key)->status, PH_DEVICE_NOT_REMEMBERED);
}

static void a_pool_that_tracks_none_confirms_none(void **state)
{
    struct test_pool *t = *state;
    const struct ph_pool *pool = make_pool(t, "{}");
    const struct ph_str key = ph_device_key_new(&t->ctx, pool, SUB);
    bool asked;

    add_user(t, pool);
    assert_fails(confirm(t, pool, key, VERIFIER, SALT, &asked),
                 "InvalidUserPoolConfigurationException",
                 "Device tracking is not enabled for the user pool.");
}

static void a_secret_that_is_none_is_refused(void **state)
{
    static const struct ph_str BAD[] = { PH_STR_INIT(""),           PH_STR_INIT("AA=="),
                                         PH_STR_INIT("AAAA"),       PH_STR_INIT("/w"),
                                         PH_STR_INIT("not base64"), { 0 } };
    struct test_pool *t = *state;
    const struct ph_pool *pool = make_pool(t, TRACKS);
    const struct ph_str key = ph_device_key_new(&t->ctx, pool, SUB);
    uint8_t *bytes = ph_arena_alloc(&t->arena, 1025);
    struct ph_device *device = NULL;
    bool asked;

    add_user(t, pool);
    memset(bytes, 1, 1025);
    for (size_t i = 0; i < sizeof BAD / sizeof BAD[0]; i++) {
        assert_fails(confirm(t, pool, key, BAD[i], SALT, &asked), "InvalidParameterException",
                     "Invalid device password verifier given.");
        assert_fails(confirm(t, pool, key, VERIFIER, BAD[i], &asked), "InvalidParameterException",
                     "Invalid device salt given.");
    }
    assert_fails(
        confirm(t, pool, key, ph_base64(&t->arena, (struct ph_str){ bytes, 1025 }), SALT, &asked),
        "InvalidParameterException", "Invalid device password verifier given.");
    assert_fails(confirm(t, pool, key, VERIFIER,
                         ph_base64(&t->arena, (struct ph_str){ bytes, 129 }), &asked),
                 "InvalidParameterException", "Invalid device salt given.");
    assert_fails(ph_device_get(&t->ctx, pool, SUB, key, &device), "ResourceNotFoundException",
                 "Device does not exist.");
}

static bool may_use(struct test_pool *t, const struct ph_pool *pool, struct ph_str bound,
                    struct ph_str given)
{
    bool may = false;

    assert_ok(ph_device_check_bound(&t->ctx, pool, SUB, bound, given, &may));
    return may;
}

static void what_is_bound_to_a_device_ends_when_it_is_forgotten(void **state)
{
    struct test_pool *t = *state;
    const struct ph_pool *pool = make_pool(t, TRACKS);
    const struct ph_str key = ph_device_key_new(&t->ctx, pool, SUB);
    const struct ph_str another = ph_device_key_new(&t->ctx, pool, SUB);
    struct ph_device *device = NULL;
    bool asked;

    add_user(t, pool);
    assert_true(may_use(t, pool, key, key)); /* given out, not confirmed */
    assert_false(may_use(t, pool, key, another));
    assert_false(may_use(t, pool, key, (struct ph_str){ 0 }));
    assert_ok(confirm(t, pool, key, VERIFIER, SALT, &asked));
    assert_true(may_use(t, pool, key, key));
    assert_ok(ph_device_forget(&t->ctx, pool, SUB, key));
    assert_false(may_use(t, pool, key, key));
    assert_true(may_use(t, pool, another, another));

    assert_fails(ph_device_forget(&t->ctx, pool, SUB, key), "ResourceNotFoundException",
                 "Device does not exist.");
    assert_fails(ph_device_get(&t->ctx, pool, SUB, key, &device), "ResourceNotFoundException",
                 "Device does not exist.");
    assert_fails(confirm(t, pool, key, VERIFIER, SALT, &asked), "ResourceNotFoundException",
                 "Device does not exist.");
    assert_false(may_use(t, pool, key, key));
}

/* ---- tests/vectors/srp.json: what clients send and mean ---- */

static const struct json_t *device_vectors(struct test_pool *t)
{
    enum { FILE_MAX = 1 << 17 };
    uint8_t *text = ph_arena_alloc(&t->arena, FILE_MAX);
    FILE *f = fopen(PH_VECTORS "/srp.json", "rb");
    size_t n;

    assert_non_null(f);
    n = fread(text, 1, FILE_MAX, f);
    fclose(f);
    return ph_json_get(ph_json_parse(&t->arena, (struct ph_str){ text, n }), "device");
}

static void the_secrets_of_clients_are_kept_as_the_numbers_they_mean(void **state)
{
    struct test_pool *t = *state;
    const struct ph_pool *pool = make_pool(t, TRACKS);
    const struct json_t *vectors = device_vectors(t);

    add_user(t, pool);
    assert_true(ph_json_length(vectors) >= 2);
    for (size_t i = 0; i < ph_json_length(vectors); i++) {
        const struct json_t *v = ph_json_at(vectors, i);
        const struct json_t *config = ph_json_get(v, "DeviceSecretVerifierConfig");
        const struct ph_str key = ph_device_key_new(&t->ctx, pool, SUB);
        const struct ph_device *device;
        bool asked;

        assert_ok(confirm(t, pool, key, ph_json_get_str(config, "PasswordVerifier"),
                          ph_json_get_str(config, "Salt"), &asked));
        device = get(t, pool, key);
        assert_true(
            ph_str_eq(ph_srp_hex(&t->arena, device->verifier), ph_json_get_str(v, "verifier")));
        assert_true(ph_str_eq(ph_srp_hex(&t->arena, device->salt), ph_json_get_str(v, "salt")));
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_pools, close_pools)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_key_is_of_the_form_that_clients_know),
        TEST(keys_are_known_again_and_never_the_same),
        TEST(a_key_is_for_one_user_and_one_pool),
        TEST(a_key_changed_anywhere_was_not_given_out),
        TEST(a_pool_that_does_not_ask_remembers_at_once),
        TEST(a_pool_that_asks_waits_for_the_answer),
        TEST(a_pool_that_tracks_none_confirms_none),
        TEST(a_secret_that_is_none_is_refused),
        TEST(what_is_bound_to_a_device_ends_when_it_is_forgotten),
        TEST(the_secrets_of_clients_are_kept_as_the_numbers_they_mean),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
