/* Requests against the tables: the texts are recorded answers unless a comment says otherwise. */
#include "model/validate.h"

#include "util/buf.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <string.h>

#define ONE "1 validation error detected: "
#define FAILED " failed to satisfy constraint: "
#define NAME_PATTERN                                                                               \
    "Member must satisfy regular expression pattern: [\\p{L}\\p{M}\\p{S}\\p{N}\\p{P}]+"
#define POOL "\"UserPoolId\":\"eu-west-1_abc\""

struct row {
    const char *operation;
    const char *body;
    const char *text; /* NULL: accepted */
};

static const struct row constraint_rows[] = {
    /* a pattern, with the value */
    { "DescribeUserPool", "{\"UserPoolId\":\"YOUR_USER_POOL ID\"}",
      ONE "Value 'YOUR_USER_POOL ID' at 'userPoolId'" FAILED
          "Member must satisfy regular expression pattern: [\\w-]+_[0-9a-zA-Z]+" },
    /* the client's id is no secret */
    { "InitiateAuth", "{\"AuthFlow\":\"USER_PASSWORD_AUTH\",\"ClientId\":\"ap-northeast-1_x\"}",
      ONE "Value 'ap-northeast-1_x' at 'clientId'" FAILED
          "Member must satisfy regular expression pattern: [\\w+]+" },
    /* a password is; its minimum is no longer in the published model */
    { "SignUp", "{\"ClientId\":\"a\",\"Username\":\"u\",\"Password\":\"abc\"}",
      ONE "Value at 'password'" FAILED "Member must have length greater than or equal to 6" },
    { "SignUp", "{\"ClientId\":\"a\",\"Username\":\"a b\",\"Password\":\"abcdef\"}",
      ONE "Value at 'username'" FAILED NAME_PATTERN },
    /* length before pattern, members in alphabetical order, whatever the order of the body */
    { "SignUp", "{\"Username\":\"\",\"Password\":\"\",\"ClientId\":\"a\"}",
      "4 validation errors detected: Value at 'password'" FAILED
      "Member must have length greater than or equal to 6; Value at 'password'" FAILED
      "Member must satisfy regular expression pattern: ^[\\S]+.*[\\S]+$; Value at 'username'" FAILED
      "Member must have length greater than or equal to 1; Value at 'username'" FAILED
          NAME_PATTERN },
    { "ConfirmSignUp", "{\"ClientId\":\"a\",\"Username\":\"u\"}",
      ONE "Value null at 'confirmationCode'" FAILED "Member must not be null" },
    /* null is the same as absent */
    { "ConfirmSignUp", "{\"ClientId\":\"a\",\"Username\":\"u\",\"ConfirmationCode\":null}",
      ONE "Value null at 'confirmationCode'" FAILED "Member must not be null" },
    { "ListUserPools", "{\"MaxResults\":0}",
      ONE "Value '0' at 'maxResults'" FAILED "Member must have value greater than or equal to 1" },
    { "ListUserPools", "{\"MaxResults\":61}",
      ONE "Value '61' at 'maxResults'" FAILED "Member must have value less than or equal to 60" },
    /* recorded with the values in another order, which nobody can derive */
    { "AdminCreateUser", "{" POOL ",\"Username\":\"u\",\"MessageAction\":\"SURPRESS\"}",
      ONE "Value 'SURPRESS' at 'messageAction'" FAILED
          "Member must satisfy enum value set: [RESEND, SUPPRESS]" },
    /* our reading of the framework's nested paths */
    { "SignUp",
      "{\"ClientId\":\"a\",\"Username\":\"u\",\"Password\":\"abcdef\","
      "\"UserAttributes\":[{\"Name\":\"a\"},{}]}",
      ONE "Value null at 'userAttributes.2.member.name'" FAILED "Member must not be null" },
    { "CreateUserPool",
      "{\"PoolName\":\"p\",\"Policies\":{\"PasswordPolicy\":{\"MinimumLength\":5}}}",
      ONE "Value '5' at 'policies.passwordPolicy.minimumLength'" FAILED
          "Member must have value greater than or equal to 6" },
    /* accepted */
    { "SignUp",
      "{\"ClientId\":\"a\",\"Username\":\"\\u00e9\\u4e2d\",\"Password\":\"a b  c\","
      "\"NoSuchMember\":[1],\"SecretHash\":null}",
      NULL },
    { "InitiateAuth",
      "{\"AuthFlow\":\"USER_SRP_AUTH\",\"ClientId\":\"a\",\"AuthParameters\":{\"USERNAME\":null}}",
      NULL },
    { "CreateUserPoolClient",
      "{" POOL ",\"ClientName\":\"c\",\"ExplicitAuthFlows\":[\"ALLOW_CLIENT_TOKEN_AUTH\"]}", NULL },
    { "ListUserPools", "{\"MaxResults\":1.5}", NULL },
};

static const struct row type_rows[] = {
    { "SignUp", "[]", "Start of list found where not expected" },
    { "SignUp", "null", "" },
    { "SignUp", "\"text\"", "" },
    { "SignUp", "{", "" },
    { "SignUp", "{\"Username\":{}}", "Start of structure or map found where not expected." },
    { "SignUp", "{\"Username\":[]}", "Start of list found where not expected" },
    { "SignUp", "{\"Username\":1}", "NUMBER_VALUE can not be converted to a String" },
    { "SignUp", "{\"Username\":true}", "TRUE_VALUE can not be converted to a String" },
    { "SignUp", "{\"Username\":false}", "FALSE_VALUE can not be converted to a String" },
    { "SignUp", "{\"UserAttributes\":\"a\"}", "Expected list or null" },
    { "SignUp", "{\"UserAttributes\":[\"a\"]}", "Expected null" },
    { "InitiateAuth", "{\"AuthParameters\":\"a\"}", "Expected map or null" },
    { "ListUserPools", "{\"MaxResults\":\"1\"}",
      "STRING_VALUE can not be converted to an Integer" },
    { "ListUserPools", "{\"MaxResults\":true}", "TRUE_VALUE can not be converted to an Integer" },
};

static struct ph_err check(struct ph_arena *arena, const char *operation, const char *body)
{
    const struct ph_operation *op = ph_operation_find(ph_str_from(operation));

    assert_non_null(op);
    return ph_validate_input(arena, op->input, ph_json_parse(arena, ph_str_from(body)));
}

static void check_rows(const struct row *rows, size_t n, const struct ph_exception *type)
{
    for (size_t i = 0; i < n; i++) {
        struct ph_arena arena = { 0 };
        const struct ph_err err = check(&arena, rows[i].operation, rows[i].body);

        if (rows[i].text == NULL) {
            assert_string_equal(err.type == NULL ? "" : err.message, "");
            assert_null(err.type);
        } else {
            assert_ptr_equal(err.type, type);
            assert_string_equal(err.message, rows[i].text);
        }
        ph_arena_finish(&arena);
    }
}

static void test_broken_constraints_are_told_in_the_recorded_words(void **state)
{
    (void)state;
    check_rows(constraint_rows, sizeof constraint_rows / sizeof constraint_rows[0],
               &ph_ex_InvalidParameterException);
}

static void test_wrong_types_are_told_in_the_recorded_words(void **state)
{
    (void)state;
    check_rows(type_rows, sizeof type_rows / sizeof type_rows[0], &ph_ex_SerializationException);
}

static void test_an_enumeration_in_a_list_names_the_whole_list(void **state)
{
    struct ph_arena arena = { 0 };
    const struct ph_err err =
        check(&arena, "CreateUserPoolClient",
              "{" POOL ",\"ClientName\":\"c\",\"ExplicitAuthFlows\":[\"A\",\"B\"]}");
    const char *start =
        ONE "Value '[A, B]' at 'explicitAuthFlows'" FAILED
            "Member must satisfy constraint: [Member must satisfy enum value set: [";

    (void)state;
    assert_ptr_equal(err.type, &ph_ex_InvalidParameterException);
    assert_memory_equal(err.message, start, strlen(start));
    assert_non_null(strstr(err.message, "ALLOW_USER_SRP_AUTH"));
    assert_string_equal(err.message + strlen(err.message) - 2, "]]");
    ph_arena_finish(&arena);
}

/* 128 is the longest user name; a character beyond the basic plane counts twice. */
static void test_lengths_count_utf16_units(void **state)
{
    struct ph_arena arena = { 0 };
    struct ph_str sixty_four = PH_STR("");
    struct ph_err err;

    (void)state;
    for (int i = 0; i < 64; i++) {
        sixty_four = ph_strf(&arena, "%.*s\xf0\x9f\x98\x80", PH_FMT(sixty_four));
    }
    err = check(&arena, "AdminGetUser",
                ph_textf(&arena, "{" POOL ",\"Username\":\"%.*s\"}", PH_FMT(sixty_four)));
    assert_null(err.type);
    err = check(&arena, "AdminGetUser",
                ph_textf(&arena, "{" POOL ",\"Username\":\"%.*sa\"}", PH_FMT(sixty_four)));
    assert_string_equal(err.message, ONE "Value at 'username'" FAILED
                                         "Member must have length less than or equal to 128");
    ph_arena_finish(&arena);
}

static void test_the_answer_stays_small_and_counts_all(void **state)
{
    struct ph_arena arena = { 0 };
    struct ph_str list = PH_STR("{}");
    struct ph_err err;

    (void)state;
    for (int i = 1; i < 1000; i++) {
        list = ph_strf(&arena, "%.*s,{}", PH_FMT(list));
    }
    err = check(
        &arena, "AdminUpdateUserAttributes",
        ph_textf(&arena, "{" POOL ",\"Username\":\"u\",\"UserAttributes\":[%.*s]}", PH_FMT(list)));
    assert_memory_equal(err.message, "1000 validation errors detected: ", 33);
    assert_true(strlen(err.message) < 10000);
    ph_arena_finish(&arena);
}

/* What is shown of a long text is its beginning, wherever it stands. */
static void test_a_long_text_in_a_map_is_shown_cut(void **state)
{
    struct ph_arena arena = { 0 };
    struct ph_buf body;
    struct ph_err err;

    (void)state;
    ph_buf_init(&body, &arena, 200000);
    ph_buf_addf(&body, "{" POOL ",\"Username\":\"u\",\"ClientMetadata\":{\"k\":\"");
    for (int i = 0; i < 131073; i++) {
        ph_buf_add_byte(&body, 'v');
    }
    ph_buf_addf(&body, "\"}}");
    err = check(&arena, "AdminResetUserPassword", ph_cstr(&arena, ph_buf_str(&body)));
    assert_memory_equal(err.message, ONE "Value '{k=vvv", strlen(ONE "Value '{k=vvv"));
    assert_non_null(strstr(err.message, "vvv...' at 'clientMetadata'" FAILED "Map value must"));
    assert_true(strlen(err.message) < 1500);
    ph_arena_finish(&arena);
}

static const char *check_reply(struct ph_arena *arena, const char *text)
{
    return ph_validate_output(arena, ph_operations[OP_AdminGetUser].output,
                              ph_json_parse(arena, ph_str_from(text)));
}

static void test_replies_with_strange_members_or_types_are_found(void **state)
{
    struct ph_arena arena = { 0 };

    (void)state;
    assert_null(check_reply(&arena, "{\"Username\":\"u\",\"UserCreateDate\":1.5,"
                                    "\"UserAttributes\":[{\"Name\":\"a\"}]}"));
    assert_string_equal(check_reply(&arena, "{\"UserAttributes\":[{\"Nam\":\"a\"}]}"),
                        "AttributeType has no member Nam");
    assert_non_null(check_reply(&arena, "{\"Enabled\":\"true\"}"));
    assert_non_null(check_reply(&arena, "[]"));
    assert_null(ph_validate_output(&arena, NULL, ph_json_parse(&arena, PH_STR("{}"))));
    assert_non_null(ph_validate_output(&arena, NULL, ph_json_parse(&arena, PH_STR("{\"A\":1}"))));
    ph_arena_finish(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_broken_constraints_are_told_in_the_recorded_words),
        cmocka_unit_test(test_wrong_types_are_told_in_the_recorded_words),
        cmocka_unit_test(test_an_enumeration_in_a_list_names_the_whole_list),
        cmocka_unit_test(test_lengths_count_utf16_units),
        cmocka_unit_test(test_the_answer_stays_small_and_counts_all),
        cmocka_unit_test(test_a_long_text_in_a_map_is_shown_cut),
        cmocka_unit_test(test_replies_with_strange_members_or_types_are_found),
    };

    ph_json_start();
    ph_validate_start();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
