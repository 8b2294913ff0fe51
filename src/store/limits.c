#include "store/limits.h"

#include "store/internal.h"

static const char LIST[] = "SELECT name, value FROM provisioned_limits WHERE value >= $1"
                           " ORDER BY name";

struct ph_err ph_store_limits_list(struct ph_ctx *ctx, struct ph_limit_record **limits,
                                   size_t *count)
{
    struct ph_list list = { 0 };
    struct ph_q q;

    PH_READ(ctx, &q, LIST, ph_v_int(0));
    while (ph_q_row(&q)) {
        struct ph_limit_record *limit = PH_LIST_ADD(ctx->arena, &list, struct ph_limit_record);

        limit->name = ph_q_str(&q, ctx->arena, 0);
        limit->value = ph_q_int(&q, 1);
    }
    PH_TRY(ph_read_end(&q));
    *limits = list.items;
    *count = list.count;
    return PH_OK;
}

static const char PUT[] = "INSERT INTO provisioned_limits (name, value) VALUES ($1, $2)"
                          " ON CONFLICT (name) DO UPDATE SET value = excluded.value";

static void put(struct ph_tx *tx, void *arg)
{
    const struct ph_limit_record *limit = arg;

    (void)PH_RUN(tx, PUT, ph_v_text(limit->name), ph_v_int(limit->value));
}

struct ph_err ph_store_limit_put(struct ph_ctx *ctx, const struct ph_limit_record *limit)
{
    struct ph_limit_record copy = *limit;

    return ph_write(ctx, put, &copy);
}
