#include "http/sources.h"

#include "util/log.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* The slots that a thread uses for a moment, so that it need not hold the lock. */
struct lease {
    struct ph_sources_slot *slots[PH_SOURCES_MAX];
    size_t n;
};

bool ph_sources_init(struct ph_sources *sources)
{
    *sources = (struct ph_sources){ .wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK) };
    if (sources->wake_fd < 0) {
        return false;
    }
    pthread_mutex_init(&sources->lock, NULL);
    pthread_cond_init(&sources->unused, NULL);
    return true;
}

void ph_sources_finish(struct ph_sources *sources)
{
    pthread_cond_destroy(&sources->unused);
    pthread_mutex_destroy(&sources->lock);
    close(sources->wake_fd);
}

void ph_sources_add(struct ph_sources *sources, const struct ph_source *source)
{
    pthread_mutex_lock(&sources->lock);
    for (size_t i = 0; i < PH_SOURCES_MAX; i++) {
        if (!sources->slots[i].taken) {
            sources->slots[i] = (struct ph_sources_slot){ .source = *source, .taken = true };
            pthread_mutex_unlock(&sources->lock);
            ph_sources_wake(sources); /* who waits does not know of it yet */
            return;
        }
    }
    ph_fatal("too many sources of jobs");
}

static void take(struct ph_sources *sources, struct lease *lease)
{
    lease->n = 0;
    pthread_mutex_lock(&sources->lock);
    for (size_t i = 0; i < PH_SOURCES_MAX; i++) {
        struct ph_sources_slot *slot = &sources->slots[i];

        if (slot->taken && !slot->leaving) {
            slot->users++;
            lease->slots[lease->n++] = slot;
        }
    }
    pthread_mutex_unlock(&sources->lock);
}

static void give_back(struct ph_sources *sources, const struct lease *lease)
{
    pthread_mutex_lock(&sources->lock);
    for (size_t i = 0; i < lease->n; i++) {
        lease->slots[i]->users--;
        if (lease->slots[i]->users == 0 && lease->slots[i]->leaving) {
            pthread_cond_broadcast(&sources->unused);
        }
    }
    pthread_mutex_unlock(&sources->lock);
}

/* With the lock held. */
static void remove_slot(struct ph_sources *sources, struct ph_sources_slot *slot)
{
    slot->leaving = true;
    ph_sources_wake(sources); /* who waits for it is a user, too */
    while (slot->users > 0) {
        pthread_cond_wait(&sources->unused, &sources->lock);
    }
    *slot = (struct ph_sources_slot){ 0 };
}

void ph_sources_remove(struct ph_sources *sources, const void *self)
{
    pthread_mutex_lock(&sources->lock);
    for (size_t i = 0; i < PH_SOURCES_MAX; i++) {
        if (sources->slots[i].taken && sources->slots[i].source.self == self) {
            remove_slot(sources, &sources->slots[i]);
        }
    }
    pthread_mutex_unlock(&sources->lock);
}

void ph_sources_turn(struct ph_sources *sources)
{
    struct lease lease;

    take(sources, &lease);
    for (size_t i = 0; i < lease.n; i++) {
        const struct ph_source *source = &lease.slots[i]->source;

        if (source->turn(source->self)) {
            ph_sources_wake(sources); /* stays until somebody waits */
        }
    }
    give_back(sources, &lease);
}

void ph_sources_wait(struct ph_sources *sources)
{
    struct pollfd fds[PH_SOURCES_MAX + 1] = { { .fd = sources->wake_fd, .events = POLLIN } };
    struct lease lease;

    take(sources, &lease);
    for (size_t i = 0; i < lease.n; i++) {
        fds[i + 1] = (struct pollfd){ .fd = lease.slots[i]->source.fd, .events = POLLIN };
    }
    (void)poll(fds, lease.n + 1, -1);
    give_back(sources, &lease);
    if (fds[0].revents != 0) {
        eventfd_t count;

        (void)eventfd_read(sources->wake_fd, &count);
    }
}

void ph_sources_wake(struct ph_sources *sources)
{
    (void)eventfd_write(sources->wake_fd, 1); /* fails only when it is readable anyway */
}
