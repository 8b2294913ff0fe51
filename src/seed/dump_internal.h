/* What the files of the dump share. */
#ifndef PH_SEED_DUMP_INTERNAL_H
#define PH_SEED_DUMP_INTERNAL_H

#include "pool/pool.h"
#include "seed/dump.h"
#include "seed/internal.h"

struct ph_dump {
    struct ph_ctx *ctx;
    enum ph_dump_secrets secrets;
    const struct ph_pool *pool;
    struct json_t *out; /* the pool on its way */
};

/* The members of a request that a description has, without the pool's id. */
struct json_t *ph_dump_request(const struct ph_dump *d, enum ph_op op,
                               const struct json_t *described);

/* {"UserPoolId": ...}, for more members. */
struct json_t *ph_dump_question(const struct ph_dump *d);

/* Adds a member to the pool, unless the list is empty. */
void ph_dump_add_list(const struct ph_dump *d, const char *member, struct json_t *list);

/* Adds to `to` what is to be told of one that is listed. */
typedef struct ph_err ph_dump_one(const struct ph_dump *d, const struct json_t *listed,
                                  struct json_t *to);

/* Asks for all pages of a list of the API; `listed` is its member in the reply. */
PH_MUST_USE struct ph_err ph_dump_each(const struct ph_dump *d, enum ph_op op, const char *listed,
                                       ph_dump_one *add, struct json_t **all);

/* Adds "Clients". */
PH_MUST_USE struct ph_err ph_dump_clients(const struct ph_dump *d);

/* Adds what the clients that are told have: sessions, styles, terms. */
PH_MUST_USE struct ph_err ph_dump_parts_of_clients(const struct ph_dump *d);

/* Adds "Users". */
PH_MUST_USE struct ph_err ph_dump_users(const struct ph_dump *d);

#endif
