#include "store/realias.h"

#include "store/pool_row.h"
#include "store/user_row.h"

enum { PIECE = 500 };

struct realiasing {
    struct ph_realias *how;
    enum ph_write_result result;
};

static const char UPDATE_POOL[] = "UPDATE pools SET settings = $2, modified_ms = $3,"
                                  " revision = revision + 1 WHERE id = $1 AND revision = $4";
static const char POOL_EXISTS[] = "SELECT 1 FROM pools WHERE id = $1";
static const char DROP_ALL[] = "DELETE FROM user_aliases WHERE pool_id = $1";
static const char NEXT_USERS[] = "SELECT " PH_USER_COLUMNS " FROM users u WHERE u.pool_id = $1"
                                 " AND u.sub > $2 ORDER BY u.sub LIMIT $3";
static const char CLAIM[] =
    "INSERT INTO user_aliases (pool_id, kind, value, sub)"
    " VALUES ($1, $2, $3, $4) ON CONFLICT (pool_id, kind, value) DO NOTHING";
static const char OWNER[] = "SELECT a.sub, u.username FROM user_aliases a JOIN users u"
                            " ON u.pool_id = a.pool_id AND u.sub = a.sub"
                            " WHERE a.pool_id = $1 AND a.kind = $2 AND a.value = $3";

/* Whoever has a Username is found by it before others are by their addresses. */
static const char ACROSS[] =
    "SELECT u.username, a.value, o.username FROM user_aliases a JOIN user_aliases n"
    " ON n.pool_id = a.pool_id AND n.kind = $2 AND n.value = a.value AND n.sub <> a.sub"
    " JOIN users u ON u.pool_id = a.pool_id AND u.sub = a.sub"
    " JOIN users o ON o.pool_id = n.pool_id AND o.sub = n.sub"
    " WHERE a.pool_id = $1 AND a.kind <> $2 ORDER BY u.username";

static void claim(struct ph_tx *tx, struct ph_realias *how, struct ph_arena *arena,
                  const struct ph_user *user, const struct ph_alias *alias)
{
    const struct ph_str id = how->pool->id;
    struct ph_str owner = { 0 }, username = { 0 };
    struct ph_q q;

    if (PH_RUN(tx, CLAIM, ph_v_text(id), ph_v_int(alias->kind), ph_v_bytes(alias->value),
               ph_v_text(user->sub)) != 0) {
        return;
    }
    PH_QUERY(tx, &q, OWNER, ph_v_text(id), ph_v_int(alias->kind), ph_v_bytes(alias->value));
    if (ph_q_row(&q)) {
        owner = ph_q_str(&q, arena, 0);
        username = ph_q_str(&q, arena, 1);
    }
    ph_q_end(&q);
    if (owner.p != NULL && !ph_str_eq(owner, user->sub)) {
        how->conflicts++;
        how->conflict(how->self, user->username, alias->value, username);
    }
}

static void claim_all(struct ph_tx *tx, struct ph_realias *how, struct ph_arena *arena,
                      const struct ph_user *user)
{
    const struct ph_alias *aliases;
    size_t count;

    how->names(how->self, arena, user, &aliases, &count);
    for (size_t i = 0; i < count; i++) {
        claim(tx, how, arena, user, &aliases[i]);
    }
}

/* The number of users in the piece after `*after`, which moves on; its text lives in `keep`. */
static size_t take_piece(struct ph_tx *tx, struct ph_realias *how, struct ph_arena *keep,
                         struct ph_str *after)
{
    struct ph_arena arena = { 0 };
    struct ph_user **users = ph_arena_array(&arena, PIECE, struct ph_user *);
    size_t count = 0;
    struct ph_q q;

    PH_QUERY(tx, &q, NEXT_USERS, ph_v_text(how->pool->id), ph_v_text(*after), ph_v_int(PIECE));
    while (count < PIECE && ph_q_row(&q)) {
        users[count] = ph_user_decode(&q, &arena);
        count += users[count] == NULL ? 0 : 1;
    }
    ph_q_end(&q);
    for (size_t i = 0; i < count && tx->verdict == PH_DB_DONE; i++) {
        claim_all(tx, how, &arena, users[i]);
    }
    if (count > 0) {
        ph_arena_finish(keep);
        *keep = (struct ph_arena){ 0 };
        *after = ph_str_dup(keep, users[count - 1]->sub);
    }
    ph_arena_finish(&arena);
    how->users += count;
    return tx->verdict == PH_DB_DONE ? count : 0;
}

static void tell_names_across(struct ph_tx *tx, struct ph_realias *how)
{
    struct ph_arena arena = { 0 };
    struct ph_q q;

    PH_QUERY(tx, &q, ACROSS, ph_v_text(how->pool->id), ph_v_int(PH_ALIAS_USERNAME));
    while (ph_q_row(&q)) {
        how->conflicts++;
        how->conflict(how->self, ph_q_str(&q, &arena, 0), ph_q_str(&q, &arena, 1),
                      ph_q_str(&q, &arena, 2));
    }
    ph_q_end(&q);
    ph_arena_finish(&arena);
}

static void realias(struct ph_tx *tx, void *arg)
{
    struct realiasing *r = arg;
    struct ph_realias *how = r->how;
    const struct ph_pool_record *p = how->pool;
    struct ph_str after = PH_STR("");
    struct ph_arena keep = { 0 };

    how->users = how->conflicts = 0; /* it may run again */
    how->begin(how->self);
    if (PH_RUN(tx, UPDATE_POOL, ph_v_text(p->id), ph_v_text(p->settings), ph_v_int(p->modified_ms),
               ph_v_int(p->revision)) == 0) {
        r->result = ph_row_exists(tx, POOL_EXISTS, p->id) ? PH_WRITE_CONFLICT : PH_WRITE_GONE;
        ph_tx_abandon(tx);
        return;
    }
    (void)PH_RUN(tx, DROP_ALL, ph_v_text(p->id));
    while (take_piece(tx, how, &keep, &after) == PIECE) {
    }
    ph_arena_finish(&keep);
    tell_names_across(tx, how);
    if (!how->apply || how->conflicts > 0) {
        ph_tx_abandon(tx);
    }
}

struct ph_err ph_store_realias(struct ph_ctx *ctx, struct ph_realias *how,
                               enum ph_write_result *result)
{
    struct realiasing r = { .how = how, .result = PH_WRITE_DONE };

    PH_TRY(ph_write(ctx, realias, &r));
    *result = r.result;
    return PH_OK;
}
