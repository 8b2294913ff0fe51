/* Sources of jobs, as the workers look after them: an eventfd stands for the connections. */
#include "http/workers.h"

#include <poll.h>
#include <semaphore.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cmocka.h>

enum { JOBS = 64 };

struct scene;

struct test_job {
    struct ph_job job;
    struct scene *scene;
};

/* Each count written to the descriptor becomes so many jobs. */
struct scene {
    struct ph_workers *workers;
    int fd;
    atomic_uint turns;
    atomic_uint brought;
    atomic_bool leaves; /* the next turn says that it has left something */
    atomic_bool block;  /* jobs wait in a bracket for the gate */
    struct test_job jobs[JOBS];
    sem_t turned;
    sem_t entered;
    sem_t gate;
    sem_t done;
};

static void run(struct ph_job *job, struct ph_worker *worker, enum ph_job_verdict verdict)
{
    struct scene *scene = ((const struct test_job *)job)->scene;
    const struct ph_blocking *blocking = ph_workers_blocking(scene->workers);

    (void)worker;
    assert_int_equal(verdict, PH_JOB_RUN);
    sem_post(&scene->entered);
    if (atomic_load(&scene->block)) {
        blocking->begin(blocking->self);
        sem_wait(&scene->gate);
        blocking->end(blocking->self);
    }
    sem_post(&scene->done);
}

static void submit(struct scene *scene)
{
    struct test_job *job = &scene->jobs[atomic_fetch_add(&scene->brought, 1)];

    *job = (struct test_job){ .job.run = run, .scene = scene };
    assert_true(ph_workers_submit(scene->workers, &job->job));
}

static bool turn(void *self)
{
    struct scene *scene = self;
    eventfd_t count = 0;

    atomic_fetch_add(&scene->turns, 1);
    (void)eventfd_read(scene->fd, &count);
    for (; count > 0; count--) {
        submit(scene);
    }
    sem_post(&scene->turned);
    return atomic_exchange(&scene->leaves, false);
}

static void scene_init(struct scene *scene, unsigned threads, unsigned running)
{
    const struct ph_workers_options options = {
        .threads = threads, .running = running, .queue_max = JOBS, .wait_ms = 60000
    };

    *scene = (struct scene){ .workers = ph_workers_create(&options),
                             .fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK) };
    assert_non_null(scene->workers);
    assert_true(scene->fd >= 0);
    sem_init(&scene->turned, 0, 0);
    sem_init(&scene->entered, 0, 0);
    sem_init(&scene->gate, 0, 0);
    sem_init(&scene->done, 0, 0);
    ph_workers_add_source(scene->workers,
                          &(struct ph_source){ .fd = scene->fd, .turn = turn, .self = scene });
}

static void scene_finish(struct scene *scene)
{
    assert_true(ph_workers_stop(scene->workers, 10000));
    ph_workers_destroy(scene->workers);
    sem_destroy(&scene->done);
    sem_destroy(&scene->gate);
    sem_destroy(&scene->entered);
    sem_destroy(&scene->turned);
    close(scene->fd);
}

static void bring(struct scene *scene, eventfd_t jobs)
{
    assert_int_equal(eventfd_write(scene->fd, jobs), 0);
}

static void wait_for(sem_t *sem, unsigned n)
{
    for (; n > 0; n--) {
        sem_wait(sem);
    }
}

/* Until a worker waits for the source: it has had its turns and will have no other. */
static void settle(struct scene *scene)
{
    unsigned seen;

    do {
        seen = atomic_load(&scene->turns);
        (void)poll(NULL, 0, 20);
    } while (atomic_load(&scene->turns) != seen);
    while (sem_trywait(&scene->turned) == 0) {
    }
}

static void a_ready_source_brings_jobs(void **state)
{
    struct scene scene;

    (void)state;
    scene_init(&scene, 4, 2);
    bring(&scene, 20);
    wait_for(&scene.done, 20);
    bring(&scene, 20); /* again: somebody watches when all is done */
    wait_for(&scene.done, 20);
    scene_finish(&scene);
}

static void there_is_a_turn_after_each_job(void **state)
{
    struct scene scene;

    (void)state;
    scene_init(&scene, 2, 1);
    settle(&scene);
    submit(&scene); /* the source is not ready: only the job makes it turn */
    wait_for(&scene.turned, 1);
    wait_for(&scene.done, 1);
    scene_finish(&scene);
}

static void a_source_is_watched_while_workers_wait(void **state)
{
    struct scene scene = { 0 };

    (void)state;
    scene_init(&scene, 4, 1);
    atomic_store(&scene.block, true);
    for (unsigned i = 0; i < 4; i++) { /* each time one less is left to watch */
        bring(&scene, 1);
        wait_for(&scene.entered, 1);
    }
    for (unsigned i = 0; i < 4; i++) {
        sem_post(&scene.gate);
    }
    wait_for(&scene.done, 4);
    scene_finish(&scene);
}

static void who_watches_takes_a_job_that_comes_from_elsewhere(void **state)
{
    struct scene scene;

    (void)state;
    scene_init(&scene, 2, 1);
    atomic_store(&scene.block, true);
    submit(&scene);
    wait_for(&scene.entered, 1);
    settle(&scene); /* the only other worker waits for the source */
    submit(&scene);
    wait_for(&scene.entered, 1);
    sem_post(&scene.gate);
    sem_post(&scene.gate);
    wait_for(&scene.done, 2);
    scene_finish(&scene);
}

static void what_a_turn_leaves_has_another_turn(void **state)
{
    struct scene scene;

    (void)state;
    scene_init(&scene, 2, 2);
    settle(&scene);
    atomic_store(&scene.leaves, true);
    submit(&scene);
    wait_for(&scene.turned, 2); /* after the job, and once more without any readiness */
    wait_for(&scene.done, 1);
    scene_finish(&scene);
}

static void a_source_that_was_removed_is_left_alone(void **state)
{
    struct scene scene;
    unsigned turns;

    (void)state;
    scene_init(&scene, 4, 2);
    settle(&scene);
    ph_workers_remove_source(scene.workers, &scene);
    turns = atomic_load(&scene.turns);
    bring(&scene, 1);
    submit(&scene);
    wait_for(&scene.done, 1);
    settle(&scene);
    assert_int_equal(atomic_load(&scene.turns), turns);
    ph_workers_add_source(scene.workers,
                          &(struct ph_source){ .fd = scene.fd, .turn = turn, .self = &scene });
    wait_for(&scene.done, 1); /* what came meanwhile */
    scene_finish(&scene);
}

/* Removed at a bad time: while workers come and go. */
static void a_source_can_be_removed_at_any_time(void **state)
{
    struct scene scene;

    (void)state;
    scene_init(&scene, 4, 2);
    for (unsigned i = 0; i < JOBS / 2; i++) {
        bring(&scene, 2);
        ph_workers_remove_source(scene.workers, &scene);
        ph_workers_add_source(scene.workers,
                              &(struct ph_source){ .fd = scene.fd, .turn = turn, .self = &scene });
    }
    wait_for(&scene.done, JOBS);
    scene_finish(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_ready_source_brings_jobs),
        cmocka_unit_test(there_is_a_turn_after_each_job),
        cmocka_unit_test(a_source_is_watched_while_workers_wait),
        cmocka_unit_test(who_watches_takes_a_job_that_comes_from_elsewhere),
        cmocka_unit_test(what_a_turn_leaves_has_another_turn),
        cmocka_unit_test(a_source_that_was_removed_is_left_alone),
        cmocka_unit_test(a_source_can_be_removed_at_any_time),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
