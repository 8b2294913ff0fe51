/*
 * awsJson 1.1 replies: the one place that writes success and the one that writes errors
 * (protocol.md sections 3, 5 and 8).
 */
#ifndef PH_PROTOCOL_REPLY_H
#define PH_PROTOCOL_REPLY_H

#include "model/io.h"
#include "util/message.h"

/* 200 with the output as compact JSON, keys in alphabetical order; NULL: without a body. */
void ph_reply_success(struct ph_http_reply *reply, struct ph_arena *arena,
                      const struct ph_out *out);

/* The exception as body and headers; a NULL or empty message is left out. */
void ph_reply_error(struct ph_http_reply *reply, struct ph_arena *arena, struct ph_err err);

/* 404 in XML: what is not addressed to the API at all (wrong path, method or content type). */
void ph_reply_not_found(struct ph_http_reply *reply);

/* The answer to a browser's preflight: allows what it asked for, for two days. */
void ph_reply_preflight(struct ph_http_reply *reply, struct ph_arena *arena,
                        const struct ph_http_request *request);

/* Request id and CORS, on every reply. */
void ph_reply_common_headers(struct ph_http_reply *reply, struct ph_arena *arena,
                             struct ph_str request_id);

#endif
