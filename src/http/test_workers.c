#include "http/workers.h"

#include "util/clock.h"

#include <pthread.h>
#include <semaphore.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

/* Counts how many jobs run at once; a gate holds them until the test opens it. */
struct scene {
    struct ph_workers *workers;
    pthread_mutex_t lock;
    sem_t entered;
    sem_t gate;
    unsigned inside;
    unsigned most;
    unsigned done;
    unsigned late;
};

struct test_job {
    struct ph_job job;
    struct scene *scene;
    bool blocks;
};

static void enter(struct scene *scene)
{
    pthread_mutex_lock(&scene->lock);
    scene->inside++;
    scene->most = scene->inside > scene->most ? scene->inside : scene->most;
    pthread_mutex_unlock(&scene->lock);
    sem_post(&scene->entered);
}

static void leave(struct scene *scene, enum ph_job_verdict verdict)
{
    pthread_mutex_lock(&scene->lock);
    scene->inside--;
    scene->done++;
    scene->late += verdict == PH_JOB_LATE;
    pthread_mutex_unlock(&scene->lock);
}

static void run(struct ph_job *job, struct ph_worker *worker, enum ph_job_verdict verdict)
{
    const struct test_job *self = (const struct test_job *)job;
    const struct ph_blocking *blocking = ph_workers_blocking(self->scene->workers);

    assert_int_equal(ph_arena_used(&worker->arena), 0); /* nothing of the job before */
    assert_non_null(ph_arena_alloc(&worker->arena, 100));
    enter(self->scene);
    if (self->blocks) {
        blocking->begin(blocking->self);
    }
    sem_wait(&self->scene->gate);
    if (self->blocks) {
        blocking->end(blocking->self);
    }
    leave(self->scene, verdict);
}

static void scene_init(struct scene *scene, struct ph_workers_options options)
{
    *scene = (struct scene){ .workers = ph_workers_create(&options) };
    assert_non_null(scene->workers);
    pthread_mutex_init(&scene->lock, NULL);
    sem_init(&scene->entered, 0, 0);
    sem_init(&scene->gate, 0, 0);
}

static void scene_finish(struct scene *scene)
{
    assert_true(ph_workers_stop(scene->workers, 10000));
    ph_workers_destroy(scene->workers);
    sem_destroy(&scene->gate);
    sem_destroy(&scene->entered);
    pthread_mutex_destroy(&scene->lock);
}

static void wait_entered(struct scene *scene, unsigned n)
{
    for (; n > 0; n--) {
        sem_wait(&scene->entered);
    }
}

static void open_gate(struct scene *scene, unsigned n)
{
    for (; n > 0; n--) {
        sem_post(&scene->gate);
    }
}

static const struct ph_workers_options FOUR_THREADS_ONE_PLACE = {
    .threads = 4, .running = 1, .queue_max = 100, .wait_ms = 60000
};

static void runs_no_more_jobs_at_once_than_places(void **state)
{
    struct scene scene;
    struct test_job jobs[20] = { 0 };

    (void)state;
    scene_init(&scene, FOUR_THREADS_ONE_PLACE);
    open_gate(&scene, 20);
    for (size_t i = 0; i < 20; i++) {
        jobs[i] = (struct test_job){ .job.run = run, .scene = &scene };
        assert_true(ph_workers_submit(scene.workers, &jobs[i].job));
    }
    wait_entered(&scene, 20);
    scene_finish(&scene);
    assert_int_equal(scene.done, 20);
    assert_int_equal(scene.most, 1);
}

static void another_worker_runs_while_one_waits(void **state)
{
    struct scene scene;
    struct test_job jobs[4] = { 0 };

    (void)state;
    scene_init(&scene, FOUR_THREADS_ONE_PLACE);
    for (size_t i = 0; i < 4; i++) {
        jobs[i] = (struct test_job){ .job.run = run, .scene = &scene, .blocks = true };
        assert_true(ph_workers_submit(scene.workers, &jobs[i].job));
    }
    wait_entered(&scene, 4); /* would never come if a waiting worker kept its place */
    open_gate(&scene, 4);
    scene_finish(&scene);
    assert_int_equal(scene.most, 4);
}

static void counts_what_waits_and_what_works(void **state)
{
    struct scene scene;
    struct test_job jobs[3] = { 0 };
    struct ph_workers_counts counts;

    (void)state;
    scene_init(&scene, FOUR_THREADS_ONE_PLACE);
    for (size_t i = 0; i < 3; i++) {
        jobs[i] = (struct test_job){ .job.run = run, .scene = &scene };
        assert_true(ph_workers_submit(scene.workers, &jobs[i].job));
    }
    wait_entered(&scene, 1);
    counts = ph_workers_count(scene.workers);
    assert_int_equal(counts.threads, 4);
    assert_int_equal(counts.running, 1);
    assert_int_equal(counts.blocked, 0);
    assert_int_equal(counts.queued, 2);
    open_gate(&scene, 3);
    scene_finish(&scene);
}

static void refuses_a_job_that_does_not_fit_the_queue(void **state)
{
    struct ph_workers_options options = FOUR_THREADS_ONE_PLACE;
    struct scene scene;
    struct test_job jobs[4] = { 0 };

    (void)state;
    options.queue_max = 2;
    scene_init(&scene, options);
    for (size_t i = 0; i < 4; i++) {
        jobs[i] = (struct test_job){ .job.run = run, .scene = &scene };
    }
    assert_true(ph_workers_submit(scene.workers, &jobs[0].job));
    wait_entered(&scene, 1);
    assert_true(ph_workers_submit(scene.workers, &jobs[1].job));
    assert_true(ph_workers_submit(scene.workers, &jobs[2].job));
    assert_false(ph_workers_submit(scene.workers, &jobs[3].job));
    open_gate(&scene, 3);
    scene_finish(&scene);
    assert_int_equal(scene.done, 3);
}

static void tells_a_job_that_it_waited_too_long(void **state)
{
    struct ph_workers_options options = FOUR_THREADS_ONE_PLACE;
    struct scene scene;
    struct test_job jobs[2] = { 0 };
    int64_t start;

    (void)state;
    options.wait_ms = 1;
    scene_init(&scene, options);
    for (size_t i = 0; i < 2; i++) {
        jobs[i] = (struct test_job){ .job.run = run, .scene = &scene };
        assert_true(ph_workers_submit(scene.workers, &jobs[i].job));
        if (i == 0) {
            wait_entered(&scene, 1);
        }
    }
    for (start = ph_monotonic_ns(); ph_monotonic_ns() - start < 5000000;) {
    }
    open_gate(&scene, 2);
    scene_finish(&scene);
    assert_true(scene.late >= 1);
}

static void finishes_the_queue_before_it_stops(void **state)
{
    struct scene scene;
    struct test_job jobs[10] = { 0 };

    (void)state;
    scene_init(&scene, FOUR_THREADS_ONE_PLACE);
    for (size_t i = 0; i < 10; i++) {
        jobs[i] = (struct test_job){ .job.run = run, .scene = &scene };
        assert_true(ph_workers_submit(scene.workers, &jobs[i].job));
    }
    open_gate(&scene, 10);
    assert_true(ph_workers_stop(scene.workers, 10000));
    assert_int_equal(scene.done, 10);
    assert_false(ph_workers_submit(scene.workers, &jobs[0].job));
    scene_finish(&scene);
}

static void says_when_a_job_does_not_end_in_time(void **state)
{
    struct scene scene;
    struct test_job job = { .job.run = run, .scene = &scene };

    (void)state;
    scene_init(&scene, FOUR_THREADS_ONE_PLACE);
    assert_true(ph_workers_submit(scene.workers, &job.job));
    wait_entered(&scene, 1);
    assert_false(ph_workers_stop(scene.workers, 20));
    open_gate(&scene, 1);
    scene_finish(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(runs_no_more_jobs_at_once_than_places),
        cmocka_unit_test(another_worker_runs_while_one_waits),
        cmocka_unit_test(counts_what_waits_and_what_works),
        cmocka_unit_test(refuses_a_job_that_does_not_fit_the_queue),
        cmocka_unit_test(tells_a_job_that_it_waited_too_long),
        cmocka_unit_test(finishes_the_queue_before_it_stops),
        cmocka_unit_test(says_when_a_job_does_not_end_in_time),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
