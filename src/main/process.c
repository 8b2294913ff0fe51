#include "main/service_internal.h"

#include "deliver/logs.h"
#include "main/data.h"
#include "main/isolate.h"
#include "trigger/functions.h"

#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/sysinfo.h>

enum { OTHER_FILES = 256 /* descriptors beside connections */ };

/* A terminal that goes takes the server along, unless nohup has said otherwise. */
void ph_process_end_signals(sigset_t *set)
{
    struct sigaction hangup;

    sigemptyset(set);
    sigaddset(set, SIGTERM);
    sigaddset(set, SIGINT);
    if (sigaction(SIGHUP, NULL, &hangup) == 0 && hangup.sa_handler != SIG_IGN) {
        sigaddset(set, SIGHUP);
    }
}

void ph_process_block_signals(void)
{
    sigset_t set;

    ph_process_end_signals(&set);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN);
}

void ph_process_raise_file_limit(const struct ph_service *service)
{
    const rlim_t wanted = (rlim_t)service->settings->server.max_connections + (rlim_t)OTHER_FILES;
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= wanted) {
        return;
    }
    limit.rlim_cur = wanted;
    if (limit.rlim_max < wanted) {
        limit.rlim_max = wanted; /* root may */
    }
    if (setrlimit(RLIMIT_NOFILE, &limit) == 0 || getrlimit(RLIMIT_NOFILE, &limit) != 0) {
        return;
    }
    limit.rlim_cur = limit.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &limit);
    PH_LOG(&service->log, PH_WARN, "file_limit",
           ph_f_text("text", "fewer open files are allowed than max_connections needs"),
           ph_f_int("wanted", (int64_t)wanted), ph_f_int("allowed", (int64_t)limit.rlim_cur));
}

/* As the system allows it, to whoever may raise the limit without one. */
static bool may_lock_all(void)
{
    const struct rlimit none = { RLIM_INFINITY, RLIM_INFINITY };
    struct rlimit limit;

    (void)setrlimit(RLIMIT_MEMLOCK, &none); /* root may */
    if (getrlimit(RLIMIT_MEMLOCK, &limit) != 0 || limit.rlim_max != RLIM_INFINITY) {
        return false; /* under a limit the next allocation would fail some day */
    }
    limit.rlim_cur = RLIM_INFINITY;
    return setrlimit(RLIMIT_MEMLOCK, &limit) == 0;
}

static bool has_swap(void)
{
    struct sysinfo info;

    return sysinfo(&info) != 0 || info.totalswap > 0;
}

/* Pages as they are used: what is only reserved, such as most of a stack, takes no memory. */
void ph_process_lock_memory(const struct ph_service *service)
{
    if (service->settings->mode == PH_MODE_DEV ||
        (may_lock_all() && mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT) == 0) || !has_swap()) {
        return;
    }
    PH_LOG(&service->log, PH_WARN, "memory_not_locked",
           ph_f_text("text", "keys may be written to swap: let all memory be locked (ulimit -l "
                             "unlimited), or switch swap off for the server"));
}

bool ph_process_isolate(struct ph_service *service, char *why, size_t why_size)
{
    const struct ph_settings *s = service->settings;
    const bool runs_programs = ph_functions_run_here(s->trigger_routes);
    struct ph_isolation wanted = { .runs_programs = runs_programs };
    struct ph_isolated done;

    if (!s->server.isolate) {
        return true;
    }
    if (!ph_data_make_directory(s, why, why_size)) {
        return false;
    }
    wanted.data = ph_data_needs_directory(s) ? ph_cstr(&service->arena, s->data) : NULL;
    wanted.logs = ph_logs_directories(&service->arena, s, &wanted.log_count);
    done = ph_isolate(&wanted);
    if (!done.syscalls || (!done.files && !runs_programs)) {
        PH_LOG(&service->log, PH_WARN, "not_isolated",
               ph_f_text("text", "this kernel does not offer all of seccomp and Landlock: let "
                                 "systemd or a container confine the server"));
    }
    return true;
}
