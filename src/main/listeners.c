#include "main/service_internal.h"

#include "crypto/tls_pair.h"
#include "main/pem.h"
#include "store/imports.h"

#include <stdio.h>

static void handle_api(void *self, struct ph_worker *worker, const struct ph_http_request *request,
                       struct ph_http_reply *reply)
{
    struct ph_service *service = self;

    if (service->admin == NULL &&
        ph_health_handle(&service->health, &worker->arena, request, reply)) {
        return;
    }
    ph_protocol_handle(&service->protocol, &worker->arena, request, reply);
}

static void handle_admin(void *self, struct ph_worker *worker,
                         const struct ph_http_request *request, struct ph_http_reply *reply)
{
    const struct ph_service *service = self;

    if (!ph_health_handle(&service->health, &worker->arena, request, reply)) {
        reply->status = 404;
        reply->content_type = PH_STR("text/plain");
        reply->body = PH_STR("Here are /healthz, /readyz and /metrics.\n");
    }
}

/* --- files of import jobs --- */

static bool wants_upload(void *self, struct ph_str method, struct ph_str path)
{
    (void)self;
    return ph_upload_wants(method, path);
}

static void *begin_upload(void *self, struct ph_worker *worker,
                          const struct ph_http_request *request, struct ph_http_reply *reply)
{
    struct ph_service *service = self;

    return ph_uploads_begin(&service->uploads, &worker->arena, request, reply);
}

static bool take_upload(void *self, struct ph_worker *worker, void *upload, struct ph_str piece,
                        struct ph_http_reply *reply)
{
    struct ph_service *service = self;

    return ph_uploads_take(&service->uploads, &worker->arena, upload, piece, reply);
}

static void end_upload(void *self, struct ph_worker *worker, void *upload, struct ph_str rest,
                       struct ph_http_reply *reply)
{
    struct ph_service *service = self;

    ph_uploads_end(&service->uploads, &worker->arena, upload, rest, reply);
}

static void drop_upload(void *self, void *upload)
{
    struct ph_service *service = self;

    ph_uploads_drop(&service->uploads, upload);
}

/* --- the addresses --- */

/* Nothing where something in front ends TLS. A pair that does not fit would be refused later, too,
 * but nobody would know why. */
static bool read_pair(struct ph_service *service, struct ph_http_options *options, char *why,
                      size_t why_size)
{
    const struct ph_server_settings *s = &service->settings->server;
    struct ph_tls_pair pair;

    if (s->tls_cert.n == 0) {
        return true;
    }
    if (!ph_pem_read(&service->arena, s->tls_cert, &options->tls_certificate, why, why_size) ||
        !ph_pem_read(&service->arena, s->tls_key, &options->tls_key, why, why_size)) {
        return false;
    }
    pair = ph_tls_pair_read(options->tls_certificate, options->tls_key);
    if (pair.verdict != PH_TLS_FITS) {
        snprintf(why, why_size, "%s", ph_tls_pair_problem(&pair));
        return false;
    }
    service->tls_until_s = pair.not_after_s;
    return true;
}

/* One for clients that may be about to send, two for requests that have begun to come. */
enum { PARTS_OF_THE_END = 25 };

static struct ph_http_options http_options(const struct ph_service *service)
{
    const struct ph_server_settings *s = &service->settings->server;

    return (struct ph_http_options){
        .listen = s->listen,
        .header_max = (size_t)s->max_head,
        .body_max = (size_t)s->max_body,
        .connections_max = (unsigned)s->max_connections,
        .connections_per_address_max = (unsigned)s->max_connections_per_address,
        .head_ms = s->head_timeout_ms,
        .body_ms = s->body_timeout_ms,
        .write_ms = s->write_timeout_ms,
        .idle_ms = s->idle_timeout_ms,
        .last_ms = s->drain_timeout_ms / PARTS_OF_THE_END,
        .log = service->log,
    };
}

bool ph_listen_admin(struct ph_service *service, char *why, size_t why_size)
{
    const struct ph_http_handler handler = { .self = service, .handle = handle_admin };
    struct ph_http_options options = http_options(service);

    if (service->settings->server.admin_listen.n == 0 && service->sockets.admin == 0) {
        return true;
    }
    options.listen = service->settings->server.admin_listen;
    options.socket = service->sockets.admin;
    service->admin = ph_http_server_create(&options, &handler, service->workers, why, why_size);
    return service->admin != NULL;
}

bool ph_listen_api(struct ph_service *service, char *why, size_t why_size)
{
    const struct ph_http_handler handler = { .self = service, .handle = handle_api };
    struct ph_http_options options = http_options(service);

    if (!read_pair(service, &options, why, why_size)) {
        return false;
    }
    service->streams = (struct ph_http_streams){
        .self = service,
        .piece = PH_IMPORT_PIECE_BYTES,
        .wants = wants_upload,
        .begin = begin_upload,
        .take = take_upload,
        .end = end_upload,
        .drop = drop_upload,
    };
    options.streams = &service->streams;
    options.socket = service->sockets.api;
    service->api = ph_http_server_create(&options, &handler, service->workers, why, why_size);
    return service->api != NULL;
}

bool ph_listeners_start(struct ph_service *service, char *why, size_t why_size)
{
    return ph_http_server_start(service->api, why, why_size) &&
           (service->admin == NULL || ph_http_server_start(service->admin, why, why_size));
}
