/* `dev` and `serve`: the same server with other defaults. */
#include "main/command.h"
#include "main/seeding.h"
#include "main/service.h"

#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

/* A core file or a debugger would show the master key and passwords. */
static void forbid_dumps(void)
{
    const struct rlimit none = { 0, 0 };

    (void)setrlimit(RLIMIT_CORE, &none);
    (void)prctl(PR_SET_DUMPABLE, 0);
}

/* Whoever reads the ids can use them: they are told when the server answers. */
static struct ph_service *start(const struct ph_settings *settings, const struct ph_seed *seed,
                                char *why, size_t why_size)
{
    struct ph_service *service = ph_service_create(settings, seed, why, why_size);

    if (service != NULL && !ph_seeding_tell(settings, seed, why, why_size)) {
        ph_service_destroy(service);
        return NULL;
    }
    return service;
}

static int run_server(enum ph_mode mode, int argc, char **argv)
{
    struct ph_config config;
    struct ph_service *service = NULL;
    enum ph_service_end end;
    struct ph_seed *seed;
    char why[1024] = "";
    int status;

    if (!ph_command_configure(&config, mode, argc, argv, &status)) {
        ph_config_finish(&config);
        return status;
    }
    if (ph_seeding_read(&config.arena, &config.settings, &seed, why, sizeof why)) {
        service = start(&config.settings, seed, why, sizeof why);
    }
    if (service == NULL) {
        fprintf(stderr, "poolhouse: %s\n", why);
        ph_config_finish(&config);
        return PH_EXIT_FAILED;
    }
    end = ph_service_run(service);
    if (end == PH_SERVICE_STUCK) {
        _exit(PH_EXIT_FAILED); /* workers still use all of it */
    }
    ph_service_destroy(service);
    ph_config_finish(&config);
    return end == PH_SERVICE_STOPPED ? PH_EXIT_OK : PH_EXIT_FAILED;
}

static int run_dev(int argc, char **argv)
{
    return run_server(PH_MODE_DEV, argc, argv);
}

static int run_serve(int argc, char **argv)
{
    forbid_dumps();
    return run_server(PH_MODE_SERVE, argc, argv);
}

static const char CONFIG_FLAG[] =
    "\nFlags (each is also a key of the configuration, see `poolhouse config keys`):\n"
    "  --config FILE              read this INI file first (POOLHOUSE_CONFIG)\n";

static void print_dev_flags(FILE *out)
{
    fputs(CONFIG_FLAG, out);
    ph_config_print_flags(PH_MODE_DEV, out);
}

static void print_serve_flags(FILE *out)
{
    fputs(CONFIG_FLAG, out);
    ph_config_print_flags(PH_MODE_SERVE, out);
}

const struct ph_command ph_command_dev = {
    .name = "dev",
    .summary = "a server for your own machine: accepts any credentials, keeps messages to be read",
    .help =
        "Listens on 127.0.0.1 only. Any well-formed AWS signature is accepted, and codes go to\n"
        "an outbox that can be read at /_poolhouse/outbox.\n"
        "\n"
        "Examples:\n"
        "  poolhouse dev                              data in ./poolhouse-data, port 9229\n"
        "  poolhouse dev --memory                     everything is gone at the end\n"
        "  poolhouse dev --fixed-code 123456          every confirmation code is 123456\n"
        "  poolhouse dev --seed template.yaml         with the pools of a template or a seed\n"
        "  poolhouse dev --listen 0.0.0.0:9229 --public-url http://192.168.1.7:9229\n"
        "  aws --endpoint-url http://localhost:9229 cognito-idp list-user-pools "
        "--max-results 10\n",
    .help_more = print_dev_flags,
    .run = run_dev,
};

const struct ph_command ph_command_serve = {
    .name = "serve",
    .summary = "the server for other people: verifies signatures, guards its secrets",
    .help = "Verifies every signature against stored access keys and their policies, and keeps\n"
            "health and metrics on an address of their own. Ends in order on SIGTERM.\n"
            "\n"
            "Examples:\n"
            "  poolhouse serve --config /etc/poolhouse/poolhouse.ini\n"
            "  POOLHOUSE_MASTER_KEY_FILE=/run/secrets/master.key poolhouse serve "
            "--data /var/lib/poolhouse\n"
            "  poolhouse config check --mode serve --config /etc/poolhouse/poolhouse.ini\n",
    .help_more = print_serve_flags,
    .run = run_serve,
};
