#include "util/ctx.h"

#include "util/encode.h"

int64_t ph_now_ms(const struct ph_ctx *ctx)
{
    return ctx->clock->now_ms(ctx->clock->self);
}

int64_t ph_now_s(const struct ph_ctx *ctx)
{
    return ph_now_ms(ctx) / 1000;
}

struct ph_str ph_random_bytes(const struct ph_ctx *ctx, size_t n)
{
    uint8_t *bytes = ph_arena_alloc(ctx->arena, n);

    ctx->random->fill(ctx->random->self, bytes, n);
    return (struct ph_str){ bytes, n };
}

struct ph_str ph_random_text(const struct ph_ctx *ctx, size_t n, struct ph_str alphabet)
{
    uint8_t *text = ph_arena_alloc(ctx->arena, n + 1);
    const size_t fair = 256 - 256 % alphabet.n; /* bytes from here on would favour some letters */

    for (size_t i = 0; i < n;) {
        uint8_t byte;

        ctx->random->fill(ctx->random->self, &byte, 1);
        if (byte < fair) {
            text[i++] = alphabet.p[byte % alphabet.n];
        }
    }
    return (struct ph_str){ text, n };
}

struct ph_str ph_new_uuid4(const struct ph_ctx *ctx)
{
    uint8_t bytes[PH_UUID_BYTES];

    ctx->random->fill(ctx->random->self, bytes, sizeof bytes);
    ph_uuid4_set(bytes);
    return ph_uuid_text(ctx->arena, bytes);
}

struct ph_str ph_new_uuid7(const struct ph_ctx *ctx)
{
    uint8_t bytes[PH_UUID_BYTES];

    ctx->random->fill(ctx->random->self, bytes, sizeof bytes);
    ph_uuid7_set(bytes, ph_now_ms(ctx));
    return ph_uuid_text(ctx->arena, bytes);
}

struct ph_err ph_internal(const struct ph_ctx *ctx, const char *what)
{
    PH_LOG(&ctx->log, PH_ERROR, "internal_error", ph_f_text("what", what));
    return PH_BROKEN;
}
