/* A service in parts: what the files that make one share. Included only by them. */
#ifndef PH_MAIN_SERVICE_INTERNAL_H
#define PH_MAIN_SERVICE_INTERNAL_H

#include "main/health.h"
#include "main/service.h"
#include "main/sockets.h"
#include "protocol/dispatch.h"
#include "protocol/upload.h"

#include <signal.h>
#include <stdatomic.h>

struct ph_service {
    const struct ph_settings *settings;
    struct ph_log_sink sink;
    struct ph_log log;
    struct ph_arena arena; /* for the life of the service */
    struct ph_metrics *metrics;
    struct ph_workers *workers;
    struct ph_store *store;
    struct ph_pool_cache *pools;
    struct ph_limits *limits; /* NULL: not enforced */
    struct ph_post *post;
    struct ph_analytics *analytics; /* NULL: no endpoint */
    struct ph_logs *logs;           /* NULL: no targets */
    struct ph_fetch *fetch;
    struct ph_functions *functions; /* NULL: none are configured */
    struct ph_origins *origins;
    struct ph_codes *codes;
    struct ph_sender *sender; /* calls functions that nobody waits for; NULL: none */
    struct ph_health health;
    struct ph_outbox_waiters outbox_waiters;
    struct ph_control *control; /* NULL in `serve` */
    struct ph_protocol protocol;
    struct ph_importer *importer;
    struct ph_uploads uploads;
    struct ph_http_streams streams;
    struct ph_sockets sockets; /* that our parent has opened */
    int64_t tls_until_s;       /* of the certificate; 0: none */
    struct ph_http_server *api;
    struct ph_http_server *admin; /* NULL: the API's listener answers for it */
    atomic_bool draining;
    bool stuck; /* requests were in work when the drain ended */
};

/* ---- process.c: what belongs to the whole process, before there are threads ---- */

/* Those that end the server in order. */
void ph_process_end_signals(sigset_t *set);

/* In every thread that is made later, too: only ph_service_run() takes these signals. */
void ph_process_block_signals(void);

/* As many open files as max_connections needs; a warning when the system allows fewer. */
void ph_process_raise_file_limit(const struct ph_service *service);

/* Keeps keys and passwords of a served process out of swap; a warning when they may get there. */
void ph_process_lock_memory(const struct ph_service *service);

/*
 * Gives up what a server does not need (isolate.h), when the settings say so. What the kernel lacks
 * is logged, and the server starts all the same. False when the data directory cannot be made.
 */
PH_MUST_USE bool ph_process_isolate(struct ph_service *service, char *why, size_t why_size);

/* ---- listeners.c: the addresses, and who answers there ---- */

PH_MUST_USE bool ph_listen_api(struct ph_service *service, char *why, size_t why_size);
PH_MUST_USE bool ph_listen_admin(struct ph_service *service, char *why, size_t why_size);

/* Both at last: from here on handlers run and use all of the service. */
PH_MUST_USE bool ph_listeners_start(struct ph_service *service, char *why, size_t why_size);

/* ---- gauges.c: of /metrics; self is the service. The number of them. ---- */

size_t ph_service_gauges(void *self, struct ph_metrics_gauge *gauges);

#endif
