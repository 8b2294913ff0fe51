#include "store/passkeys.h"
#include "store/test_support.h"

static const struct ph_pool_ref OTHER_POOL = { .id = PH_STR_INIT("eu-west-1_BBBBBBBBB"),
                                               .data_key = &TEST_DATA_KEY };

static struct ph_passkey passkey(int n)
{
    static uint8_t ids[30][2];

    ids[n][0] = 0;
    ids[n][1] = (uint8_t)n;
    return (struct ph_passkey){
        .id = { ids[n], 2 },
        .relying_party = PH_STR("example.com"),
        .algorithm = -7,
        .public_key = PH_STR("a key"),
        .sign_count = 1,
        .flags = 0x1d,
        .aaguid = PH_STR("sixteen bytes..."),
        .transports = PH_STR("[\"usb\"]"),
        .created_ms = 100 + n,
    };
}

static struct ph_user *stored_user(struct test_store *t, int n)
{
    struct ph_user *user = test_user(&t->ctx, n);

    assert_int_equal(test_write(&t->ctx, user), PH_USER_DONE);
    return user;
}

static enum ph_passkey_write add(struct test_store *t, struct ph_str sub, int n)
{
    const struct ph_passkey p = passkey(n);
    enum ph_passkey_write result;

    assert_ok(ph_store_passkey_add(&t->ctx, &TEST_POOL, sub, &p, 3, &result));
    return result;
}

static size_t list(struct test_store *t, struct ph_str sub, struct ph_passkey **found)
{
    size_t count;

    assert_ok(ph_store_passkey_list(&t->ctx, &TEST_POOL, sub, found, &count));
    return count;
}

static void a_passkey_is_read_as_it_was_written(void **state)
{
    struct test_store *t = *state;
    const struct ph_user *user = stored_user(t, 1);
    struct ph_passkey *found;

    assert_int_equal(add(t, user->sub, 2), PH_PASSKEY_ADDED);
    assert_int_equal(add(t, user->sub, 1), PH_PASSKEY_ADDED);
    assert_int_equal(list(t, user->sub, &found), 2);
    assert_int_equal(found[0].id.n, 2); /* the oldest first */
    assert_int_equal(found[0].id.p[1], 1);
    assert_str(found[1].relying_party, "example.com");
    assert_str(found[1].public_key, "a key");
    assert_str(found[1].transports, "[\"usb\"]");
    assert_null(found[1].attachment.p);
    assert_int_equal(found[1].algorithm, -7);
    assert_int_equal(found[1].flags, 0x1d);
    assert_int_equal(found[1].created_ms, 102);
}

static void ids_are_unique_and_their_number_is_bounded(void **state)
{
    struct test_store *t = *state;
    const struct ph_user *first = stored_user(t, 1), *second = stored_user(t, 2);

    assert_int_equal(add(t, first->sub, 1), PH_PASSKEY_ADDED);
    assert_int_equal(add(t, second->sub, 1), PH_PASSKEY_TAKEN);
    assert_int_equal(add(t, first->sub, 2), PH_PASSKEY_ADDED);
    assert_int_equal(add(t, first->sub, 3), PH_PASSKEY_ADDED);
    assert_int_equal(add(t, first->sub, 4), PH_PASSKEY_TOO_MANY);
    assert_int_equal(add(t, PH_STR("nobody"), 4), PH_PASSKEY_TOO_MANY);
}

static bool use(struct test_store *t, struct ph_str sub, int n, int64_t count)
{
    const struct ph_passkey p = passkey(n);
    bool used;

    assert_ok(ph_store_passkey_use(&t->ctx, &TEST_POOL, sub, p.id, count, 5, &used));
    return used;
}

static void a_count_moves_only_up(void **state)
{
    struct test_store *t = *state;
    const struct ph_user *user = stored_user(t, 1);
    struct ph_passkey *found;

    assert_int_equal(add(t, user->sub, 1), PH_PASSKEY_ADDED);
    assert_true(use(t, user->sub, 1, 7));
    assert_false(use(t, user->sub, 1, 7));
    assert_false(use(t, user->sub, 1, 0));
    assert_false(use(t, user->sub, 2, 9));
    assert_false(use(t, PH_STR("somebody else"), 1, 9));
    assert_int_equal(list(t, user->sub, &found), 1);
    assert_int_equal(found[0].sign_count, 7);
    assert_int_equal(found[0].flags, 5);
}

static void deleting_is_for_the_owner_and_goes_with_the_user(void **state)
{
    struct test_store *t = *state;
    const struct ph_user *user = stored_user(t, 1);
    const struct ph_passkey p = passkey(1);
    struct ph_passkey *found;
    bool existed;

    assert_int_equal(add(t, user->sub, 1), PH_PASSKEY_ADDED);
    assert_ok(ph_store_passkey_delete(&t->ctx, &TEST_POOL, PH_STR("else"), p.id, &existed));
    assert_false(existed);
    assert_ok(ph_store_passkey_delete(&t->ctx, &OTHER_POOL, user->sub, p.id, &existed));
    assert_false(existed);
    assert_ok(ph_store_passkey_delete(&t->ctx, &TEST_POOL, user->sub, p.id, &existed));
    assert_true(existed);
    assert_int_equal(add(t, user->sub, 2), PH_PASSKEY_ADDED);
    assert_ok(ph_store_user_delete(&t->ctx, &TEST_POOL, user->sub, &existed));
    assert_int_equal(list(t, user->sub, &found), 0);
}

/* Whoever can only write rows cannot give a user a key of theirs. */
static void a_key_opens_in_its_own_row_only(void **state)
{
    struct test_store *t = *state;
    const struct ph_user *first = stored_user(t, 1), *second = stored_user(t, 2);
    struct ph_passkey *found;
    size_t count;

    assert_int_equal(add(t, first->sub, 1), PH_PASSKEY_ADDED);
    test_sql(t, "UPDATE passkeys SET sub = '00000000-0000-4000-8000-000000000002'");
    assert_non_null(ph_store_passkey_list(&t->ctx, &TEST_POOL, second->sub, &found, &count).type);
}

int main(void)
{
#define WITH_STORE(test) cmocka_unit_test_setup_teardown(test, open_store, close_store)
    const struct CMUnitTest tests[] = {
        WITH_STORE(a_passkey_is_read_as_it_was_written),
        WITH_STORE(ids_are_unique_and_their_number_is_bounded),
        WITH_STORE(a_count_moves_only_up),
        WITH_STORE(deleting_is_for_the_owner_and_goes_with_the_user),
        WITH_STORE(a_key_opens_in_its_own_row_only),
    };

    ph_json_start();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
