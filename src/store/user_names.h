/*
 * The names that a user may own, from his row. Included only inside store/.
 *
 * user_aliases has no index by owner: each new user would change a page of it somewhere, since a
 * sub is random. Nor does it need one: a name is the Username, the e-mail address, the phone number
 * or the preferred user name that stands in the row of its owner, as it is or folded.
 */
#ifndef PH_STORE_USER_NAMES_H
#define PH_STORE_USER_NAMES_H

#include "store/internal.h"
#include "store/users.h"

struct ph_user_names {
    struct ph_alias items[8]; /* two spellings of each kind at most */
    size_t count;
    bool unknown; /* the row is broken: it may be any names */
};

struct ph_user_names ph_user_names_of(struct ph_arena *arena, struct ph_str username,
                                      const struct ph_attrs *attrs);

bool ph_user_names_have(const struct ph_alias *names, size_t count, const struct ph_alias *wanted);

/* Those of the row as it is stored now; none when there is no such user. */
struct ph_user_names ph_user_names_read(struct ph_tx *tx, struct ph_arena *arena,
                                        struct ph_str pool_id, struct ph_str sub);

/*
 * Of these names the user keeps some, and claims them again; what else of them is his becomes free.
 */
void ph_user_names_drop(struct ph_tx *tx, struct ph_str pool_id, struct ph_str sub,
                        const struct ph_user_names *names, const struct ph_alias *kept,
                        size_t kept_count);

#endif
