/* Users as rows: how one is written and read. Included only inside store/. */
#ifndef PH_STORE_USER_ROW_H
#define PH_STORE_USER_ROW_H

#include "store/internal.h"
#include "store/users.h"

/* The columns of a user, in the order that ph_user_decode() reads them. */
#define PH_USER_COLUMNS                                                                            \
    "u.sub, u.username, u.status, u.enabled, u.created_ms, u.modified_ms, u.revision,"             \
    " u.tokens_valid_after_ms, u.password_set_ms, u.attrs, u.mfa, u.origin"
#define PH_USER_SECRETS                                                                            \
    "u.password, u.password_history, u.password_hash" /* follow them, where they are read */

enum {
    PH_USER_COLUMN_COUNT = 12,
    PH_USER_COLUMN_PASSWORD = PH_USER_COLUMN_COUNT,
    PH_USER_COLUMN_HISTORY,
    PH_USER_COLUMN_HASH,
};

/* NULL, and the query is marked as broken, when the row is not what we write. */
struct ph_user *ph_user_decode(struct ph_q *q, struct ph_arena *arena);

/* The same with the columns of PH_USER_SECRETS. */
struct ph_user *ph_user_decode_whole(struct ph_q *q, struct ph_arena *arena,
                                     const struct ph_pool_ref *pool);

/* The column mfa: what is on, what is preferred, and whether there is a software token. */
int64_t ph_user_mfa_encode(const struct ph_user *user);

/* The column origin. */
int64_t ph_user_origin_encode(const struct ph_user *user);
enum ph_user_origin ph_user_origin_decode(int64_t origin);

/* A status as it is stored: the name on the wire, folded. */
struct ph_str ph_user_status_text(enum ph_user_status status);

struct ph_str ph_attrs_encode(struct ph_arena *arena, const struct ph_attrs *attrs);
PH_MUST_USE bool ph_attrs_decode(struct ph_arena *arena, struct ph_str text,
                                 struct ph_attrs *attrs);

/* Sealed columns; absent when there is nothing to seal. */
struct ph_str ph_user_seal_password(struct ph_arena *arena, const struct ph_pool_ref *pool,
                                    const struct ph_user *user);
struct ph_str ph_user_seal_history(struct ph_arena *arena, const struct ph_pool_ref *pool,
                                   const struct ph_user *user);
struct ph_str ph_user_seal_hash(struct ph_arena *arena, const struct ph_pool_ref *pool,
                                const struct ph_user *user);
PH_MUST_USE bool ph_user_open_hash(struct ph_arena *arena, const struct ph_pool_ref *pool,
                                   struct ph_str sub, struct ph_str sealed, struct ph_str *hash);

/*
 * A write of a user that is prepared before its transaction: the job of ph_write(), or a part of a
 * larger one. What it finds in its way abandons the transaction.
 */
struct ph_user_writing;
struct ph_user_writing *ph_user_writing_new(struct ph_ctx *ctx, const struct ph_pool_ref *pool,
                                            const struct ph_user_change *change);
void ph_user_writing_run(struct ph_tx *tx, void *writing);

/* For a new user, before: whether a name of his belongs to somebody, and of which kind it is. */
bool ph_user_writing_is_taken(struct ph_tx *tx, struct ph_user_writing *w,
                              enum ph_alias_kind *kind);

/* After the commit: see ph_store_user_write(). */
enum ph_user_write ph_user_writing_end(const struct ph_user_writing *w, enum ph_alias_kind *taken);

/* What ListUsers asks the engine (user_list.c): for the test of its plans. */
const char *ph_user_list_sql(enum ph_user_filter_by by);

#endif
