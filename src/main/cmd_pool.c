/* What the service fixes when a user pool is made, changed afterwards. */
#include "main/command.h"
#include "main/data.h"

#include "user/alter.h"

#include <string.h>

static const char *const ACTIONS[] = { "alter", NULL };

enum { FLAG_POOL, FLAG_CASE, FLAG_ALIAS, FLAG_USERNAME, FLAG_APPLY, FLAG_COUNT };

/* --- the words of the command line --- */

static bool read_case(const char *given, bool *sensitive)
{
    if (given == NULL) {
        return true;
    }
    *sensitive = strcmp(given, "yes") == 0;
    if (*sensitive || strcmp(given, "no") == 0) {
        return true;
    }
    fputs("poolhouse: --case-sensitive: say yes or no\n", stderr);
    return false;
}

static unsigned bit_of(struct ph_str word, unsigned allowed)
{
    unsigned bit = 0;

    bit |= ph_str_eq(word, PH_STR("email")) ? PH_EMAIL : 0;
    bit |= ph_str_eq(word, PH_STR("phone_number")) ? PH_PHONE : 0;
    bit |= ph_str_eq(word, PH_STR("preferred_username")) ? PH_PREFERRED_USERNAME : 0;
    return bit & allowed;
}

/* "email,phone_number", or "none". */
static bool read_names(const struct ph_command_flag *flag, unsigned allowed, unsigned *bits)
{
    struct ph_str word, rest = ph_str_from(flag->value);
    unsigned read = 0;

    if (flag->value == NULL) {
        return true;
    }
    if (ph_str_eq(rest, PH_STR("none"))) {
        *bits = 0;
        return true;
    }
    do {
        ph_str_cut(rest, ',', &word, &rest);
        if (bit_of(word, allowed) == 0) {
            fprintf(stderr, "poolhouse: --%s: \"%.*s\" is no such attribute\n", flag->name,
                    PH_FMT(word));
            return false;
        }
        read |= bit_of(word, allowed);
    } while (rest.n > 0);
    *bits = read;
    return true;
}

static bool read_wanted(const struct ph_command_flag *flags, struct ph_alteration *wanted)
{
    return read_case(flags[FLAG_CASE].value, &wanted->case_sensitive) &&
           read_names(&flags[FLAG_ALIAS], PH_EMAIL | PH_PHONE | PH_PREFERRED_USERNAME,
                      &wanted->alias_attributes) &&
           read_names(&flags[FLAG_USERNAME], PH_EMAIL | PH_PHONE, &wanted->username_attributes);
}

/* --- altering --- */

static void tell(struct ph_str line)
{
    printf("conflict: %.*s\n", PH_FMT(line));
}

static int summarize(const struct ph_alter_report *report, bool apply)
{
    printf("%zu users, %zu conflicts: ", report->users, report->conflicts);
    if (report->conflicts > 0) {
        puts("nothing was changed");
        return PH_EXIT_FAILED;
    }
    puts(apply ? "the pool is altered" : "nothing is in the way; --apply alters the pool");
    return PH_EXIT_OK;
}

static int alter(struct ph_ctx *ctx, const struct ph_command_flag *flags)
{
    const bool apply = flags[FLAG_APPLY].value != NULL;
    struct ph_alter_report report = { .tell = tell };
    struct ph_alteration wanted;
    const struct ph_pool *pool;
    struct ph_err err = ph_pool_get(ctx, ph_str_from(flags[FLAG_POOL].value), &pool);

    if (err.type == NULL) {
        wanted = ph_alteration_of(pool);
        if (!read_wanted(flags, &wanted)) {
            return PH_EXIT_MISUSED;
        }
        err = ph_user_alter(ctx, pool, &wanted, apply, &report);
    }
    if (err.type != NULL) {
        fprintf(stderr, "poolhouse: %s\n", err.message);
        return PH_EXIT_FAILED;
    }
    return summarize(&report, apply);
}

static int act(struct ph_config *config, const struct ph_command_flag *flags)
{
    struct ph_data data;
    char why[256] = "";
    int status;

    if (flags[FLAG_POOL].value == NULL) {
        fputs("poolhouse: say which pool: --pool ID\n", stderr);
        return PH_EXIT_MISUSED;
    }
    if (!ph_data_open(&data, &config->settings, PH_DATA_EXISTING, why, sizeof why)) {
        fprintf(stderr, "poolhouse: %s\n", why);
        return PH_EXIT_FAILED;
    }
    status = alter(&data.ctx, flags);
    ph_data_close(&data);
    return status;
}

static int run(int argc, char **argv)
{
    struct ph_command_flag flags[FLAG_COUNT] = {
        [FLAG_POOL] = { .name = "pool" },
        [FLAG_CASE] = { .name = "case-sensitive" },
        [FLAG_ALIAS] = { .name = "alias-attributes" },
        [FLAG_USERNAME] = { .name = "username-attributes" },
        [FLAG_APPLY] = { .name = "apply", .is_switch = true },
    };
    struct ph_config config;
    int status;

    if (argc == 0) {
        ph_command_print_help(&ph_command_pool, stderr);
        return PH_EXIT_MISUSED;
    }
    if (strcmp(argv[0], "alter") != 0) {
        return ph_command_misused("command pool", argv[0], ACTIONS);
    }
    if (ph_command_configure_with(&config, flags, FLAG_COUNT, argc - 1, argv + 1, &status)) {
        status = act(&config, flags);
    }
    ph_config_finish(&config);
    return status;
}

const struct ph_command ph_command_pool = {
    .name = "pool",
    .summary = "change what is fixed when a user pool is made",
    .help =
        "Usage:\n"
        "  poolhouse pool alter --pool ID [--case-sensitive yes|no] [--alias-attributes LIST]\n"
        "                       [--username-attributes LIST] [--apply] [FLAGS]\n"
        "\n"
        "Beyond the service, which never changes these. Without --apply it only looks: every user\n"
        "is checked, and who would be found by a name that means somebody else is listed. With\n"
        "--apply the pool and all its users change together, when there is no conflict; else\n"
        "nothing does. Stop the server first: until it has seen the change it goes on by the old\n"
        "rules, and it cannot write meanwhile.\n"
        "\n"
        "Usernames, passwords, tokens and attributes stay as they are. What changes is by which\n"
        "names users are found: an alias when it is verified, a username attribute at once.\n"
        "\n"
        "  --pool ID                    the user pool\n"
        "  --case-sensitive yes|no      whether Ann and ann are two people\n"
        "  --alias-attributes LIST      email, phone_number, preferred_username; or none\n"
        "  --username-attributes LIST   email, phone_number; or none. Not beside aliases\n"
        "  --apply                      change it\n"
        "\n"
        "FLAGS say where the data is: --config FILE, --data DIR, --mode dev|serve.\n"
        "\n"
        "Examples:\n"
        "  poolhouse pool alter --pool eu-west-1_aB3dE5gH7 --case-sensitive no\n"
        "  poolhouse pool alter --pool eu-west-1_aB3dE5gH7 --case-sensitive no --apply\n"
        "  poolhouse pool alter --pool eu-west-1_aB3dE5gH7 --alias-attributes none \\\n"
        "    --username-attributes email --apply\n",
    .run = run,
};
