#include "main/command.h"

static int run(int argc, char **argv)
{
    const char *known[16];
    size_t n = 0;
    const struct ph_command *command;

    if (argc == 0) {
        ph_command_print_list(stdout);
        return PH_EXIT_OK;
    }
    command = ph_command_find(argv[0]);
    if (command != NULL) {
        ph_command_print_help(command, stdout);
        return PH_EXIT_OK;
    }
    for (; ph_commands[n] != NULL && n < sizeof known / sizeof known[0] - 1; n++) {
        known[n] = ph_commands[n]->name;
    }
    known[n] = NULL;
    return ph_command_misused("command", argv[0], known);
}

const struct ph_command ph_command_help = {
    .name = "help",
    .summary = "explain a command",
    .help = "Usage:\n"
            "  poolhouse help\n"
            "  poolhouse help COMMAND\n",
    .run = run,
};
