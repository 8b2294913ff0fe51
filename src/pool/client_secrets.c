#include "pool/client_secrets.h"

#include "model/exceptions.h"
#include "model/messages.h"
#include "pool/contest.h"

#define ALPHABET PH_STR("0123456789abcdefghijklmnopqrstuvwxyz")

enum { SECRET_CHARS = 51, ID_MAX = 128 };

struct ph_str ph_client_secret_new(const struct ph_ctx *ctx)
{
    return ph_random_text(ctx, SECRET_CHARS, ALPHABET);
}

struct ph_str ph_client_secret_id(struct ph_arena *arena, const struct ph_client *client,
                                  const struct ph_client_secret *secret)
{
    const struct ph_str id =
        ph_strf(arena, "%.*s--%lld", PH_FMT(client->id), (long long)secret->created_ms);

    return id.n <= ID_MAX ? id : ph_str_skip(id, id.n - ID_MAX);
}

/* What the secrets of the client shall be; an error when there is no way to that. */
struct plan {
    struct ph_err (*make)(struct ph_ctx *ctx, struct plan *plan, const struct ph_client *client);
    struct ph_str given; /* the value to add, or the id to delete */
    struct ph_client_secret secrets[PH_CLIENT_SECRETS_MAX];
};

static struct ph_err put(struct ph_ctx *ctx, const struct ph_pool *pool,
                         const struct ph_client *client, const struct plan *plan,
                         enum ph_write_result *result)
{
    struct ph_client_record record = {
        .id = client->id,
        .modified_ms = ph_now_ms(ctx),
        .revision = client->revision,
    };

    for (size_t i = 0; i < PH_CLIENT_SECRETS_MAX; i++) {
        record.secrets[i] = plan->secrets[i];
    }
    PH_TRY(ph_store_client_put_secrets(ctx, &pool->ref, &record, result));
    ph_client_forget(ctx, client->id);
    return *result == PH_WRITE_GONE ? ph_client_unknown(ctx, client->id) : PH_OK;
}

/* Of two at once the later one plans anew, from what the earlier one has left. */
static struct ph_err carry_out(struct ph_ctx *ctx, struct ph_str pool_id, struct ph_str client_id,
                               struct plan *plan)
{
    struct ph_contest contest = { 0 };
    enum ph_write_result result;
    const struct ph_client *client;
    const struct ph_pool *pool;

    do {
        PH_TRY(ph_contest_enter(ctx, &contest));
        PH_TRY(ph_client_get(ctx, pool_id, client_id, &pool, &client));
        PH_TRY(plan->make(ctx, plan, client));
        PH_TRY(put(ctx, pool, client, plan, &result));
    } while (result == PH_WRITE_CONFLICT);
    return PH_OK;
}

static struct ph_err plan_one_more(struct ph_ctx *ctx, struct plan *plan,
                                   const struct ph_client *client)
{
    const int64_t now_ms = ph_now_ms(ctx), after_ms = client->secrets[0].created_ms + 1;

    if (!ph_client_has_secret(client)) {
        return PH_FAIL(InvalidParameterException,
                       ph_textf(ctx->arena, "User pool client %.*s does not have a client secret.",
                                PH_FMT(client->id)));
    }
    if (client->secrets[1].value.p != NULL) {
        return PH_FAIL(LimitExceededException,
                       "A user pool client can have at most 2 client secrets.");
    }
    plan->secrets[0] = client->secrets[0];
    plan->secrets[1] = (struct ph_client_secret){
        .value = plan->given,
        .created_ms = now_ms > after_ms ? now_ms : after_ms, /* the id is made from it */
    };
    return PH_OK;
}

struct ph_err ph_client_secret_add(struct ph_ctx *ctx, struct ph_str pool_id,
                                   struct ph_str client_id, struct ph_str value,
                                   const struct ph_client **client, struct ph_client_secret *added)
{
    struct plan plan = { .make = plan_one_more, .given = value };
    const struct ph_pool *pool;

    PH_TRY(carry_out(ctx, pool_id, client_id, &plan));
    *added = plan.secrets[1];
    return ph_client_get(ctx, pool_id, client_id, &pool, client);
}

static struct ph_err plan_one_less(struct ph_ctx *ctx, struct plan *plan,
                                   const struct ph_client *client)
{
    const struct ph_client_secret *secrets = client->secrets;
    size_t which = 0;

    while (which < PH_CLIENT_SECRETS_MAX &&
           (secrets[which].value.p == NULL ||
            !ph_str_eq(ph_client_secret_id(ctx->arena, client, &secrets[which]), plan->given))) {
        which++;
    }
    if (which == PH_CLIENT_SECRETS_MAX) {
        return PH_FAIL(
            ResourceNotFoundException,
            ph_textf(ctx->arena, "Client secret %.*s does not exist.", PH_FMT(plan->given)));
    }
    if (secrets[1].value.p == NULL) {
        return PH_FAIL(InvalidParameterException,
                       "The last client secret of a user pool client cannot be deleted.");
    }
    plan->secrets[0] = secrets[1 - which];
    plan->secrets[1] = (struct ph_client_secret){ 0 };
    return PH_OK;
}

struct ph_err ph_client_secret_delete(struct ph_ctx *ctx, struct ph_str pool_id,
                                      struct ph_str client_id, struct ph_str id)
{
    struct plan plan = { .make = plan_one_less, .given = id };

    return carry_out(ctx, pool_id, client_id, &plan);
}
