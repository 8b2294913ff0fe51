#include "main/health.h"

#include "util/json.h"

void ph_health_add(struct ph_health *health, struct ph_check check)
{
    if (health->check_count == PH_CHECKS_MAX) {
        ph_fatal("too many readiness checks");
    }
    health->checks[health->check_count++] = check;
}

static void answer_healthz(const struct ph_health *health, struct ph_arena *arena,
                           struct ph_http_reply *reply)
{
    (void)health;
    (void)arena;
    reply->content_type = PH_STR("application/json");
    reply->body = PH_STR("{\"status\":\"ok\"}\n");
}

static void answer_readyz(const struct ph_health *health, struct ph_arena *arena,
                          struct ph_http_reply *reply)
{
    struct json_t *page = ph_json_object(arena);
    struct json_t *checks = ph_json_object(arena);
    bool ready = true;

    for (size_t i = 0; i < health->check_count; i++) {
        const struct ph_check *check = &health->checks[i];
        const char *why = "not ready";
        const bool good = check->is_ready(check->self, &why);

        ready = ready && good;
        ph_json_set_str(arena, checks, check->name, ph_str_from(good ? "ok" : why));
    }
    ph_json_set_str(arena, page, "status", ready ? PH_STR("ready") : PH_STR("not ready"));
    ph_json_set(arena, page, "checks", checks);
    reply->status = ready ? 200 : 503;
    reply->content_type = PH_STR("application/json");
    reply->body = ph_json_text(arena, page, PH_JSON_INSERTION);
}

static void answer_metrics(const struct ph_health *health, struct ph_arena *arena,
                           struct ph_http_reply *reply)
{
    struct ph_metrics_gauge gauges[PH_GAUGES_MAX];
    const size_t n = health->gauges == NULL ? 0 : health->gauges(health->gauges_self, gauges);

    reply->content_type = PH_STR("text/plain; version=0.0.4; charset=utf-8");
    reply->body = ph_metrics_text(health->metrics, arena, gauges, n);
}

static const struct {
    struct ph_str path;
    void (*answer)(const struct ph_health *health, struct ph_arena *arena,
                   struct ph_http_reply *reply);
} PAGES[] = {
    { PH_STR_INIT("/healthz"), answer_healthz },
    { PH_STR_INIT("/readyz"), answer_readyz },
    { PH_STR_INIT("/metrics"), answer_metrics },
};

bool ph_health_handle(const struct ph_health *health, struct ph_arena *arena,
                      const struct ph_http_request *request, struct ph_http_reply *reply)
{
    const bool reads =
        ph_str_eq(request->method, PH_STR("GET")) || ph_str_eq(request->method, PH_STR("HEAD"));

    for (size_t i = 0; reads && i < sizeof PAGES / sizeof PAGES[0]; i++) {
        if (ph_str_eq(request->path, PAGES[i].path)) {
            PAGES[i].answer(health, arena, reply);
            return true;
        }
    }
    return false;
}
