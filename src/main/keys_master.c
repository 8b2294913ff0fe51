/* The master key is replaced while servers run: store/master.h says how. */
#include "main/keys_master.h"

#include "main/command.h"
#include "main/data.h"
#include "main/master_key.h"
#include "store/master.h"
#include "store/nodes.h"

#include <time.h>

enum {
    LOOK_MS = 100, /* how often we ask whether all servers have the key */
    PATIENCE_MS = PH_NODE_SILENT_MS + 15 * 1000, /* a dead one is forgotten by then */
};

void ph_keys_pause(int64_t ms)
{
    const struct timespec pause = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };

    (void)nanosleep(&pause, NULL);
}

struct ph_err ph_keys_wait(struct ph_ctx *ctx, ph_keys_behind *count_behind, bool *all)
{
    const int64_t until_ns = ph_monotonic_ns() + (int64_t)PATIENCE_MS * 1000000;
    bool told = false;
    size_t behind;

    PH_TRY(count_behind(ctx, &behind));
    while (behind > 0 && ph_monotonic_ns() < until_ns) {
        if (!told) {
            printf("Waiting for %zu of the servers to load the keys ...\n", behind);
            told = true;
        }
        ph_keys_pause(LOOK_MS);
        PH_TRY(count_behind(ctx, &behind));
    }
    *all = behind == 0;
    return PH_OK;
}

/* --- rotate-master --- */

static int say_failed(struct ph_err err)
{
    fprintf(stderr, "poolhouse: %s\n", err.message);
    return PH_EXIT_FAILED;
}

static int say_refused(enum ph_master_result result)
{
    if (result == PH_MASTER_SAME) {
        puts("This key seals already, and no other one is in use.");
        return PH_EXIT_OK;
    }
    fputs("poolhouse: the rotation before is not finished: give it the same file again, then run"
          " keys retire-master\n",
          stderr);
    return PH_EXIT_FAILED;
}

static struct ph_err replace(struct ph_ctx *ctx, const struct ph_key *next,
                             enum ph_master_result *result, size_t *count, bool *all)
{
    PH_TRY(ph_store_master_announce(ctx, next, result));
    if (*result != PH_MASTER_DONE) {
        return PH_OK;
    }
    /* Until every running server can open what the new key will have sealed. */
    PH_TRY(ph_keys_wait(ctx, ph_store_master_behind, all));
    if (!*all) {
        return PH_OK;
    }
    PH_TRY(ph_store_master_switch(ctx, next, result));
    return *result == PH_MASTER_DONE ? ph_store_master_reseal(ctx, count) : PH_OK;
}

static int rotate(struct ph_ctx *ctx, const struct ph_key *next)
{
    enum ph_master_result result = PH_MASTER_DONE;
    bool all = true;
    size_t count = 0;
    const struct ph_err err = replace(ctx, next, &result, &count, &all);

    if (err.type != NULL) {
        return say_failed(err);
    }
    if (result != PH_MASTER_DONE) {
        return say_refused(result);
    }
    if (!all) {
        fputs("poolhouse: a server does not load the key; nothing was sealed with it yet. Look"
              " into its log, then run this again\n",
              stderr);
        return PH_EXIT_FAILED;
    }
    printf(
        "The new key seals; %zu values were sealed anew. Both keys open the database until"
        " then:\n  1. put the new key into the place of the old one, on each server\n  2. restart"
        " the servers, one after the other\n  3. poolhouse keys retire-master\n",
        count);
    return PH_EXIT_OK;
}

enum { FLAG_NEW_KEY, FLAG_COUNT };

static int rotate_with(struct ph_config *config, const char *path)
{
    PH_AUTO(ph_key_wipe) struct ph_key next = { 0 };
    struct ph_data data;
    char why[512] = "";
    int status;

    if (!ph_master_key_read(path, &next, why, sizeof why) ||
        !ph_data_open(&data, &config->settings, PH_DATA_EXISTING, why, sizeof why)) {
        fprintf(stderr, "poolhouse: %s\n", why);
        return PH_EXIT_FAILED;
    }
    status = rotate(&data.ctx, &next);
    ph_data_close(&data);
    return status;
}

int ph_keys_rotate_master(int argc, char **argv)
{
    struct ph_command_flag flags[FLAG_COUNT] = { [FLAG_NEW_KEY] = { .name = "new-key-file" } };
    struct ph_config config;
    int status;

    setvbuf(stdout, NULL, _IOLBF, 0);
    if (ph_command_configure_with(&config, flags, FLAG_COUNT, argc, argv, &status)) {
        if (flags[FLAG_NEW_KEY].value == NULL) {
            fputs("poolhouse: say where the new key is: --new-key-file FILE (make one with:"
                  " openssl rand -base64 32)\n",
                  stderr);
            status = PH_EXIT_MISUSED;
        } else {
            status = rotate_with(&config, flags[FLAG_NEW_KEY].value);
        }
    }
    ph_config_finish(&config);
    return status;
}

/* --- retire-master --- */

static const char *why_not(enum ph_master_result result)
{
    switch (result) {
    case PH_MASTER_OPENED:
        return "the configuration still has the old key: put the new one into its place first";
    case PH_MASTER_USED:
        return "a server that was started with the old key still runs (above: older_key): restart "
               "it"
               " with the new one; one that was killed is waited for a minute";
    case PH_MASTER_DONE:
    case PH_MASTER_SAME:
    case PH_MASTER_BUSY:
    case PH_MASTER_NONE:
        break;
    }
    return NULL;
}

static int retire(struct ph_ctx *ctx)
{
    enum ph_master_result result;
    const struct ph_err err = ph_store_master_retire(ctx, &result);

    if (err.type != NULL) {
        return say_failed(err);
    }
    if (why_not(result) != NULL) {
        fprintf(stderr, "poolhouse: %s\n", why_not(result));
        return PH_EXIT_FAILED;
    }
    puts(result == PH_MASTER_NONE
             ? "One master key is in use; there is nothing to retire."
             : "The old key opens nothing in this database any more. Backups made before the"
               " rotation need it still.");
    return PH_EXIT_OK;
}

int ph_keys_retire_master(int argc, char **argv)
{
    struct ph_config config;
    struct ph_data data;
    char why[512] = "";
    int status;

    if (ph_command_configure_with(&config, NULL, 0, argc, argv, &status)) {
        if (ph_data_open(&data, &config.settings, PH_DATA_EXISTING, why, sizeof why)) {
            status = retire(&data.ctx);
            ph_data_close(&data);
        } else {
            fprintf(stderr, "poolhouse: %s\n", why);
            status = PH_EXIT_FAILED;
        }
    }
    ph_config_finish(&config);
    return status;
}
