#include "main/command.h"

#include "main/suggest.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const struct ph_command *const ph_commands[] = {
    &ph_command_dev,
    &ph_command_serve,
    &ph_command_config,
    &ph_command_credentials,
    &ph_command_doctor,
    &ph_command_keys,
    &ph_command_backup,
    &ph_command_restore,
    &ph_command_export,
    &ph_command_import,
    &ph_command_migrate_storage,
    &ph_command_pool,
    &ph_command_dump,
    &ph_command_leave,
    &ph_command_migrate,
    &ph_command_version,
    &ph_command_help,
    NULL,
};

const struct ph_command *ph_command_find(const char *name)
{
    for (size_t i = 0; ph_commands[i] != NULL; i++) {
        if (strcmp(ph_commands[i]->name, name) == 0) {
            return ph_commands[i];
        }
    }
    return NULL;
}

void ph_command_print_list(FILE *out)
{
    fputs("poolhouse: user pools of your own, for unmodified Amazon Cognito clients\n\n"
          "Usage: poolhouse COMMAND [FLAGS]\n\nCommands:\n",
          out);
    for (size_t i = 0; ph_commands[i] != NULL; i++) {
        fprintf(out, "  %-15s %s\n", ph_commands[i]->name, ph_commands[i]->summary);
    }
    fputs("\nTo begin:                 poolhouse dev\n"
          "About one command:        poolhouse COMMAND --help\n",
          out);
}

void ph_command_print_help(const struct ph_command *command, FILE *out)
{
    fprintf(out, "poolhouse %s: %s\n\n%s", command->name, command->summary, command->help);
    if (command->help_more != NULL) {
        command->help_more(out);
    }
}

int ph_command_misused(const char *what, const char *given, const char *const *known)
{
    struct ph_suggestion s = { .given = ph_str_from(given) };

    for (; *known != NULL; known++) {
        ph_suggest(&s, ph_str_from(*known));
    }
    fprintf(stderr, "poolhouse: there is no %s '%s'", what, given);
    if (s.best.p != NULL) {
        fprintf(stderr, "; did you mean '%.*s'?", PH_FMT(s.best));
    }
    fputc('\n', stderr);
    return PH_EXIT_MISUSED;
}

/* The flags of one command alone. */
struct own {
    struct ph_command_flag *flags;
    size_t count;
};

enum { OWN_MAX = 8 };

static int misused_flag(const char *given, const struct own *own)
{
    const char *known[PH_CONFIG_KEYS_MAX + OWN_MAX + 3];
    size_t n = 0;

    for (size_t i = 0; i < own->count && i < OWN_MAX; i++) {
        if (own->flags[i].name != NULL) {
            known[n++] = own->flags[i].name;
        }
    }
    for (size_t i = 0; i < ph_config_key_count; i++) {
        if (ph_config_keys[i].flag != NULL) {
            known[n++] = ph_config_keys[i].flag;
        }
    }
    known[n++] = "config";
    known[n++] = "help";
    known[n] = NULL;
    return ph_command_misused("flag", given, known);
}

struct flag {
    struct ph_str name;
    struct ph_str value;
    const struct ph_config_key *key; /* NULL: --config */
    int words;                       /* of the command line */
};

/* "--name=value", "--name value", "--name" and "--no-name" of a switch. */
static bool parse_flag(int argc, char **argv, struct flag *flag)
{
    struct ph_str word = ph_str_from(argv[0]);
    const bool dashes = ph_str_starts(word, PH_STR("--"));
    const bool with_value =
        ph_str_cut(ph_str_skip(word, dashes ? 2 : 0), '=', &flag->name, &flag->value);
    struct ph_str positive = flag->name;

    if (!dashes) {
        return false;
    }
    flag->words = 1;
    flag->key = ph_config_find_flag(flag->name);
    if (flag->key == NULL && ph_str_starts(flag->name, PH_STR("no-"))) {
        positive = ph_str_skip(flag->name, 3);
        flag->key = ph_config_find_flag(positive);
    }
    if (flag->key == NULL && !ph_str_eq(flag->name, PH_STR("config"))) {
        return false;
    }
    if (with_value) {
        return positive.n == flag->name.n;
    }
    if (flag->key != NULL && flag->key->type == PH_CONFIG_BOOL) {
        flag->value = positive.n == flag->name.n ? PH_STR("true") : PH_STR("false");
        return true;
    }
    if (argc < 2 || positive.n != flag->name.n) {
        return false;
    }
    flag->value = ph_str_from(argv[1]);
    flag->words = 2;
    return true;
}

static int complain(const struct ph_config *config)
{
    fprintf(stderr, "poolhouse: the configuration is wrong:\n%.*s",
            PH_FMT(ph_buf_str(&config->problems)));
    return PH_EXIT_MISUSED;
}

static bool fail(int *status, int with)
{
    *status = with;
    return false;
}

static struct ph_command_flag *find_own(const struct own *own, struct ph_str name)
{
    for (size_t i = 0; i < own->count; i++) {
        if (own->flags[i].name != NULL && ph_str_eq(name, ph_str_from(own->flags[i].name))) {
            return &own->flags[i];
        }
    }
    return NULL;
}

/* Also when the same word comes again, in the second round. */
static int take_word(const struct own *own, const char *word)
{
    for (size_t i = 0; i < own->count; i++) {
        struct ph_command_flag *flag = &own->flags[i];

        if (flag->name == NULL && (flag->value == NULL || flag->value == word)) {
            flag->value = word;
            return 1;
        }
    }
    return 0;
}

/* How many words belong to a flag of the command itself; 0: it is none, or lacks its value. */
static int take_own(const struct own *own, int argc, char **argv)
{
    struct ph_command_flag *flag;
    struct ph_str name, value;
    bool with_value;

    if (!ph_str_starts(ph_str_from(argv[0]), PH_STR("--"))) {
        return take_word(own, argv[0]);
    }
    with_value = ph_str_cut(ph_str_skip(ph_str_from(argv[0]), 2), '=', &name, &value);
    flag = find_own(own, name);
    if (flag == NULL || (flag->is_switch && with_value)) {
        return 0;
    }
    if (flag->is_switch || with_value) {
        flag->value = flag->is_switch ? "true" : argv[0] + 2 + name.n + 1;
        return 1;
    }
    flag->value = argc > 1 ? argv[1] : NULL;
    return argc > 1 ? 2 : 0;
}

static bool complain_about_flag(const char *word, const struct own *own, int *status)
{
    const struct ph_str name = ph_str_skip(ph_str_from(word), 2);

    if (ph_str_starts(ph_str_from(word), PH_STR("--")) &&
        (ph_config_find_flag(name) != NULL || find_own(own, name) != NULL)) {
        fprintf(stderr, "poolhouse: the flag %s needs a value\n", word);
        return fail(status, PH_EXIT_MISUSED);
    }
    return fail(status,
                misused_flag(word + (word[0] == '-') + (word[0] == '-' && word[1] == '-'), own));
}

/*
 * In two rounds: the file's name must be known before the flags that win over the file. Those are
 * set once only: some may be given again and again, and add up.
 */
enum round { FIND_FILE, SET_KEYS };

static bool each_flag(struct ph_config *config, enum round round, const struct own *own, int argc,
                      char **argv, const char **file, int *status)
{
    for (int i = 0; i < argc;) {
        struct flag flag = { .words = take_own(own, argc - i, argv + i) };

        if (flag.words == 0 && !parse_flag(argc - i, argv + i, &flag)) {
            return complain_about_flag(argv[i], own, status);
        }
        if (flag.key != NULL && round == SET_KEYS) {
            ph_config_set(config, flag.key, flag.value,
                          ph_strf(&config->arena, "--%s", flag.key->flag));
        } else if (flag.key == NULL && flag.name.p != NULL) {
            *file = ph_cstr(&config->arena, flag.value);
        }
        i += flag.words;
    }
    return true;
}

/* Lists grow with each flag: in the second round they would hold everything twice. */
static void forget_lists(struct ph_config *config)
{
    for (size_t i = 0; i < ph_config_key_count; i++) {
        if (ph_config_keys[i].type == PH_CONFIG_LIST) {
            config->values[i].given = false;
        }
    }
}

static bool configure(struct ph_config *config, enum ph_mode mode, const struct own *own, int argc,
                      char **argv, int *status)
{
    const char *file = getenv("POOLHOUSE_CONFIG");

    ph_config_init(config, mode);
    if (!each_flag(config, FIND_FILE, own, argc, argv, &file, status)) {
        return false;
    }
    forget_lists(config);
    if (file != NULL) {
        ph_config_read_file(config, file);
    }
    ph_config_read_environment(config, environ);
    if (!each_flag(config, SET_KEYS, own, argc, argv, &file, status)) {
        return false;
    }
    return ph_config_settle(config) || fail(status, complain(config));
}

bool ph_command_configure(struct ph_config *config, enum ph_mode mode, int argc, char **argv,
                          int *status)
{
    return configure(config, mode, &(struct own){ 0 }, argc, argv, status);
}

static bool read_mode(struct ph_str text, enum ph_mode *mode)
{
    if (!ph_str_eq(text, PH_STR("dev")) && !ph_str_eq(text, PH_STR("serve"))) {
        fputs("poolhouse: --mode is dev or serve\n", stderr);
        return false;
    }
    *mode = ph_str_eq(text, PH_STR("dev")) ? PH_MODE_DEV : PH_MODE_SERVE;
    return true;
}

bool ph_command_take_mode(int *argc, char **argv, enum ph_mode *mode)
{
    struct ph_str name, value;

    for (int i = 0; i < *argc; i++) {
        const bool joined = ph_str_cut(ph_str_from(argv[i]), '=', &name, &value);
        const int words = joined ? 1 : 2;

        if (!ph_str_eq(name, PH_STR("--mode"))) {
            continue;
        }
        if (!joined) {
            value = ph_str_from(i + 1 < *argc ? argv[i + 1] : "");
        }
        if (!read_mode(value, mode)) {
            return false;
        }
        *argc -= words;
        memmove(argv + i, argv + i + words, (size_t)(*argc - i) * sizeof *argv);
        return true;
    }
    return true;
}

bool ph_command_configure_with(struct ph_config *config, struct ph_command_flag *own,
                               size_t own_count, int argc, char **argv, int *status)
{
    const struct own flags = { own, own_count };
    enum ph_mode mode = PH_MODE_SERVE;

    if (!ph_command_take_mode(&argc, argv, &mode)) {
        ph_config_init(config, mode);
        return fail(status, PH_EXIT_MISUSED);
    }
    return configure(config, mode, &flags, argc, argv, status);
}
