/* Groups and who is in them (management.md 5). */
#include "store/groups.h"

#include "api/handlers.h"
#include "api/page_token.h"
#include "api/self.h"
#include "api/views.h"
#include "model/exceptions.h"

enum { PAGE_MAX = 60 };

static struct ph_err unknown(void)
{
    return PH_FAIL(ResourceNotFoundException, "Group not found.");
}

static void write_group(const struct ph_pool *pool, const struct ph_group *group,
                        struct ph_out *out)
{
    ph_out_str(out, M_GroupName, group->name);
    ph_out_str(out, M_UserPoolId, pool->id);
    ph_out_str(out, M_Description, group->description);
    ph_out_str(out, M_RoleArn, group->role);
    if (group->precedence != PH_GROUP_NO_PRECEDENCE) {
        ph_out_int(out, M_Precedence, group->precedence);
    }
    ph_out_time(out, M_LastModifiedDate, group->modified_ms);
    ph_out_time(out, M_CreationDate, group->created_ms);
}

/* Answers with the group as it is stored. */
static struct ph_err describe(struct ph_ctx *ctx, const struct ph_in *in,
                              const struct ph_pool *pool, struct ph_out *out)
{
    struct ph_group *group;
    struct ph_out one;

    PH_TRY(ph_store_group_find(ctx, &pool->ref, ph_in_str(in, M_GroupName), &group));
    if (group == NULL) {
        return unknown();
    }
    one = ph_out_object(out, M_Group);
    write_group(pool, group, &one);
    return PH_OK;
}

static struct ph_group read_group(const struct ph_ctx *ctx, const struct ph_in *in)
{
    return (struct ph_group){
        .name = ph_in_str(in, M_GroupName),
        .description = ph_in_str(in, M_Description),
        .role = ph_in_str(in, M_RoleArn),
        .precedence = ph_in_int_or(in, M_Precedence, PH_GROUP_NO_PRECEDENCE),
        .created_ms = ph_now_ms(ctx),
        .modified_ms = ph_now_ms(ctx),
    };
}

/* ---- one group ---- */

struct ph_err ph_api_create_group(struct ph_ctx *ctx, const struct ph_in *in, struct ph_out *out)
{
    const struct ph_group group = read_group(ctx, in);
    const struct ph_pool *pool;
    enum ph_group_write result;

    PH_TRY(ph_pool_get(ctx, ph_in_str(in, M_UserPoolId), &pool));
    PH_TRY(ph_store_group_insert(ctx, &pool->ref, &group, &result));
    if (result == PH_GROUP_TAKEN) {
        return PH_FAIL(GroupExistsException, "A group with the name already exists.");
    }
    if (result == PH_GROUP_FULL) {
        return PH_FAIL(LimitExceededException, "A user pool can have at most 10000 groups.");
    }
    return result == PH_GROUP_GONE ? ph_pool_unknown(ctx, pool->id) : describe(ctx, in, pool, out);
}

struct ph_err ph_api_get_group(struct ph_ctx *ctx, const struct ph_in *in, struct ph_out *out)
{
    const struct ph_pool *pool;

    PH_TRY(ph_pool_get(ctx, ph_in_str(in, M_UserPoolId), &pool));
    return describe(ctx, in, pool, out);
}

struct ph_err ph_api_update_group(struct ph_ctx *ctx, const struct ph_in *in, struct ph_out *out)
{
    const struct ph_group group = read_group(ctx, in);
    const struct ph_pool *pool;
    enum ph_group_write result;

    PH_TRY(ph_pool_get(ctx, ph_in_str(in, M_UserPoolId), &pool));
    PH_TRY(ph_store_group_update(ctx, &pool->ref, &group, ph_in_has(in, M_Precedence), &result));
    return result == PH_GROUP_GONE ? unknown() : describe(ctx, in, pool, out);
}

struct ph_err ph_api_delete_group(struct ph_ctx *ctx, const struct ph_in *in, struct ph_out *out)
{
    const struct ph_pool *pool;
    enum ph_group_write result;

    (void)out;
    PH_TRY(ph_pool_get(ctx, ph_in_str(in, M_UserPoolId), &pool));
    PH_TRY(ph_store_group_delete(ctx, &pool->ref, ph_in_str(in, M_GroupName), &result));
    return result == PH_GROUP_GONE ? unknown() : PH_OK;
}

/* ---- members ---- */

typedef struct ph_err change_members(struct ph_ctx *ctx, const struct ph_pool_ref *pool,
                                     struct ph_str name, struct ph_str sub,
                                     enum ph_group_write *result);

static struct ph_err change(struct ph_ctx *ctx, const struct ph_in *in, change_members *verb)
{
    const struct ph_pool *pool;
    enum ph_group_write result;
    struct ph_user *user;

    PH_TRY(ph_named_find(ctx, in, &pool, &user));
    PH_TRY(verb(ctx, &pool->ref, ph_in_str(in, M_GroupName), user->sub, &result));
    if (result == PH_GROUP_FULL) {
        return PH_FAIL(LimitExceededException, "A user can be in at most 100 groups.");
    }
    return result == PH_GROUP_GONE ? unknown() : PH_OK;
}

struct ph_err ph_api_admin_add_user_to_group(struct ph_ctx *ctx, const struct ph_in *in,
                                             struct ph_out *out)
{
    (void)out;
    return change(ctx, in, ph_store_group_add);
}

struct ph_err ph_api_admin_remove_user_from_group(struct ph_ctx *ctx, const struct ph_in *in,
                                                  struct ph_out *out)
{
    (void)out;
    return change(ctx, in, ph_store_group_remove);
}

/* ---- lists ---- */

/* `subject`: whose groups, or which group's users; absent for the groups of a pool. */
static struct ph_err read_page(struct ph_ctx *ctx, const struct ph_in *in, const char *operation,
                               struct ph_str subject, struct ph_page *page)
{
    const struct ph_str question = ph_strf(ctx->arena, "%s %.*s %.*s", operation,
                                           PH_FMT(ph_in_str(in, M_UserPoolId)), PH_FMT(subject));

    return ph_page_read(ctx, question, ph_in_str(in, M_NextToken), ph_in_int(in, M_Limit), PAGE_MAX,
                        page);
}

/* The page from `at` on, and the key of its last group when there are more behind it. */
static void write_groups(const struct ph_page *page, const struct ph_pool *pool,
                         const struct ph_group *groups, size_t count, size_t at,
                         const struct ph_group **last, struct ph_out *out)
{
    const size_t end = at + page->limit;
    struct ph_out_list list = ph_out_list(out, M_Groups);

    for (size_t i = at; i < count && i < end; i++) {
        struct ph_out one = ph_out_list_object(&list);

        write_group(pool, &groups[i], &one);
    }
    *last = count > end ? &groups[end - 1] : NULL;
}

struct ph_err ph_api_list_groups(struct ph_ctx *ctx, const struct ph_in *in, struct ph_out *out)
{
    const struct ph_pool *pool;
    const struct ph_group *last;
    struct ph_group *groups;
    struct ph_page page;
    size_t count;

    PH_TRY(ph_pool_get(ctx, ph_in_str(in, M_UserPoolId), &pool));
    PH_TRY(read_page(ctx, in, "ListGroups", (struct ph_str){ 0 }, &page));
    PH_TRY(ph_store_group_list(ctx, &pool->ref, page.after, page.limit + 1, &groups, &count));
    write_groups(&page, pool, groups, count, 0, &last, out);
    if (last != NULL) {
        ph_out_str(out, M_NextToken, ph_page_token_make(ctx, page.question, last->name));
    }
    return PH_OK;
}

/* A place in the order of tokens: "precedence name"; groups without a precedence come last. */
static struct ph_str place_of(struct ph_ctx *ctx, const struct ph_group *group)
{
    return ph_strf(ctx->arena, "%lld %.*s", (long long)group->precedence, PH_FMT(group->name));
}

static bool is_behind(const struct ph_group *group, int64_t precedence, struct ph_str name)
{
    if (group->precedence == precedence) {
        return ph_str_cmp(group->name, name) > 0;
    }
    return precedence != PH_GROUP_NO_PRECEDENCE &&
           (group->precedence == PH_GROUP_NO_PRECEDENCE || group->precedence > precedence);
}

/* Where the list goes on after a place, whether or not the group that stood there still does. */
static size_t position_after(const struct ph_group *groups, size_t count, struct ph_str place)
{
    struct ph_str before, name;
    int64_t precedence;
    size_t i = 0;

    if (!ph_str_cut(place, ' ', &before, &name) ||
        !ph_str_to_int(before, INT64_MIN, INT64_MAX, &precedence)) {
        return 0;
    }
    for (; i < count; i++) {
        if (ph_str_eq(groups[i].name, name)) {
            return i + 1; /* whatever the engine's order of names is */
        }
    }
    for (i = 0; i < count && !is_behind(&groups[i], precedence, name); i++) {
    }
    return i;
}

/* In the order of tokens, the best precedence first: all of them are a hundred at most. */
struct ph_err ph_api_admin_list_groups_for_user(struct ph_ctx *ctx, const struct ph_in *in,
                                                struct ph_out *out)
{
    const struct ph_group *last;
    const struct ph_pool *pool;
    struct ph_group *groups;
    struct ph_user *user;
    struct ph_page page;
    size_t count, at;

    PH_TRY(ph_named_find(ctx, in, &pool, &user));
    PH_TRY(read_page(ctx, in, "AdminListGroupsForUser", user->sub, &page));
    PH_TRY(ph_store_groups_of_user(ctx, &pool->ref, user->sub, &groups, &count));
    at = position_after(groups, count, page.after);
    write_groups(&page, pool, groups, count, at, &last, out);
    if (last != NULL) {
        ph_out_str(out, M_NextToken, ph_page_token_make(ctx, page.question, place_of(ctx, last)));
    }
    return PH_OK;
}

static struct ph_err check_exists(struct ph_ctx *ctx, const struct ph_pool *pool,
                                  struct ph_str name)
{
    struct ph_group *group;

    PH_TRY(ph_store_group_find(ctx, &pool->ref, name, &group));
    return group == NULL ? unknown() : PH_OK;
}

struct ph_err ph_api_list_users_in_group(struct ph_ctx *ctx, const struct ph_in *in,
                                         struct ph_out *out)
{
    static const struct ph_view_choice ALL = { .reader = NULL };
    const struct ph_str name = ph_in_str(in, M_GroupName);
    const struct ph_pool *pool;
    struct ph_user **users;
    struct ph_out_list list;
    struct ph_page page;
    size_t count;

    PH_TRY(ph_pool_get(ctx, ph_in_str(in, M_UserPoolId), &pool));
    PH_TRY(check_exists(ctx, pool, name));
    PH_TRY(read_page(ctx, in, "ListUsersInGroup", name, &page));
    PH_TRY(ph_store_group_users(ctx, &pool->ref, name, page.after, page.limit + 1, &users, &count));
    list = ph_out_list(out, M_Users);
    for (size_t i = 0; i < count && i < page.limit; i++) {
        struct ph_out one = ph_out_list_object(&list);

        ph_view_user(&one, users[i], M_Attributes, &ALL);
    }
    if (count > page.limit) {
        ph_out_str(out, M_NextToken,
                   ph_page_token_make(ctx, page.question, users[page.limit - 1]->sub));
    }
    return PH_OK;
}
