/*
 * Configuration: defaults of the mode, one INI file, the environment, flags of the command line;
 * later ones win. One table of keys says everything about a key; parsing, `config check`,
 * `config show`, --help and docs/operations.md are made from it.
 *
 *   in the file        [server] listen = 127.0.0.1:9229
 *   environment        POOLHOUSE_SERVER_LISTEN=127.0.0.1:9229
 *   a secret's file    [master] key_file = /etc/poolhouse/master.key, POOLHOUSE_MASTER_KEY_FILE
 */
#ifndef PH_MAIN_CONFIG_H
#define PH_MAIN_CONFIG_H

#include "util/buf.h"
#include "util/settings.h"

#include <stdio.h>

enum ph_config_type {
    PH_CONFIG_TEXT,    /* struct ph_str; an empty value is absent */
    PH_CONFIG_ADDRESS, /* struct ph_str: "127.0.0.1:9229", "[::1]:9229", ":9229" */
    PH_CONFIG_URL,     /* struct ph_str, http or https; a slash at its end is taken off */
    PH_CONFIG_BOOL,    /* bool: true false yes no on off 1 0 */
    PH_CONFIG_NUMBER,  /* int64_t */
    PH_CONFIG_SIZE,    /* int64_t bytes: 512, 64K, 1M (powers of 1024) */
    PH_CONFIG_MILLIS,  /* int64_t milliseconds: 500ms, 10s, 5m, 1h; a bare number is seconds */
    PH_CONFIG_SECONDS, /* int64_t seconds, written in the same way */
    PH_CONFIG_CHOICE,  /* enum: the index of the value in `choices` */
    PH_CONFIG_DIGITS,  /* struct ph_str of exactly `max` digits */
    PH_CONFIG_LIST,    /* struct ph_str of lines: may be given several times by one source */
};

struct ph_config_key {
    const char *section;
    const char *name;
    const char *flag; /* of dev and serve, without dashes; NULL: none */
    const char *sign; /* what stands for the value in help: "ADDR:PORT" */
    enum ph_config_type type;
    size_t offset;           /* in struct ph_settings */
    const char *dev, *serve; /* defaults as one would write them; NULL: absent */
    int64_t min, max;
    const char *const *choices; /* NULL at the end */
    bool secret;                /* never shown; may be read from a file */
    bool dev_only;              /* an error in serve */
    const char *help;
};

extern const struct ph_config_key ph_config_keys[];
extern const size_t ph_config_key_count;

enum { PH_CONFIG_KEYS_MAX = 96 };

struct ph_config_value {
    struct ph_str text;
    bool given;           /* by something other than the default */
    struct ph_str source; /* "default", "environment", a file's name, "--listen" */
};

struct ph_config {
    struct ph_arena arena;
    struct ph_config_value values[PH_CONFIG_KEYS_MAX]; /* as ph_config_keys */
    struct ph_buf problems;                            /* one line each; empty when all is well */
    struct ph_settings settings;
};

/* Starts with the mode's defaults. The config must stay where it is (settings point into it). */
void ph_config_init(struct ph_config *config, enum ph_mode mode);

/* Wipes and frees. */
void ph_config_finish(struct ph_config *config);

/*
 * Each takes what it finds and adds a line to `problems` for what it does not understand, so that
 * all mistakes are seen at once.
 */
void ph_config_read_file(struct ph_config *config, const char *path);

/* Overwrites the values of secrets in the environment with stars once they are read. */
void ph_config_read_environment(struct ph_config *config, char **environment);
void ph_config_set(struct ph_config *config, const struct ph_config_key *key, struct ph_str text,
                   struct ph_str source);

/* Parses all values into `settings` and checks them together; false when there are problems. */
PH_MUST_USE bool ph_config_settle(struct ph_config *config);

/* Adds a line to the problems. */
void ph_config_problem(struct ph_config *config, const char *format, ...) PH_PRINTF(2, 3);

/* NULL when there is no such key. */
const struct ph_config_key *ph_config_find(struct ph_str section, struct ph_str name);
const struct ph_config_key *ph_config_find_flag(struct ph_str flag);

/* The parser of one value; false and a text in *why when it is not of the key's type. */
PH_MUST_USE bool ph_config_parse(struct ph_arena *arena, const struct ph_config_key *key,
                                 struct ph_str text, struct ph_settings *settings,
                                 const char **why);

/* A duration like "10s", "5m", "1h" in seconds; false and a text in *why when it is none. */
PH_MUST_USE bool ph_config_seconds(struct ph_arena *arena, struct ph_str text, int64_t max,
                                   int64_t *seconds, const char **why);

/* The file that would say the same; secrets as "***". */
void ph_config_show(const struct ph_config *config, FILE *out);

/* The table for --help (flags), and as Markdown for docs/operations.md. */
void ph_config_print_flags(enum ph_mode mode, FILE *out);
void ph_config_print_keys(FILE *out);

#endif
