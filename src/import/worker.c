#include "import/worker.h"

#include "import/run.h"
#include "store/store.h"
#include "util/blocking.h"
#include "util/memory.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

enum {
    LOOK_MS = 10000,   /* what nobody has woken us for: jobs that expire, files that are left */
    TROUBLE_MS = 1000, /* the store does not answer as it should */
    NICENESS = 10,     /* below the threads of requests */
    EXPIRY_MS = 24 * 3600 * 1000,
};

/* Our thread is no worker: when it waits, no worker takes its place. */
static const struct ph_blocking NOT_A_WORKER = { NULL, NULL, NULL };

struct ph_importer {
    struct ph_ctx ctx;
    struct ph_import_tally tally;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool woken;   /* since the last look */
    bool running; /* the thread does */
    bool joined;
    pthread_t thread;
};

static bool is_stopping(struct ph_importer *importer)
{
    return atomic_load(&importer->tally.stopping);
}

/* --- work --- */

/* Up to when it is safe to believe the clock: what has expired stays so. */
static void tidy(struct ph_importer *importer, struct ph_ctx *ctx)
{
    const int64_t now_ms = ph_store_forget_until_ms(ctx->store, ph_now_ms(ctx));
    int64_t expired = 0, deleted = 1;

    if (ph_store_import_expire(ctx, now_ms - EXPIRY_MS, &expired).type == NULL && expired > 0) {
        PH_LOG(&ctx->log, PH_INFO, "imports_expired", ph_f_int("count", expired));
    }
    while (deleted > 0 && !is_stopping(importer)) {
        deleted = 0;
        (void)ph_store_upload_tidy(ctx, &deleted).type; /* logged; the next look tries again */
    }
}

/* False when the store is in trouble. */
static bool work(struct ph_importer *importer, struct ph_ctx *ctx)
{
    struct ph_import_job *job = NULL;
    bool well = true;

    do {
        ph_arena_reset(ctx->arena);
        well = ph_store_import_next(ctx, &job).type == NULL;
        if (well && job != NULL) {
            well = ph_import_run(ctx, &importer->tally, job).type == NULL;
        }
    } while (well && job != NULL && !is_stopping(importer));
    ph_arena_reset(ctx->arena);
    if (well && !is_stopping(importer)) {
        tidy(importer, ctx);
    }
    return well;
}

/* --- the thread --- */

static void wait_until(struct ph_importer *importer, int64_t at_ns)
{
    const struct timespec at = { .tv_sec = at_ns / 1000000000, .tv_nsec = at_ns % 1000000000 };

    (void)pthread_cond_timedwait(&importer->changed, &importer->lock, &at);
}

/* Whoever wakes us while the store is in trouble does not make it better. */
static void wait_for_work(struct ph_importer *importer, bool well)
{
    const int64_t at_ns = ph_monotonic_ns() + (int64_t)(well ? LOOK_MS : TROUBLE_MS) * 1000000;

    pthread_mutex_lock(&importer->lock);
    while (!is_stopping(importer) && !(well && importer->woken) && ph_monotonic_ns() < at_ns) {
        wait_until(importer, at_ns);
    }
    importer->woken = false;
    pthread_mutex_unlock(&importer->lock);
}

/* Of this thread alone, on Linux. */
static void give_way(void)
{
    const int priority = getpriority(PRIO_PROCESS, (id_t)gettid());

    (void)setpriority(PRIO_PROCESS, (id_t)gettid(), priority + NICENESS);
}

static void *run(void *self)
{
    struct ph_importer *importer = self;
    struct ph_arena arena = { 0 };
    struct ph_ctx ctx = importer->ctx;

    ctx.arena = &arena;
    give_way();
    while (!is_stopping(importer)) {
        wait_for_work(importer, work(importer, &ctx));
    }
    ph_arena_finish(&arena);
    pthread_mutex_lock(&importer->lock);
    importer->running = false;
    pthread_cond_broadcast(&importer->changed);
    pthread_mutex_unlock(&importer->lock);
    return NULL;
}

static struct ph_importer *new_importer(const struct ph_ctx *ctx)
{
    struct ph_importer *importer = ph_heap_zeroed(1, sizeof *importer);
    pthread_condattr_t monotonic;

    importer->ctx = *ctx;
    importer->ctx.arena = NULL;
    importer->ctx.blocking = &NOT_A_WORKER;
    pthread_mutex_init(&importer->lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&importer->changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
    return importer;
}

struct ph_importer *ph_importer_create(const struct ph_ctx *ctx)
{
    struct ph_importer *importer = new_importer(ctx);

    importer->running = true;
    if (pthread_create(&importer->thread, NULL, run, importer) != 0) {
        ph_fatal("no thread for imports");
    }
    return importer;
}

void ph_importer_wake(struct ph_importer *importer)
{
    if (importer == NULL) {
        return;
    }
    pthread_mutex_lock(&importer->lock);
    importer->woken = true;
    pthread_cond_broadcast(&importer->changed);
    pthread_mutex_unlock(&importer->lock);
}

struct ph_importer_count ph_importer_count(struct ph_importer *importer)
{
    struct ph_importer_count now = { 0 };
    struct ph_arena arena = { 0 };
    struct ph_ctx ctx;

    if (importer == NULL) {
        return now;
    }
    ctx = importer->ctx;
    ctx.arena = &arena; /* it reads only: waits for no commit */
    (void)ph_store_import_count(&ctx, &now.active).type;
    now.imported = atomic_load(&importer->tally.counts[PH_LINE_SUCCEEDED]);
    now.skipped = atomic_load(&importer->tally.counts[PH_LINE_SKIPPED]);
    now.failed = atomic_load(&importer->tally.counts[PH_LINE_FAILED]);
    ph_arena_finish(&arena);
    return now;
}

bool ph_importer_stop(struct ph_importer *importer, int64_t wait_ms)
{
    const int64_t at_ns = ph_monotonic_ns() + wait_ms * 1000000;
    bool ended;

    if (importer == NULL || importer->joined) {
        return true;
    }
    pthread_mutex_lock(&importer->lock);
    atomic_store(&importer->tally.stopping, true);
    pthread_cond_broadcast(&importer->changed);
    while (importer->running && ph_monotonic_ns() < at_ns) {
        wait_until(importer, at_ns);
    }
    ended = !importer->running;
    pthread_mutex_unlock(&importer->lock);
    if (ended) {
        pthread_join(importer->thread, NULL);
        importer->joined = true;
    }
    return ended;
}

void ph_importer_destroy(struct ph_importer *importer)
{
    if (importer != NULL) {
        pthread_cond_destroy(&importer->changed);
        pthread_mutex_destroy(&importer->lock);
        free(importer);
    }
}
