/*
 * The snapshots in use, in two tables of bounded size. One is believed for FRESH_NS before its
 * revision is looked up again: at thousands of requests a second those look-ups would be most of
 * what is read.
 *
 * The lock is held for look-ups and
 * replacements only; reading the store and decoding happen outside of it, so that two threads
 * may decode the same pool at once and the later one wins.
 */
#include "model/exceptions.h"
#include "pool/internal.h"
#include "store/configurations.h"

#include <pthread.h>
#include <stdlib.h>

enum { WAYS = 4, POOL_SETS = 256, CLIENT_SETS = 1024 };

static const int64_t FRESH_NS = PH_POOL_FRESH_MS * INT64_C(1000000);

struct slot {
    struct ph_snapshot *snapshot; /* one reference; NULL: free */
    uint64_t used;                /* when it was last asked for, by the cache's count */
    int64_t checked_ns;           /* when its revision was the store's; 0: look it up */
};

struct set {
    struct slot ways[WAYS];
};

struct ph_pool_cache {
    pthread_mutex_t lock;
    uint64_t count;
    uint64_t changes; /* how often something was forgotten */
    uint64_t stores;  /* how often all was: the store is another one since */
    /*
     * Data keys that are replaced: of which epoch all snapshots of pools are at least, and of those
     * of this time and of the one before how many there are, in the cache and at requests.
     */
    int64_t data_keys, next_data_keys;
    bool renewing;
    unsigned time; /* its last bit is the place in alive */
    atomic_size_t alive[2];
    struct set pools[POOL_SETS];
    struct set clients[CLIENT_SETS];
};

struct ph_pool_cache *ph_pool_cache_create(void)
{
    struct ph_pool_cache *cache = calloc(1, sizeof *cache);

    if (cache == NULL || pthread_mutex_init(&cache->lock, NULL) != 0) {
        ph_fatal("no memory for the cache of pools");
    }
    cache->data_keys = -1;
    return cache;
}

static void release_all(struct set *sets, size_t count)
{
    for (size_t i = 0; i < count * WAYS; i++) {
        ph_snapshot_release(sets[i / WAYS].ways[i % WAYS].snapshot);
    }
}

void ph_pool_cache_destroy(struct ph_pool_cache *cache)
{
    if (cache == NULL) {
        return;
    }
    release_all(cache->pools, POOL_SETS);
    release_all(cache->clients, CLIENT_SETS);
    pthread_mutex_destroy(&cache->lock);
    free(cache);
}

/* FNV-1a: ids are made by us, at random. */
static size_t hash(struct ph_str id)
{
    uint32_t h = 2166136261U;

    for (size_t i = 0; i < id.n; i++) {
        h = (h ^ id.p[i]) * 16777619U;
    }
    return h;
}

static struct set *pool_set(struct ph_pool_cache *cache, struct ph_str id)
{
    return &cache->pools[hash(id) % POOL_SETS];
}

static struct set *client_set(struct ph_pool_cache *cache, struct ph_str id)
{
    return &cache->clients[hash(id) % CLIENT_SETS];
}

static struct slot *slot_of(struct set *set, struct ph_str id)
{
    for (size_t i = 0; i < WAYS; i++) {
        const struct ph_snapshot *snapshot = set->ways[i].snapshot;

        if (snapshot != NULL && ph_str_eq(snapshot->id, id)) {
            return &set->ways[i];
        }
    }
    return NULL;
}

/* The free slot, else the one not asked for the longest. */
static struct slot *slot_for(struct set *set, struct ph_str id)
{
    struct slot *slot = slot_of(set, id);

    if (slot != NULL) {
        return slot;
    }
    slot = &set->ways[0];
    for (size_t i = 0; i < WAYS; i++) {
        if (set->ways[i].snapshot == NULL) {
            return &set->ways[i];
        }
        if (set->ways[i].used < slot->used) {
            slot = &set->ways[i];
        }
    }
    return slot;
}

/* A look into the store: when it began, and what had been forgotten by then. */
struct look {
    int64_t at_ns;
    uint64_t changes;
    uint64_t stores;
};

static struct look begin_look(struct ph_pool_cache *cache)
{
    struct look look = { .at_ns = ph_monotonic_ns() };

    pthread_mutex_lock(&cache->lock);
    look.changes = cache->changes;
    look.stores = cache->stores;
    pthread_mutex_unlock(&cache->lock);
    return look;
}

/* With the lock held. What was forgotten meanwhile may be what the look has read. */
static void note_look(const struct ph_pool_cache *cache, struct slot *slot, struct look look)
{
    slot->checked_ns = cache->changes == look.changes ? look.at_ns : 0;
}

/* With the lock held: the snapshot with one more reference. */
static struct ph_snapshot *use(struct ph_pool_cache *cache, struct slot *slot)
{
    slot->used = ++cache->count;
    atomic_fetch_add(&slot->snapshot->references, 1);
    return slot->snapshot;
}

/* The reference is given back by the request's arena. NULL is fine. */
static struct ph_snapshot *lend(struct ph_ctx *ctx, struct ph_snapshot *snapshot)
{
    if (snapshot != NULL) {
        ph_arena_defer(ctx->arena, ph_snapshot_release, snapshot);
    }
    return snapshot;
}

/* The snapshot when it was compared with the store a moment ago, or NULL. */
static struct ph_snapshot *take_fresh(struct ph_ctx *ctx, struct set *set, struct ph_str id)
{
    const int64_t since_ns = ph_monotonic_ns() - FRESH_NS;
    struct ph_snapshot *found = NULL;

    pthread_mutex_lock(&ctx->pools->lock);
    struct slot *slot = slot_of(set, id);
    if (slot != NULL && slot->checked_ns > since_ns) {
        found = use(ctx->pools, slot);
    }
    pthread_mutex_unlock(&ctx->pools->lock);
    return lend(ctx, found);
}

/* The snapshot when it has the revision that the look has found, or NULL. */
static struct ph_snapshot *take(struct ph_ctx *ctx, struct set *set, struct ph_str id,
                                int64_t revision, struct look look)
{
    struct ph_snapshot *found = NULL;

    pthread_mutex_lock(&ctx->pools->lock);
    struct slot *slot = slot_of(set, id);
    if (slot != NULL && slot->snapshot->revision == revision) {
        found = use(ctx->pools, slot);
        note_look(ctx->pools, slot, look);
    }
    pthread_mutex_unlock(&ctx->pools->lock);
    return lend(ctx, found);
}

/*
 * Puts a reference of its own into the cache; what stood there lives while others hold it. What was
 * read from a store that is another one by now is not kept: revisions say nothing about it.
 */
static void put(struct ph_pool_cache *cache, struct set *set, struct ph_snapshot *snapshot,
                struct look look)
{
    struct ph_snapshot *old = NULL;

    pthread_mutex_lock(&cache->lock);
    if (cache->stores == look.stores) {
        struct slot *slot = slot_for(set, snapshot->id);

        atomic_fetch_add(&snapshot->references, 1);
        old = slot->snapshot;
        slot->snapshot = snapshot;
        slot->used = ++cache->count;
        note_look(cache, slot, look);
    }
    pthread_mutex_unlock(&cache->lock);
    ph_snapshot_release(old);
}

static void forget(struct ph_pool_cache *cache, struct set *set, struct ph_str id)
{
    struct ph_snapshot *old = NULL;

    pthread_mutex_lock(&cache->lock);
    struct slot *slot = slot_of(set, id);
    cache->changes++;
    if (slot != NULL) {
        old = slot->snapshot;
        *slot = (struct slot){ 0 };
    }
    pthread_mutex_unlock(&cache->lock);
    ph_snapshot_release(old);
}

static void forget_sets(struct ph_pool_cache *cache, struct set *sets, size_t count)
{
    for (size_t i = 0; i < count * WAYS; i++) {
        struct slot *slot = &sets[i / WAYS].ways[i % WAYS];
        struct ph_snapshot *old;

        pthread_mutex_lock(&cache->lock);
        cache->changes++;
        old = slot->snapshot;
        *slot = (struct slot){ 0 };
        pthread_mutex_unlock(&cache->lock);
        ph_snapshot_release(old);
    }
}

void ph_pool_forget_all(struct ph_pool_cache *cache)
{
    pthread_mutex_lock(&cache->lock);
    cache->stores++;
    pthread_mutex_unlock(&cache->lock);
    forget_sets(cache, cache->pools, POOL_SETS);
    forget_sets(cache, cache->clients, CLIENT_SETS);
}

static atomic_size_t *alive_now(struct ph_pool_cache *cache)
{
    atomic_size_t *alive;

    pthread_mutex_lock(&cache->lock);
    alive = &cache->alive[cache->time % 2];
    pthread_mutex_unlock(&cache->lock);
    return alive;
}

/* One time ends and another begins, but not before the last one has no snapshots left. */
static bool begin_renewal(struct ph_pool_cache *cache, int64_t epoch)
{
    bool begins;

    pthread_mutex_lock(&cache->lock);
    begins = !cache->renewing && cache->data_keys != epoch;
    if (begins) {
        cache->renewing = true;
        cache->next_data_keys = epoch;
        cache->time++;
        cache->stores++; /* what is just being read was not read in this time */
    }
    pthread_mutex_unlock(&cache->lock);
    return begins;
}

int64_t ph_pool_cache_renew(struct ph_pool_cache *cache, int64_t epoch)
{
    int64_t reached;

    if (begin_renewal(cache, epoch)) {
        forget_sets(cache, cache->pools, POOL_SETS);
    }
    pthread_mutex_lock(&cache->lock);
    if (cache->renewing && atomic_load(&cache->alive[(cache->time + 1) % 2]) == 0) {
        cache->renewing = false;
        cache->data_keys = cache->next_data_keys;
    }
    reached = cache->data_keys;
    pthread_mutex_unlock(&cache->lock);
    return reached;
}

void ph_pool_forget(struct ph_ctx *ctx, struct ph_str pool_id)
{
    forget(ctx->pools, pool_set(ctx->pools, pool_id), pool_id);
}

void ph_client_forget(struct ph_ctx *ctx, struct ph_str client_id)
{
    forget(ctx->pools, client_set(ctx->pools, client_id), client_id);
}

static struct ph_err find_document(struct ph_ctx *ctx, struct ph_str pool_id,
                                   enum ph_configuration_kind kind, struct ph_str *document)
{
    struct ph_configuration *found;

    PH_TRY(ph_store_configuration_find(ctx, pool_id, kind, PH_STR(""), &found));
    *document = found == NULL ? (struct ph_str){ 0 } : found->document;
    return PH_OK;
}

/*
 * The record is read before the keys: when the keys change in between, the snapshot carries the
 * older revision and is replaced at the next look. It is counted before anything is read.
 */
static struct ph_err load_pool(struct ph_ctx *ctx, struct ph_str pool_id, struct look look,
                               const struct ph_pool **pool)
{
    struct ph_pool_documents documents = { 0 };
    struct ph_pool_record *record;
    struct ph_signing_key_record *keys;
    struct ph_snapshot *snapshot = ph_snapshot_create(alive_now(ctx->pools));

    ph_arena_defer(ctx->arena, ph_snapshot_release, snapshot);
    PH_TRY(ph_store_pool_find(ctx, pool_id, &record));
    if (record == NULL) {
        return PH_OK;
    }
    const struct ph_pool_ref ref = ph_pool_record_ref(record);
    PH_TRY(ph_store_signing_keys(ctx, &ref, &keys, &documents.key_count));
    documents.keys = keys;
    PH_TRY(find_document(ctx, pool_id, PH_CONFIGURATION_LOG_DELIVERY, &documents.log_delivery));
    PH_TRY(find_document(ctx, pool_id, PH_CONFIGURATION_ORIGIN, &documents.origin));

    PH_TRY(ph_snapshot_pool(ctx, record, &documents, snapshot));
    put(ctx->pools, pool_set(ctx->pools, pool_id), snapshot, look);
    *pool = &snapshot->pool;
    return PH_OK;
}

/* What pools and clients differ in when they are looked up. */
struct kind {
    struct ph_err (*revision)(struct ph_ctx *ctx, struct ph_str id, int64_t *revision);
    void (*forget)(struct ph_ctx *ctx, struct ph_str id);
};

static const struct kind POOLS = { ph_store_pool_revision, ph_pool_forget };
static const struct kind CLIENTS = { ph_store_client_revision, ph_client_forget };

/* *known is NULL when there is none, or, with *exists, when it must be loaded under this look. */
static struct ph_err find_known(struct ph_ctx *ctx, const struct kind *kind, struct set *set,
                                struct ph_str id, const struct ph_snapshot **known, bool *exists,
                                struct look *look)
{
    int64_t revision;

    *exists = true;
    *known = take_fresh(ctx, set, id);
    if (*known != NULL) {
        return PH_OK;
    }
    *look = begin_look(ctx->pools);
    PH_TRY(kind->revision(ctx, id, &revision));
    if (revision == 0) {
        *exists = false;
        kind->forget(ctx, id);
        return PH_OK;
    }
    *known = take(ctx, set, id, revision, *look);
    return PH_OK;
}

struct ph_err ph_pool_find(struct ph_ctx *ctx, struct ph_str pool_id, const struct ph_pool **pool)
{
    const struct ph_snapshot *known;
    struct look look = { 0 };
    bool exists;

    *pool = NULL;
    PH_TRY(find_known(ctx, &POOLS, pool_set(ctx->pools, pool_id), pool_id, &known, &exists, &look));
    if (known != NULL) {
        *pool = &known->pool;
    }
    return known == NULL && exists ? load_pool(ctx, pool_id, look, pool) : PH_OK;
}

struct ph_err ph_pool_unknown(struct ph_ctx *ctx, struct ph_str pool_id)
{
    return PH_FAIL(ResourceNotFoundException,
                   ph_textf(ctx->arena, "User pool %.*s does not exist.", PH_FMT(pool_id)));
}

struct ph_err ph_pool_get(struct ph_ctx *ctx, struct ph_str pool_id, const struct ph_pool **pool)
{
    PH_TRY(ph_pool_find(ctx, pool_id, pool));
    return *pool == NULL ? ph_pool_unknown(ctx, pool_id) : PH_OK;
}

/* *client stays NULL when the client, or by now its pool, is gone. */
static struct ph_err load_client(struct ph_ctx *ctx, struct ph_str client_id, struct look look,
                                 const struct ph_client **client)
{
    struct ph_client_record *record;
    const struct ph_pool *pool;

    PH_TRY(ph_store_client_find(ctx, client_id, &record));
    if (record == NULL) {
        return PH_OK;
    }
    PH_TRY(ph_pool_find(ctx, record->pool_id, &pool));
    if (pool == NULL) {
        return PH_OK;
    }
    PH_TRY(ph_store_client_open_secrets(ctx, &pool->ref, record));

    struct ph_snapshot *snapshot = ph_snapshot_create(NULL);
    ph_arena_defer(ctx->arena, ph_snapshot_release, snapshot);
    PH_TRY(ph_snapshot_client(ctx, record, snapshot));
    put(ctx->pools, client_set(ctx->pools, client_id), snapshot, look);
    *client = &snapshot->client;
    return PH_OK;
}

static struct ph_err find_client(struct ph_ctx *ctx, struct ph_str client_id,
                                 const struct ph_client **client)
{
    const struct ph_snapshot *known;
    struct look look = { 0 };
    bool exists;

    *client = NULL;
    PH_TRY(find_known(ctx, &CLIENTS, client_set(ctx->pools, client_id), client_id, &known, &exists,
                      &look));
    if (known != NULL) {
        *client = &known->client;
    }
    return known == NULL && exists ? load_client(ctx, client_id, look, client) : PH_OK;
}

struct ph_err ph_client_unknown(struct ph_ctx *ctx, struct ph_str client_id)
{
    return PH_FAIL(
        ResourceNotFoundException,
        ph_textf(ctx->arena, "User pool client %.*s does not exist.", PH_FMT(client_id)));
}

struct ph_err ph_client_get(struct ph_ctx *ctx, struct ph_str pool_id, struct ph_str client_id,
                            const struct ph_pool **pool, const struct ph_client **client)
{
    *pool = NULL;
    if (pool_id.p != NULL) {
        PH_TRY(ph_pool_get(ctx, pool_id, pool));
    }
    PH_TRY(find_client(ctx, client_id, client));
    if (*client == NULL || (*pool != NULL && !ph_str_eq((*client)->pool_id, pool_id))) {
        return ph_client_unknown(ctx, client_id);
    }
    if (*pool == NULL) {
        PH_TRY(ph_pool_find(ctx, (*client)->pool_id, pool));
    }
    return *pool == NULL ? ph_client_unknown(ctx, client_id) : PH_OK;
}
