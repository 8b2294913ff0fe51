/*
 * Users for measuring, in bulk: as if each had signed up with a password and been confirmed, but
 * without HTTP and 100 in a transaction. bench/million makes a million of them by this.
 *
 *   fill --pool ID --from 1000 --users 999000 [FLAGS of poolhouse: --data DIR, --database URL]
 */
#include "main/command.h"
#include "main/data.h"
#include "model/exceptions.h"
#include "user/user.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

enum { THREADS = 4, BATCH = PH_USER_ENTRIES_MAX };

struct filling {
    const struct ph_ctx *ctx;
    struct ph_str pool_id;
    atomic_uint_fast64_t next;
    uint64_t end;
    atomic_bool failed;
};

static struct ph_err make_one(struct ph_ctx *ctx, const struct ph_pool *pool, uint64_t number,
                              struct ph_user_change *change)
{
    struct ph_attrs given = { 0 }, writes;

    PH_TRY(ph_user_new(ctx, pool, ph_strf(ctx->arena, "user%" PRIu64, number), &change->user));
    ph_attrs_set(ctx->arena, &given, PH_STR("email"),
                 ph_strf(ctx->arena, "user%" PRIu64 "@example.com", number));
    ph_user_given_attributes(ctx, change->user, &given, &writes);
    PH_TRY(ph_attributes_apply(ctx, pool, NULL, PH_BY_ADMIN, change->user, &writes));
    ph_password_set(ctx, pool, change->user, PH_STR("Passw0rd!"));
    change->user->status = PH_USER_CONFIRMED;
    ph_user_prepare(ctx, pool, change, 0);
    return PH_OK;
}

static struct ph_err make_batch(struct ph_ctx *ctx, const struct filling *filling, uint64_t first,
                                size_t count)
{
    struct ph_user_change *changes = ph_arena_array(ctx->arena, BATCH, struct ph_user_change);
    struct ph_user_entry *entries = ph_arena_array(ctx->arena, BATCH, struct ph_user_entry);
    const struct ph_pool *pool;

    PH_TRY(ph_pool_get(ctx, filling->pool_id, &pool));
    for (size_t i = 0; i < count; i++) {
        PH_TRY(make_one(ctx, pool, first + i, &changes[i]));
        entries[i].change = &changes[i];
    }
    PH_TRY(ph_store_users_insert(ctx, &pool->ref, entries, count));
    for (size_t i = 0; i < count; i++) {
        if (entries[i].result != PH_USER_DONE) {
            return PH_FAIL(UsernameExistsException, "a user is there already");
        }
    }
    return PH_OK;
}

static void *work(void *self)
{
    struct filling *filling = self;
    struct ph_arena arena = { 0 };
    struct ph_ctx ctx = *filling->ctx;
    uint64_t first;

    ctx.arena = &arena;
    while (!filling->failed && (first = atomic_fetch_add(&filling->next, BATCH)) < filling->end) {
        const uint64_t left = filling->end - first;
        const struct ph_err err = make_batch(&ctx, filling, first, left < BATCH ? left : BATCH);

        if (err.type != NULL) {
            fprintf(stderr, "fill: %s\n", err.message);
            filling->failed = true;
        }
        ph_arena_reset(&arena);
    }
    ph_arena_finish(&arena);
    return NULL;
}

static int fill(const struct ph_config *config, struct filling *filling)
{
    pthread_t threads[THREADS];
    struct ph_data data;
    char why[256] = "";
    size_t running = 0;

    if (!ph_data_open(&data, &config->settings, PH_DATA_EXISTING, why, sizeof why)) {
        fprintf(stderr, "fill: %s\n", why);
        return PH_EXIT_FAILED;
    }
    filling->ctx = &data.ctx;
    while (running < THREADS && pthread_create(&threads[running], NULL, work, filling) == 0) {
        running++;
    }
    for (size_t i = 0; i < running; i++) {
        pthread_join(threads[i], NULL);
    }
    ph_data_close(&data);
    return running == 0 || filling->failed ? PH_EXIT_FAILED : PH_EXIT_OK;
}

int main(int argc, char **argv)
{
    enum { POOL, FROM, USERS, FLAGS };
    struct ph_command_flag flags[FLAGS] = {
        [POOL] = { .name = "pool" }, [FROM] = { .name = "from" }, [USERS] = { .name = "users" }
    };
    struct ph_config config;
    struct filling filling = { 0 };
    int status;

    if (ph_command_configure_with(&config, flags, FLAGS, argc - 1, argv + 1, &status)) {
        if (flags[POOL].value == NULL || flags[USERS].value == NULL) {
            fprintf(stderr, "fill: say --pool and --users\n");
            status = PH_EXIT_MISUSED;
        } else {
            filling.pool_id = ph_str_from(flags[POOL].value);
            filling.next = flags[FROM].value == NULL ? 0 : strtoull(flags[FROM].value, NULL, 10);
            filling.end = filling.next + strtoull(flags[USERS].value, NULL, 10);
            status = fill(&config, &filling);
        }
    }
    ph_config_finish(&config);
    return status;
}
