/* All of an installation into a file that any other can read, given the passphrase. */
#include "main/command.h"
#include "main/export_csv.h"
#include "main/moving.h"
#include "main/passphrase.h"

enum { FLAG_FILE, FLAG_PASSPHRASE, FLAG_CSV, FLAG_COUNT };

static int complain(const char *why)
{
    fprintf(stderr, "poolhouse: %s\n", why);
    return PH_EXIT_FAILED;
}

static int export_to(struct ph_config *config, const struct ph_command_flag *flags)
{
    const char *path = flags[FLAG_FILE].value;
    struct ph_str passphrase;
    struct ph_data data;
    char why[256] = "";
    struct ph_err err;
    int status = PH_EXIT_OK;

    if (!ph_passphrase_read(&config->arena, flags[FLAG_PASSPHRASE].value, PH_PASSPHRASE_NEW,
                            &passphrase, why, sizeof why) ||
        !ph_data_open(&data, &config->settings, PH_DATA_EXISTING, why, sizeof why)) {
        return complain(why);
    }
    err = ph_export(&data.ctx, path, passphrase, &ph_moving_report);
    if (err.type != NULL) {
        status = complain(err.message);
    } else {
        printf("%s holds all of the installation as of now, its secrets under the passphrase.\n",
               path);
    }
    ph_data_close(&data);
    return status;
}

static int run(int argc, char **argv)
{
    struct ph_command_flag flags[FLAG_COUNT] = {
        [FLAG_FILE] = { .name = NULL },
        [FLAG_PASSPHRASE] = { .name = "passphrase-file" },
        [FLAG_CSV] = { .name = "csv" },
    };
    struct ph_config config;
    int status;

    if (argc == 0) {
        ph_command_print_help(&ph_command_export, stderr);
        return PH_EXIT_MISUSED;
    }
    if (ph_command_configure_with(&config, flags, FLAG_COUNT, argc, argv, &status)) {
        if (flags[FLAG_FILE].value == NULL) {
            fputs("poolhouse: say to which file: poolhouse export FILE\n", stderr);
            status = PH_EXIT_MISUSED;
        } else if (flags[FLAG_CSV].value != NULL) {
            status = ph_export_csv(&config.settings, ph_str_from(flags[FLAG_CSV].value),
                                   flags[FLAG_FILE].value);
        } else {
            status = export_to(&config, flags);
        }
    }
    ph_config_finish(&config);
    return status;
}

const struct ph_command ph_command_export = {
    .name = "export",
    .summary = "write all of an installation to a file for another one",
    .help =
        "Usage: poolhouse export FILE [--passphrase-file FILE] [FLAGS]\n"
        "       poolhouse export FILE --csv POOL [FLAGS]\n"
        "\n"
        "Writes everything to a new file of lines of JSON: pools, clients, users, groups, "
        "devices,\n"
        "passkeys, second factors, looks, tokens that were given out and ended, signing keys,\n"
        "access keys, messages that wait. poolhouse import makes the same of it elsewhere, on the\n"
        "same or the other kind of database, under another master key: users sign in as before "
        "and\n"
        "keep their sessions. The server may run; the file is of the moment at which the command\n"
        "began.\n"
        "\n"
        "Secrets are sealed by a key in the file, and that key by the passphrase (scrypt). What "
        "is\n"
        "no secret, such as addresses, stands in it in clear.\n"
        "\n"
        "With --csv only the users of one pool, as an import job takes them, here or at the real\n"
        "service: their attributes, in the columns of GetCSVHeader. No secrets are in it, so that\n"
        "those who come in by it set a password anew. Whom such a file cannot hold is named.\n"
        "\n"
        "  --csv POOL              the id of that pool\n"
        "  --passphrase-file FILE  its first line is the passphrase; otherwise the terminal is\n"
        "                          asked. At least 12 characters\n"
        "\n"
        "FLAGS say where the data is: --config FILE, --database URL, --data DIR, --mode "
        "dev|serve.\n"
        "\n"
        "Examples:\n"
        "  poolhouse export everything.jsonl --config /etc/poolhouse/poolhouse.ini\n"
        "  poolhouse export everything.jsonl --data poolhouse-data --passphrase-file phrase.txt\n"
        "  poolhouse export users.csv --csv eu-west-1_Ab3dEfG9h --data poolhouse-data\n",
    .run = run,
};
