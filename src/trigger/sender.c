#include "trigger/sender.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { THREADS = 4, QUEUE_MAX = 1000, DRAIN_MS = 5000 };

struct job {
    struct job *next;
    size_t arn_n, event_n;
    uint8_t bytes[]; /* the ARN, then the event: it holds a code */
};

struct ph_sender {
    struct ph_functions *functions;
    struct ph_log log;
    pthread_t threads[THREADS]; /* made with the first job */
    unsigned started;
    pthread_mutex_t lock; /* guards what follows */
    pthread_cond_t work;
    struct job *first;
    struct job **last;
    size_t queued;
    int64_t stop_ns; /* 0: goes on; else when it stops, whatever is left */
};

static void free_job(struct job *job)
{
    explicit_bzero(job->bytes, job->arn_n + job->event_n);
    free(job);
}

static struct job *pop(struct ph_sender *sender)
{
    struct job *job = sender->first;

    sender->first = job->next;
    if (sender->first == NULL) {
        sender->last = &sender->first;
    }
    sender->queued--;
    return job;
}

/* With the lock held; NULL when the end has come. */
static struct job *next_job(struct ph_sender *sender)
{
    while (sender->first == NULL && sender->stop_ns == 0) {
        pthread_cond_wait(&sender->work, &sender->lock);
    }
    if (sender->first == NULL || (sender->stop_ns != 0 && ph_monotonic_ns() > sender->stop_ns)) {
        return NULL;
    }
    return pop(sender);
}

static void run(struct ph_sender *sender, const struct job *job, struct ph_arena *arena)
{
    const struct ph_str arn = { job->bytes, job->arn_n };
    struct ph_function_answer answer;

    ph_function_deliver(sender->functions, arena, arn,
                        (struct ph_str){ job->bytes + job->arn_n, job->event_n }, &answer);
    if (answer.kind != PH_FUNCTION_REPLIED) {
        PH_LOG(&sender->log, PH_ERROR, "sender_failed", ph_f_str("function", arn),
               ph_f_str("error", answer.text));
    }
}

static void *work(void *self)
{
    struct ph_sender *sender = self;
    struct ph_arena arena = { 0 };
    struct job *job;

    pthread_mutex_lock(&sender->lock);
    while ((job = next_job(sender)) != NULL) {
        pthread_mutex_unlock(&sender->lock);
        run(sender, job, &arena);
        free_job(job);
        ph_arena_reset(&arena);
        pthread_mutex_lock(&sender->lock);
    }
    pthread_mutex_unlock(&sender->lock);
    ph_arena_finish(&arena);
    return NULL;
}

struct ph_sender *ph_sender_create(struct ph_functions *functions, const struct ph_log *log)
{
    struct ph_sender *sender = calloc(1, sizeof *sender);

    if (sender == NULL) {
        ph_fatal("out of memory");
    }
    sender->functions = functions;
    sender->log = *log;
    sender->last = &sender->first;
    pthread_mutex_init(&sender->lock, NULL);
    pthread_cond_init(&sender->work, NULL);
    return sender;
}

static void stop(struct ph_sender *sender)
{
    pthread_mutex_lock(&sender->lock);
    sender->stop_ns = ph_monotonic_ns() + (int64_t)DRAIN_MS * 1000000;
    pthread_cond_broadcast(&sender->work);
    pthread_mutex_unlock(&sender->lock);
    for (unsigned i = 0; i < sender->started; i++) {
        pthread_join(sender->threads[i], NULL);
    }
}

void ph_sender_destroy(struct ph_sender *sender)
{
    if (sender == NULL) {
        return;
    }
    stop(sender);
    if (sender->queued > 0) {
        PH_LOG(&sender->log, PH_ERROR, "sender_calls_lost",
               ph_f_int("count", (int64_t)sender->queued));
    }
    while (sender->first != NULL) {
        free_job(pop(sender));
    }
    pthread_cond_destroy(&sender->work);
    pthread_mutex_destroy(&sender->lock);
    free(sender);
}

/* With the lock held. */
static void start_threads(struct ph_sender *sender)
{
    while (sender->started < THREADS &&
           pthread_create(&sender->threads[sender->started], NULL, work, sender) == 0) {
        sender->started++;
    }
}

bool ph_sender_push(struct ph_sender *sender, struct ph_str arn, struct ph_str event)
{
    struct job *job = malloc(sizeof *job + arn.n + event.n);
    bool taken;

    if (job == NULL) {
        ph_fatal("out of memory");
    }
    *job = (struct job){ .arn_n = arn.n, .event_n = event.n };
    memcpy(job->bytes, arn.p, arn.n);
    memcpy(job->bytes + arn.n, event.p, event.n);
    pthread_mutex_lock(&sender->lock);
    taken = sender->queued < QUEUE_MAX && sender->stop_ns == 0;
    if (taken) {
        *sender->last = job;
        sender->last = &job->next;
        sender->queued++;
        start_threads(sender);
        pthread_cond_signal(&sender->work);
    }
    pthread_mutex_unlock(&sender->lock);
    if (!taken) {
        free_job(job);
    }
    return taken;
}
