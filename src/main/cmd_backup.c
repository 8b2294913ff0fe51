/* A consistent copy of the database, beside a running server or without one. */
#include "main/command.h"
#include "main/data.h"

static int backup_to(const struct ph_settings *settings, const char *path)
{
    struct ph_data data;
    const char *text = "";
    char why[256] = "";
    bool done;

    if (!ph_data_open(&data, settings, PH_DATA_EXISTING, why, sizeof why)) {
        fprintf(stderr, "poolhouse: %s\n", why);
        return PH_EXIT_FAILED;
    }
    done = ph_store_backup(data.ctx.store, path, &text);
    ph_data_close(&data);
    if (!done) {
        fprintf(stderr, "poolhouse: %s: %s\n", path, text);
        return PH_EXIT_FAILED;
    }
    printf("%s holds a copy of the database. It opens with the same master key only, which is not "
           "in it.\n",
           path);
    return PH_EXIT_OK;
}

static int run(int argc, char **argv)
{
    struct ph_command_flag file = { 0 };
    struct ph_config config;
    int status;

    if (argc == 0) {
        ph_command_print_help(&ph_command_backup, stderr);
        return PH_EXIT_MISUSED;
    }
    if (ph_command_configure_with(&config, &file, 1, argc, argv, &status)) {
        if (file.value == NULL) {
            fputs("poolhouse: say to which file: poolhouse backup FILE\n", stderr);
            status = PH_EXIT_MISUSED;
        } else {
            status = backup_to(&config.settings, file.value);
        }
    }
    ph_config_finish(&config);
    return status;
}

const struct ph_command ph_command_backup = {
    .name = "backup",
    .summary = "copy the database, also of a running server",
    .help =
        "Usage: poolhouse backup FILE [FLAGS]\n"
        "\n"
        "Writes a consistent copy of the database to a new file that only this user may read. The\n"
        "server may run and goes on meanwhile. A file that exists is never overwritten. The copy\n"
        "is on the disk when the command ends with status 0.\n"
        "\n"
        "Secrets in the copy stay sealed: keep the master key as well, in another place.\n"
        "\n"
        "To restore: stop the server, take poolhouse.db, poolhouse.db-wal and poolhouse.db-shm "
        "out\n"
        "of the data directory, put the copy there as poolhouse.db, start the server with the\n"
        "same master key.\n"
        "\n"
        "FLAGS say where the data is: --config FILE, --data DIR, --mode dev|serve.\n"
        "\n"
        "Examples:\n"
        "  poolhouse backup /var/backups/poolhouse-monday.db --config "
        "/etc/poolhouse/poolhouse.ini\n"
        "  poolhouse backup copy.db --data poolhouse-data\n",
    .run = run,
};
