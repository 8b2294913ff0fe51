#include "main/command.h"

#include "main/version.h"

static int run(int argc, char **argv)
{
    (void)argv;
    if (argc > 0) {
        ph_command_print_help(&ph_command_version, stderr);
        return PH_EXIT_MISUSED;
    }
    puts("poolhouse " PH_VERSION);
    return PH_EXIT_OK;
}

const struct ph_command ph_command_version = {
    .name = "version",
    .summary = "print the version",
    .help = "Usage: poolhouse version\n",
    .run = run,
};
