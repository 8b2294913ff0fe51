/* Access keys of administrators: made with a policy, listed, deleted. */
#include "main/command.h"
#include "main/data.h"

#include "model/model.h"
#include "protocol/policy.h"
#include "store/access.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

enum {
    ID_RANDOM_CHARS = 16,
    SECRET_CHARS = 40,
    USER_NAME_MAX = 64,
    EXPIRES_IN_MAX_S = 10 * 365 * 86400,
};

static const char *const ACTIONS[] = { "create", "list", "delete", NULL };

static const char ADMINISTRATOR[] =
    "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\","
    "\"Action\":\"cognito-idp:*\",\"Resource\":\"*\"}]}";

/* A command on the open store; what went wrong has been said when it returns. */
typedef int with_data(struct ph_data *data, const struct ph_command_flag *flags);

static int complain(const char *what, const char *why)
{
    fprintf(stderr, "poolhouse: %s%s%s\n", what, why[0] == '\0' ? "" : ": ", why);
    return PH_EXIT_FAILED;
}

/* --- create --- */

enum { CREATE_USER, CREATE_POLICY, CREATE_EXPIRES_IN, CREATE_JSON, CREATE_COUNT };

/* As in IAM; it becomes a part of an ARN. */
static bool is_user_name(struct ph_str s)
{
    const struct ph_str allowed = PH_STR("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                         "0123456789_+=,.@-");

    for (size_t i = 0; i < s.n; i++) {
        if (!ph_str_has_byte(allowed, s.p[i])) {
            return false;
        }
    }
    return s.n > 0 && s.n <= USER_NAME_MAX;
}

/* What needs a key: nothing else is ever asked of a policy. */
static struct ph_policy_actions signed_operations(struct ph_arena *arena)
{
    struct ph_str *names = ph_arena_array(arena, PH_OP_COUNT, struct ph_str);
    size_t count = 0;

    for (size_t i = 0; i < PH_OP_COUNT; i++) {
        if (ph_operations[i].auth == PH_AUTH_SIGV4) {
            names[count++] = ph_strf(arena, "cognito-idp:%s", ph_operations[i].name);
        }
    }
    return (struct ph_policy_actions){ names, count };
}

static const char *review(struct ph_arena *arena, const char *path, struct ph_str policy)
{
    const struct ph_policy_actions actions = signed_operations(arena);
    struct ph_str doubts = { 0 };
    const char *why = ph_policy_review(arena, policy, &actions, &doubts);

    while (doubts.n > 0) {
        struct ph_str line;

        ph_str_cut(doubts, '\n', &line, &doubts);
        fprintf(stderr, "poolhouse: %s: note: %.*s\n", path, PH_FMT(line));
    }
    return why;
}

/* One byte more than a policy may have shows that it is too long. */
static bool read_policy(struct ph_arena *arena, const char *path, struct ph_str *policy)
{
    FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "rb");
    uint8_t *bytes = ph_arena_alloc(arena, PH_POLICY_MAX + 1);
    const char *why;
    size_t n;

    if (file == NULL) {
        (void)complain(path, strerror(errno));
        return false;
    }
    n = fread(bytes, 1, PH_POLICY_MAX + 1, file);
    why = ferror(file) ? strerror(errno) : NULL;
    if (file != stdin) {
        fclose(file);
    }
    if (why == NULL) {
        why = review(arena, path, (struct ph_str){ bytes, n });
    }
    if (why != NULL) {
        (void)complain(path, why);
        return false;
    }
    *policy = (struct ph_str){ bytes, n };
    return true;
}

static bool choose_policy(struct ph_arena *arena, const char *path, struct ph_str *policy)
{
    if (path != NULL) {
        return read_policy(arena, path, policy);
    }
    fputs("poolhouse: no --policy: this key may do everything (cognito-idp:* on *)\n", stderr);
    *policy = ph_str_from(ADMINISTRATOR);
    return true;
}

static bool choose_end(struct ph_ctx *ctx, const char *given, int64_t *expires_ms)
{
    const char *why;
    int64_t seconds;

    if (given == NULL) {
        return true;
    }
    if (!ph_config_seconds(ctx->arena, ph_str_from(given), EXPIRES_IN_MAX_S, &seconds, &why)) {
        (void)complain(ph_textf(ctx->arena, "--expires-in: \"%s\" %s", given, why), "");
        return false;
    }
    if (seconds < 1) {
        (void)complain("--expires-in: at least one second", "");
        return false;
    }
    *expires_ms = ph_now_ms(ctx) + seconds * 1000;
    return true;
}

static void print_as_json(struct ph_arena *arena, const struct ph_access_key *key)
{
    struct json_t *json = ph_json_object(arena);

    ph_json_set_int(arena, json, "Version", 1);
    ph_json_set_str(arena, json, "UserName", key->user_name);
    ph_json_set_str(arena, json, "AccessKeyId", key->id);
    ph_json_set_str(arena, json, "SecretAccessKey", key->secret);
    if (key->expires_ms != 0) {
        ph_json_set_str(arena, json, "Expiration", ph_time_iso(arena, key->expires_ms / 1000));
    }
    printf("%.*s\n", PH_FMT(ph_json_text(arena, json, PH_JSON_INSERTION)));
}

static void print_as_exports(const struct ph_ctx *ctx, const struct ph_access_key *key)
{
    printf("# %.*s: the secret is shown this once\n", PH_FMT(key->user_name));
    printf("export AWS_ACCESS_KEY_ID=%.*s\n", PH_FMT(key->id));
    printf("export AWS_SECRET_ACCESS_KEY=%.*s\n", PH_FMT(key->secret));
    printf("export AWS_DEFAULT_REGION=%.*s\n", PH_FMT(ctx->settings->default_region));
}

/* A key whose secret nobody has seen must not stay. */
static int print_new(struct ph_ctx *ctx, const struct ph_access_key *key, bool as_json)
{
    bool existed;

    if (as_json) {
        print_as_json(ctx->arena, key);
    } else {
        print_as_exports(ctx, key);
    }
    if (fflush(stdout) == 0 && !ferror(stdout)) {
        return PH_EXIT_OK;
    }
    if (ph_store_access_key_delete(ctx, key->id, &existed).type != NULL) {
        return complain("the secret could not be shown, and its key could not be deleted",
                        ph_textf(ctx->arena, "%.*s", PH_FMT(key->id)));
    }
    return complain("the secret could not be shown; the key has been deleted again", "");
}

static int create(struct ph_data *data, const struct ph_command_flag *flags)
{
    struct ph_ctx *ctx = &data->ctx;
    struct ph_access_key key = { .user_name = ph_str_from(flags[CREATE_USER].value),
                                 .created_ms = ph_now_ms(ctx) };
    bool taken = false;

    if (!choose_end(ctx, flags[CREATE_EXPIRES_IN].value, &key.expires_ms) ||
        !choose_policy(ctx->arena, flags[CREATE_POLICY].value, &key.policy)) {
        return PH_EXIT_FAILED;
    }
    key.id = ph_strf(
        ctx->arena, "AKIA%.*s",
        PH_FMT(ph_random_text(ctx, ID_RANDOM_CHARS, PH_STR("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"))));
    key.secret = ph_random_text(ctx, SECRET_CHARS,
                                PH_STR("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                       "0123456789+/"));
    if (ph_store_access_key_insert(ctx, &key, &taken).type != NULL || taken) {
        return complain("the key could not be stored", "");
    }
    return print_new(ctx, &key, flags[CREATE_JSON].value != NULL);
}

/* --- list --- */

enum { LIST_JSON, LIST_COUNT };

static struct ph_str end_of(struct ph_ctx *ctx, const struct ph_access_key *key)
{
    const struct ph_str time = ph_time_iso(ctx->arena, key->expires_ms / 1000);

    if (key->expires_ms == 0) {
        return PH_STR("never");
    }
    return key->expires_ms > ph_now_ms(ctx) ? time
                                            : ph_strf(ctx->arena, "%.*s, expired", PH_FMT(time));
}

static void print_table(struct ph_ctx *ctx, const struct ph_access_key *keys, size_t count)
{
    printf("%-20s  %-24s  %-20s  %s\n", "ACCESS KEY", "USER", "CREATED", "EXPIRES");
    for (size_t i = 0; i < count; i++) {
        printf("%-20.*s  %-24.*s  %-20.*s  %.*s\n", PH_FMT(keys[i].id), PH_FMT(keys[i].user_name),
               PH_FMT(ph_time_iso(ctx->arena, keys[i].created_ms / 1000)),
               PH_FMT(end_of(ctx, &keys[i])));
    }
}

/* What somebody has damaged in the database is shown as it stands there. */
static struct json_t *policy_as_json(struct ph_arena *arena, struct ph_str policy)
{
    struct json_t *json = ph_json_parse(arena, policy);

    return json != NULL ? json : ph_json_new_str(arena, policy);
}

static void print_keys_as_json(struct ph_ctx *ctx, const struct ph_access_key *keys, size_t count)
{
    struct ph_arena *arena = ctx->arena;
    struct json_t *list = ph_json_array(arena);

    for (size_t i = 0; i < count; i++) {
        struct json_t *json = ph_json_object(arena);

        ph_json_set_str(arena, json, "AccessKeyId", keys[i].id);
        ph_json_set_str(arena, json, "UserName", keys[i].user_name);
        ph_json_set_str(arena, json, "CreateDate", ph_time_iso(arena, keys[i].created_ms / 1000));
        if (keys[i].expires_ms != 0) {
            ph_json_set_str(arena, json, "Expiration",
                            ph_time_iso(arena, keys[i].expires_ms / 1000));
        }
        ph_json_set(arena, json, "Policy", policy_as_json(arena, keys[i].policy));
        ph_json_append(arena, list, json);
    }
    printf("%.*s\n", PH_FMT(ph_json_text(arena, list, PH_JSON_INSERTION)));
}

static int list(struct ph_data *data, const struct ph_command_flag *flags)
{
    struct ph_access_key *keys;
    size_t count;

    if (ph_store_access_key_list(&data->ctx, &keys, &count).type != NULL) {
        return complain("the keys could not be read", "");
    }
    if (flags[LIST_JSON].value != NULL) {
        print_keys_as_json(&data->ctx, keys, count);
    } else {
        print_table(&data->ctx, keys, count);
    }
    return PH_EXIT_OK;
}

/* --- delete --- */

enum { DELETE_KEY, DELETE_COUNT };

static int delete_key(struct ph_data *data, const struct ph_command_flag *flags)
{
    const struct ph_str id = ph_str_from(flags[DELETE_KEY].value);
    bool existed;

    if (ph_store_access_key_delete(&data->ctx, id, &existed).type != NULL) {
        return complain("the key could not be deleted", "");
    }
    if (!existed) {
        return complain("there is no access key", flags[DELETE_KEY].value);
    }
    printf("%.*s is deleted; it is refused from now on.\n", PH_FMT(id));
    return PH_EXIT_OK;
}

/* --- the words of the command line --- */

/* A mistyped directory would otherwise become a database that no server reads, without a word. */
static void announce_new(const struct ph_settings *settings)
{
    struct ph_arena arena = { 0 };
    const char *path = ph_cstr(&arena, ph_data_file(&arena, settings));

    if (settings->database.n == 0 && path != NULL && access(path, F_OK) != 0 && errno == ENOENT) {
        fprintf(stderr, "poolhouse: there is no database yet; making %s\n", path);
    }
    ph_arena_finish(&arena);
}

static int open_and(with_data *act, enum ph_data_wanted wanted, const struct ph_config *config,
                    const struct ph_command_flag *flags)
{
    struct ph_data data;
    char why[256] = "";
    int status;

    if (wanted == PH_DATA_MADE) {
        announce_new(&config->settings);
    }
    if (!ph_data_open(&data, &config->settings, wanted, why, sizeof why)) {
        return complain(why, "");
    }
    status = act(&data, flags);
    ph_data_close(&data);
    return status;
}

static int misuse(const char *text)
{
    fprintf(stderr, "poolhouse: %s\n", text);
    return PH_EXIT_MISUSED;
}

static int run_create(int argc, char **argv)
{
    struct ph_command_flag flags[CREATE_COUNT] = {
        [CREATE_USER] = { .name = "user" },
        [CREATE_POLICY] = { .name = "policy" },
        [CREATE_EXPIRES_IN] = { .name = "expires-in" },
        [CREATE_JSON] = { .name = "json", .is_switch = true },
    };
    struct ph_config config;
    int status;

    if (ph_command_configure_with(&config, flags, CREATE_COUNT, argc, argv, &status)) {
        if (flags[CREATE_USER].value == NULL) {
            status = misuse("say whose key it is: --user NAME");
        } else if (!is_user_name(ph_str_from(flags[CREATE_USER].value))) {
            status = misuse("--user: 1 to 64 letters, digits and characters of _+=,.@-");
        } else {
            status = open_and(create, PH_DATA_MADE, &config, flags);
        }
    }
    ph_config_finish(&config);
    return status;
}

static int run_list(int argc, char **argv)
{
    struct ph_command_flag flags[LIST_COUNT] = {
        [LIST_JSON] = { .name = "json", .is_switch = true },
    };
    struct ph_config config;
    int status;

    if (ph_command_configure_with(&config, flags, LIST_COUNT, argc, argv, &status)) {
        status = open_and(list, PH_DATA_EXISTING, &config, flags);
    }
    ph_config_finish(&config);
    return status;
}

static int run_delete(int argc, char **argv)
{
    struct ph_command_flag flags[DELETE_COUNT] = { 0 }; /* the one word without a name */
    struct ph_config config;
    int status;

    if (ph_command_configure_with(&config, flags, DELETE_COUNT, argc, argv, &status)) {
        status = flags[DELETE_KEY].value == NULL
                     ? misuse("say which key: poolhouse credentials delete KEY")
                     : open_and(delete_key, PH_DATA_EXISTING, &config, flags);
    }
    ph_config_finish(&config);
    return status;
}

static int run(int argc, char **argv)
{
    if (argc == 0) {
        ph_command_print_help(&ph_command_credentials, stderr);
        return PH_EXIT_MISUSED;
    }
    if (strcmp(argv[0], "create") == 0) {
        return run_create(argc - 1, argv + 1);
    }
    if (strcmp(argv[0], "list") == 0) {
        return run_list(argc - 1, argv + 1);
    }
    if (strcmp(argv[0], "delete") == 0) {
        return run_delete(argc - 1, argv + 1);
    }
    return ph_command_misused("command credentials", argv[0], ACTIONS);
}

const struct ph_command ph_command_credentials = {
    .name = "credentials",
    .summary = "make, list and delete access keys of administrators",
    .help =
        "Usage:\n"
        "  poolhouse credentials create --user NAME [--policy FILE] [--expires-in TIME] [--json]\n"
        "  poolhouse credentials list [--json]\n"
        "  poolhouse credentials delete KEY\n"
        "\n"
        "`poolhouse serve` answers signed operations (CreateUserPool, AdminGetUser, ...) only to\n"
        "access keys that were made here, and only what their policy allows. `poolhouse dev`\n"
        "accepts any key. These commands work beside a running server, which honours the change\n"
        "with its next request; no restart.\n"
        "\n"
        "  --user NAME         whose key it is; seen in refusals and in the log\n"
        "  --policy FILE       an IAM policy document (- reads standard input); without it the "
        "key\n"
        "                      may do everything\n"
        "  --expires-in TIME   the key is refused afterwards: 3600, 12h, 2d; without it: never\n"
        "  --json              for programs; `create` writes what credential_process wants,\n"
        "                      `list` adds the policies\n"
        "\n"
        "The secret is shown once, by `create`: it cannot be read again. FLAGS say where the data\n"
        "is: --config FILE, --data DIR, --mode dev|serve; --region REGION is written into the\n"
        "exports. Run it as the user of the server.\n"
        "\n"
        "A policy that lets a help desk read one pool and reset passwords in it:\n"
        "  {\n"
        "    \"Version\": \"2012-10-17\",\n"
        "    \"Statement\": [{\n"
        "      \"Effect\": \"Allow\",\n"
        "      \"Action\": [\"cognito-idp:AdminGetUser\", \"cognito-idp:List*\",\n"
        "                 \"cognito-idp:AdminResetUserPassword\"],\n"
        "      \"Resource\": \"arn:aws:cognito-idp:*:*:userpool/eu-west-1_aB3dE5gH7\"\n"
        "    }]\n"
        "  }\n"
        "\n"
        "Examples:\n"
        "  eval \"$(poolhouse credentials create --user root --data /var/lib/poolhouse)\"\n"
        "  poolhouse credentials create --user desk --policy desk.json --expires-in 30d\n"
        "  poolhouse credentials list --config /etc/poolhouse/poolhouse.ini\n"
        "  poolhouse credentials delete AKIAIOSFODNN7EXAMPLE\n",
    .run = run,
};
