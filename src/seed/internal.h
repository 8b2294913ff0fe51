/* What the files of seed/ share: items, and how a file becomes a list of them. */
#ifndef PH_SEED_INTERNAL_H
#define PH_SEED_INTERNAL_H

#include "model/model.h"
#include "seed/seed.h"

/* In the order in which they are applied, whatever their order in the files. */
enum ph_seed_kind {
    PH_SEED_POOL,
    PH_SEED_RESOURCE_SERVER,
    PH_SEED_PROVIDER,
    PH_SEED_CLIENT,
    PH_SEED_MFA,
    PH_SEED_DOMAIN,
    PH_SEED_GROUP,
    PH_SEED_USER,
    PH_SEED_MEMBER,
    PH_SEED_RISK,
    PH_SEED_CUSTOMIZATION,
    PH_SEED_LOGS,
    PH_SEED_SESSIONS,
    PH_SEED_CLIENT_SESSIONS,
    PH_SEED_STYLE,
    PH_SEED_TERMS,
    PH_SEED_KIND_COUNT
};

/* One request of the API that a file asks for. */
struct ph_seed_item {
    enum ph_seed_kind kind;
    struct ph_str file;
    struct ph_str path; /* "UserPools[0].Clients[1]", "Resources.WebClient.Properties" */
    struct ph_str stack;
    struct ph_str logical; /* the name in a template; absent in a document */
    struct ph_str pool_id;
    struct ph_str client_id;     /* of clients */
    struct ph_str client_secret; /* of clients that are to have one */
    struct json_t *body;         /* members of the request */
    struct json_t *more;         /* members that only seeds have; NULL: none */
    struct ph_seed_item *next;
};

struct ph_seed {
    struct ph_arena *arena;
    const struct ph_seed_options *options;
    struct ph_str region;
    struct ph_seed_item *items[PH_SEED_KIND_COUNT]; /* in the order of the files */
    struct ph_seed_item **ends[PH_SEED_KIND_COUNT];
    struct json_t *outputs; /* {stack: {name: value}} */
    struct json_t *exports; /* {name: value}, of the files so far */
    struct json_t *ignored; /* texts */
    struct json_t *routes;  /* texts */
    struct json_t *used;    /* names of parameters that some template asks for */
    const char *why;        /* the first thing that is wrong */
};

/* One file on its way. */
struct ph_seed_file {
    struct ph_seed *seed;
    struct ph_str name;
    struct ph_str stack;
    struct ph_str directory; /* of the file; relative to it are the paths in it */
};

/* Notes what is wrong, once, with file and place; false. */
bool ph_seed_refuse(struct ph_seed_file *file, struct ph_str path, const char *format, ...)
    PH_PRINTF(3, 4);

/* A new item at the end of its kind. */
struct ph_seed_item *ph_seed_add(struct ph_seed_file *file, enum ph_seed_kind kind,
                                 struct ph_str path, struct json_t *body);

/* {"UserPools": [...]} (document.c) and {"Resources": {...}} (template.c). */
PH_MUST_USE bool ph_seed_read_document(struct ph_seed_file *file, const struct json_t *document);
PH_MUST_USE bool ph_seed_read_template(struct ph_seed_file *file, const struct json_t *document);

/* --- kinds.c: what each kind is to the API --- */

struct ph_seed_kind_row {
    const char *noun;
    enum ph_op create, describe, update;
    const char *described; /* the member of the description that is it; NULL: all of it */
    const char *key;       /* the members that name it, beside UserPoolId; NULL: none */
    const char *more;      /* members that only seeds have, separated by spaces */
    const char *id;        /* what an update names it by instead, from the description; NULL: key */
};

extern const struct ph_seed_kind_row ph_seed_kinds[PH_SEED_KIND_COUNT];

/*
 * Every member, at any depth, must be one that the API knows, or at the top one of `more` (names
 * separated by spaces). Texts of templates become numbers and switches where those are meant.
 */
PH_MUST_USE bool ph_seed_check_members(struct ph_seed_file *file, struct ph_str path,
                                       const struct ph_shape *shape, struct json_t *value,
                                       const char *more);

/* "path.name" */
struct ph_str ph_seed_path(struct ph_arena *arena, struct ph_str path, struct ph_str name);

/* True when `word` is one of the names, which are separated by spaces. */
bool ph_seed_names(const char *names, struct ph_str word);

/* The members of a request that a description has, without the pool's id. */
struct json_t *ph_seed_request(struct ph_arena *arena, enum ph_op op,
                               const struct json_t *described);

/* --- ids.c: what follows from names --- */

struct ph_str ph_seed_pool_id(struct ph_arena *arena, struct ph_str region, struct ph_str stack,
                              struct ph_str name);
struct ph_str ph_seed_client_id(struct ph_arena *arena, struct ph_str pool_id, struct ph_str name);
struct ph_str ph_seed_client_secret(struct ph_arena *arena, struct ph_str pool_id,
                                    struct ph_str client_id);
struct ph_str ph_seed_sub(struct ph_arena *arena, struct ph_str pool_id, struct ph_str username);

/* --- compare.c --- */

/*
 * Does `there` say all that `wanted` says? More members may be there, empty lists are as good as
 * none, and lists of texts have no order.
 */
bool ph_seed_says(const struct json_t *there, const struct json_t *wanted);

/* --- calls of the API --- */

/* Checks the body against the model, runs the handler. */
PH_MUST_USE struct ph_err ph_seed_call(struct ph_ctx *ctx, enum ph_op op, const struct json_t *body,
                                       struct json_t **reply);

/* users.c: makes the user of an item, or changes who is there. */
PH_MUST_USE struct ph_err ph_seed_apply_user(struct ph_ctx *ctx, const struct ph_seed_item *item);

#endif
