/* From one kind of database to the other, under the same master key. */
#include "crypto/hash.h"
#include "main/command.h"
#include "main/moving.h"
#include "util/encode.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FLAG_FROM, FLAG_TO, FLAG_RESTART, FLAG_COUNT };

#define SQLITE PH_STR("sqlite:")

struct migrating {
    struct ph_config *config;
    const struct ph_command_flag *flags;
    struct ph_data from, to;
    char why[256];
};

/* A file is named by its whole path: a run from another directory means the same one. */
static bool place_of(struct migrating *m, const char *given, struct ph_store_options *place)
{
    const struct ph_str text = ph_str_from(given);

    place->exclusive = true;
    if (ph_str_starts(text, SQLITE)) {
        place->path = ph_str_skip(text, SQLITE.n);
        return place->path.n > 0;
    }
    place->path = text;
    place->password = m->config->settings.database_password;
    return ph_str_starts(text, PH_STR("postgresql://")) ||
           ph_str_starts(text, PH_STR("postgres://"));
}

static bool open_source(struct migrating *m)
{
    struct ph_store_options place = { 0 };

    if (!place_of(m, m->flags[FLAG_FROM].value, &place)) {
        snprintf(m->why, sizeof m->why, "--from is sqlite:FILE or postgresql://...");
        return false;
    }
    if (ph_str_starts(ph_str_from(m->flags[FLAG_FROM].value), SQLITE) &&
        access(ph_cstr(&m->config->arena, place.path), R_OK | W_OK) != 0) {
        snprintf(m->why, sizeof m->why, "%.*s: %s", PH_FMT(place.path), strerror(errno));
        return false;
    }
    return ph_data_open_place(&m->from, &m->config->settings, &place, m->why, sizeof m->why);
}

static bool open_target(struct migrating *m)
{
    struct ph_store_options place = { .filling = true, .migrate = true };

    if (!place_of(m, m->flags[FLAG_TO].value, &place)) {
        snprintf(m->why, sizeof m->why, "--to is sqlite:FILE or postgresql://...");
        return false;
    }
    return ph_data_open_place(&m->to, &m->config->settings, &place, m->why, sizeof m->why);
}

/* Names the source without telling it: a URL may hold a password. */
static struct ph_str name_source(struct migrating *m)
{
    struct ph_arena *arena = &m->config->arena;
    const struct ph_str given = ph_str_from(m->flags[FLAG_FROM].value);
    struct ph_digest digest;
    char *whole = NULL;

    if (ph_str_starts(given, SQLITE)) {
        whole = realpath(ph_cstr(arena, ph_str_skip(given, SQLITE.n)), NULL);
    }
    PH_SHA256(&digest, whole == NULL ? given : ph_str_from(whole));
    free(whole);
    return ph_strf(arena, "migrate-storage %.*s", PH_FMT(ph_hex(arena, ph_digest_str(&digest))));
}

static bool copy(struct migrating *m)
{
    struct ph_err err = PH_OK;

    if (!ph_moving_is_quiet(&m->from.ctx, m->why, sizeof m->why) ||
        !ph_moving_may_fill(&m->to.ctx, m->why, sizeof m->why)) {
        return false;
    }
    if (m->flags[FLAG_RESTART].value != NULL) {
        err = ph_fill_undo(&m->to.ctx);
    }
    if (err.type == NULL) {
        err = ph_copy(&m->from.ctx, &m->to.ctx, name_source(m), &ph_moving_report);
    }
    if (err.type != NULL) {
        snprintf(m->why, sizeof m->why, "%s", err.message);
    }
    return err.type == NULL;
}

static bool migrate(struct migrating *m)
{
    bool done = false;

    if (!open_source(m)) {
        return false;
    }
    if (open_target(m)) {
        done = copy(m);
        ph_data_close(&m->to);
    }
    ph_data_close(&m->from);
    return done;
}

static int run_with(struct ph_config *config, const struct ph_command_flag *flags)
{
    struct migrating m = { .config = config, .flags = flags };

    if (flags[FLAG_FROM].value == NULL || flags[FLAG_TO].value == NULL) {
        fputs("poolhouse: say from where and to where: poolhouse migrate-storage --from URL --to"
              " URL\n",
              stderr);
        return PH_EXIT_MISUSED;
    }
    if (!migrate(&m)) {
        fprintf(stderr, "poolhouse: %s\n", m.why);
        return PH_EXIT_FAILED;
    }
    puts("All rows were copied and compared. Start the servers on the new database; keep the old\n"
         "one until you trust the new one, and start no server on it.");
    return PH_EXIT_OK;
}

static int run(int argc, char **argv)
{
    struct ph_command_flag flags[FLAG_COUNT] = {
        [FLAG_FROM] = { .name = "from" },
        [FLAG_TO] = { .name = "to" },
        [FLAG_RESTART] = { .name = "restart", .is_switch = true },
    };
    struct ph_config config;
    int status;

    if (argc == 0) {
        ph_command_print_help(&ph_command_migrate_storage, stderr);
        return PH_EXIT_MISUSED;
    }
    if (ph_command_configure_with(&config, flags, FLAG_COUNT, argc, argv, &status)) {
        status = run_with(&config, flags);
    }
    ph_config_finish(&config);
    return status;
}

const struct ph_command ph_command_migrate_storage = {
    .name = "migrate-storage",
    .summary = "copy a database from SQLite to PostgreSQL, or back",
    .help =
        "Usage: poolhouse migrate-storage --from URL --to URL [--restart] [FLAGS]\n"
        "\n"
        "Copies all rows of all tables into an empty database, in small transactions, then reads "
        "all\n"
        "of both and compares them. A URL is sqlite:FILE (poolhouse.db in a data directory) or\n"
        "postgresql://... The master key stays the same.\n"
        "\n"
        "The servers of both must be stopped: a file that one has open is refused, and so is a\n"
        "PostgreSQL to which somebody writes. When the command was ended before the end, run it\n"
        "again: it goes on where it was. Until it is complete no server starts on the target. The\n"
        "rows of the source are only read (tables of an older version are brought to this one).\n"
        "\n"
        "  --restart  start over: delete what a migration that did not end has written\n"
        "\n"
        "FLAGS say where the master key is, and the password of PostgreSQL when it is not in the\n"
        "URL: --config FILE, --data DIR.\n"
        "\n"
        "Examples:\n"
        "  poolhouse migrate-storage --from sqlite:/var/lib/poolhouse/poolhouse.db \\\n"
        "    --to postgresql://poolhouse@db1,db2/poolhouse --config /etc/poolhouse/poolhouse.ini\n",
    .run = run,
};
