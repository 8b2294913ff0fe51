#include "token/groups.h"

#include "store/groups.h"
#include "util/json.h"

static bool contains(const struct json_t *list, struct ph_str text)
{
    for (size_t i = 0; i < ph_json_length(list); i++) {
        if (ph_str_eq(ph_json_str(ph_json_at(list, i)), text)) {
            return true;
        }
    }
    return false;
}

/* The groups come sorted: those of the best precedence must agree, as far as they have a role. */
static struct ph_str preferred_role(const struct ph_group *groups, size_t count)
{
    struct ph_str role = { 0 };

    for (size_t i = 0; i < count && groups[i].precedence == groups[0].precedence; i++) {
        if (groups[i].role.n > 0 && role.n > 0 && !ph_str_eq(groups[i].role, role)) {
            return (struct ph_str){ 0 };
        }
        role = groups[i].role.n > 0 ? groups[i].role : role;
    }
    return role;
}

struct ph_err ph_token_groups_read(struct ph_ctx *ctx, const struct ph_auth_granted *granted,
                                   struct ph_token_groups *groups)
{
    struct ph_group *list;
    size_t count;

    PH_TRY(ph_store_groups_of_user(ctx, &granted->pool->ref, granted->user->sub, &list, &count));
    groups->names = ph_json_array(ctx->arena);
    groups->roles = ph_json_array(ctx->arena);
    groups->preferred_role = preferred_role(list, count);
    for (size_t i = 0; i < count; i++) {
        ph_json_append(ctx->arena, groups->names, ph_json_new_str(ctx->arena, list[i].name));
        if (list[i].role.n > 0 && !contains(groups->roles, list[i].role)) {
            ph_json_append(ctx->arena, groups->roles, ph_json_new_str(ctx->arena, list[i].role));
        }
    }
    return PH_OK;
}

struct json_t *ph_token_groups_configuration(struct ph_ctx *ctx,
                                             const struct ph_token_groups *groups)
{
    struct json_t *object = ph_json_object(ctx->arena);

    ph_json_set(ctx->arena, object, "groupsToOverride", ph_json_copy(ctx->arena, groups->names));
    ph_json_set(ctx->arena, object, "iamRolesToOverride", ph_json_copy(ctx->arena, groups->roles));
    ph_json_set(ctx->arena, object, "preferredRole",
                groups->preferred_role.n > 0 ? ph_json_new_str(ctx->arena, groups->preferred_role)
                                             : ph_json_parse(ctx->arena, PH_STR("null")));
    return object;
}
