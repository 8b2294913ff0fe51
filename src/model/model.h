/*
 * The API as tables: operations, shapes, members, constraints. Generated at build time by
 * tools/generate_model.py from src/model/cognito-idp.model (model_names.h, exceptions.h and
 * model_tables.c in the build folder); nothing here is written by hand per operation.
 */
#ifndef PH_MODEL_MODEL_H
#define PH_MODEL_MODEL_H

#include "model/exceptions.h"  /* generated: extern const struct ph_exception ph_ex_<Name>; */
#include "model/model_names.h" /* generated: enum ph_op { OP_<Name> }, enum ph_member { M_<Name> } */
#include "util/str.h"

enum ph_auth_class {
    PH_AUTH_NONE,         /* public; a signature is tolerated and ignored */
    PH_AUTH_ACCESS_TOKEN, /* the AccessToken member; some also take a Session instead */
    PH_AUTH_SIGV4,
};

enum ph_shape_kind {
    PH_SHAPE_STRUCTURE,
    PH_SHAPE_STRING,
    PH_SHAPE_LIST,
    PH_SHAPE_MAP,
    PH_SHAPE_INTEGER,
    PH_SHAPE_LONG,
    PH_SHAPE_BOOLEAN,
    PH_SHAPE_TIMESTAMP,
    PH_SHAPE_BLOB,
    PH_SHAPE_DOCUMENT, /* any JSON */
};

#define PH_NO_LIMIT (-1)

struct ph_shape;

struct ph_member {
    enum ph_member_name name;
    const struct ph_shape *shape;
    bool required;
};

struct ph_shape {
    const char *name;
    enum ph_shape_kind kind;
    bool sensitive;
    int64_t min; /* characters, bytes (blob), elements, entries or value; PH_NO_LIMIT */
    int64_t max;
    const char *pattern;             /* Java regular expression for the whole string, or NULL */
    int pattern_index;               /* among the distinct patterns; -1 without one */
    const char *const *enumeration;  /* NULL-terminated, or NULL */
    const struct ph_member *members; /* structure: in alphabetical order */
    size_t member_count;
    const struct ph_shape *element; /* list: element; map: value */
    const struct ph_shape *key;     /* map */
};

struct ph_operation {
    const char *name;
    enum ph_op id;
    enum ph_auth_class auth;
    const char *group; /* "users", "pools", ... for help and docs */
    const struct ph_shape *input;
    const struct ph_shape *output;            /* NULL: no output shape */
    const struct ph_exception *const *errors; /* declared, NULL-terminated */
};

extern const struct ph_operation ph_operations[PH_OP_COUNT]; /* indexed by enum ph_op */
extern const char *const ph_member_names[PH_MEMBER_COUNT];   /* as on the wire */
extern const char *const ph_patterns[]; /* distinct, PH_PATTERN_COUNT of them */

/* By name, exactly as in X-Amz-Target after the dot; NULL when there is none. */
const struct ph_operation *ph_operation_find(struct ph_str name);

/* The member of a structure, or NULL. */
const struct ph_member *ph_shape_member(const struct ph_shape *structure, struct ph_str name);

/* A structure shape by its name ("UserPoolType"), or NULL. */
const struct ph_shape *ph_shape_find(struct ph_str name);

#endif
