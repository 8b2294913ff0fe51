/* `dump`: the pools of a database, or of a running `poolhouse dev`, as a seed. */
#include "fetch/fetch.h"
#include "main/command.h"
#include "main/data.h"
#include "model/validate.h"
#include "seed/dump.h"

#include <errno.h>
#include <string.h>

enum { FLAG_FILE, FLAG_SECRETS, FLAG_URL, FLAG_COUNT };

enum { REPLY_MAX = 512 * 1024 * 1024, TIMEOUT_MS = 120000 };

static int complain(const char *why)
{
    fprintf(stderr, "poolhouse: %s\n", why);
    return PH_EXIT_FAILED;
}

/* --- where it goes --- */

static int tell(const struct ph_command_flag *flags, struct ph_str text)
{
    if (flags[FLAG_FILE].value != NULL) {
        if (ph_data_write_private(flags[FLAG_FILE].value, text)) {
            return PH_EXIT_OK;
        }
        fprintf(stderr, "poolhouse: cannot write %s: %s\n", flags[FLAG_FILE].value,
                strerror(errno));
        return PH_EXIT_FAILED;
    }
    return fwrite(text.p, 1, text.n, stdout) == text.n && fputc('\n', stdout) != EOF &&
                   fflush(stdout) == 0
               ? PH_EXIT_OK
               : complain("cannot write to standard output");
}

/* --- where it comes from --- */

static int dump_data(const struct ph_settings *settings, const struct ph_command_flag *flags)
{
    const enum ph_dump_secrets secrets =
        flags[FLAG_SECRETS].value != NULL ? PH_DUMP_WITH_SECRETS : PH_DUMP_WITHOUT_SECRETS;
    struct json_t *document;
    struct ph_data data;
    char why[256] = "";
    struct ph_err err;
    int status;

    ph_validate_start();
    if (!ph_data_open(&data, settings, PH_DATA_EXISTING, why, sizeof why)) {
        return complain(why);
    }
    err = ph_seed_dump(&data.ctx, secrets, &document);
    status = err.type != NULL ? complain(err.message)
                              : tell(flags, ph_json_text(&data.arena, document, PH_JSON_SORTED));
    ph_data_close(&data);
    return status;
}

static int tell_reply(struct ph_arena *arena, const struct ph_command_flag *flags,
                      enum ph_fetch_result result, const struct ph_fetch_reply *reply)
{
    const struct json_t *document;

    if (result != PH_FETCH_REPLIED) {
        return complain("no server answers there");
    }
    document = ph_json_parse(arena, reply->body);
    if (reply->status != 200 || ph_json_get(document, "UserPools") == NULL) {
        return complain("that is not `poolhouse dev`, which alone can be asked for its pools");
    }
    return tell(flags, ph_json_text(arena, document, PH_JSON_SORTED));
}

static int dump_server(const struct ph_command_flag *flags)
{
    struct ph_arena arena = { 0 };
    struct ph_fetch *fetch = ph_fetch_create();
    struct ph_fetch_reply reply = { 0 };
    const struct ph_fetch_request request = {
        .method = "GET",
        .url = ph_strf(&arena, "%s/_poolhouse/dump%s", flags[FLAG_URL].value,
                       flags[FLAG_SECRETS].value != NULL ? "?secrets=true" : ""),
        .timeout_ms = TIMEOUT_MS,
        .reply_max = REPLY_MAX,
    };
    enum ph_fetch_result result;
    int status;

    ph_json_start();
    result = ph_fetch(fetch, &arena, &request, &reply);
    status = tell_reply(&arena, flags, result, &reply);
    ph_fetch_destroy(fetch);
    ph_arena_finish(&arena);
    return status;
}

static int run(int argc, char **argv)
{
    struct ph_command_flag flags[FLAG_COUNT] = {
        [FLAG_FILE] = { .name = NULL },
        [FLAG_SECRETS] = { .name = "secrets", .is_switch = true },
        [FLAG_URL] = { .name = "url" },
    };
    struct ph_config config;
    int status;

    if (ph_command_configure_with(&config, flags, FLAG_COUNT, argc, argv, &status)) {
        status =
            flags[FLAG_URL].value != NULL ? dump_server(flags) : dump_data(&config.settings, flags);
    }
    ph_config_finish(&config);
    return status;
}

const struct ph_command ph_command_dump = {
    .name = "dump",
    .summary = "write pools, clients, groups and users as a seed",
    .help = "Usage: poolhouse dump [FILE] [--secrets] [--url URL] [FLAGS]\n"
            "\n"
            "Writes all pools as JSON that `poolhouse dev --seed` reads, to FILE or to standard\n"
            "output. A server may run on the same data meanwhile.\n"
            "\n"
            "  --secrets    client secrets, those of identity providers, password verifiers and\n"
            "               secrets of authenticator apps, in clear: guard the file as you would "
            "guard\n"
            "               the passwords. Without it users come back without a password.\n"
            "  --url URL    ask a running `poolhouse dev` instead of reading a data directory\n"
            "\n"
            "Not in it: tokens, devices, passkeys, signing keys, codes and messages.\n"
            "\n"
            "FLAGS say where the data is: --config FILE, --data DIR, --mode dev|serve.\n"
            "\n"
            "Examples:\n"
            "  poolhouse dump shop.json --data poolhouse-data --mode dev\n"
            "  poolhouse dump shop.json --secrets --url http://localhost:9229\n"
            "  poolhouse dev --memory --seed shop.json\n",
    .run = run,
};
