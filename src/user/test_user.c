/* The rules of users with an empty store: policy texts, masks, filters, attributes, decoys. */
#include "crypto/random.h"
#include "crypto/srp_group.h"
#include "user/filter.h"
#include "user/user.h"
#include "util/test_support.h"

#include <string.h>

static struct ph_arena arena;
static struct ph_ctx ctx = { .arena = &arena,
                             .clock = &ph_system_clock,
                             .random = &ph_system_random };
static const struct ph_key KEY = { .bytes = { 1, 2, 3 } };
static const struct ph_attr_def SCHEMA[] = {
    { .name = PH_STR_INIT("sub"), .required = true },
    { .name = PH_STR_INIT("name"), .mutable = true, .required = true },
    { .name = PH_STR_INIT("email"), .mutable = true, .required = true },
    { .name = PH_STR_INIT("email_verified"), .type = PH_ATTR_BOOLEAN, .mutable = true },
    { .name = PH_STR_INIT("custom:once") },
};
static struct ph_pool pool;

static int setup(void **state)
{
    const struct ph_store_options in_memory = { .master_key = &KEY };
    const char *why = NULL;

    (void)state;
    assert_true(ph_store_open(&in_memory, &ctx.store, &why)); /* where hashes are looked for */
    pool = (struct ph_pool){
        .ref = { .id = PH_STR("us-east-1_ExaMPLe01"), .data_key = &KEY },
        .id = PH_STR("us-east-1_ExaMPLe01"),
        .srp_name = PH_STR("ExaMPLe01"),
        .password_policy = { 8, true, true, true, true, 2, 7 },
        .schema = SCHEMA,
        .schema_count = sizeof SCHEMA / sizeof SCHEMA[0],
    };
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    ph_store_close(ctx.store);
    ph_arena_finish(&arena);
    return 0;
}

static void the_first_broken_rule_is_named(void **state)
{
    static const struct {
        const char *password;
        const char *text;
    } CASES[] = {
        { "aB1!", "Password did not conform with policy: Password not long enough" },
        { "abcdefg1!",
          "Password did not conform with policy: Password must have uppercase characters" },
        { "ABCDEFG1!",
          "Password did not conform with policy: Password must have lowercase characters" },
        { "Abcdefgh!",
          "Password did not conform with policy: Password must have numeric characters" },
        { "Abcdefgh1",
          "Password did not conform with policy: Password must have symbol characters" },
        { "Abcdefgh1 ",
          "Password did not conform with policy: Password must have symbol characters" },
        { "Abcdefgh 1", NULL },
    };

    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        const struct ph_err err = ph_password_check_policy(
            &ctx, &pool, NULL, ph_str_from(CASES[i].password), PH_PW_SIGN_UP);

        if (CASES[i].text == NULL) {
            assert_null(err.type);
        } else {
            assert_string_equal(err.type->name, "InvalidPasswordException");
            assert_string_equal(err.message, CASES[i].text);
        }
    }
}

static void a_password_matches_itself_only_and_is_remembered(void **state)
{
    struct ph_user user = { .username = PH_STR("alice"), .status = PH_USER_CONFIRMED };
    struct ph_err err;

    (void)state;
    assert_false(ph_password_matches(&ctx, &pool, &user, PH_STR("Passw0rd!")));
    ph_password_set(&ctx, &pool, &user, PH_STR("Passw0rd!"));
    assert_true(user.password->salt[0] >= 0x10 && user.password->salt[0] <= 0x7f);
    assert_true(ph_password_matches(&ctx, &pool, &user, PH_STR("Passw0rd!")));
    assert_false(ph_password_matches(&ctx, &pool, &user, PH_STR("Passw0rd?")));
    ph_password_set(&ctx, &pool, &user, PH_STR("Passw0rd!2"));
    err = ph_password_check_policy(&ctx, &pool, &user, PH_STR("Passw0rd!"), PH_PW_CHANGE);
    assert_string_equal(err.type->name, "PasswordHistoryPolicyViolationException");
}

static void destinations_are_masked(void **state)
{
    (void)state;
    assert_str(ph_mask_destination(&arena, PH_MEDIUM_EMAIL, PH_STR("jane@example.com")),
               "j***@e***");
    assert_str(ph_mask_destination(&arena, PH_MEDIUM_SMS, PH_STR("+12065550134")), "+*******0134");
}

static void filters_are_read_or_refused(void **state)
{
    static const char *const BAD[] = { "email",          "email =", "email = x",
                                       "email = \"x",    "= \"x\"", "email = \"x\" y",
                                       "email = \"\\x\"" };
    struct ph_user_filter f;
    struct ph_err err;

    (void)state;
    assert_null(ph_user_filter_parse(&arena, PH_STR(" email ^= \"A\\\"b\" "), &f).type);
    assert_int_equal(f.by, PH_BY_EMAIL);
    assert_true(f.prefix);
    assert_str(f.value, "a\"b");
    assert_null(ph_user_filter_parse(&arena, PH_STR(""), &f).type);
    assert_int_equal(f.by, PH_BY_NOTHING);
    for (size_t i = 0; i < sizeof BAD / sizeof BAD[0]; i++) {
        err = ph_user_filter_parse(&arena, ph_str_from(BAD[i]), &f);
        assert_string_equal(err.message, "Error while parsing filter");
    }
    err = ph_user_filter_parse(&arena, PH_STR("custom:x = \"1\""), &f);
    assert_string_equal(err.message, "Invalid search attribute: custom:x");
}

static struct ph_err write_one(struct ph_user *user, struct ph_str name, struct ph_str value)
{
    struct ph_attrs writes = { 0 };

    ph_attrs_set(&arena, &writes, name, value);
    return ph_attributes_apply(&ctx, &pool, NULL, PH_BY_ADMIN, user, &writes);
}

static void attribute_writes_follow_the_schema(void **state)
{
    struct ph_user user = { .revision = 1 };

    (void)state;
    assert_string_equal(ph_attributes_check_required(&ctx, &pool, &user).message,
                        "Attributes did not conform to the schema: "
                        "name.formatted: The attribute name.formatted is required\n"
                        "email: The attribute is required\n");
    assert_null(write_one(&user, PH_STR("email"), PH_STR("a@b.c")).type);
    assert_str(ph_attrs_get(&user.attrs, PH_STR("email_verified")), "false");
    assert_string_equal(write_one(&user, PH_STR("email"), PH_STR("nobody")).message,
                        "Invalid email address format.");
    assert_string_equal(write_one(&user, PH_STR("shoe"), PH_STR("9")).message,
                        "Attributes did not conform to the schema: Type for attribute {shoe} could "
                        "not be determined");
    assert_string_equal(write_one(&user, PH_STR("custom:once"), PH_STR("9")).message,
                        "user.custom:once: Attribute cannot be updated.\n");
}

static void a_decoy_is_the_same_on_every_try(void **state)
{
    const struct ph_user *a = ph_user_decoy(&ctx, &pool, PH_STR("Nobody"));
    const struct ph_user *b = ph_user_decoy(&ctx, &pool, PH_STR("nobody"));
    const struct ph_user *c = ph_user_decoy(&ctx, &pool, PH_STR("other"));
    const struct ph_str to = ph_decoy_destination(&ctx, &pool, PH_STR("nobody"), PH_MEDIUM_EMAIL);

    (void)state;
    assert_true(
        ph_str_eq(to, ph_decoy_destination(&ctx, &pool, PH_STR("NOBODY"), PH_MEDIUM_EMAIL)));
    assert_str(ph_decoy_destination(&ctx, &pool, PH_STR("a@b.example"), PH_MEDIUM_EMAIL),
               "a@b.example");
    assert_true(ph_str_eq(a->sub, b->sub));
    assert_memory_equal(a->password, b->password, sizeof *a->password);
    assert_false(ph_str_eq(a->sub, c->sub));
    assert_true(a->password->salt[0] >= 0x10 && a->password->salt[0] <= 0x7f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_broken_rule_is_named),
        cmocka_unit_test(a_password_matches_itself_only_and_is_remembered),
        cmocka_unit_test(destinations_are_masked),
        cmocka_unit_test(filters_are_read_or_refused),
        cmocka_unit_test(attribute_writes_follow_the_schema),
        cmocka_unit_test(a_decoy_is_the_same_on_every_try),
    };

    ph_srp_group_start();
    return cmocka_run_group_tests(tests, setup, teardown);
}
