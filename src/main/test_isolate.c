#include "main/isolate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants those above first */
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { NOT_ISOLATED = 100 };

static char directory[] = "/tmp/poolhouse-isolate-XXXXXX";
static char inside[64];
static char outside[64];

static int make_directory(void **state)
{
    (void)state;
    snprintf(directory, sizeof directory, "/tmp/poolhouse-isolate-XXXXXX");
    assert_non_null(mkdtemp(directory));
    snprintf(inside, sizeof inside, "%s/file", directory);
    snprintf(outside, sizeof outside, "%s.file", directory);
    return 0;
}

static int remove_directory(void **state)
{
    (void)state;
    unlink(inside);
    unlink(outside);
    return rmdir(directory);
}

/* What a process of its own says after it was isolated: its status, as waitpid() gives it. */
static int status_of(int (*attempt)(void), bool runs_programs)
{
    const pid_t child = fork();
    int status;

    if (child == 0) {
        const struct ph_isolated done =
            ph_isolate(&(struct ph_isolation){ .data = directory, .runs_programs = runs_programs });

        _exit(done.syscalls && done.files == !runs_programs ? attempt() : NOT_ISOLATED);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    return status;
}

static void assert_killed(int (*attempt)(void))
{
    const int status = status_of(attempt, false);

    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGSYS);
}

static void assert_exits(int (*attempt)(void), bool runs_programs, int with)
{
    const int status = status_of(attempt, runs_programs);

    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), with);
}

static int made(const char *path)
{
    const int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

    return fd < 0 ? errno : 0;
}

static int make_outside(void)
{
    return made(outside);
}

static int make_inside(void)
{
    return made(inside) == 0 && truncate(inside, 1) == 0 && unlink(inside) == 0 ? 0 : errno;
}

static int write_null(void)
{
    return open("/dev/null", O_WRONLY) < 0 ? errno : 0;
}

static int read_hosts(void)
{
    return open("/etc/hosts", O_RDONLY) < 0 ? errno : 0;
}

static int run_program(void)
{
    char *const words[] = { "true", NULL };

    execv("/bin/true", words);
    return errno;
}

static int change_root(void)
{
    return chroot(directory) == 0 ? 0 : errno;
}

static int mount_something(void)
{
    return mount("none", directory, "tmpfs", 0, NULL) == 0 ? 0 : errno;
}

static int set_clock(void)
{
    const struct timespec now = { .tv_sec = 1 };

    return clock_settime(CLOCK_REALTIME, &now) == 0 ? 0 : errno;
}

static int change_user(void)
{
    return setuid(getuid()) == 0 ? 0 : errno;
}

static int read_other_process(void)
{
    return (int)syscall(SYS_process_vm_readv, getppid(), NULL, 0, NULL, 0, 0);
}

static void *run_program_later(void *arg)
{
    (void)arg;
    run_program();
    return NULL;
}

static int run_program_in_thread(void)
{
    pthread_t thread;

    return pthread_create(&thread, NULL, run_program_later, NULL) == 0 &&
                   pthread_join(thread, NULL) == 0
               ? 0
               : errno;
}

static void files_are_written_in_the_data_directory_alone(void **state)
{
    (void)state;
    assert_exits(make_inside, false, 0);
    assert_exits(make_outside, false, EACCES);
    assert_exits(write_null, false, 0);
    assert_exits(read_hosts, false, 0);
}

static void a_program_ends_the_process(void **state)
{
    (void)state;
    assert_killed(run_program);
    assert_killed(run_program_in_thread);
}

static void programs_run_where_functions_are_local(void **state)
{
    (void)state;
    assert_exits(run_program, true, 0);
    assert_exits(make_outside, true, 0);
}

static void what_a_server_has_no_use_for_ends_the_process(void **state)
{
    (void)state;
    assert_killed(change_root);
    assert_killed(mount_something);
    assert_killed(set_clock);
    assert_killed(change_user);
    assert_killed(read_other_process);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(files_are_written_in_the_data_directory_alone,
                                        make_directory, remove_directory),
        cmocka_unit_test_setup_teardown(a_program_ends_the_process, make_directory,
                                        remove_directory),
        cmocka_unit_test_setup_teardown(programs_run_where_functions_are_local, make_directory,
                                        remove_directory),
        cmocka_unit_test_setup_teardown(what_a_server_has_no_use_for_ends_the_process,
                                        make_directory, remove_directory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
