/* A consistent copy of the database, beside a running server or without one. */
#include "crypto/passphrase.h"
#include "main/command.h"
#include "main/data.h"
#include "main/passphrase.h"
#include "store/backup.h"

enum { FLAG_FILE, FLAG_KEY, FLAG_PASSPHRASE, FLAG_COUNT };

static int complain(const char *why)
{
    fprintf(stderr, "poolhouse: %s\n", why);
    return PH_EXIT_FAILED;
}

/* The master key under the passphrase; absent: it was not asked for. */
static bool wrap_key(struct ph_config *config, const struct ph_command_flag *flags,
                     struct ph_str *wrapped, char *why, size_t why_size)
{
    PH_AUTO(ph_key_wipe) struct ph_key key = { 0 };
    struct ph_str passphrase;

    if (flags[FLAG_KEY].value == NULL) {
        return true;
    }
    if (!ph_data_load_key(&config->settings, &key, why, why_size) ||
        !ph_passphrase_read(&config->arena, flags[FLAG_PASSPHRASE].value, PH_PASSPHRASE_NEW,
                            &passphrase, why, why_size)) {
        return false;
    }
    *wrapped = ph_passphrase_wrap(&config->arena, passphrase, &key);
    return true;
}

static void tell(const char *path, struct ph_str key)
{
    printf("%s holds a copy of the database, which was read again and checked. ", path);
    puts(key.p == NULL ? "It opens with the same master key only, which is not in it."
                       : "The master key is in it, under the passphrase.");
}

static int backup(struct ph_config *config, const struct ph_command_flag *flags)
{
    const char *path = flags[FLAG_FILE].value, *text = "";
    struct ph_str key = { 0 };
    struct ph_data data;
    char why[256] = "";
    bool done;

    if (!wrap_key(config, flags, &key, why, sizeof why) ||
        !ph_data_open(&data, &config->settings, PH_DATA_EXISTING, why, sizeof why)) {
        return complain(why);
    }
    done = ph_store_backup(data.ctx.store, path, key, &text);
    if (done) {
        ph_store_backup_note(&data.ctx);
    }
    ph_data_close(&data);
    if (!done) {
        fprintf(stderr, "poolhouse: %s: %s\n", path, text);
        return PH_EXIT_FAILED;
    }
    tell(path, key);
    return PH_EXIT_OK;
}

static int run(int argc, char **argv)
{
    struct ph_command_flag flags[FLAG_COUNT] = {
        [FLAG_FILE] = { .name = NULL },
        [FLAG_KEY] = { .name = "include-key", .is_switch = true },
        [FLAG_PASSPHRASE] = { .name = "passphrase-file" },
    };
    struct ph_config config;
    int status;

    if (argc == 0) {
        ph_command_print_help(&ph_command_backup, stderr);
        return PH_EXIT_MISUSED;
    }
    if (ph_command_configure_with(&config, flags, FLAG_COUNT, argc, argv, &status)) {
        if (flags[FLAG_FILE].value == NULL) {
            fputs("poolhouse: say to which file: poolhouse backup FILE\n", stderr);
            status = PH_EXIT_MISUSED;
        } else {
            status = backup(&config, flags);
        }
    }
    ph_config_finish(&config);
    return status;
}

const struct ph_command ph_command_backup = {
    .name = "backup",
    .summary = "copy the database, also of a running server",
    .help =
        "Usage: poolhouse backup FILE [--include-key [--passphrase-file FILE]] [FLAGS]\n"
        "\n"
        "Writes a consistent copy of the database to a new file that only this user may read, and\n"
        "reads all of it again to check it. The server may run and goes on meanwhile. A file that\n"
        "exists is never overwritten. The copy is on the disk when the command ends with status "
        "0.\n"
        "\n"
        "Secrets in the copy stay sealed: keep the master key as well, in another place.\n"
        "\n"
        "  --include-key           put the master key into the copy, under a passphrase (scrypt):\n"
        "                          whoever has the file and the passphrase has everything\n"
        "  --passphrase-file FILE  its first line is the passphrase; otherwise the terminal is\n"
        "                          asked. At least 12 characters\n"
        "\n"
        "poolhouse restore puts such a file in place again.\n"
        "\n"
        "FLAGS say where the data is: --config FILE, --data DIR, --mode dev|serve.\n"
        "\n"
        "Examples:\n"
        "  poolhouse backup /var/backups/poolhouse-monday.db --config "
        "/etc/poolhouse/poolhouse.ini\n"
        "  poolhouse backup copy.db --data poolhouse-data\n",
    .run = run,
};
