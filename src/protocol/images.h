/* GET /{poolId}/ui/...: the logos of the classic hosted pages, where ImageUrl says they are. */
#ifndef PH_PROTOCOL_IMAGES_H
#define PH_PROTOCOL_IMAGES_H

#include "util/ctx.h"
#include "util/message.h"

/* False when there is no image at this path; else the reply is filled. */
bool ph_images_handle(struct ph_ctx *ctx, const struct ph_http_request *request,
                      struct ph_http_reply *reply);

#endif
