/*
 * What a supervisor asks: /healthz (the process answers), /readyz (it can serve), /metrics.
 */
#ifndef PH_MAIN_HEALTH_H
#define PH_MAIN_HEALTH_H

#include "http/server.h"
#include "util/metrics.h"

/* One reason not to be ready; *why says what is wrong (static text). */
struct ph_check {
    const char *name;
    bool (*is_ready)(void *self, const char **why);
    void *self;
};

enum { PH_CHECKS_MAX = 8, PH_GAUGES_MAX = 64 };

struct ph_health {
    struct ph_check checks[PH_CHECKS_MAX];
    size_t check_count;
    const struct ph_metrics *metrics;
    /* Fills gauges[PH_GAUGES_MAX] and returns their number. */
    size_t (*gauges)(void *self, struct ph_metrics_gauge *gauges);
    void *gauges_self;
};

void ph_health_add(struct ph_health *health, struct ph_check check);

/* True when the request is for one of the three paths: then the reply is filled. */
bool ph_health_handle(const struct ph_health *health, struct ph_arena *arena,
                      const struct ph_http_request *request, struct ph_http_reply *reply);

#endif
