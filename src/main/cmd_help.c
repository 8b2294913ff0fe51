#include "main/command.h"

#include "api/handlers.h"
#include "main/manual.h"

#include <string.h>

/* By enum ph_auth_class. */
static const char *const CALLERS[] = { "public", "access token", "signed" };

static bool is_built(const struct ph_operation *operation)
{
    return ph_handlers[operation->id].run != NULL;
}

/* The first operation of its group in the table stands for it. */
static bool opens_group(size_t i)
{
    for (size_t k = 0; k < i; k++) {
        if (strcmp(ph_operations[k].group, ph_operations[i].group) == 0) {
            return false;
        }
    }
    return true;
}

static size_t print_group(const char *group, FILE *out)
{
    size_t built = 0;

    fprintf(out, "%s\n", group);
    for (size_t i = 0; i < PH_OP_COUNT; i++) {
        const struct ph_operation *op = &ph_operations[i];

        if (strcmp(op->group, group) == 0) {
            fprintf(out, "  %-42s %-14s %s\n", op->name, CALLERS[op->auth],
                    is_built(op) ? "built" : "not built yet");
            built += is_built(op);
        }
    }
    fputc('\n', out);
    return built;
}

static int print_operations(FILE *out)
{
    size_t built = 0;

    for (size_t i = 0; i < PH_OP_COUNT; i++) {
        if (opens_group(i)) {
            built += print_group(ph_operations[i].group, out);
        }
    }
    fprintf(out, "%d operations: %zu built, %zu not built yet (they answer 501)\n", PH_OP_COUNT,
            built, PH_OP_COUNT - built);
    return PH_EXIT_OK;
}

static int print_completion(int argc, char **argv)
{
    static const char *const SHELLS[] = { "bash", "zsh", "fish", NULL };

    if (argc == 0) {
        ph_command_print_help(&ph_command_help, stderr);
        return PH_EXIT_MISUSED;
    }
    return ph_completion_print(argv[0], stdout) ? PH_EXIT_OK
                                                : ph_command_misused("shell", argv[0], SHELLS);
}

static int run(int argc, char **argv)
{
    const char *known[24];
    size_t n = 0;
    const struct ph_command *command;

    if (argc == 0) {
        ph_command_print_list(stdout);
        return PH_EXIT_OK;
    }
    if (strcmp(argv[0], "operations") == 0) {
        return print_operations(stdout);
    }
    if (strcmp(argv[0], "man") == 0) {
        ph_manual_print(stdout);
        return PH_EXIT_OK;
    }
    if (strcmp(argv[0], "completion") == 0) {
        return print_completion(argc - 1, argv + 1);
    }
    command = ph_command_find(argv[0]);
    if (command != NULL) {
        ph_command_print_help(command, stdout);
        return PH_EXIT_OK;
    }
    for (; ph_commands[n] != NULL && n < sizeof known / sizeof known[0] - 4; n++) {
        known[n] = ph_commands[n]->name;
    }
    known[n++] = "operations";
    known[n++] = "man";
    known[n++] = "completion";
    known[n] = NULL;
    return ph_command_misused("command", argv[0], known);
}

const struct ph_command ph_command_help = {
    .name = "help",
    .summary = "explain a command; list the operations of the API",
    .help = "Usage:\n"
            "  poolhouse help\n"
            "  poolhouse help COMMAND\n"
            "  poolhouse help operations     every operation of the API by group: who may call\n"
            "                                it, and whether it is built\n"
            "  poolhouse help man            all of this, and every key of the configuration, as\n"
            "                                the manual page poolhouse(1)\n"
            "  poolhouse help completion bash|zsh|fish    completes words in that shell\n"
            "\n"
            "Examples:\n"
            "  poolhouse help man | man -l -\n"
            "  . <(poolhouse help completion bash)\n",
    .run = run,
};
