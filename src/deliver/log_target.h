/*
 * A log target: where the operator has the events of an ARN taken, and how a batch is taken there.
 *
 *   file:PATH             a line of JSON for each event, appended and on the disk when it is taken
 *   http://..., https://  a POST of a JSON array
 *   cloudwatch:ENDPOINT   PutLogEvents of CloudWatch Logs; the stream is made when it is missing
 *   firehose:ENDPOINT     PutRecordBatch of Firehose
 *   s3:ENDPOINT           an object of lines for each batch, with a bucket in the path
 *
 * An empty ENDPOINT is that of AWS in the ARN's region. Events may be taken twice, never lost.
 */
#ifndef PH_DELIVER_LOG_TARGET_H
#define PH_DELIVER_LOG_TARGET_H

#include "deliver/carrier.h"
#include "store/log_events.h"

struct ph_fetch;

enum ph_log_target_kind {
    PH_LOG_TO_FILE,
    PH_LOG_TO_HTTP,
    PH_LOG_TO_CLOUDWATCH,
    PH_LOG_TO_FIREHOSE,
    PH_LOG_TO_S3,
};

struct ph_log_target {
    struct ph_str pattern; /* of ARNs */
    enum ph_log_target_kind kind;
    struct ph_str address; /* what follows the scheme; URLs whole */
};

/* "ARN = TARGET"; false: *why says what is wrong with it. */
PH_MUST_USE bool ph_log_target_parse(struct ph_arena *arena, struct ph_str line,
                                     struct ph_log_target *target, const char **why);

/* Whether events for this ARN go there: the pattern fits, and the ARN names what the kind needs. */
bool ph_log_target_fits(const struct ph_log_target *target, struct ph_str arn);

/* Takes the events, which are of one lane and in order. Waits for settings->logs.timeout_ms. */
enum ph_carried ph_log_target_carry(const struct ph_log_target *target, struct ph_ctx *ctx,
                                    struct ph_fetch *fetch, const struct ph_log_event *events,
                                    size_t count, struct ph_carry_report *report);

#endif
