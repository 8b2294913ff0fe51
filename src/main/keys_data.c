/* The data keys of pools are replaced while servers run: store/data_keys.h says how. */
#include "main/keys_data.h"

#include "main/command.h"
#include "main/data.h"
#include "main/keys_master.h"
#include "pool/origin.h"
#include "pool/purposes.h"
#include "store/data_keys.h"

enum { POOLS_AT_ONCE = 50, PAUSE_MAX_MS = 200 };

/* Pools that are taken through the steps together, so that all of them wait once. */
struct rotation {
    struct ph_ctx *ctx;
    struct ph_str ids[POOLS_AT_ONCE];
    size_t count;
    bool signs_out;
    size_t sealed; /* values, anew */
    size_t older;  /* servers that know nothing of this */
};

typedef struct ph_err step(struct rotation *r, const struct ph_pool_record *pool);

/* Who has been interrupted finds out here how far a pool is. */
static struct ph_err in_state(struct rotation *r, enum ph_data_key_state state, step *take)
{
    for (size_t i = 0; i < r->count; i++) {
        struct ph_pool_record *pool;

        PH_TRY(ph_store_pool_find(r->ctx, r->ids[i], &pool));
        if (pool != NULL && pool->keys.state == state) {
            PH_TRY(take(r, pool));
        }
    }
    return PH_OK;
}

/* --- steps --- */

static struct ph_err announce(struct rotation *r, const struct ph_pool_record *pool)
{
    PH_AUTO(ph_key_wipe) struct ph_key next = { 0 };

    if (r->older > 0) {
        return PH_OK;
    }
    r->ctx->random->fill(r->ctx->random->self, next.bytes, sizeof next.bytes);
    return ph_store_data_key_announce(r->ctx, pool, &next, &r->older);
}

static struct ph_err replace(struct rotation *r, const struct ph_pool_record *pool)
{
    return ph_store_data_key_replace(r->ctx, pool,
                                     ph_purposes_keep(r->ctx->arena, pool, ph_now_ms(r->ctx)));
}

static struct ph_err close_for_writes(struct rotation *r, const struct ph_pool_record *pool)
{
    return ph_store_data_key_close(r->ctx, pool);
}

/* As long as the servers had to wait for us they get for themselves. */
static struct ph_err reseal_slowly(struct rotation *r, struct ph_reseal *reseal)
{
    bool done = false;

    while (!done) {
        const int64_t since_ns = ph_monotonic_ns();
        const size_t before = r->sealed;
        int64_t took_ms;

        PH_TRY(ph_store_reseal_some(r->ctx, reseal, &r->sealed, &done));
        took_ms = (ph_monotonic_ns() - since_ns) / 1000000;
        if (r->sealed > before) {
            ph_keys_pause(took_ms < PAUSE_MAX_MS ? took_ms : PAUSE_MAX_MS);
        }
    }
    return PH_OK;
}

static struct ph_err seal_anew(struct rotation *r, const struct ph_pool_record *pool)
{
    const struct ph_pool_ref ref = ph_pool_record_ref(pool);
    struct ph_reseal *reseal = ph_store_reseal_begin(r->ctx, pool);
    struct ph_err err = reseal_slowly(r, reseal);

    ph_store_reseal_end(reseal);
    PH_TRY(err);
    PH_TRY(ph_origin_reseal(r->ctx, &ref));
    return ph_store_data_key_remove(
        r->ctx, pool, r->signs_out ? ph_purposes_end(r->ctx->arena, pool) : pool->keys.kept);
}

static struct ph_err wait_for_servers(struct rotation *r, bool *all)
{
    return ph_keys_wait(r->ctx, ph_store_data_keys_behind, all);
}

/* All that is left to do for the pools; *all is false when a server does not follow. */
static struct ph_err go_on(struct rotation *r, bool *all)
{
    PH_TRY(wait_for_servers(r, all));
    if (!*all) {
        return PH_OK;
    }
    PH_TRY(in_state(r, PH_DATA_KEY_ANNOUNCED, replace));
    PH_TRY(wait_for_servers(r, all));
    if (!*all) {
        return PH_OK;
    }
    PH_TRY(in_state(r, PH_DATA_KEY_REPLACED, close_for_writes));
    return in_state(r, PH_DATA_KEY_LEAVING, seal_anew);
}

/* --- which pools --- */

static struct ph_err rotate_some(struct rotation *r, bool *all)
{
    PH_TRY(in_state(r, PH_DATA_KEY_ALONE, announce));
    return r->older > 0 ? PH_OK : go_on(r, all);
}

static struct ph_err take_pools(struct rotation *r, struct ph_str after)
{
    struct ph_pool_record *pools;

    PH_TRY(
        ph_store_pool_list(r->ctx, (struct ph_str){ 0 }, after, POOLS_AT_ONCE, &pools, &r->count));
    for (size_t i = 0; i < r->count; i++) {
        r->ids[i] = pools[i].id;
    }
    return PH_OK;
}

static struct ph_err rotate_all(struct rotation *r, bool *all)
{
    struct ph_str after = { 0 };

    do {
        PH_TRY(take_pools(r, after));
        PH_TRY(rotate_some(r, all));
        after = r->count > 0 ? r->ids[r->count - 1] : after;
    } while (r->count == POOLS_AT_ONCE && *all && r->older == 0);
    return PH_OK;
}

static struct ph_err rotate_one(struct rotation *r, struct ph_str pool_id, bool *all)
{
    struct ph_pool_record *pool;

    PH_TRY(ph_store_pool_find(r->ctx, pool_id, &pool));
    if (pool == NULL) {
        return ph_pool_unknown(r->ctx, pool_id);
    }
    r->ids[0] = pool->id;
    r->count = 1;
    return rotate_some(r, all);
}

/* --- the words of the command line --- */

enum { FLAG_POOL, FLAG_ALL, FLAG_SIGN_OUT, FLAG_COUNT };

static int say(const struct rotation *r, struct ph_err err, bool all)
{
    if (err.type != NULL) {
        fprintf(stderr, "poolhouse: %s\n", err.message);
        return PH_EXIT_FAILED;
    }
    if (r->older > 0) {
        fputs("poolhouse: a server of an older version runs, which knows only one data key (above:"
              " older_server): replace it first; one that was killed is waited for a minute\n",
              stderr);
        return PH_EXIT_FAILED;
    }
    if (!all) {
        fputs("poolhouse: a server does not load the keys; the old one still opens all. Look into"
              " its log, then run this again\n",
              stderr);
        return PH_EXIT_FAILED;
    }
    printf("%zu values were sealed anew; what sealed them before opens nothing in this database any"
           " more.\n",
           r->sealed);
    return PH_EXIT_OK;
}

static int rotate(struct ph_config *config, const struct ph_command_flag *flags)
{
    struct rotation r = { .signs_out = flags[FLAG_SIGN_OUT].value != NULL };
    char why[512] = "";
    struct ph_data data;
    struct ph_err err;
    bool all = true;
    int status;

    if (!ph_data_open(&data, &config->settings, PH_DATA_EXISTING, why, sizeof why)) {
        fprintf(stderr, "poolhouse: %s\n", why);
        return PH_EXIT_FAILED;
    }
    r.ctx = &data.ctx;
    err = flags[FLAG_ALL].value != NULL ? rotate_all(&r, &all)
                                        : rotate_one(&r, ph_str_from(flags[FLAG_POOL].value), &all);
    status = say(&r, err, all);
    ph_data_close(&data);
    return status;
}

int ph_keys_rotate_data(int argc, char **argv)
{
    struct ph_command_flag flags[FLAG_COUNT] = {
        [FLAG_POOL] = { .name = "pool" },
        [FLAG_ALL] = { .name = "all", .is_switch = true },
        [FLAG_SIGN_OUT] = { .name = "sign-out", .is_switch = true },
    };
    struct ph_config config;
    int status;

    setvbuf(stdout, NULL, _IOLBF, 0);
    if (ph_command_configure_with(&config, flags, FLAG_COUNT, argc, argv, &status)) {
        if ((flags[FLAG_POOL].value == NULL) == (flags[FLAG_ALL].value == NULL)) {
            fputs("poolhouse: say which pool: --pool ID, or --all\n", stderr);
            status = PH_EXIT_MISUSED;
        } else {
            status = rotate(&config, flags);
        }
    }
    ph_config_finish(&config);
    return status;
}
