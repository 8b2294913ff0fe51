#include "store/spent.h"

#include "util/memory.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { STRIPES = 64, SLOTS_FIRST = 64 };

struct entry {
    struct ph_digest digest;
    int64_t expires_ms; /* 0: free slot */
};

/* A table with open addressing, at most half full. */
struct stripe {
    pthread_mutex_t lock;
    struct entry *slots;
    size_t size; /* a power of two */
    size_t used;
};

struct ph_spent_set {
    struct stripe stripes[STRIPES];
};

static struct entry *new_slots(size_t size)
{
    struct entry *slots = ph_heap_zeroed(size, sizeof *slots);

    return slots;
}

struct ph_spent_set *ph_spent_set_create(void)
{
    struct ph_spent_set *set = ph_heap_zeroed(1, sizeof *set);

    for (size_t i = 0; i < STRIPES; i++) {
        pthread_mutex_init(&set->stripes[i].lock, NULL);
        set->stripes[i].size = SLOTS_FIRST;
        set->stripes[i].slots = new_slots(SLOTS_FIRST);
    }
    return set;
}

void ph_spent_set_destroy(struct ph_spent_set *set)
{
    if (set == NULL) {
        return;
    }
    for (size_t i = 0; i < STRIPES; i++) {
        pthread_mutex_destroy(&set->stripes[i].lock);
        free(set->stripes[i].slots);
    }
    free(set);
}

/* The digest is uniform already: any of its bytes are a hash. The first one chose the stripe. */
static size_t hash_of(const struct ph_digest *digest)
{
    size_t hash;

    memcpy(&hash, digest->bytes + 1, sizeof hash);
    return hash;
}

/* The slot of the digest, or the free one where it belongs. */
static struct entry *find(struct entry *slots, size_t size, const struct ph_digest *digest)
{
    size_t at = hash_of(digest) & (size - 1);

    while (slots[at].expires_ms != 0 &&
           memcmp(slots[at].digest.bytes, digest->bytes, sizeof digest->bytes) != 0) {
        at = (at + 1) & (size - 1);
    }
    return &slots[at];
}

static size_t count_alive(const struct stripe *stripe, int64_t now_ms)
{
    size_t alive = 0;

    for (size_t i = 0; i < stripe->size; i++) {
        alive += stripe->slots[i].expires_ms > now_ms;
    }
    return alive;
}

/* Forgets what expired; the new table is at most a quarter full, so that this stays rare. */
static void rebuild(struct stripe *stripe, int64_t now_ms)
{
    const size_t alive = count_alive(stripe, now_ms);
    size_t size = SLOTS_FIRST;
    struct entry *slots;

    while (size / 4 < alive) {
        size *= 2;
    }
    slots = new_slots(size);
    for (size_t i = 0; i < stripe->size; i++) {
        if (stripe->slots[i].expires_ms > now_ms) {
            *find(slots, size, &stripe->slots[i].digest) = stripe->slots[i];
        }
    }
    free(stripe->slots);
    stripe->slots = slots;
    stripe->size = size;
    stripe->used = alive;
}

static bool add(struct stripe *stripe, const struct ph_digest *digest, int64_t expires_ms,
                int64_t now_ms)
{
    struct entry *entry;

    if (stripe->used >= stripe->size / 2) {
        rebuild(stripe, now_ms);
    }
    entry = find(stripe->slots, stripe->size, digest);
    if (entry->expires_ms != 0) {
        return false;
    }
    entry->digest = *digest;
    entry->expires_ms = expires_ms > 0 ? expires_ms : 1;
    stripe->used++;
    return true;
}

bool ph_spent_set_add(struct ph_spent_set *set, const struct ph_digest *digest, int64_t expires_ms,
                      int64_t now_ms)
{
    struct stripe *stripe = &set->stripes[digest->bytes[0] % STRIPES];
    bool first;

    pthread_mutex_lock(&stripe->lock);
    first = add(stripe, digest, expires_ms, now_ms);
    pthread_mutex_unlock(&stripe->lock);
    return first;
}

void ph_spent_set_clear(struct ph_spent_set *set)
{
    for (size_t i = 0; i < STRIPES; i++) {
        struct stripe *stripe = &set->stripes[i];

        pthread_mutex_lock(&stripe->lock);
        memset(stripe->slots, 0, stripe->size * sizeof *stripe->slots);
        stripe->used = 0;
        pthread_mutex_unlock(&stripe->lock);
    }
}

bool ph_spent_set_has(struct ph_spent_set *set, const struct ph_digest *digest)
{
    struct stripe *stripe = &set->stripes[digest->bytes[0] % STRIPES];
    bool there;

    pthread_mutex_lock(&stripe->lock);
    there = find(stripe->slots, stripe->size, digest)->expires_ms != 0;
    pthread_mutex_unlock(&stripe->lock);
    return there;
}
