/* A file of `export` becomes an installation. */
#include "main/command.h"
#include "main/moving.h"
#include "main/passphrase.h"

enum { FLAG_FILE, FLAG_RESTART, FLAG_PASSPHRASE, FLAG_COUNT };

struct importing {
    struct ph_config *config;
    const struct ph_command_flag *flags;
    struct ph_export_file *file;
    struct ph_data data;
    char why[256];
};

static bool refuse(struct importing *i, struct ph_err err)
{
    snprintf(i->why, sizeof i->why, "%s", err.message);
    return false;
}

static bool open_file(struct importing *i)
{
    struct ph_str passphrase;
    struct ph_err err;

    ph_json_start();
    if (!ph_passphrase_read(&i->config->arena, i->flags[FLAG_PASSPHRASE].value, PH_PASSPHRASE_KNOWN,
                            &passphrase, i->why, sizeof i->why)) {
        return false;
    }
    err = ph_export_open(&i->config->arena, i->flags[FLAG_FILE].value, passphrase, &i->file);
    return err.type == NULL || refuse(i, err);
}

/* As of the version of the file: what later versions change, they change afterwards. */
static bool open_target(struct importing *i)
{
    const struct ph_settings *settings = &i->config->settings;
    struct ph_store_options place = { 0 };

    if (settings->memory) {
        snprintf(i->why, sizeof i->why, "a server with --memory keeps nothing: say where to");
        return false;
    }
    ph_data_place(&i->config->arena, settings, &place);
    place.exclusive = true;
    place.filling = true;
    place.migrate = true;
    place.version = ph_export_version(i->file);
    return ph_data_make_directory(settings, i->why, sizeof i->why) &&
           ph_data_open_place(&i->data, settings, &place, i->why, sizeof i->why);
}

static bool fill(struct importing *i)
{
    struct ph_ctx *ctx = &i->data.ctx;
    struct ph_err err = PH_OK;

    if (!ph_moving_may_fill(ctx, i->why, sizeof i->why)) {
        return false;
    }
    if (i->flags[FLAG_RESTART].value != NULL) {
        err = ph_fill_undo(ctx);
    }
    if (err.type == NULL) {
        err = ph_import(ctx, i->file, &ph_moving_report);
    }
    return err.type == NULL || refuse(i, err);
}

/* Opened once more, as everybody opens it: that brings it to this version. */
static bool finish(struct importing *i)
{
    if (!ph_data_open(&i->data, &i->config->settings, PH_DATA_MIGRATED, i->why, sizeof i->why)) {
        return false;
    }
    ph_data_close(&i->data);
    return true;
}

static bool import_into(struct importing *i)
{
    bool done;

    if (!open_target(i)) {
        return false;
    }
    done = fill(i);
    ph_data_close(&i->data);
    return done && finish(i);
}

static int import_file(struct ph_config *config, const struct ph_command_flag *flags)
{
    struct importing i = { .config = config, .flags = flags };
    const bool done = open_file(&i) && import_into(&i);

    ph_export_close(i.file);
    if (!done) {
        fprintf(stderr, "poolhouse: %s\n", i.why);
        return PH_EXIT_FAILED;
    }
    printf("All of %s is there, and was compared with it. Start the server.\n",
           flags[FLAG_FILE].value);
    return PH_EXIT_OK;
}

static int run(int argc, char **argv)
{
    struct ph_command_flag flags[FLAG_COUNT] = {
        [FLAG_FILE] = { .name = NULL },
        [FLAG_RESTART] = { .name = "restart", .is_switch = true },
        [FLAG_PASSPHRASE] = { .name = "passphrase-file" },
    };
    struct ph_config config;
    int status;

    if (argc == 0) {
        ph_command_print_help(&ph_command_import, stderr);
        return PH_EXIT_MISUSED;
    }
    if (ph_command_configure_with(&config, flags, FLAG_COUNT, argc, argv, &status)) {
        if (flags[FLAG_FILE].value == NULL) {
            fputs("poolhouse: say which file: poolhouse import FILE\n", stderr);
            status = PH_EXIT_MISUSED;
        } else {
            status = import_file(&config, flags);
        }
    }
    ph_config_finish(&config);
    return status;
}

const struct ph_command ph_command_import = {
    .name = "import",
    .summary = "make an installation of a file of export",
    .help =
        "Usage: poolhouse import FILE [--restart] [--passphrase-file FILE] [FLAGS]\n"
        "\n"
        "Fills an empty database with all that a file of poolhouse export holds; secrets are "
        "sealed\n"
        "anew, under the master key of this installation. First all of the file is read: one that\n"
        "is damaged, cut or changed is refused before anything is written. In the end all rows "
        "are\n"
        "read back and compared with it.\n"
        "\n"
        "When the command was ended before that, run it again: it goes on where it was. Until it "
        "is\n"
        "complete no server starts on the database. Files of older versions are read, too.\n"
        "\n"
        "  --restart               start over: delete what an import that did not end has written\n"
        "  --passphrase-file FILE  its first line is the passphrase of the export; otherwise the\n"
        "                          terminal is asked\n"
        "\n"
        "Messages that waited in the outbox will be sent by the new installation: stop the old "
        "one\n"
        "before the export, or they are sent twice. (Files of users for one pool are import jobs:\n"
        "CreateUserImportJob.)\n"
        "\n"
        "FLAGS say where the data is: --config FILE, --database URL, --data DIR, --mode "
        "dev|serve.\n"
        "\n"
        "Examples:\n"
        "  poolhouse import everything.jsonl --config /etc/poolhouse/poolhouse.ini\n"
        "  poolhouse import everything.jsonl --data poolhouse-data --passphrase-file phrase.txt\n",
    .run = run,
};
