#include "store/groups.h"

#include "store/pool_row.h"
#include "store/user_row.h"

struct group_writing {
    const struct ph_group *group;
    struct ph_str pool_id;
    struct ph_str name;
    struct ph_str id; /* of a new group */
    struct ph_str sub;
    int64_t precedence; /* of a change; less than no precedence: it stays */
    enum ph_group_write result;
};

/* --- reading --- */

#define COLUMNS "g.name, g.description, g.role, g.precedence, g.created_ms, g.modified_ms"

static void decode(struct ph_q *q, struct ph_arena *arena, struct ph_group *group)
{
    *group = (struct ph_group){
        .name = ph_q_str(q, arena, 0),
        .description = ph_q_str(q, arena, 1),
        .role = ph_q_str(q, arena, 2),
        .precedence = ph_q_int(q, 3),
        .created_ms = ph_q_int(q, 4),
        .modified_ms = ph_q_int(q, 5),
    };
}

static struct ph_err read_list(struct ph_ctx *ctx, struct ph_q *q, struct ph_group **groups,
                               size_t *count)
{
    struct ph_list list = { 0 };

    while (ph_q_row(q)) {
        decode(q, ctx->arena, PH_LIST_ADD(ctx->arena, &list, struct ph_group));
    }
    PH_TRY(ph_read_end(q));
    *groups = list.items;
    *count = list.count;
    return PH_OK;
}

static const char FIND_GROUP[] = "SELECT " COLUMNS " FROM user_groups g"
                                 " WHERE g.pool_id = $1 AND g.name = $2";

struct ph_err ph_store_group_find(struct ph_ctx *ctx, const struct ph_pool_ref *pool,
                                  struct ph_str name, struct ph_group **group)
{
    struct ph_group *found;
    struct ph_q q;
    size_t count;

    PH_READ(ctx, &q, FIND_GROUP, ph_v_text(pool->id), ph_v_text(name));
    PH_TRY(read_list(ctx, &q, &found, &count));
    *group = count > 0 ? found : NULL;
    return PH_OK;
}

static const char LIST_GROUPS[] = "SELECT " COLUMNS " FROM user_groups g"
                                  " WHERE g.pool_id = $1 AND g.name > $2 ORDER BY g.name LIMIT $3";

struct ph_err ph_store_group_list(struct ph_ctx *ctx, const struct ph_pool_ref *pool,
                                  struct ph_str after, size_t limit, struct ph_group **groups,
                                  size_t *count)
{
    const struct ph_str from = after.p == NULL ? PH_STR("") : after;
    struct ph_q q;

    PH_READ(ctx, &q, LIST_GROUPS, ph_v_text(pool->id), ph_v_text(from), ph_v_int((int64_t)limit));
    return read_list(ctx, &q, groups, count);
}

static const char GROUPS_OF_USER[] =
    "SELECT " COLUMNS " FROM group_members m JOIN user_groups g"
    " ON g.pool_id = m.pool_id AND g.id = m.group_id WHERE m.pool_id = $1 AND m.sub = $2"
    " ORDER BY g.precedence < 0, g.precedence, g.name";

struct ph_err ph_store_groups_of_user(struct ph_ctx *ctx, const struct ph_pool_ref *pool,
                                      struct ph_str sub, struct ph_group **groups, size_t *count)
{
    struct ph_q q;

    PH_READ(ctx, &q, GROUPS_OF_USER, ph_v_text(pool->id), ph_v_text(sub));
    return read_list(ctx, &q, groups, count);
}

static const char USERS_OF_GROUP[] =
    "SELECT " PH_USER_COLUMNS " FROM user_groups g JOIN group_members m"
    " ON m.pool_id = g.pool_id AND m.group_id = g.id JOIN users u"
    " ON u.pool_id = m.pool_id AND u.sub = m.sub"
    " WHERE g.pool_id = $1 AND g.name = $2 AND m.sub > $3 ORDER BY m.sub LIMIT $4";

struct ph_err ph_store_group_users(struct ph_ctx *ctx, const struct ph_pool_ref *pool,
                                   struct ph_str name, struct ph_str after, size_t limit,
                                   struct ph_user ***users, size_t *count)
{
    const struct ph_str from = after.p == NULL ? PH_STR("") : after;
    struct ph_list list = { 0 };
    struct ph_q q;

    PH_READ(ctx, &q, USERS_OF_GROUP, ph_v_text(pool->id), ph_v_text(name), ph_v_text(from),
            ph_v_int((int64_t)limit));
    while (ph_q_row(&q)) {
        *PH_LIST_ADD(ctx->arena, &list, struct ph_user *) = ph_user_decode(&q, ctx->arena);
    }
    PH_TRY(ph_read_end(&q));
    *users = list.items;
    *count = list.count;
    return PH_OK;
}

/* --- writing --- */

static struct ph_err write_group(struct ph_ctx *ctx, ph_job_run *run, struct group_writing *w,
                                 enum ph_group_write *result)
{
    w->result = PH_GROUP_DONE;
    PH_TRY(ph_write(ctx, run, w));
    *result = w->result;
    return PH_OK;
}

static void give_up(struct ph_tx *tx, struct group_writing *w, enum ph_group_write result)
{
    w->result = result;
    ph_tx_abandon(tx);
}

/* The first number of the first row; 0 when there is none. */
static int64_t read_number(struct ph_tx *tx, const char *sql, struct ph_str a, struct ph_str b)
{
    int64_t n = 0;
    struct ph_q q;

    PH_QUERY(tx, &q, sql, ph_v_text(a), ph_v_text(b));
    if (ph_q_row(&q)) {
        n = ph_q_int(&q, 0);
    }
    ph_q_end(&q);
    return n;
}

static const char INSERT_GROUP[] =
    "INSERT INTO user_groups (pool_id, name, id, description, role, precedence, created_ms,"
    " modified_ms) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (pool_id, name) DO NOTHING";
static const char COUNT_OTHERS[] = "SELECT COUNT(*) FROM user_groups"
                                   " WHERE pool_id = $1 AND name <> $2";

static void insert_group(struct ph_tx *tx, void *arg)
{
    struct group_writing *w = arg;
    const struct ph_group *g = w->group;

    if (!ph_pool_hold(tx, w->pool_id)) {
        give_up(tx, w, PH_GROUP_GONE);
        return;
    }
    if (PH_RUN(tx, INSERT_GROUP, ph_v_text(w->pool_id), ph_v_text(g->name), ph_v_text(w->id),
               ph_v_text(g->description), ph_v_text(g->role), ph_v_int(g->precedence),
               ph_v_int(g->created_ms), ph_v_int(g->modified_ms)) == 0) {
        give_up(tx, w, PH_GROUP_TAKEN);
    } else if (read_number(tx, COUNT_OTHERS, w->pool_id, g->name) >= PH_GROUPS_MAX) {
        give_up(tx, w, PH_GROUP_FULL);
    }
}

struct ph_err ph_store_group_insert(struct ph_ctx *ctx, const struct ph_pool_ref *pool,
                                    const struct ph_group *group, enum ph_group_write *result)
{
    struct group_writing w = { .group = group, .pool_id = pool->id, .id = ph_new_uuid7(ctx) };

    return write_group(ctx, insert_group, &w, result);
}

static const char UPDATE_GROUP[] =
    "UPDATE user_groups SET description = COALESCE($3, description), role = COALESCE($4, role),"
    " precedence = CASE WHEN $5 < -1 THEN precedence ELSE $5 END, modified_ms = $6"
    " WHERE pool_id = $1 AND name = $2";

static void update_group(struct ph_tx *tx, void *arg)
{
    struct group_writing *w = arg;
    const struct ph_group *g = w->group;

    if (PH_RUN(tx, UPDATE_GROUP, ph_v_text(w->pool_id), ph_v_text(g->name),
               ph_v_text(g->description), ph_v_text(g->role), ph_v_int(w->precedence),
               ph_v_int(g->modified_ms)) == 0) {
        give_up(tx, w, PH_GROUP_GONE);
    }
}

struct ph_err ph_store_group_update(struct ph_ctx *ctx, const struct ph_pool_ref *pool,
                                    const struct ph_group *group, bool change_precedence,
                                    enum ph_group_write *result)
{
    struct group_writing w = {
        .group = group,
        .pool_id = pool->id,
        .precedence = change_precedence ? group->precedence : PH_GROUP_NO_PRECEDENCE - 1,
    };

    return write_group(ctx, update_group, &w, result);
}

static const char NOTE_DELETED[] = "INSERT INTO deleted_groups (pool_id, id)"
                                   " SELECT pool_id, id FROM user_groups"
                                   " WHERE pool_id = $1 AND name = $2";
static const char DELETE_GROUP[] = "DELETE FROM user_groups WHERE pool_id = $1 AND name = $2";

/* Its members may be millions of rows: the sweep takes them piece by piece (purge.c). */
static void delete_group(struct ph_tx *tx, void *arg)
{
    struct group_writing *w = arg;

    (void)PH_RUN(tx, NOTE_DELETED, ph_v_text(w->pool_id), ph_v_text(w->name));
    if (PH_RUN(tx, DELETE_GROUP, ph_v_text(w->pool_id), ph_v_text(w->name)) == 0) {
        give_up(tx, w, PH_GROUP_GONE);
    }
}

struct ph_err ph_store_group_delete(struct ph_ctx *ctx, const struct ph_pool_ref *pool,
                                    struct ph_str name, enum ph_group_write *result)
{
    struct group_writing w = { .pool_id = pool->id, .name = name };

    return write_group(ctx, delete_group, &w, result);
}

/* --- members --- */

static const char BOTH_EXIST[] = "SELECT COUNT(*) FROM user_groups g JOIN users u"
                                 " ON u.pool_id = g.pool_id"
                                 " WHERE g.pool_id = $1 AND g.name = $2 AND u.sub = $3";
static const char ADD_MEMBER[] =
    "INSERT INTO group_members (pool_id, sub, group_id)"
    " SELECT g.pool_id, u.sub, g.id FROM user_groups g JOIN users u ON u.pool_id = g.pool_id"
    " WHERE g.pool_id = $1 AND g.name = $2 AND u.sub = $3"
    " ON CONFLICT (pool_id, sub, group_id) DO NOTHING";
static const char COUNT_OF_USER[] =
    "SELECT COUNT(*) FROM group_members m JOIN user_groups g"
    " ON g.pool_id = m.pool_id AND g.id = m.group_id WHERE m.pool_id = $1 AND m.sub = $2";

static bool both_exist(struct ph_tx *tx, const struct group_writing *w)
{
    bool exist;
    struct ph_q q;

    PH_QUERY(tx, &q, BOTH_EXIST, ph_v_text(w->pool_id), ph_v_text(w->name), ph_v_text(w->sub));
    exist = ph_q_row(&q) && ph_q_int(&q, 0) > 0;
    ph_q_end(&q);
    return exist;
}

static void add_member(struct ph_tx *tx, void *arg)
{
    struct group_writing *w = arg;

    if (!ph_user_hold(tx, w->pool_id, w->sub) || !both_exist(tx, w)) {
        give_up(tx, w, PH_GROUP_GONE);
        return;
    }
    if (PH_RUN(tx, ADD_MEMBER, ph_v_text(w->pool_id), ph_v_text(w->name), ph_v_text(w->sub)) > 0 &&
        read_number(tx, COUNT_OF_USER, w->pool_id, w->sub) > PH_GROUPS_OF_USER_MAX) {
        give_up(tx, w, PH_GROUP_FULL);
    }
}

struct ph_err ph_store_group_add(struct ph_ctx *ctx, const struct ph_pool_ref *pool,
                                 struct ph_str name, struct ph_str sub, enum ph_group_write *result)
{
    struct group_writing w = { .pool_id = pool->id, .name = name, .sub = sub };

    return write_group(ctx, add_member, &w, result);
}

static const char REMOVE_MEMBER[] =
    "DELETE FROM group_members WHERE pool_id = $1 AND sub = $3 AND group_id ="
    " (SELECT id FROM user_groups WHERE pool_id = $1 AND name = $2)";

static void remove_member(struct ph_tx *tx, void *arg)
{
    struct group_writing *w = arg;

    if (PH_RUN(tx, REMOVE_MEMBER, ph_v_text(w->pool_id), ph_v_text(w->name), ph_v_text(w->sub)) ==
            0 &&
        !both_exist(tx, w)) {
        give_up(tx, w, PH_GROUP_GONE);
    }
}

struct ph_err ph_store_group_remove(struct ph_ctx *ctx, const struct ph_pool_ref *pool,
                                    struct ph_str name, struct ph_str sub,
                                    enum ph_group_write *result)
{
    struct group_writing w = { .pool_id = pool->id, .name = name, .sub = sub };

    return write_group(ctx, remove_member, &w, result);
}
