/* Brings the tables of a database to this version, beside servers of the version before. */
#include "main/command.h"
#include "main/data.h"

static int migrate(const struct ph_settings *settings)
{
    struct ph_data data;
    char why[256] = "";

    if (!ph_data_open(&data, settings, PH_DATA_MIGRATED, why, sizeof why)) {
        fprintf(stderr, "poolhouse: %s\n", why);
        return PH_EXIT_FAILED;
    }
    ph_data_close(&data);
    puts("The tables are those of this version.");
    return PH_EXIT_OK;
}

static int run(int argc, char **argv)
{
    struct ph_config config;
    int status;

    if (ph_command_configure_with(&config, NULL, 0, argc, argv, &status)) {
        status = migrate(&config.settings);
    }
    ph_config_finish(&config);
    return status;
}

const struct ph_command ph_command_migrate = {
    .name = "migrate",
    .summary = "bring the tables of a database to this version",
    .help =
        "Usage: poolhouse migrate [FLAGS]\n"
        "\n"
        "For several servers on PostgreSQL: run it once, with the new version, before the first\n"
        "server of that version starts. The servers of the version before go on meanwhile and\n"
        "afterwards. All of it is one transaction: whatever ends the command leaves the old "
        "tables\n"
        "or the new ones, and it can be run again. `serve` makes the tables of an empty database\n"
        "by itself and refuses older ones.\n"
        "\n"
        "A file of SQLite is brought to the version of the server that opens it; there is nothing\n"
        "to do.\n"
        "\n"
        "FLAGS say where the data is: --config FILE, --database URL, --data DIR, --mode "
        "dev|serve.\n"
        "\n"
        "Examples:\n"
        "  poolhouse migrate --config /etc/poolhouse/poolhouse.ini\n",
    .run = run,
};
