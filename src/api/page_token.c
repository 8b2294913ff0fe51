#include "api/page_token.h"

#include "crypto/seal.h"
#include "model/exceptions.h"
#include "model/messages.h"
#include "store/store.h"
#include "util/encode.h"

#define PURPOSE PH_STR("page token")

enum { LIFETIME_MS = 3600 * 1000 };

struct ph_str ph_page_token_make(struct ph_ctx *ctx, struct ph_str question, struct ph_str after)
{
    PH_AUTO(ph_key_wipe) struct ph_key key = { 0 };
    const struct ph_str plain =
        ph_strf(ctx->arena, "%lld %.*s", (long long)ph_now_ms(ctx), PH_FMT(after));

    ph_store_key(ctx, PURPOSE, &key);
    return ph_base64url(ctx->arena, ph_seal(ctx->arena, &key, question, plain));
}

static bool open_token(struct ph_ctx *ctx, struct ph_str question, struct ph_str token,
                       struct ph_str *plain)
{
    PH_AUTO(ph_key_wipe) struct ph_key key = { 0 };
    struct ph_str sealed;

    if (!ph_base64url_decode(ctx->arena, token, &sealed)) {
        return false;
    }
    ph_store_key(ctx, PURPOSE, &key);
    return ph_open(ctx->arena, &key, question, sealed, plain) ||
           (ph_store_other_key(ctx, PURPOSE, &key) &&
            ph_open(ctx->arena, &key, question, sealed, plain));
}

struct ph_err ph_page_token_read(struct ph_ctx *ctx, struct ph_str question, struct ph_str token,
                                 struct ph_str *after)
{
    struct ph_str plain, made, key;
    int64_t made_ms;

    if (token.p == NULL) {
        *after = (struct ph_str){ 0 };
        return PH_OK;
    }
    if (!open_token(ctx, question, token, &plain) || !ph_str_cut(plain, ' ', &made, &key) ||
        !ph_str_to_int(made, 0, INT64_MAX - LIFETIME_MS, &made_ms) ||
        made_ms + LIFETIME_MS <= ph_now_ms(ctx)) {
        return PH_FAIL(InvalidParameterException, PH_MSG_PAGE_TOKEN);
    }
    *after = key;
    return PH_OK;
}

struct ph_err ph_page_read(struct ph_ctx *ctx, struct ph_str question, struct ph_str token,
                           int64_t asked, size_t most, struct ph_page *page)
{
    struct ph_page read = {
        .question = question,
        .limit = asked <= 0 || (size_t)asked > most ? most : (size_t)asked,
    };

    PH_TRY(ph_page_token_read(ctx, question, token, &read.after));
    *page = read;
    return PH_OK;
}
