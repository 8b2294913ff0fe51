/*
 * The running server: owns the log, the workers, the listeners, and what handlers need. What is
 * made first is destroyed last.
 */
#ifndef PH_MAIN_SERVICE_H
#define PH_MAIN_SERVICE_H

#include "util/settings.h"

struct ph_seed;
struct ph_service;

/*
 * Makes everything, applies the seed (NULL: none), and begins to answer. Settings and seed must
 * outlive the service.
 * NULL and a text in why (of why_size bytes) when something is missing.
 *
 * Call it before any other thread exists: it blocks the signals that ph_service_run() waits for.
 */
PH_MUST_USE struct ph_service *ph_service_create(const struct ph_settings *settings,
                                                 const struct ph_seed *seed, char *why,
                                                 size_t why_size);

enum ph_service_end {
    PH_SERVICE_STOPPED,  /* in order */
    PH_SERVICE_OUTGROWN, /* in order: a newer version has taken away tables that this one needs */
    PH_SERVICE_STUCK,    /* requests were still in work after the drain timeout */
};

/*
 * Until SIGTERM or SIGINT; then stops to accept and finishes what is in work. A second signal ends
 * the process at once. After STUCK the process must exit without ph_service_destroy(), which does
 * nothing then.
 */
PH_MUST_USE enum ph_service_end ph_service_run(struct ph_service *service);

void ph_service_destroy(struct ph_service *service);

#endif
