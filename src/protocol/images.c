#include "protocol/images.h"

#include "branding/ui.h"

/*
 * An image is never changed at its address, so that it may be kept for good. What somebody uploaded
 * stands on our origin: no browser shall take it for anything but a picture.
 */
static void fill(struct ph_ctx *ctx, const struct ph_ui *ui, struct ph_http_reply *reply)
{
    static const struct {
        struct ph_str name, value;
    } HEADERS[] = {
        { PH_STR_INIT("Cache-Control"), PH_STR_INIT("public, max-age=31536000, immutable") },
        { PH_STR_INIT("X-Content-Type-Options"), PH_STR_INIT("nosniff") },
        { PH_STR_INIT("Content-Security-Policy"), PH_STR_INIT("default-src 'none'; sandbox") },
    };

    reply->content_type = ph_image_facts(ui->image_type)->content_type;
    reply->body = ui->image;
    for (size_t i = 0; i < sizeof HEADERS / sizeof HEADERS[0]; i++) {
        ph_http_reply_header(reply, ctx->arena, HEADERS[i].name, HEADERS[i].value);
    }
}

bool ph_images_handle(struct ph_ctx *ctx, const struct ph_http_request *request,
                      struct ph_http_reply *reply)
{
    const struct ph_ui *ui;

    if (!ph_str_eq(request->method, PH_STR("GET"))) {
        return false;
    }
    if (ph_ui_image_at(ctx, request->path, &ui).type != NULL) { /* has been logged */
        reply->status = 500;
        return true;
    }
    if (ui == NULL) {
        return false;
    }
    fill(ctx, ui, reply);
    return true;
}
