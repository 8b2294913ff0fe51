#include "util/metrics.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const char *const NAMES[] = { "SignUp", "InitiateAuth" };

static const char *text_of(const struct ph_metrics *metrics, struct ph_arena *arena)
{
    const struct ph_metrics_gauge gauges[] = {
        { "poolhouse_open_connections", "Connections.", 7, false },
        { "poolhouse_mail_sent_total", "Mails.", 8, true },
    };

    return ph_cstr(arena, ph_metrics_text(metrics, arena, gauges, 2));
}

static void assert_line(const char *text, const char *line)
{
    if (strstr(text, line) == NULL) {
        fail_msg("expected \"%s\" in:\n%s", line, text);
    }
}

static void counts_by_operation_and_error(void **state)
{
    struct ph_metrics *metrics = ph_metrics_create(NAMES, 2);
    struct ph_arena arena = { 0 };
    const char *text;

    (void)state;
    ph_metrics_count(metrics, 1, NULL, 2000000);
    ph_metrics_count(metrics, 1, NULL, 2000000);
    ph_metrics_count(metrics, 1, "NotAuthorizedException", 400000);
    ph_metrics_count(metrics, 2, "UnknownOperationException", 1);
    text = text_of(metrics, &arena);
    assert_line(text, "\npoolhouse_requests_total{operation=\"InitiateAuth\",error=\"\"} 2\n");
    assert_line(text, "\npoolhouse_requests_total{operation=\"InitiateAuth\","
                      "error=\"NotAuthorizedException\"} 1\n");
    assert_line(text, "\npoolhouse_requests_total{operation=\"unknown\","
                      "error=\"UnknownOperationException\"} 1\n");
    assert_line(text, "\npoolhouse_open_connections 7\n");
    assert_null(strstr(text, "SignUp")); /* never called */
    ph_arena_finish(&arena);
    ph_metrics_destroy(metrics);
}

static void buckets_are_cumulative_and_include_their_bound(void **state)
{
    static const char part[] = "poolhouse_request_duration_seconds";
    struct ph_metrics *metrics = ph_metrics_create(NAMES, 2);
    struct ph_arena arena = { 0 };
    const char *text;
    char line[160];

    (void)state;
    ph_metrics_count(metrics, 0, NULL, 1000000);
    ph_metrics_count(metrics, 0, NULL, 1000001);
    ph_metrics_count(metrics, 0, NULL, 60000000000);
    ph_metrics_count(metrics, 0, NULL, -5);
    text = text_of(metrics, &arena);
    static const char *const expected[][2] = {
        { "0.0005", "1" }, { "0.001", "2" }, { "0.0025", "3" }, { "10", "3" }, { "+Inf", "4" }
    };

    for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++) {
        snprintf(line, sizeof line, "\n%s_bucket{operation=\"SignUp\",le=\"%s\"} %s\n", part,
                 expected[i][0], expected[i][1]);
        assert_line(text, line);
    }
    snprintf(line, sizeof line, "\n%s_sum{operation=\"SignUp\"} 60.002000\n", part);
    assert_line(text, line);
    snprintf(line, sizeof line, "\n%s_count{operation=\"SignUp\"} 4\n", part);
    assert_line(text, line);
    ph_arena_finish(&arena);
    ph_metrics_destroy(metrics);
}

static void too_many_error_names_become_other(void **state)
{
    struct ph_metrics *metrics = ph_metrics_create(NAMES, 2);
    struct ph_arena arena = { 0 };
    static char names[60][16];

    (void)state;
    for (int i = 0; i < 60; i++) {
        snprintf(names[i], sizeof names[i], "Error%d", i);
        ph_metrics_count(metrics, 0, names[i], 1);
    }
    assert_line(text_of(metrics, &arena), "operation=\"SignUp\",error=\"other\"} 13\n");
    ph_arena_finish(&arena);
    ph_metrics_destroy(metrics);
}

static void *count_many(void *self)
{
    for (int i = 0; i < 1000; i++) {
        ph_metrics_count(self, 0, i % 2 == 0 ? "EvenException" : "OddException", 1);
    }
    return NULL;
}

static void nothing_is_lost_when_many_threads_count(void **state)
{
    struct ph_metrics *metrics = ph_metrics_create(NAMES, 2);
    struct ph_arena arena = { 0 };
    pthread_t threads[4];
    const char *text;

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, count_many, metrics), 0);
    }
    for (size_t i = 0; i < 4; i++) {
        pthread_join(threads[i], NULL);
    }
    text = text_of(metrics, &arena);
    assert_line(text, "error=\"EvenException\"} 2000\n");
    assert_line(text, "error=\"OddException\"} 2000\n");
    ph_arena_finish(&arena);
    ph_metrics_destroy(metrics);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_by_operation_and_error),
        cmocka_unit_test(buckets_are_cumulative_and_include_their_bound),
        cmocka_unit_test(too_many_error_names_become_other),
        cmocka_unit_test(nothing_is_lost_when_many_threads_count),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
