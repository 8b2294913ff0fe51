/* Keys: those that sign tokens, those that seal; shown and replaced beside running servers. */
#include "main/command.h"
#include "main/data.h"
#include "main/keys_data.h"
#include "main/keys_master.h"

#include "pool/signing_keys.h"

#include <string.h>

enum { ANNOUNCE_MAX_S = 30 * 86400, POOLS_AT_ONCE = 100 };

static const char *const ACTIONS[] = { "list",          "rotate",        "rotate-data",
                                       "rotate-master", "retire-master", NULL };

/* --- list --- */

static const char *state_of(const struct ph_pool *pool, const struct ph_signing_key *key,
                            int64_t now_ms)
{
    const struct ph_signing_key *signing = ph_signing_key_in_use(pool, key->use, now_ms);

    if (key->published_until_ms <= now_ms) {
        return "gone";
    }
    if (key == signing) {
        return "signs";
    }
    return signing == NULL || key->created_ms > signing->created_ms ? "announced" : "replaced";
}

static struct ph_str time_or_dash(struct ph_arena *arena, int64_t ms)
{
    return ms == 0 || ms == INT64_MAX ? PH_STR("-") : ph_time_iso(arena, ms / 1000);
}

static const char *data_key_state(enum ph_data_key_state state)
{
    switch (state) {
    case PH_DATA_KEY_ANNOUNCED:
        return ", the next one is announced: run keys rotate-data again";
    case PH_DATA_KEY_REPLACED:
    case PH_DATA_KEY_LEAVING:
        return ", the one before still opens: run keys rotate-data again";
    case PH_DATA_KEY_ALONE:
        break;
    }
    return "";
}

static struct ph_err print_data_key(struct ph_ctx *ctx, const struct ph_pool *pool)
{
    struct ph_pool_record *record;

    PH_TRY(ph_store_pool_find(ctx, pool->id, &record));
    if (record != NULL) {
        const int64_t since_ms =
            record->keys.since_ms > 0 ? record->keys.since_ms : record->created_ms;

        printf("  data key %lld, since %.*s%s\n", (long long)record->keys.number,
               PH_FMT(ph_time_iso(ctx->arena, since_ms / 1000)),
               data_key_state(record->keys.state));
    }
    return PH_OK;
}

static struct ph_err print_keys(struct ph_ctx *ctx, const struct ph_pool *pool)
{
    printf("%.*s (%.*s)\n", PH_FMT(pool->id), PH_FMT(pool->name));
    PH_TRY(print_data_key(ctx, pool));
    printf("  %-44s  %-6s  %-9s  %-20s  %s\n", "KEY", "USE", "STATE", "SIGNS FROM",
           "PUBLISHED UNTIL");
    for (size_t i = 0; i < pool->key_count; i++) {
        const struct ph_signing_key *key = &pool->keys[i];

        printf("  %-44.*s  %-6s  %-9s  %-20.*s  %.*s\n", PH_FMT(key->kid),
               key->use == PH_KEY_ID_TOKEN ? "id" : "access", state_of(pool, key, ph_now_ms(ctx)),
               PH_FMT(time_or_dash(ctx->arena, key->active_from_ms)),
               PH_FMT(time_or_dash(ctx->arena, key->published_until_ms)));
    }
    return PH_OK;
}

static struct ph_err list_all(struct ph_ctx *ctx)
{
    struct ph_str after = { 0 };
    struct ph_pool_record *records;
    const struct ph_pool *pool;
    size_t count;

    do {
        PH_TRY(
            ph_store_pool_list(ctx, (struct ph_str){ 0 }, after, POOLS_AT_ONCE, &records, &count));
        for (size_t i = 0; i < count; i++) {
            PH_TRY(ph_pool_find(ctx, records[i].id, &pool));
            if (pool != NULL) {
                PH_TRY(print_keys(ctx, pool));
            }
            after = records[i].id;
        }
    } while (count == POOLS_AT_ONCE);
    return PH_OK;
}

static struct ph_err list(struct ph_ctx *ctx, struct ph_str pool_id)
{
    const struct ph_pool *pool;

    if (pool_id.p == NULL) {
        return list_all(ctx);
    }
    PH_TRY(ph_pool_get(ctx, pool_id, &pool));
    return print_keys(ctx, pool);
}

/* --- rotate --- */

static struct ph_err rotate(struct ph_ctx *ctx, struct ph_str pool_id, int64_t announce_s)
{
    const struct ph_pool *pool;

    PH_TRY(ph_pool_get(ctx, pool_id, &pool));
    PH_TRY(ph_signing_keys_rotate(ctx, pool, announce_s));
    PH_TRY(ph_pool_get(ctx, pool_id, &pool));
    return print_keys(ctx, pool);
}

/* --- the words of the command line --- */

enum { FLAG_POOL, FLAG_ANNOUNCE, FLAG_NOW, FLAG_COUNT };

static bool read_announce(struct ph_config *config, const struct ph_command_flag *flags,
                          int64_t *seconds)
{
    const char *given = flags[FLAG_ANNOUNCE].value;
    const char *why;

    *seconds = 3600;
    if (flags[FLAG_NOW].value != NULL) {
        if (given != NULL) {
            fputs("poolhouse: --now and --announce exclude each other\n", stderr);
            return false;
        }
        *seconds = 0;
        return true;
    }
    if (given != NULL &&
        !ph_config_seconds(&config->arena, ph_str_from(given), ANNOUNCE_MAX_S, seconds, &why)) {
        fprintf(stderr, "poolhouse: --announce: \"%s\" %s\n", given, why);
        return false;
    }
    return true;
}

static int act(struct ph_config *config, bool rotates, const struct ph_command_flag *flags)
{
    const struct ph_str pool_id = ph_str_from(flags[FLAG_POOL].value);
    struct ph_data data;
    char why[256] = "";
    int64_t announce_s;
    struct ph_err err;

    if (!read_announce(config, flags, &announce_s)) {
        return PH_EXIT_MISUSED;
    }
    if (!ph_data_open(&data, &config->settings, PH_DATA_EXISTING, why, sizeof why)) {
        fprintf(stderr, "poolhouse: %s\n", why);
        return PH_EXIT_FAILED;
    }
    err = rotates ? rotate(&data.ctx, pool_id, announce_s) : list(&data.ctx, pool_id);
    if (err.type != NULL) {
        fprintf(stderr, "poolhouse: %s\n", err.message);
    }
    ph_data_close(&data);
    return err.type == NULL ? PH_EXIT_OK : PH_EXIT_FAILED;
}

static int list_or_rotate(bool rotates, int argc, char **argv)
{
    struct ph_command_flag flags[FLAG_COUNT] = {
        [FLAG_POOL] = { .name = "pool" },
        [FLAG_ANNOUNCE] = { .name = "announce" },
        [FLAG_NOW] = { .name = "now", .is_switch = true },
    };
    struct ph_config config;
    int status;

    if (ph_command_configure_with(&config, flags, rotates ? FLAG_COUNT : 1, argc, argv, &status)) {
        if (rotates && flags[FLAG_POOL].value == NULL) {
            fputs("poolhouse: say which pool: --pool ID\n", stderr);
            status = PH_EXIT_MISUSED;
        } else {
            status = act(&config, rotates, flags);
        }
    }
    ph_config_finish(&config);
    return status;
}

static int run(int argc, char **argv)
{
    if (argc == 0) {
        ph_command_print_help(&ph_command_keys, stderr);
        return PH_EXIT_MISUSED;
    }
    if (strcmp(argv[0], "rotate-data") == 0) {
        return ph_keys_rotate_data(argc - 1, argv + 1);
    }
    if (strcmp(argv[0], "rotate-master") == 0) {
        return ph_keys_rotate_master(argc - 1, argv + 1);
    }
    if (strcmp(argv[0], "retire-master") == 0) {
        return ph_keys_retire_master(argc - 1, argv + 1);
    }
    if (strcmp(argv[0], "list") != 0 && strcmp(argv[0], "rotate") != 0) {
        return ph_command_misused("command keys", argv[0], ACTIONS);
    }
    return list_or_rotate(strcmp(argv[0], "rotate") == 0, argc - 1, argv + 1);
}

const struct ph_command ph_command_keys = {
    .name = "keys",
    .summary = "show and rotate the keys that sign tokens, replace those that seal secrets",
    .help =
        "Usage:\n"
        "  poolhouse keys list [--pool ID] [FLAGS]\n"
        "  poolhouse keys rotate --pool ID [--announce TIME | --now] [FLAGS]\n"
        "  poolhouse keys rotate-data --pool ID | --all [--sign-out] [FLAGS]\n"
        "  poolhouse keys rotate-master --new-key-file FILE [FLAGS]\n"
        "  poolhouse keys retire-master [FLAGS]\n"
        "\n"
        "Works beside a running server, which sees the change with its next request; no restart.\n"
        "\n"
        "`rotate` makes new keys for ID and for access tokens. They are published in the JWKS at\n"
        "once and sign after TIME (1h), so that verifiers have fetched them by then. The old keys\n"
        "leave the JWKS 25 hours after that: tokens live for 24 hours at most. Nobody is signed\n"
        "out. With --now the new keys sign at once, for a key that somebody has seen: verifiers\n"
        "that do not ask again for a key they do not know refuse the new tokens for a while.\n"
        "\n"
        "  --pool ID          the user pool; `list` without it shows all\n"
        "  --announce TIME    from publishing to signing: 10m, 1h, 2d (1h)\n"
        "  --now              the same as --announce 0\n"
        "\n"
        "`rotate-data` makes a new data key for a pool, or for --all, and seals anew what the one\n"
        "before has sealed: passwords, secrets of clients, software tokens, signing keys and the\n"
        "rest. Running servers go on; it takes some seconds, and a minute for each million users.\n"
        "When it was interrupted it is run again and goes on. Nobody is signed out, unless\n"
        "\n"
        "  --sign-out         ends refresh tokens, sign-ins that are under way and codes that "
        "were\n"
        "                     sent: for a key that somebody has seen, who could make them\n"
        "\n"
        "`rotate-master` seals with the master key in FILE what the configured one has sealed: "
        "the\n"
        "keys of pools, access keys, messages on their way. Running servers go on; both keys open\n"
        "the database until `retire-master`, which wants the new one configured and every server\n"
        "started with it. When it was interrupted it is given the same file again.\n"
        "\n"
        "FLAGS say where the data is: --config FILE, --data DIR, --mode dev|serve.\n"
        "\n"
        "States: announced (published, does not sign yet), signs, replaced (published for the\n"
        "tokens that it has signed), gone.\n"
        "\n"
        "Examples:\n"
        "  poolhouse keys list --config /etc/poolhouse/poolhouse.ini\n"
        "  poolhouse keys rotate --pool eu-west-1_aB3dE5gH7 --config "
        "/etc/poolhouse/poolhouse.ini\n"
        "  poolhouse keys rotate --pool eu-west-1_aB3dE5gH7 --now --data poolhouse-data\n"
        "  poolhouse keys rotate-data --pool eu-west-1_aB3dE5gH7 --config "
        "/etc/poolhouse/poolhouse.ini\n"
        "  poolhouse keys rotate-master --new-key-file new.key --config "
        "/etc/poolhouse/poolhouse.ini\n",
    .run = run,
};
