/*
 * Subcommands: one row and one file (cmd_*.c) each. A command prints results to standard output,
 * complaints to standard error, and returns the exit status: 0 done, 1 failed, 2 misused.
 */
#ifndef PH_MAIN_COMMAND_H
#define PH_MAIN_COMMAND_H

#include "main/config.h"

struct ph_command {
    const char *name;
    const char *summary;               /* one line */
    const char *help;                  /* what it does, with examples */
    void (*help_more)(FILE *out);      /* what is made from tables; may be NULL */
    int (*run)(int argc, char **argv); /* argv[0] is the first word after the name */
};

enum { PH_EXIT_OK = 0, PH_EXIT_FAILED = 1, PH_EXIT_MISUSED = 2 };

extern const struct ph_command *const ph_commands[]; /* NULL at the end */

extern const struct ph_command ph_command_dev;
extern const struct ph_command ph_command_serve;
extern const struct ph_command ph_command_config;
extern const struct ph_command ph_command_credentials;
extern const struct ph_command ph_command_keys;
extern const struct ph_command ph_command_pool;
extern const struct ph_command ph_command_backup;
extern const struct ph_command ph_command_restore;
extern const struct ph_command ph_command_export;
extern const struct ph_command ph_command_import;
extern const struct ph_command ph_command_migrate_storage;
extern const struct ph_command ph_command_migrate;
extern const struct ph_command ph_command_doctor;
extern const struct ph_command ph_command_dump;
extern const struct ph_command ph_command_leave;
extern const struct ph_command ph_command_help;
extern const struct ph_command ph_command_version;

const struct ph_command *ph_command_find(const char *name); /* NULL: no such command */

void ph_command_print_list(FILE *out);
void ph_command_print_help(const struct ph_command *command, FILE *out);

/* Complains about a word that is not one of `known` (NULL at the end), with the nearest one. */
int ph_command_misused(const char *what, const char *given, const char *const *known);

/* A flag of one command, beside those of the configuration. */
struct ph_command_flag {
    const char *name;  /* without dashes; NULL: the one word that stands without a flag */
    bool is_switch;    /* takes no value: "--now" */
    const char *value; /* NULL: not given */
};

/* Takes "--mode dev" or "--mode serve" out of the words; false after a complaint. */
PH_MUST_USE bool ph_command_take_mode(int *argc, char **argv, enum ph_mode *mode);

/*
 * Reads the flags of a command that needs the configuration: --config FILE and every flag of the
 * table; then the file, the environment, and again the flags, which win.
 * False after complaints, with the exit status to return.
 */
PH_MUST_USE bool ph_command_configure(struct ph_config *config, enum ph_mode mode, int argc,
                                      char **argv, int *status);

/* The same for a command with flags of its own, whose values it fills; takes --mode as well. */
PH_MUST_USE bool ph_command_configure_with(struct ph_config *config, struct ph_command_flag *own,
                                           size_t own_count, int argc, char **argv, int *status);

#endif
