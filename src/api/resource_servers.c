/* Resource servers and their scopes (management.md 6). */
#include "api/handlers.h"
#include "api/parts.h"
#include "model/exceptions.h"
#include "model/validate.h"
#include "pool/contest.h"

enum { SERVERS_MAX = 25, PAGE_MAX = 50 };

static struct ph_err unknown(struct ph_ctx *ctx, struct ph_str identifier)
{
    return PH_FAIL(
        ResourceNotFoundException,
        ph_textf(ctx->arena, "Resource server %.*s does not exist.", PH_FMT(identifier)));
}

static void write_server(const struct ph_pool *pool, const struct ph_part *server,
                         struct ph_out *out)
{
    ph_out_str(out, M_UserPoolId, pool->id);
    ph_out_str(out, M_Identifier, server->name);
    ph_out_str(out, M_Name, ph_json_get_str(server->document, "Name"));
    ph_out_json(out, M_Scopes, ph_json_get(server->document, "Scopes"));
}

static struct ph_err describe(struct ph_ctx *ctx, const struct ph_pool *pool,
                              struct ph_str identifier, struct ph_out *out)
{
    struct ph_part *server;
    struct ph_out one;

    PH_TRY(ph_store_part_find(ctx, &pool->ref, PH_PART_RESOURCE_SERVER, identifier, &server));
    if (server == NULL) {
        return unknown(ctx, identifier);
    }
    one = ph_out_object(out, M_ResourceServer);
    write_server(pool, server, &one);
    return PH_OK;
}

/* The name, and the scopes when there are any; members that nobody knows are left out. */
static struct json_t *make_document(struct ph_ctx *ctx, const struct ph_in *in)
{
    const struct json_t *known =
        ph_shape_copy(ctx->arena, ph_operations[OP_CreateResourceServer].input, in->object);
    struct json_t *document = ph_json_object(ctx->arena);
    struct json_t *scopes = ph_json_get(known, "Scopes");

    ph_json_set_str(ctx->arena, document, "Name", ph_in_str(in, M_Name));
    if (ph_json_length(scopes) > 0) {
        ph_json_set(ctx->arena, document, "Scopes", scopes);
    }
    return document;
}

struct ph_err ph_api_create_resource_server(struct ph_ctx *ctx, const struct ph_in *in,
                                            struct ph_out *out)
{
    const struct ph_part server = {
        .kind = PH_PART_RESOURCE_SERVER,
        .name = ph_in_str(in, M_Identifier),
        .document = make_document(ctx, in),
        .created_ms = ph_now_ms(ctx),
        .modified_ms = ph_now_ms(ctx),
    };
    const struct ph_pool *pool;
    enum ph_part_write result;

    PH_TRY(ph_pool_get(ctx, ph_in_str(in, M_UserPoolId), &pool));
    PH_TRY(ph_store_part_insert(ctx, &pool->ref, &server, SERVERS_MAX, &result));
    if (result == PH_PART_TAKEN) {
        return PH_FAIL(InvalidParameterException,
                       ph_textf(ctx->arena, "%.*s already exists in user pool %.*s.",
                                PH_FMT(server.name), PH_FMT(pool->id)));
    }
    if (result == PH_PART_FULL) {
        return PH_FAIL(LimitExceededException, "A user pool can have at most 25 resource servers.");
    }
    return result == PH_PART_GONE ? ph_pool_unknown(ctx, pool->id)
                                  : describe(ctx, pool, server.name, out);
}

struct ph_err ph_api_describe_resource_server(struct ph_ctx *ctx, const struct ph_in *in,
                                              struct ph_out *out)
{
    const struct ph_pool *pool;

    PH_TRY(ph_pool_get(ctx, ph_in_str(in, M_UserPoolId), &pool));
    return describe(ctx, pool, ph_in_str(in, M_Identifier), out);
}

/* Name and scopes are replaced. The last one wins: this operation knows no conflict. */
static struct ph_err replace(struct ph_ctx *ctx, const struct ph_in *in, const struct ph_pool *pool,
                             enum ph_part_write *result)
{
    struct ph_part *server;

    PH_TRY(ph_store_part_find(ctx, &pool->ref, PH_PART_RESOURCE_SERVER, ph_in_str(in, M_Identifier),
                              &server));
    if (server == NULL) {
        return unknown(ctx, ph_in_str(in, M_Identifier));
    }
    server->document = make_document(ctx, in);
    server->modified_ms = ph_now_ms(ctx);
    return ph_store_part_update(ctx, &pool->ref, server, result);
}

struct ph_err ph_api_update_resource_server(struct ph_ctx *ctx, const struct ph_in *in,
                                            struct ph_out *out)
{
    struct ph_contest contest = { 0 };
    enum ph_part_write result;
    const struct ph_pool *pool;

    PH_TRY(ph_pool_get(ctx, ph_in_str(in, M_UserPoolId), &pool));
    do {
        PH_TRY(ph_contest_enter(ctx, &contest));
        PH_TRY(replace(ctx, in, pool, &result));
    } while (result != PH_PART_DONE);
    return describe(ctx, pool, ph_in_str(in, M_Identifier), out);
}

/* Clients keep the names of its scopes, which stand for nothing until they exist again. */
struct ph_err ph_api_delete_resource_server(struct ph_ctx *ctx, const struct ph_in *in,
                                            struct ph_out *out)
{
    const struct ph_str identifier = ph_in_str(in, M_Identifier);
    const struct ph_pool *pool;
    enum ph_part_write result;

    (void)out;
    PH_TRY(ph_pool_get(ctx, ph_in_str(in, M_UserPoolId), &pool));
    PH_TRY(ph_store_part_delete(ctx, &pool->ref, PH_PART_RESOURCE_SERVER, identifier, &result));
    return result == PH_PART_GONE ? unknown(ctx, identifier) : PH_OK;
}

struct ph_err ph_api_list_resource_servers(struct ph_ctx *ctx, const struct ph_in *in,
                                           struct ph_out *out)
{
    static const struct ph_part_pages PAGES = { OP_ListResourceServers, PH_PART_RESOURCE_SERVER,
                                                PAGE_MAX, M_ResourceServers, write_server };

    return ph_part_page(ctx, &PAGES, in, out);
}
