#include "pool/parts.h"

#include "store/parts.h"

/* The name of a scope has no slash; the identifier of its server may have some. */
static bool split_scope(struct ph_str scope, struct ph_str *identifier, struct ph_str *name)
{
    size_t n = scope.n;

    while (n > 0 && scope.p[n - 1] != '/') {
        n--;
    }
    if (n == 0) {
        return false;
    }
    *identifier = (struct ph_str){ scope.p, n - 1 };
    *name = ph_str_skip(scope, n);
    return true;
}

static bool lists(const struct json_t *scopes, struct ph_str name)
{
    for (size_t i = 0; i < ph_json_length(scopes); i++) {
        if (ph_str_eq(ph_json_get_str(ph_json_at(scopes, i), "ScopeName"), name)) {
            return true;
        }
    }
    return false;
}

struct ph_err ph_pool_has_scope(struct ph_ctx *ctx, const struct ph_pool *pool, struct ph_str scope,
                                bool *exists)
{
    struct ph_str identifier, name;
    struct ph_part *server = NULL;

    if (split_scope(scope, &identifier, &name)) {
        PH_TRY(ph_store_part_find(ctx, &pool->ref, PH_PART_RESOURCE_SERVER, identifier, &server));
    }
    *exists = server != NULL && lists(ph_json_get(server->document, "Scopes"), name);
    return PH_OK;
}

struct ph_err ph_pool_has_provider(struct ph_ctx *ctx, const struct ph_pool *pool,
                                   struct ph_str name, bool *exists)
{
    struct ph_part *provider = NULL;

    if (ph_str_eq(name, PH_STR("COGNITO"))) {
        *exists = true;
        return PH_OK;
    }
    PH_TRY(ph_store_part_find(ctx, &pool->ref, PH_PART_PROVIDER, name, &provider));
    *exists = provider != NULL;
    return PH_OK;
}
