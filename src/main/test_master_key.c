#include "main/master_key.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
/* cmocka wants the three above first */
#include <cmocka.h>

static char directory[] = "/tmp/poolhouse-key-XXXXXX";
static char file[64];
static char why[256];

static int make_directory(void **state)
{
    (void)state;
    snprintf(directory, sizeof directory, "/tmp/poolhouse-key-XXXXXX");
    assert_non_null(mkdtemp(directory));
    snprintf(file, sizeof file, "%s/master.key", directory);
    return 0;
}

static int remove_directory(void **state)
{
    (void)state;
    unlink(file);
    return rmdir(directory);
}

static struct ph_settings settings(enum ph_mode mode)
{
    return (struct ph_settings){ .mode = mode, .data = ph_str_from(directory) };
}

static void dev_makes_a_private_key_once(void **state)
{
    const struct ph_settings s = settings(PH_MODE_DEV);
    struct ph_key first = { 0 }, second = { 0 };
    struct stat info;
    bool made = false;

    (void)state;
    assert_true(ph_master_key_load(&s, &first, &made, why, sizeof why));
    assert_true(made);
    assert_int_equal(stat(file, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
    assert_true(ph_master_key_load(&s, &second, &made, why, sizeof why));
    assert_false(made);
    assert_memory_equal(first.bytes, second.bytes, sizeof first.bytes);
}

static void serve_refuses_to_start_without_a_key(void **state)
{
    const struct ph_settings s = settings(PH_MODE_SERVE);
    struct ph_key key;
    bool made;

    (void)state;
    assert_false(ph_master_key_load(&s, &key, &made, why, sizeof why));
    assert_non_null(strstr(why, "openssl rand -base64 32"));
    assert_int_equal(access(file, F_OK), -1);
}

static void a_key_that_others_may_read_is_refused(void **state)
{
    struct ph_settings s = settings(PH_MODE_DEV);
    struct ph_key key;
    bool made;

    (void)state;
    assert_true(ph_master_key_load(&s, &key, &made, why, sizeof why));
    s.mode = PH_MODE_SERVE;
    assert_true(ph_master_key_load(&s, &key, &made, why, sizeof why));
    assert_int_equal(chmod(file, 0640), 0);
    assert_false(ph_master_key_load(&s, &key, &made, why, sizeof why));
    assert_non_null(strstr(why, "chmod 600"));
}

static void a_configured_key_must_be_32_bytes(void **state)
{
    struct ph_settings s = settings(PH_MODE_SERVE);
    struct ph_key key = { 0 };
    bool made;

    (void)state;
    s.master_key = PH_STR("AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA=\n");
    assert_true(ph_master_key_load(&s, &key, &made, why, sizeof why));
    assert_int_equal(key.bytes[0], 1);
    assert_int_equal(key.bytes[31], 32);
    s.master_key = PH_STR("AQID");
    assert_false(ph_master_key_load(&s, &key, &made, why, sizeof why));
}

static void memory_needs_no_file(void **state)
{
    struct ph_settings s = settings(PH_MODE_DEV);
    struct ph_key key;
    bool made;

    (void)state;
    s.memory = true;
    assert_true(ph_master_key_load(&s, &key, &made, why, sizeof why));
    assert_false(made);
    assert_int_equal(access(file, F_OK), -1);
}

static void a_credential_of_systemd_comes_before_the_data_directory(void **state)
{
    struct ph_settings s = settings(PH_MODE_DEV);
    struct ph_key made_here = { 0 }, given = { 0 };
    bool made;

    (void)state;
    assert_true(ph_master_key_load(&s, &made_here, &made, why, sizeof why));
    s.mode = PH_MODE_SERVE;
    s.data = PH_STR("/nowhere");
    assert_int_equal(setenv("CREDENTIALS_DIRECTORY", directory, 1), 0);
    assert_true(ph_master_key_load(&s, &given, &made, why, sizeof why));
    assert_memory_equal(given.bytes, made_here.bytes, sizeof given.bytes);
    assert_int_equal(chmod(file, 0644), 0);
    assert_false(ph_master_key_load(&s, &given, &made, why, sizeof why));
    assert_int_equal(unsetenv("CREDENTIALS_DIRECTORY"), 0);
    assert_false(ph_master_key_load(&s, &given, &made, why, sizeof why));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(dev_makes_a_private_key_once, make_directory,
                                        remove_directory),
        cmocka_unit_test_setup_teardown(serve_refuses_to_start_without_a_key, make_directory,
                                        remove_directory),
        cmocka_unit_test_setup_teardown(a_key_that_others_may_read_is_refused, make_directory,
                                        remove_directory),
        cmocka_unit_test_setup_teardown(a_configured_key_must_be_32_bytes, make_directory,
                                        remove_directory),
        cmocka_unit_test_setup_teardown(a_credential_of_systemd_comes_before_the_data_directory,
                                        make_directory, remove_directory),
        cmocka_unit_test_setup_teardown(memory_needs_no_file, make_directory, remove_directory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
