#include "crypto/srp_group.h"
#include "store/devices.h"
#include "store/test_support.h"

#define TEN_YEARS_MS (3650LL * 24 * 3600 * 1000)

static const char KEY[] = "eu-west-1_00000000-0000-4000-8000-000000000001";

static struct ph_str some_verifier(struct ph_ctx *ctx)
{
    uint8_t *bytes = ph_arena_alloc(ctx->arena, PH_SRP_BYTES);

    memset(bytes, 0x5a, PH_SRP_BYTES);
    return (struct ph_str){ bytes, PH_SRP_BYTES };
}

static bool add(struct test_store *t, struct ph_str sub, const char *key, int64_t created_ms)
{
    const struct ph_device device = {
        .key = ph_str_from(key),
        .status = PH_DEVICE_REMEMBERED,
        .name = PH_STR("a phone"),
        .salt = PH_STR("a salt that is secret"),
        .verifier = some_verifier(&t->ctx),
        .last_ip = PH_STR("192.0.2.1"),
        .created_ms = created_ms,
        .modified_ms = created_ms,
        .authenticated_ms = created_ms,
    };
    bool added;

    assert_ok(ph_store_device_add(&t->ctx, &TEST_POOL, sub, &device, &added));
    return added;
}

static struct ph_str new_owner(struct test_store *t, int n)
{
    struct ph_user *user = test_user(&t->ctx, n);

    assert_int_equal(test_write(&t->ctx, user), PH_USER_DONE);
    return user->sub;
}

static struct ph_device *find(struct test_store *t, struct ph_str sub, const char *key)
{
    struct ph_device *device;

    assert_ok(ph_store_device_find(&t->ctx, &TEST_POOL, sub, ph_str_from(key), &device));
    return device;
}

static void a_device_comes_back_whole(void **state)
{
    struct test_store *t = *state;
    const struct ph_str sub = new_owner(t, 1);
    const struct ph_device *device;

    assert_null(find(t, sub, KEY));
    assert_true(add(t, sub, KEY, 17));
    device = find(t, sub, KEY);
    assert_str(device->key, KEY);
    assert_int_equal(device->status, PH_DEVICE_REMEMBERED);
    assert_str(device->name, "a phone");
    assert_str(device->salt, "a salt that is secret");
    assert_true(ph_str_eq(device->verifier, some_verifier(&t->ctx)));
    assert_str(device->last_ip, "192.0.2.1");
    assert_int_equal(device->created_ms, 17);
    assert_int_equal(device->modified_ms, 17);
    assert_int_equal(device->authenticated_ms, 17);
}

static void a_device_is_added_once_and_to_who_is_there(void **state)
{
    struct test_store *t = *state;
    const struct ph_str sub = new_owner(t, 1);

    assert_true(add(t, sub, KEY, 1));
    assert_false(add(t, sub, KEY, 2));
    assert_int_equal(find(t, sub, KEY)->created_ms, 1);
    assert_false(add(t, PH_STR("00000000-0000-4000-8000-999999999999"), KEY, 1));
}

static void the_secret_of_one_device_does_not_open_as_that_of_another(void **state)
{
    struct test_store *t = *state;
    const struct ph_str one = new_owner(t, 1), two = new_owner(t, 2);
    struct ph_device *device = NULL;

    assert_true(add(t, one, KEY, 1));
    assert_true(add(t, two, KEY, 1));
    test_sql(t, "UPDATE devices SET secret = (SELECT secret FROM devices"
                " WHERE sub LIKE '%1') WHERE sub LIKE '%2'");
    assert_non_null(ph_store_device_find(&t->ctx, &TEST_POOL, two, ph_str_from(KEY), &device).type);
    assert_non_null(find(t, one, KEY));
}

static bool file_contains(struct test_store *t, const char *text)
{
    enum { FILE_MAX = 1 << 20 };
    FILE *file = fopen(t->path, "rb");
    uint8_t *bytes = ph_arena_alloc(&t->arena, FILE_MAX);
    size_t n;

    assert_non_null(file);
    n = fread(bytes, 1, FILE_MAX, file);
    fclose(file);
    assert_true(n > 0 && n < FILE_MAX);
    return ph_str_contains((struct ph_str){ bytes, n }, ph_str_from(text));
}

static void no_secret_lies_open_in_the_file(void **state)
{
    struct test_store *t = *state;
    const struct ph_str sub = new_owner(t, 1);

    test_needs_file(t);
    assert_true(add(t, sub, KEY, 1));
    ph_store_device_await(&t->ctx, &TEST_POOL, sub, ph_str_from(KEY), PH_STR("a sealed session"));
    test_close(t);
    assert_false(file_contains(t, "a salt that is secret"));
    assert_false(file_contains(t, "ZZZZZZZZZZZZZZZZ")); /* of the verifier */
    assert_false(file_contains(t, "a sealed session"));
    assert_true(file_contains(t, "a phone"));
    test_open(t);
}

static bool forget(struct test_store *t, struct ph_str sub)
{
    bool existed;

    assert_ok(ph_store_device_forget(&t->ctx, &TEST_POOL, sub, ph_str_from(KEY), &existed));
    return existed;
}

static bool set_status(struct test_store *t, struct ph_str sub, enum ph_device_status status)
{
    bool existed;

    assert_ok(
        ph_store_device_set_status(&t->ctx, &TEST_POOL, sub, ph_str_from(KEY), status, &existed));
    return existed;
}

static void a_status_is_changed_with_its_date(void **state)
{
    struct test_store *t = *state;
    const struct ph_str sub = new_owner(t, 1);

    assert_false(set_status(t, sub, PH_DEVICE_NOT_REMEMBERED));
    assert_true(add(t, sub, KEY, 1));
    assert_true(set_status(t, sub, PH_DEVICE_NOT_REMEMBERED));
    assert_int_equal(find(t, sub, KEY)->status, PH_DEVICE_NOT_REMEMBERED);
    assert_int_equal(find(t, sub, KEY)->modified_ms, t->now_ms);
}

static void a_forgotten_device_leaves_a_mark_and_nothing_else(void **state)
{
    struct test_store *t = *state;
    const struct ph_str sub = new_owner(t, 1);
    const struct ph_device *device;

    assert_false(forget(t, sub));
    assert_true(add(t, sub, KEY, 1));
    assert_true(forget(t, sub));
    assert_false(forget(t, sub));
    assert_false(set_status(t, sub, PH_DEVICE_REMEMBERED));
    assert_false(add(t, sub, KEY, 1));
    device = find(t, sub, KEY);
    assert_int_equal(device->status, PH_DEVICE_FORGOTTEN);
    assert_true(device->name.p == NULL && device->salt.p == NULL && device->verifier.p == NULL);

    ph_store_sweep(t->ctx.store, t->now_ms + TEN_YEARS_MS);
    assert_non_null(find(t, sub, KEY));
    test_sql(t, "DELETE FROM meta WHERE name = 'swept_ms'"); /* of several processes one sweeps */
    ph_store_sweep(t->ctx.store, t->now_ms + TEN_YEARS_MS + 1);
    assert_null(find(t, sub, KEY));
}

static void deleting_the_user_deletes_the_devices(void **state)
{
    struct test_store *t = *state;
    const struct ph_str sub = new_owner(t, 1);
    bool existed;

    assert_true(add(t, sub, KEY, 1));
    assert_ok(ph_store_user_delete(&t->ctx, &TEST_POOL, sub, &existed));
    assert_null(find(t, sub, KEY));
}

static size_t walk(struct test_store *t, struct ph_str sub, enum ph_device_choice choice,
                   char *created)
{
    struct ph_str cursor = { 0 };
    size_t pages = 0;

    do {
        struct ph_device *devices;
        size_t count;

        assert_ok(ph_store_device_list(&t->ctx, &TEST_POOL, sub, choice, cursor, 2, &devices,
                                       &count, &cursor));
        for (size_t i = 0; i < count; i++) {
            *created++ = (char)('0' + devices[i].created_ms);
        }
        pages++;
    } while (cursor.p != NULL);
    *created = '\0';
    return pages;
}

static void lists_go_on_where_they_ended_oldest_first(void **state)
{
    struct test_store *t = *state;
    const struct ph_str sub = new_owner(t, 1);
    char created[16];

    assert_int_equal(walk(t, sub, PH_DEVICES_CONFIRMED, created), 1);
    assert_string_equal(created, "");
    assert_true(add(t, sub, "x_5", 3));
    assert_true(add(t, sub, "x_4", 3)); /* the same time: by their keys */
    assert_true(add(t, sub, "x_9", 1));
    assert_true(add(t, sub, "x_1", 4));
    assert_true(add(t, sub, KEY, 2));
    assert_true(add(t, new_owner(t, 2), "x_2", 9));
    assert_int_equal(walk(t, sub, PH_DEVICES_CONFIRMED, created), 3);
    assert_string_equal(created, "12334");
    assert_true(set_status(t, sub, PH_DEVICE_NOT_REMEMBERED));
    assert_int_equal(walk(t, sub, PH_DEVICES_REMEMBERED, created), 2);
    assert_string_equal(created, "1334");
    assert_true(forget(t, sub));
    assert_int_equal(walk(t, sub, PH_DEVICES_CONFIRMED, created), 2);
    assert_string_equal(created, "1334");
}

static void a_sign_in_is_noted_without_being_a_change(void **state)
{
    struct test_store *t = *state;
    const struct ph_str sub = new_owner(t, 1);
    struct ph_str session;

    assert_true(add(t, sub, KEY, 1));
    ph_store_device_seen(&t->ctx, &TEST_POOL, sub, ph_str_from(KEY), PH_STR("192.0.2.9"));
    assert_ok(ph_store_device_awaited(&t->ctx, &TEST_POOL, sub, ph_str_from(KEY), &session));
    assert_null(session.p);
    assert_int_equal(find(t, sub, KEY)->authenticated_ms, t->now_ms);
    assert_str(find(t, sub, KEY)->last_ip, "192.0.2.9");
    assert_int_equal(find(t, sub, KEY)->modified_ms, 1);
}

static void what_a_device_was_asked_for_is_found_at_once(void **state)
{
    struct test_store *t = *state;
    const struct ph_str sub = new_owner(t, 1);
    struct ph_str session;

    assert_true(add(t, sub, KEY, 1));
    for (int i = 0; i < 50; i++) { /* whether its commit has come or not */
        const struct ph_str wanted = ph_strf(&t->arena, "session %d", i);

        ph_store_device_await(&t->ctx, &TEST_POOL, sub, ph_str_from(KEY), wanted);
        assert_ok(ph_store_device_awaited(&t->ctx, &TEST_POOL, sub, ph_str_from(KEY), &session));
        assert_true(ph_str_eq(session, wanted));
    }
    assert_true(forget(t, sub));
    assert_ok(ph_store_device_awaited(&t->ctx, &TEST_POOL, sub, ph_str_from(KEY), &session));
    assert_null(session.p);
    assert_ok(ph_store_device_awaited(&t->ctx, &TEST_POOL, sub, PH_STR("x_1"), &session));
    assert_null(session.p);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_store, close_store)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_device_comes_back_whole),
        TEST(a_device_is_added_once_and_to_who_is_there),
        TEST(the_secret_of_one_device_does_not_open_as_that_of_another),
        TEST(no_secret_lies_open_in_the_file),
        TEST(a_status_is_changed_with_its_date),
        TEST(a_forgotten_device_leaves_a_mark_and_nothing_else),
        TEST(deleting_the_user_deletes_the_devices),
        TEST(lists_go_on_where_they_ended_oldest_first),
        TEST(a_sign_in_is_noted_without_being_a_change),
        TEST(what_a_device_was_asked_for_is_found_at_once),
    };

    ph_json_start();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
