#include "main/config.h"
#include "main/suggest.h"
#include "util/test_support.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A file that is gone after the test. */
struct file {
    char path[64];
};

static struct file write_file(const char *text, mode_t mode)
{
    struct file file = { "/tmp/poolhouse-test-XXXXXX" };
    const int fd = mkstemp(file.path);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    assert_int_equal(fchmod(fd, mode), 0);
    close(fd);
    return file;
}

static void remove_file(struct file *file)
{
    unlink(file->path);
}

static const char *problems(struct ph_config *config)
{
    return ph_cstr(&config->arena, ph_buf_str(&config->problems));
}

static void assert_problem(struct ph_config *config, const char *part)
{
    assert_false(ph_config_settle(config));
    if (strstr(problems(config), part) == NULL) {
        fail_msg("expected \"%s\" in:\n%s", part, problems(config));
    }
}

static void config_with_file(struct ph_config *config, enum ph_mode mode, const char *text)
{
    PH_AUTO(remove_file) struct file file = write_file(text, 0644);

    ph_config_init(config, mode);
    ph_config_read_file(config, file.path);
}

static void defaults_of_both_modes_are_good(void **state)
{
    struct ph_config config;

    (void)state;
    ph_config_init(&config, PH_MODE_DEV);
    assert_true(ph_config_settle(&config));
    assert_str(config.settings.server.listen, "127.0.0.1:9229");
    assert_str(config.settings.public_url, "http://localhost:9229");
    assert_null(config.settings.server.admin_listen.p);
    assert_int_equal(config.settings.log_format, PH_LOG_TEXT);
    assert_int_equal(config.settings.server.max_body, 2 << 20);
    assert_int_equal(config.settings.server.idle_timeout_ms, 75000);
    assert_int_equal(config.settings.signature_skew_s, 300);
    assert_true(config.settings.lockout);
    ph_config_finish(&config);
    ph_config_init(&config, PH_MODE_SERVE);
    assert_true(ph_config_settle(&config));
    assert_str(config.settings.server.admin_listen, "127.0.0.1:9230");
    assert_int_equal(config.settings.log_format, PH_LOG_JSON);
    ph_config_finish(&config);
}

static void every_key_has_a_help_text_and_parsable_defaults(void **state)
{
    struct ph_arena arena = { 0 };
    struct ph_settings settings;
    const char *why;

    (void)state;
    for (size_t i = 0; i < ph_config_key_count; i++) {
        const struct ph_config_key *key = &ph_config_keys[i];

        assert_non_null(key->help);
        assert_ptr_equal(ph_config_find(ph_str_from(key->section), ph_str_from(key->name)), key);
        assert_true(key->dev == NULL ||
                    ph_config_parse(&arena, key, ph_str_from(key->dev), &settings, &why));
        assert_true(key->serve == NULL ||
                    ph_config_parse(&arena, key, ph_str_from(key->serve), &settings, &why));
        assert_true(key->flag == NULL || key->type == PH_CONFIG_BOOL || key->sign != NULL);
    }
    ph_arena_finish(&arena);
}

static void a_file_changes_the_defaults(void **state)
{
    struct ph_config config;

    (void)state;
    config_with_file(&config, PH_MODE_DEV,
                     "# a comment\n[server]\nlisten = [::1]:7000\nmax_body = 1M\n"
                     "head_timeout = 500ms\n\n[issuer]\nmode = aws-new ; the newer form\n");
    assert_true(ph_config_settle(&config));
    assert_str(config.settings.server.listen, "[::1]:7000");
    assert_str(config.settings.public_url, "http://localhost:7000");
    assert_int_equal(config.settings.server.max_body, 1 << 20);
    assert_int_equal(config.settings.server.head_timeout_ms, 500);
    assert_int_equal(config.settings.issuer_mode, PH_ISSUER_AWS_NEW);
    ph_config_finish(&config);
}

static void a_list_grows_within_a_source_and_is_replaced_by_the_next(void **state)
{
    const struct ph_config_key *key = ph_config_find_flag(PH_STR("function"));
    struct ph_config config;

    (void)state;
    config_with_file(&config, PH_MODE_DEV,
                     "[triggers]\nfunction = a = local:/srv/a.js:one\nfunction = * = lambda:\n");
    assert_true(ph_config_settle(&config));
    assert_str(config.settings.trigger_routes, "a = local:/srv/a.js:one\n* = lambda:");
    ph_config_set(&config, key, PH_STR("b=http://host/"), PH_STR("--function"));
    ph_config_set(&config, key, PH_STR("c=http://host/"), PH_STR("--function"));
    assert_true(ph_config_settle(&config));
    assert_str(config.settings.trigger_routes, "b=http://host/\nc=http://host/");
    ph_config_finish(&config);
}

static void the_environment_wins_over_the_file_and_a_flag_over_both(void **state)
{
    struct ph_config config;
    char listen[] = "POOLHOUSE_SERVER_LISTEN=127.0.0.1:3", region[] = "POOLHOUSE_AWS_REGION=b";
    char *environment[] = { listen, region, NULL };

    (void)state;
    config_with_file(&config, PH_MODE_DEV, "[server]\nlisten=127.0.0.1:2\n[aws]\nregion=a\n");
    ph_config_read_environment(&config, environment);
    ph_config_set(&config, ph_config_find_flag(PH_STR("listen")), PH_STR("127.0.0.1:4"),
                  PH_STR("--listen"));
    assert_true(ph_config_settle(&config));
    assert_str(config.settings.server.listen, "127.0.0.1:4");
    assert_str(config.settings.default_region, "b");
    ph_config_finish(&config);
}

static void an_unknown_key_is_refused_with_a_suggestion(void **state)
{
    struct ph_config config;

    (void)state;
    config_with_file(&config, PH_MODE_DEV, "[server]\nlsiten = 1\n[serve]\nlisten = 2\n[x]\ny=1\n");
    assert_problem(&config, "no key server.lsiten; did you mean server.listen?");
    assert_problem(&config, "no key serve.listen; did you mean server.listen?");
    assert_problem(&config, "no key y in section [x]");
    ph_config_finish(&config);
}

static void an_unknown_variable_is_refused_when_it_names_a_section(void **state)
{
    struct ph_config config;
    char wrong[] = "POOLHOUSE_SERVER_LISTENS=1", other[] = "POOLHOUSE_BINARY=x";
    char *environment[] = { other, wrong, NULL };

    (void)state;
    ph_config_init(&config, PH_MODE_DEV);
    ph_config_read_environment(&config, environment);
    assert_problem(&config, "POOLHOUSE_SERVER_LISTENS names no key; did you mean "
                            "POOLHOUSE_SERVER_LISTEN?");
    assert_null(strstr(problems(&config), "BINARY"));
    ph_config_finish(&config);
}

static void a_key_given_twice_and_a_line_of_nonsense_are_refused(void **state)
{
    struct ph_config config;

    (void)state;
    config_with_file(&config, PH_MODE_DEV, "[aws]\nregion=a\nregion=b\n");
    assert_problem(&config, "aws.region is given twice");
    ph_config_finish(&config);
    config_with_file(&config, PH_MODE_DEV, "[aws]\nnonsense\n");
    assert_problem(&config, ":2: this line is not");
    ph_config_finish(&config);
    ph_config_init(&config, PH_MODE_DEV);
    ph_config_read_file(&config, "/nonexistent/poolhouse.ini");
    assert_problem(&config, "cannot read /nonexistent/poolhouse.ini: No such file");
    ph_config_finish(&config);
}

static void values_of_the_wrong_type_are_explained(void **state)
{
    static const char *const cases[][3] = {
        { "server", "listen", "is not an address" },
        { "server", "max_body", "is not a size" },
        { "server", "head_timeout", "is not a duration" },
        { "sign_in", "lockout", "not true or false" },
        { "log", "level", "is not one of debug, info, warn, error" },
        { "aws", "account_id", "does not have exactly 12 digits" },
        { "server", "public_url", "is not a URL" },
        { "server", "workers", "is not a number" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct ph_config config;

        ph_config_init(&config, PH_MODE_DEV);
        ph_config_set(&config, ph_config_find(ph_str_from(cases[i][0]), ph_str_from(cases[i][1])),
                      PH_STR("nonsense"), PH_STR("test"));
        assert_problem(&config, cases[i][2]);
        ph_config_finish(&config);
    }
}

static void numbers_outside_their_range_are_refused(void **state)
{
    static const char *const wrong[] = { "0", "100M", "9223372036854775807K", "-1", "1G", "" };

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct ph_config config;

        ph_config_init(&config, PH_MODE_DEV);
        ph_config_set(&config, ph_config_find(PH_STR("server"), PH_STR("max_body")),
                      ph_str_from(wrong[i]), PH_STR("test"));
        assert_problem(&config, "server.max_body (test)");
        ph_config_finish(&config);
    }
}

static void what_is_for_dev_is_refused_in_serve(void **state)
{
    struct ph_config config;

    (void)state;
    config_with_file(&config, PH_MODE_SERVE, "[sign_in]\nfixed_code = 123456\n");
    assert_problem(&config, "sign_in.fixed_code is for `poolhouse dev` only");
    ph_config_finish(&config);
    config_with_file(&config, PH_MODE_SERVE, "[storage]\nmemory = yes\n");
    assert_problem(&config, "storage.memory is for `poolhouse dev` only");
    ph_config_finish(&config);
    config_with_file(&config, PH_MODE_SERVE, "[storage]\nmemory = no\n");
    assert_true(ph_config_settle(&config));
    ph_config_finish(&config);
}

static void a_secret_is_read_from_a_private_file(void **state)
{
    PH_AUTO(remove_file) struct file file = write_file("c2VjcmV0\n", 0600);
    struct ph_config config;
    char variable[128];
    char *environment[] = { variable, NULL };

    (void)state;
    snprintf(variable, sizeof variable, "POOLHOUSE_MASTER_KEY_FILE=%s", file.path);
    ph_config_init(&config, PH_MODE_SERVE);
    ph_config_read_environment(&config, environment);
    assert_true(ph_config_settle(&config));
    assert_str(config.settings.master_key, "c2VjcmV0");
    ph_config_finish(&config);
    assert_int_equal(chmod(file.path, 0640), 0);
    ph_config_init(&config, PH_MODE_SERVE);
    ph_config_read_environment(&config, environment);
    assert_problem(&config, "can be read by others");
    ph_config_finish(&config);
}

static void only_secrets_may_be_in_files_of_their_own(void **state)
{
    struct ph_config config;

    (void)state;
    config_with_file(&config, PH_MODE_DEV, "[aws]\nregion_file = /etc/hostname\n");
    assert_problem(&config, "no key region_file in section [aws]");
    ph_config_finish(&config);
}

static void secrets_are_neither_shown_nor_left_in_the_environment(void **state)
{
    struct ph_config config;
    char variable[] = "POOLHOUSE_MASTER_KEY=CANARY";
    char *environment[] = { variable, NULL };
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);

    (void)state;
    ph_config_init(&config, PH_MODE_SERVE);
    ph_config_read_environment(&config, environment);
    assert_true(ph_config_settle(&config));
    ph_config_show(&config, out);
    fclose(out);
    assert_non_null(strstr(text, "key = ***  ; environment\n"));
    assert_null(strstr(text, "CANARY"));
    assert_null(strstr(variable, "CANARY"));
    assert_str(config.settings.master_key, "CANARY");
    free(text);
    ph_config_finish(&config);
}

static void what_is_shown_says_the_same_when_it_is_read(void **state)
{
    PH_AUTO(remove_file) struct file file = write_file("", 0600);
    struct ph_config config, again;
    FILE *out = fopen(file.path, "w");

    (void)state;
    ph_config_init(&config, PH_MODE_DEV);
    ph_config_set(&config, ph_config_find_flag(PH_STR("region")), PH_STR("eu-west-1"),
                  PH_STR("--region"));
    ph_config_show(&config, out);
    fclose(out);
    ph_config_init(&again, PH_MODE_DEV);
    ph_config_read_file(&again, file.path);
    assert_true(ph_config_settle(&again));
    assert_str(again.settings.default_region, "eu-west-1");
    ph_config_finish(&config);
    ph_config_finish(&again);
}

static void a_public_url_loses_its_slash(void **state)
{
    struct ph_config config;

    (void)state;
    config_with_file(&config, PH_MODE_DEV, "[server]\npublic_url = https://id.example.org/\n");
    assert_true(ph_config_settle(&config));
    assert_str(config.settings.public_url, "https://id.example.org");
    ph_config_finish(&config);
}

static void distance_counts_single_changes(void **state)
{
    (void)state;
    assert_int_equal(ph_edit_distance(PH_STR("listen"), PH_STR("listen")), 0);
    assert_int_equal(ph_edit_distance(PH_STR("lisen"), PH_STR("listen")), 1);
    assert_int_equal(ph_edit_distance(PH_STR("lsiten"), PH_STR("listen")), 1);
    assert_int_equal(ph_edit_distance(PH_STR("kitten"), PH_STR("sitting")), 3);
    assert_int_equal(ph_edit_distance(PH_STR(""), PH_STR("abc")), 3);
    assert_int_equal(
        ph_edit_distance(PH_STR("0123456789012345678901234567890123456789x"), PH_STR("a")),
        PH_SUGGEST_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults_of_both_modes_are_good),
        cmocka_unit_test(every_key_has_a_help_text_and_parsable_defaults),
        cmocka_unit_test(a_file_changes_the_defaults),
        cmocka_unit_test(a_list_grows_within_a_source_and_is_replaced_by_the_next),
        cmocka_unit_test(the_environment_wins_over_the_file_and_a_flag_over_both),
        cmocka_unit_test(an_unknown_key_is_refused_with_a_suggestion),
        cmocka_unit_test(an_unknown_variable_is_refused_when_it_names_a_section),
        cmocka_unit_test(a_key_given_twice_and_a_line_of_nonsense_are_refused),
        cmocka_unit_test(values_of_the_wrong_type_are_explained),
        cmocka_unit_test(numbers_outside_their_range_are_refused),
        cmocka_unit_test(what_is_for_dev_is_refused_in_serve),
        cmocka_unit_test(a_secret_is_read_from_a_private_file),
        cmocka_unit_test(only_secrets_may_be_in_files_of_their_own),
        cmocka_unit_test(secrets_are_neither_shown_nor_left_in_the_environment),
        cmocka_unit_test(what_is_shown_says_the_same_when_it_is_read),
        cmocka_unit_test(a_public_url_loses_its_slash),
        cmocka_unit_test(distance_counts_single_changes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
