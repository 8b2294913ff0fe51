/*
 * GET /_poolhouse/imports/{poolId}/{jobId}: what the service would write into its log stream of the
 * job, for the developer. Only in `dev`. Plain text: a line about the job, then one for each line
 * of the file that did not succeed, in their order, the first 10000; with ?after=N those after line
 * N.
 */
#ifndef PH_PROTOCOL_IMPORT_LOG_H
#define PH_PROTOCOL_IMPORT_LOG_H

#include "util/ctx.h"
#include "util/message.h"

/* False when this is not a request for one, and always in `serve`; else it is answered. */
bool ph_import_log_handle(struct ph_ctx *ctx, const struct ph_http_request *request,
                          struct ph_http_reply *reply);

#endif
