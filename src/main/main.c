#include "crypto/start.h"
#include "main/command.h"

#include <string.h>

static bool asks_for_help(const char *word)
{
    return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0;
}

static int run(const struct ph_command *command, int argc, char **argv)
{
    for (int i = 0; i < argc; i++) {
        if (asks_for_help(argv[i])) {
            ph_command_print_help(command, stdout);
            return PH_EXIT_OK;
        }
    }
    return command->run(argc, argv);
}

int main(int argc, char **argv)
{
    const struct ph_command *command;

    ph_crypto_start();
    if (argc < 2) {
        ph_command_print_list(stderr);
        return PH_EXIT_MISUSED;
    }
    if (asks_for_help(argv[1])) {
        ph_command_print_list(stdout);
        return PH_EXIT_OK;
    }
    command = ph_command_find(strcmp(argv[1], "--version") == 0 ? "version" : argv[1]);
    if (command == NULL) {
        return ph_command_help.run(1, argv + 1); /* knows what else was meant */
    }
    return run(command, argc - 2, argv + 2);
}
