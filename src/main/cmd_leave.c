/* Leaving the real service: its pools, users and passwords come here. */
#include "main/leave.h"

#include <stdlib.h>
#include <string.h>

static const char *const ACTIONS[] = { "config", "users", "ask", "status", "done", NULL };

static const struct action {
    const char *name;
    int (*run)(struct ph_leave *leave);
    enum ph_data_wanted wanted;
    unsigned flags; /* 1 << PH_LEAVE_*: those that it takes */
    bool takes_files;
} TABLE[] = {
    { "config", ph_leave_config, PH_DATA_MADE, 0, true },
    { "users", ph_leave_users, PH_DATA_EXISTING, 1U << PH_LEAVE_POOL | 1U << PH_LEAVE_GROUP, true },
    { "ask", ph_leave_ask, PH_DATA_EXISTING,
      1U << PH_LEAVE_POOL | 1U << PH_LEAVE_ENDPOINT | 1U << PH_LEAVE_REGION |
          1U << PH_LEAVE_ORIGIN_POOL | 1U << PH_LEAVE_CLIENT | 1U << PH_LEAVE_CREDENTIALS,
      false },
    { "status", ph_leave_status, PH_DATA_EXISTING, 1U << PH_LEAVE_POOL, false },
    { "done", ph_leave_done, PH_DATA_EXISTING, 1U << PH_LEAVE_POOL, false },
};
enum { ACTION_COUNT = sizeof TABLE / sizeof TABLE[0] };

static const char *const FLAGS[PH_LEAVE_FLAGS] = {
    [PH_LEAVE_POOL] = "pool",
    [PH_LEAVE_GROUP] = "group",
    [PH_LEAVE_ENDPOINT] = "endpoint",
    [PH_LEAVE_REGION] = "origin-region",
    [PH_LEAVE_ORIGIN_POOL] = "origin-pool",
    [PH_LEAVE_CLIENT] = "client",
    [PH_LEAVE_CREDENTIALS] = "credentials",
};

struct ph_str ph_leave_flag(const struct ph_leave *leave, int flag)
{
    return ph_str_from(leave->flags[flag].value);
}

int ph_leave_complain(const char *why)
{
    fprintf(stderr, "poolhouse: %s\n", why);
    return PH_EXIT_FAILED;
}

int ph_leave_complain_about(struct ph_err err)
{
    return ph_leave_complain(err.message == NULL ? err.type->name : err.message);
}

static int act(struct ph_config *config, const struct action *action, struct ph_leave *leave)
{
    struct ph_data data;
    char why[256] = "";
    int status;

    if (!ph_data_open(&data, &config->settings, action->wanted, why, sizeof why)) {
        return ph_leave_complain(why);
    }
    leave->ctx = &data.ctx;
    status = action->run(leave);
    ph_data_close(&data);
    return status;
}

/* The flags of the action; those of the others have no name that anybody could write. */
static void name_flags(const struct action *action, struct ph_command_flag *flags)
{
    for (int i = 0; i < PH_LEAVE_FLAGS; i++) {
        flags[i].name = (action->flags & 1U << i) != 0 ? FLAGS[i] : "";
    }
}

static int run_action(const struct action *action, int argc, char **argv)
{
    const size_t words = action->takes_files ? (size_t)argc : 0;
    struct ph_command_flag *flags = calloc(PH_LEAVE_FLAGS + words, sizeof *flags);
    struct ph_leave leave = { .flags = flags, .files = calloc(words + 1, sizeof *leave.files) };
    struct ph_config config;
    int status;

    if (flags == NULL || leave.files == NULL) {
        ph_fatal("out of memory");
    }
    name_flags(action, flags);
    if (ph_command_configure_with(&config, flags, PH_LEAVE_FLAGS + words, argc, argv, &status)) {
        for (size_t i = 0; i < words && flags[PH_LEAVE_FLAGS + i].value != NULL; i++) {
            leave.files[leave.file_count++] = flags[PH_LEAVE_FLAGS + i].value;
        }
        status = act(&config, action, &leave);
    }
    ph_config_finish(&config);
    free(leave.files);
    free(flags);
    return status;
}

static int run(int argc, char **argv)
{
    if (argc == 0) {
        ph_command_print_help(&ph_command_leave, stderr);
        return PH_EXIT_MISUSED;
    }
    for (size_t i = 0; i < ACTION_COUNT; i++) {
        if (strcmp(argv[0], TABLE[i].name) == 0) {
            return run_action(&TABLE[i], argc - 1, argv + 1);
        }
    }
    return ph_command_misused("command leave", argv[0], ACTIONS);
}

const struct ph_command ph_command_leave = {
    .name = "leave",
    .summary = "bring pools and users from the real service here",
    .help =
        "Usage:\n"
        "  poolhouse leave config FILE... [FLAGS]\n"
        "  poolhouse leave users --pool ID [--group NAME] FILE... [FLAGS]\n"
        "  poolhouse leave ask --pool ID [--endpoint URL] [--origin-region REGION]\n"
        "                      [--origin-pool ID] [--client ID] [--credentials FILE] [FLAGS]\n"
        "  poolhouse leave status --pool ID [FLAGS]\n"
        "  poolhouse leave done --pool ID [FLAGS]\n"
        "\n"
        "`config` makes user pools with their ids, app clients with their ids and secrets, "
        "groups,\n"
        "resource servers, identity providers and domains from what the AWS CLI prints about "
        "them:\n"
        "describe-user-pool, describe-user-pool-client, list-groups, describe-resource-server,\n"
        "describe-identity-provider, describe-user-pool-domain, get-user-pool-mfa-config,\n"
        "describe-risk-configuration, get-ui-customization, get-log-delivery-configuration. The\n"
        "files may come in any order. It can be repeated: what is there and differs is changed,\n"
        "what is there and not in the files stays. It says what it made, and what does not come\n"
        "along.\n"
        "\n"
        "`users` makes users with their subs, names, attributes, states and dates from the pages "
        "of\n"
        "list-users (one file or many), from replies of admin-get-user, which have second factors "
        "as\n"
        "well, or from the CSV file of an import job, in which a column sub may be. Nobody "
        "outside\n"
        "learns passwords: such users have none here until they sign in (see ask). With --group "
        "they\n"
        "join a group: for the pages of list-users-in-group. It can be repeated, also after it "
        "was\n"
        "interrupted: who is here stays, who still waits for his password and was changed there\n"
        "since is updated.\n"
        "\n"
        "`ask` says which service a pool leaves. The server asks it when a user signs in whose\n"
        "password is not here, who is not here at all, or who comes with a refresh token of that\n"
        "service, and keeps the user with his password. `status` says how many are still to come,\n"
        "`done` that nobody is asked any more.\n"
        "\n"
        "  --endpoint URL          where it is; without it the real one of the region\n"
        "  --origin-region REGION  without it that in the pool's id\n"
        "  --origin-pool ID        its pool, where the id is another one\n"
        "  --client ID             its app client for passwords, which must allow\n"
        "                          ALLOW_USER_PASSWORD_AUTH (and ALLOW_USER_SRP_AUTH for clients "
        "that\n"
        "                          use SRP); without it the client of the same id as here\n"
        "  --credentials FILE      keys for AdminGetUser, as `aws configure export-credentials` "
        "prints\n"
        "                          them, and the ClientSecret of --client; kept sealed\n"
        "\n"
        "Works beside a running server. FLAGS say where the data is: --config FILE, --data DIR,\n"
        "--database URL, --mode dev|serve.\n"
        "\n"
        "Examples:\n"
        "  aws cognito-idp describe-user-pool --user-pool-id eu-west-1_aB3dE5gH7 > pool.json\n"
        "  aws cognito-idp describe-user-pool-client --user-pool-id eu-west-1_aB3dE5gH7 \\\n"
        "    --client-id 1h57kf5cpq17m0eml12example > client.json\n"
        "  poolhouse leave config pool.json client.json --config /etc/poolhouse/poolhouse.ini\n"
        "  aws cognito-idp list-users --user-pool-id eu-west-1_aB3dE5gH7 > users.json\n"
        "  poolhouse leave users --pool eu-west-1_aB3dE5gH7 users.json\n"
        "  poolhouse leave ask --pool eu-west-1_aB3dE5gH7\n"
        "  poolhouse leave status --pool eu-west-1_aB3dE5gH7\n",
    .run = run,
};
