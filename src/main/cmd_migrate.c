/* Brings the tables of a database to this version, beside servers of the version before. */
#include "main/command.h"
#include "main/data.h"

static int migrate(const struct ph_settings *settings, bool contracts)
{
    struct ph_data data;
    char why[256] = "";

    if (!ph_data_open(&data, settings, contracts ? PH_DATA_CONTRACTED : PH_DATA_MIGRATED, why,
                      sizeof why)) {
        fprintf(stderr, "poolhouse: %s\n", why);
        return PH_EXIT_FAILED;
    }
    ph_data_close(&data);
    puts(contracts ? "Nothing is left of older versions."
                   : "Servers of this version can use the tables.");
    return PH_EXIT_OK;
}

static int run(int argc, char **argv)
{
    struct ph_command_flag flags[] = { { .name = "contract", .is_switch = true } };
    struct ph_config config;
    int status;

    if (ph_command_configure_with(&config, flags, 1, argc, argv, &status)) {
        status = migrate(&config.settings, flags[0].value != NULL);
    }
    ph_config_finish(&config);
    return status;
}

const struct ph_command ph_command_migrate = {
    .name = "migrate",
    .summary = "bring the tables of a database to this version",
    .help =
        "Usage: poolhouse migrate [--contract] [FLAGS]\n"
        "\n"
        "For several servers on PostgreSQL, with the new version:\n"
        "\n"
        "  1. poolhouse migrate             before the first server of that version starts. Adds\n"
        "                                   tables and columns; the servers of the version before\n"
        "                                   go on meanwhile and afterwards, and can come back.\n"
        "  2. one server after the other    with the new version.\n"
        "  3. poolhouse migrate --contract  when none of the old version will come back. Takes "
        "away\n"
        "                                   what only they needed; refused while one still runs.\n"
        "\n"
        "Each is one transaction: whatever ends the command leaves the tables as they were or as\n"
        "they should be, and it can be run again. `serve` makes the tables of an empty database "
        "by\n"
        "itself, and refuses tables that are too old or too new for it.\n"
        "\n"
        "A file of SQLite is brought to the version of the server that opens it. To have as "
        "little\n"
        "as possible to do between two servers, run `poolhouse migrate` before the old one stops.\n"
        "\n"
        "FLAGS say where the data is: --config FILE, --database URL, --data DIR, --mode "
        "dev|serve.\n"
        "\n"
        "Examples:\n"
        "  poolhouse migrate --config /etc/poolhouse/poolhouse.ini\n"
        "  poolhouse migrate --contract --config /etc/poolhouse/poolhouse.ini\n",
    .run = run,
};
