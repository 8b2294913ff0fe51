/* App clients of a dump and what hangs on them: secrets, sessions, styles, terms. */
#include "seed/dump_internal.h"

#include "model/exceptions.h"

#include <stdlib.h>

/* --- app clients --- */

static struct ph_err add_second_secret(const struct ph_dump *d, struct ph_str client_id,
                                       struct json_t *out)
{
    const struct ph_client *client;
    const struct ph_pool *pool;

    PH_TRY(ph_client_get(d->ctx, d->pool->id, client_id, &pool, &client));
    if (client->secrets[1].value.p != NULL) {
        ph_json_set_str(d->ctx->arena, out, "SecondClientSecret", client->secrets[1].value);
    }
    return PH_OK;
}

/* The members of what was described, and of its secrets what may be told. */
static struct ph_err write_client(const struct ph_dump *d, struct ph_str client_id,
                                  const struct json_t *described, struct json_t *out)
{
    ph_json_set_str(d->ctx->arena, out, "ClientId", client_id);
    if (ph_json_get(described, "ClientSecret") == NULL) {
        return PH_OK;
    }
    if (d->secrets == PH_DUMP_WITH_SECRETS) {
        return add_second_secret(d, client_id, out);
    }
    ph_json_remove(d->ctx->arena, out, "ClientSecret");
    ph_json_set_bool(d->ctx->arena, out, "GenerateSecret", true);
    return PH_OK;
}

static struct json_t *question_of(const struct ph_dump *d, struct ph_str client_id)
{
    struct json_t *asked = ph_dump_question(d);

    ph_json_set_str(d->ctx->arena, asked, "ClientId", client_id);
    return asked;
}

static struct ph_err add_client(const struct ph_dump *d, const struct json_t *listed,
                                struct json_t *to)
{
    const struct ph_str client_id = ph_json_get_str(listed, "ClientId");
    const struct json_t *described;
    struct json_t *reply, *client;

    PH_TRY(ph_seed_call(d->ctx, OP_DescribeUserPoolClient, question_of(d, client_id), &reply));
    described = ph_json_get(reply, "UserPoolClient");
    client = ph_dump_request(d, OP_CreateUserPoolClient, described);
    PH_TRY(write_client(d, client_id, described, client));
    ph_json_append(d->ctx->arena, to, client);
    return PH_OK;
}

struct ph_err ph_dump_clients(const struct ph_dump *d)
{
    struct json_t *all;

    PH_TRY(ph_dump_each(d, OP_ListUserPoolClients, "UserPoolClients", add_client, &all));
    ph_dump_add_list(d, "Clients", all);
    return PH_OK;
}

/* --- what a client has one of --- */

typedef struct ph_err add_of_client(const struct ph_dump *d, struct ph_str client_id,
                                    struct json_t *to);

static struct ph_err of_clients(const struct ph_dump *d, const char *member, add_of_client *add)
{
    const struct json_t *clients = ph_json_get(d->out, "Clients");
    struct json_t *all = ph_json_array(d->ctx->arena);

    for (size_t i = 0; i < ph_json_length(clients); i++) {
        PH_TRY(add(d, ph_json_get_str(ph_json_at(clients, i), "ClientId"), all));
    }
    ph_dump_add_list(d, member, all);
    return PH_OK;
}

/* Told when somebody has set it; while the pool does not track sessions it cannot be set. */
static struct ph_err add_sessions(const struct ph_dump *d, struct ph_str client_id,
                                  struct json_t *to)
{
    const struct ph_client *client;
    const struct ph_pool *pool;
    struct json_t *reply;

    PH_TRY(ph_client_get(d->ctx, d->pool->id, client_id, &pool, &client));
    if (!pool->tracks_sessions || ph_json_get(client->settings, "SSOSession") == NULL) {
        return PH_OK;
    }
    PH_TRY(ph_seed_call(d->ctx, OP_GetUserPoolClientSessionConfiguration, question_of(d, client_id),
                        &reply));
    ph_json_append(d->ctx->arena, to,
                   ph_dump_request(d, OP_SetUserPoolClientSessionConfiguration, reply));
    return PH_OK;
}

/* A style's description does not say whose it is. */
static struct ph_err add_style(const struct ph_dump *d, struct ph_str client_id, struct json_t *to)
{
    struct json_t *reply, *style;
    const struct ph_err err = ph_seed_call(d->ctx, OP_DescribeManagedLoginBrandingByClient,
                                           question_of(d, client_id), &reply);

    if (err.type == &ph_ex_ResourceNotFoundException) {
        return PH_OK;
    }
    PH_TRY(err);
    style = ph_dump_request(d, OP_CreateManagedLoginBranding,
                            ph_json_get(reply, "ManagedLoginBranding"));
    ph_json_set_str(d->ctx->arena, style, "ClientId", client_id);
    ph_json_append(d->ctx->arena, to, style);
    return PH_OK;
}

/* --- terms --- */

static struct ph_err add_terms(const struct ph_dump *d, const struct json_t *listed,
                               struct json_t *to)
{
    struct json_t *asked = ph_dump_question(d), *reply, *terms;

    ph_json_set_str(d->ctx->arena, asked, "TermsId", ph_json_get_str(listed, "TermsId"));
    PH_TRY(ph_seed_call(d->ctx, OP_DescribeTerms, asked, &reply));
    terms = ph_dump_request(d, OP_CreateTerms, ph_json_get(reply, "Terms"));
    if (ph_json_members(ph_json_get(terms, "Links")) == 0) {
        ph_json_remove(d->ctx->arena, terms, "Links"); /* described, and no request may be so */
    }
    ph_json_append(d->ctx->arena, to, terms);
    return PH_OK;
}

static int by_client_and_name(const void *a, const void *b)
{
    const struct json_t *const *left = a, *const *right = b;
    const int order =
        ph_str_cmp(ph_json_get_str(*left, "ClientId"), ph_json_get_str(*right, "ClientId"));

    return order != 0 ? order
                      : ph_str_cmp(ph_json_get_str(*left, "TermsName"),
                                   ph_json_get_str(*right, "TermsName"));
}

/* They are listed by ids that a seed does not keep: another order must be the one that stays. */
static struct json_t *sorted(struct ph_arena *arena, const struct json_t *list)
{
    const size_t count = ph_json_length(list);
    const struct json_t **items = ph_arena_array(arena, count + 1, const struct json_t *);
    struct json_t *made = ph_json_array(arena);

    for (size_t i = 0; i < count; i++) {
        items[i] = ph_json_at(list, i);
    }
    /* NOLINTNEXTLINE(bugprone-sizeof-expression): pointers are what is sorted */
    qsort(items, count, sizeof *items, by_client_and_name);
    for (size_t i = 0; i < count; i++) {
        ph_json_append(arena, made, ph_json_copy(arena, items[i]));
    }
    return made;
}

static struct ph_err dump_terms(const struct ph_dump *d)
{
    struct json_t *all;

    PH_TRY(ph_dump_each(d, OP_ListTerms, "Terms", add_terms, &all));
    ph_dump_add_list(d, "Terms", sorted(d->ctx->arena, all));
    return PH_OK;
}

struct ph_err ph_dump_parts_of_clients(const struct ph_dump *d)
{
    PH_TRY(of_clients(d, "ClientSessionConfigurations", add_sessions));
    PH_TRY(of_clients(d, "ManagedLoginBrandings", add_style));
    return dump_terms(d);
}
