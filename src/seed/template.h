/*
 * Templates of CloudFormation and SAM: what its files share. Included only inside seed/.
 *
 * A template is read by need: a property is evaluated when an item wants it, a resource's name when
 * something refers to it. A depth that a sensible template never has is a circle.
 */
#ifndef PH_SEED_TEMPLATE_H
#define PH_SEED_TEMPLATE_H

#include "seed/internal.h"

struct ph_template {
    struct ph_seed_file *file;
    struct ph_arena *arena;
    const struct json_t *document;
    const struct json_t *resources;
    struct json_t *parameters; /* name: value */
    unsigned depth;
    size_t spent; /* what evaluating has cost: a small template can ask for a lot */
};

enum { PH_TEMPLATE_DEPTH_MAX = 100, PH_TEMPLATE_COST_MAX = 32 * 1024 * 1024 };

/* --- intrinsics.c --- */

/* The value with its functions worked out; NULL in *out for AWS::NoValue. */
PH_MUST_USE bool ph_template_eval(struct ph_template *t, struct ph_str path,
                                  const struct json_t *value, struct json_t **out);

/* The same where a text must come out; absent for AWS::NoValue and for NULL. */
PH_MUST_USE bool ph_template_text(struct ph_template *t, struct ph_str path,
                                  const struct json_t *value, struct ph_str *out);

/* A condition of the template by its name. */
PH_MUST_USE bool ph_template_condition(struct ph_template *t, struct ph_str path,
                                       struct ph_str name, bool *is_true);

/* --- references.c --- */

/* What Ref gives: of a parameter, a pseudo parameter or a resource. NULL in *out for NoValue. */
PH_MUST_USE bool ph_template_ref(struct ph_template *t, struct ph_str path, struct ph_str name,
                                 struct json_t **out);
PH_MUST_USE bool ph_template_attribute(struct ph_template *t, struct ph_str path,
                                       struct ph_str logical, struct ph_str attribute,
                                       struct ph_str *out);

/* One property of a resource, evaluated; NULL in *out when it is not there. */
PH_MUST_USE bool ph_template_property(struct ph_template *t, struct ph_str logical,
                                      const char *name, struct json_t **out);

/* The name that CloudFormation would make up: "stack-Logical". */
struct ph_str ph_template_made_up(struct ph_template *t, struct ph_str logical);

PH_MUST_USE bool ph_template_pool_id(struct ph_template *t, struct ph_str logical,
                                     struct ph_str *id);
struct ph_str ph_template_client_id(struct ph_template *t, struct ph_str logical);
struct ph_str ph_template_client_secret(struct ph_template *t, struct ph_str logical);

/* --- elsewhere.c: resources that nothing is made of here --- */

/*
 * The type of a resource that SAM adds to the template; absent when it adds none of this name.
 * *owner is the resource that has it; absent when it is for the whole template.
 */
struct ph_str ph_template_added_type(const struct ph_template *t, struct ph_str logical,
                                     struct ph_str *owner);

/* True for the types of which Ref gives the ARN, not the name. */
bool ph_template_ref_is_arn(struct ph_str type);

/* An ARN of the form that AWS would make up. */
PH_MUST_USE bool ph_template_arn(struct ph_template *t, struct ph_str logical, struct ph_str type,
                                 struct ph_str name, struct ph_str *out);

/* --- parameters.c --- */

/* The value that the command gives a parameter or an import; false when it gives none. */
bool ph_template_given(const struct ph_template *t, struct ph_str name, struct ph_str *value);

/* Those without a value (no default, or one in SSM) are left out. */
PH_MUST_USE bool ph_template_read_parameters(struct ph_template *t);

/* Such a parameter is needed: false. */
bool ph_template_refuse_valueless(struct ph_template *t, struct ph_str path, struct ph_str name);

/* --- resources.c --- */

/* The items of all resources whose types are known; the others are noted. */
PH_MUST_USE bool ph_template_read_resources(struct ph_template *t);

/* --- functions.c --- */

bool ph_template_is_function(struct ph_str type);
PH_MUST_USE bool ph_template_function_name(struct ph_template *t, struct ph_str logical,
                                           struct ph_str *name);

/* A route for a function whose code is beside the template; triggers of its SAM events. */
PH_MUST_USE bool ph_template_read_function(struct ph_template *t, struct ph_str logical);

/* Adds to the LambdaConfig of the pool's request what functions of SAM say of themselves. */
PH_MUST_USE bool ph_template_add_triggers(struct ph_template *t, struct ph_str pool_logical,
                                          struct json_t *body);

#endif
