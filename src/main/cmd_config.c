#include "main/command.h"

#include <string.h>

static const char *const ACTIONS[] = { "check", "show", "keys", NULL };

static int check_or_show(bool show, int argc, char **argv)
{
    enum ph_mode mode = PH_MODE_SERVE;
    struct ph_config config;
    int status = PH_EXIT_OK;

    if (!ph_command_take_mode(&argc, argv, &mode)) {
        return PH_EXIT_MISUSED;
    }
    if (ph_command_configure(&config, mode, argc, argv, &status)) {
        if (show) {
            ph_config_show(&config, stdout);
        } else {
            puts("The configuration is good.");
        }
    }
    ph_config_finish(&config);
    return status;
}

static int run(int argc, char **argv)
{
    if (argc == 0) {
        ph_command_print_help(&ph_command_config, stderr);
        return PH_EXIT_MISUSED;
    }
    if (strcmp(argv[0], "keys") == 0) {
        ph_config_print_keys(stdout);
        return PH_EXIT_OK;
    }
    if (strcmp(argv[0], "check") != 0 && strcmp(argv[0], "show") != 0) {
        return ph_command_misused("command config", argv[0], ACTIONS);
    }
    return check_or_show(strcmp(argv[0], "show") == 0, argc - 1, argv + 1);
}

const struct ph_command ph_command_config = {
    .name = "config",
    .summary = "check and show the configuration",
    .help = "Usage:\n"
            "  poolhouse config check [--mode dev|serve] [FLAGS]   exit status 0 when it is good\n"
            "  poolhouse config show [--mode dev|serve] [FLAGS]    as a file, without secrets\n"
            "  poolhouse config keys                               all keys, as a table\n"
            "\n"
            "The flags are those of `poolhouse serve` (the mode when none is given). Later wins:\n"
            "the defaults of the mode, the file, the environment, the flags.\n"
            "\n"
            "Examples:\n"
            "  poolhouse config check --config /etc/poolhouse/poolhouse.ini\n"
            "  poolhouse config show --mode dev --memory\n"
            "\n"
            "A file:                     In the environment:\n"
            "  [server]                    POOLHOUSE_SERVER_LISTEN=127.0.0.1:9229\n"
            "  listen = 127.0.0.1:9229\n"
            "  [master]                    POOLHOUSE_MASTER_KEY_FILE=/etc/poolhouse/master.key\n"
            "  key_file = /etc/poolhouse/master.key\n",
    .run = run,
};
