/*
 * Seeds: files that say which pools, clients, groups and users a development server starts with.
 *
 * Reading is pure: files become a list of items, each a request of the API with its place in the
 * file. Applying sends them through the handlers of the API, so that all its checks hold. A file is
 * a document in the shape of the API's own requests, or a template of CloudFormation or SAM; both
 * in JSON or YAML. docs/development.md describes them.
 *
 * Ids that a file does not state follow from the names in it and from the region: the same file
 * gives the same pools, clients and secrets at each start.
 */
#ifndef PH_SEED_SEED_H
#define PH_SEED_SEED_H

#include "util/ctx.h"
#include "util/json.h"

struct ph_seed;

struct ph_seed_options {
    const struct ph_settings *settings; /* region, account, public address */
    struct ph_str files;                /* lines: FILE, or STACK=FILE */
    struct ph_str parameters;           /* lines: NAME=VALUE */
};

/*
 * Reads all files. False and a text in *why (of the arena) that names file and place. The seed
 * lives in the arena, which must stay as long as it.
 */
PH_MUST_USE bool ph_seed_read(struct ph_arena *arena, const struct ph_seed_options *options,
                              struct ph_seed **seed, const char **why);

/* The same for one file whose text is at hand. */
PH_MUST_USE bool ph_seed_read_text(struct ph_arena *arena, const struct ph_seed_options *options,
                                   struct ph_str stack, struct ph_str file, struct ph_str text,
                                   struct ph_seed **seed, const char **why);

/* Lines of triggers.function for the functions of templates whose code is at hand. */
struct ph_str ph_seed_routes(const struct ph_seed *seed);

/* What was in the files and is not acted on; one line of the log each. */
void ph_seed_log_ignored(const struct ph_seed *seed, const struct ph_log *log);

/*
 * Makes what the seed says, and changes what is there and differs; what it does not name stays. No
 * triggers run. ctx->arena is used for all of it. False and a text in *why (of ctx->arena).
 */
PH_MUST_USE bool ph_seed_apply(struct ph_ctx *ctx, const struct ph_seed *seed, const char **why);

/*
 * The same, and *lines says what became of each thing that is no user, in the order in which they
 * were applied and as far as that went: "made app client web (1h57...)", "changed ...", "unchanged
 * ...".
 */
PH_MUST_USE bool ph_seed_apply_telling(struct ph_ctx *ctx, const struct ph_seed *seed,
                                       struct ph_str *lines, const char **why);

/* What came of it: {"UserPools": [{"Id", "Name", "Clients": [...]}], "Outputs": {STACK: {...}}} */
struct json_t *ph_seed_result(struct ph_arena *arena, const struct ph_seed *seed);

/* The same for people and scripts: lines like "pool shop eu-west-1_Ab3dEfG9h". */
struct ph_str ph_seed_summary(struct ph_arena *arena, const struct ph_seed *seed);

#endif
