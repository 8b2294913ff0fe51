/* Look-ups in the generated tables, and typed reading and writing by member name. */
#include "model/io.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <string.h>

static void test_every_operation_is_found_by_its_name(void **state)
{
    (void)state;
    assert_int_equal(PH_OP_COUNT, 140);
    for (int i = 0; i < PH_OP_COUNT; i++) {
        const struct ph_operation *op = &ph_operations[i];

        assert_ptr_equal(ph_operation_find(ph_str_from(op->name)), op);
        assert_int_equal(op->id, i);
        assert_non_null(op->input);
        assert_int_equal(op->input->kind, PH_SHAPE_STRUCTURE);
        assert_true(strlen(op->group) > 0);
    }
}

static void test_operations_divide_into_three_classes(void **state)
{
    size_t counts[3] = { 0 };

    (void)state;
    for (int i = 0; i < PH_OP_COUNT; i++) {
        counts[ph_operations[i].auth]++;
    }
    assert_int_equal(counts[PH_AUTH_SIGV4], 105);
    assert_int_equal(counts[PH_AUTH_ACCESS_TOKEN], 24);
    assert_int_equal(counts[PH_AUTH_NONE], 11);
    assert_int_equal(ph_operations[OP_GetClientToken].auth, PH_AUTH_NONE);
    assert_int_equal(ph_operations[OP_InitiateAuth].auth, PH_AUTH_NONE);
    assert_int_equal(ph_operations[OP_GetUser].auth, PH_AUTH_ACCESS_TOKEN);
    assert_int_equal(ph_operations[OP_AdminCreateUser].auth, PH_AUTH_SIGV4);
}

static void test_names_that_differ_at_all_are_not_found(void **state)
{
    (void)state;
    assert_null(ph_operation_find(PH_STR("")));
    assert_null(ph_operation_find(PH_STR("signUp")));
    assert_null(ph_operation_find(PH_STR("SignU")));
    assert_null(ph_operation_find(PH_STR("SignUp ")));
    assert_null(ph_shape_find(PH_STR("UsernameType"))); /* no structure */
    assert_null(ph_shape_find(PH_STR("NoSuchType")));
}

static void test_members_are_sorted_and_found(void **state)
{
    const struct ph_shape *shape = ph_shape_find(PH_STR("UserPoolType"));

    (void)state;
    assert_non_null(shape);
    assert_true(shape->member_count > 20);
    for (size_t i = 0; i < shape->member_count; i++) {
        const struct ph_str name = ph_str_from(ph_member_names[shape->members[i].name]);

        assert_ptr_equal(ph_shape_member(shape, name), &shape->members[i]);
    }
    assert_null(ph_shape_member(shape, PH_STR("NoSuchMember")));
}

static void test_exceptions_have_the_recorded_status(void **state)
{
    (void)state;
    assert_int_equal(ph_ex_NotAuthorizedException.status, 400);
    assert_int_equal(ph_ex_TooManyRequestsException.status, 400);
    assert_int_equal(ph_ex_ForbiddenException.status, 403);
    assert_int_equal(ph_ex_InternalServerException.status, 500);
    assert_int_equal(ph_ex_InternalErrorException.status, 500);
    assert_int_equal(ph_ex_OperationNotBuiltException.status, 501);
    assert_int_equal(ph_ex_UnknownOperationException.status, 400);
    assert_string_equal(ph_ex_CodeMismatchException.name, "CodeMismatchException");
}

static void test_absent_and_null_members_read_as_nothing(void **state)
{
    struct ph_arena arena = { 0 };
    const struct ph_in in = { ph_json_parse(
        &arena, PH_STR("{\"Username\":null,\"ClientId\":\"c\",\"Limit\":7,"
                       "\"AuthParameters\":{\"A\":\"1\",\"B\":null}}")) };
    const struct ph_in none = { NULL };
    const struct ph_in map = ph_in_object(&in, M_AuthParameters);

    (void)state;
    assert_false(ph_in_has(&in, M_Username));
    assert_null(ph_in_str(&in, M_Username).p);
    assert_true(ph_str_eq(ph_in_str(&in, M_ClientId), PH_STR("c")));
    assert_int_equal(ph_in_int(&in, M_Limit), 7);
    assert_int_equal(ph_in_int_or(&in, M_MaxResults, 60), 60);
    assert_true(ph_in_bool_or(&none, M_Enabled, true));
    assert_int_equal(ph_in_count(&none, M_UserAttributes), 0);
    assert_true(ph_str_eq(ph_in_map(&map, "A"), PH_STR("1")));
    assert_null(ph_in_map(&map, "B").p);
    ph_arena_finish(&arena);
}

static void test_output_is_written_in_order_with_exact_times(void **state)
{
    struct ph_arena arena = { 0 };
    struct ph_out out = ph_out_new(&arena);
    struct ph_out_list list;
    struct ph_out inner;

    (void)state;
    ph_out_str(&out, M_Username, PH_STR("u"));
    ph_out_str(&out, M_ClientId, (struct ph_str){ 0 });
    ph_out_time(&out, M_UserCreateDate, 1691768546123);
    ph_out_bool(&out, M_Enabled, true);
    list = ph_out_list(&out, M_UserAttributes);
    inner = ph_out_list_object(&list);
    ph_out_str(&inner, M_Name, PH_STR("sub"));
    assert_true(ph_str_eq(ph_json_text(&arena, out.object, PH_JSON_INSERTION),
                          PH_STR("{\"Username\":\"u\",\"UserCreateDate\":1691768546.123,"
                                 "\"Enabled\":true,\"UserAttributes\":[{\"Name\":\"sub\"}]}")));
    ph_arena_finish(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_operation_is_found_by_its_name),
        cmocka_unit_test(test_operations_divide_into_three_classes),
        cmocka_unit_test(test_names_that_differ_at_all_are_not_found),
        cmocka_unit_test(test_members_are_sorted_and_found),
        cmocka_unit_test(test_exceptions_have_the_recorded_status),
        cmocka_unit_test(test_absent_and_null_members_read_as_nothing),
        cmocka_unit_test(test_output_is_written_in_order_with_exact_times),
    };

    ph_json_start();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
