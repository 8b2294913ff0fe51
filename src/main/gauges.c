#include "deliver/analytics.h"
#include "deliver/logs.h"
#include "deliver/post.h"
#include "import/worker.h"
#include "main/service_internal.h"
#include "origin/origin.h"

#include <string.h>

size_t ph_service_gauges(void *self, struct ph_metrics_gauge *gauges)
{
    struct ph_service *service = self;
    const struct ph_workers_counts workers = ph_workers_count(service->workers);
    const struct ph_post_count post = ph_post_count(service->post);
    const struct ph_analytics_count events = ph_analytics_count(service->analytics);
    const struct ph_logs_count logs = ph_logs_count(service->logs);
    const struct ph_origins_count origin = ph_origins_count(service->origins);
    const struct ph_importer_count imports = ph_importer_count(service->importer);
    const struct ph_metrics_gauge now[] = {
        { "poolhouse_open_connections", "Open connections to the API.",
          ph_http_server_connections(service->api), false },
        { "poolhouse_tls_expiry_timestamp_seconds",
          "When the certificate of the API ends, in epoch seconds; 0: there is none.",
          service->tls_until_s, false },
        { "poolhouse_queue_depth", "Requests that wait for a worker.", (int64_t)workers.queued,
          false },
        { "poolhouse_workers", "Worker threads.", workers.threads, false },
        { "poolhouse_workers_running", "Workers at work.", workers.running, false },
        { "poolhouse_workers_blocked", "Workers that wait for a commit or another server.",
          workers.blocked, false },
        { "poolhouse_outbox_waiting", "Messages that have not left yet.", post.outbox.waiting,
          false },
        { "poolhouse_outbox_oldest_seconds", "Age of the message that waits for longest.",
          post.oldest_s, false },
        { "poolhouse_outbox_expired_total", "Messages given up after a day.", post.expired, true },
        { "poolhouse_mail_relay_down", "1 while the mail relay cannot be reached.", post.mail.down,
          false },
        { "poolhouse_mail_sent_total", "E-mails that the relay has taken.", post.mail.sent, true },
        { "poolhouse_mail_put_off_total", "E-mails that were put off, each time.",
          post.mail.put_off, true },
        { "poolhouse_mail_failed_total", "E-mails that the relay has refused for good.",
          post.mail.failed, true },
        { "poolhouse_sms_endpoint_down", "1 while it cannot be reached.", post.sms.down, false },
        { "poolhouse_sms_sent_total", "Text messages that were taken.", post.sms.sent, true },
        { "poolhouse_sms_put_off_total", "Text messages that were put off, each time.",
          post.sms.put_off, true },
        { "poolhouse_sms_failed_total", "Text messages that were refused for good.",
          post.sms.failed, true },
        { "poolhouse_sender_calls_total", "Calls of custom senders that were made.",
          post.calls.sent, true },
        { "poolhouse_sender_put_off_total", "Calls of custom senders put off, each time.",
          post.calls.put_off, true },
        { "poolhouse_sender_failed_total", "Calls of custom senders that failed for good.",
          post.calls.failed, true },
        { "poolhouse_key_service_down", "1 while codes cannot be encrypted for custom senders.",
          post.calls.down, false },
        { "poolhouse_analytics_waiting", "Events that wait for the endpoint.", events.waiting,
          false },
        { "poolhouse_analytics_sent_total", "Events that the endpoint has taken.", events.sent,
          true },
        { "poolhouse_analytics_dropped_total", "Events that were dropped.", events.dropped, true },
        { "poolhouse_log_events_waiting", "Events of pools' logs that wait for their targets.",
          logs.waiting, false },
        { "poolhouse_log_events_sent_total", "Events of pools' logs that targets have taken.",
          logs.sent, true },
        { "poolhouse_log_events_dropped_total", "Events of pools' logs that were dropped.",
          logs.dropped, true },
        { "poolhouse_log_targets_down", "Log targets that cannot be reached.", logs.down, false },
        { "poolhouse_origin_users_waiting",
          "Users of services that pools leave, whose passwords are not here yet.", origin.waiting,
          false },
        { "poolhouse_origin_users_settled", "Those who have come, or got a password here.",
          origin.settled, false },
        { "poolhouse_origin_asked_total", "Passwords and proofs that were asked for there.",
          origin.asked, true },
        { "poolhouse_origin_proven_total", "Of them the right ones.", origin.proven, true },
        { "poolhouse_origin_refreshes_total", "Refresh tokens that were adopted.", origin.refreshes,
          true },
        { "poolhouse_origin_away_total", "Questions that were not answered.", origin.away, true },
        { "poolhouse_origins_down", "Services that are left alone because they fail.", origin.down,
          false },
        { "poolhouse_import_jobs_active", "Import jobs that wait, run or stop.", imports.active,
          false },
        { "poolhouse_import_imported_total", "Users that import jobs have made.", imports.imported,
          true },
        { "poolhouse_import_skipped_total", "Lines of import files whose users existed.",
          imports.skipped, true },
        { "poolhouse_import_failed_total", "Lines of import files that made nobody.",
          imports.failed, true },
    };

    _Static_assert(sizeof now / sizeof now[0] <= PH_GAUGES_MAX, "make room for the gauges");
    memcpy(gauges, now, sizeof now);
    return sizeof now / sizeof now[0];
}
