/* Descriptions become requests: the members that a request has, in the shape of a seed. */
#include "seed/describe.h"

#include "pool/schema.h"
#include "seed/describe_notes.h"
#include "seed/internal.h"

/* Something that hangs on a pool, kept until all pools are known. */
struct part {
    struct part *next;
    const struct part_row *row;
    struct ph_str file;
    const struct json_t *value;
};

struct ph_described {
    struct ph_arena *arena;
    struct json_t *usual; /* attributes that every pool has, with their usual rules */
    struct json_t *pools; /* {id: the pool of the seed} */
    struct json_t *notes;
    struct ph_str account;
    struct part *parts;
    struct part **end;
};

struct ph_described *ph_described_new(struct ph_arena *arena)
{
    struct ph_described *made = ph_arena_new(arena, struct ph_described);
    struct ph_ctx ctx = { .arena = arena };

    made->arena = arena;
    if (ph_schema_create(&ctx, NULL, &made->usual).type != NULL) {
        ph_fatal("the standard attributes are broken");
    }
    made->pools = ph_json_object(arena);
    made->notes = ph_json_array(arena);
    made->end = &made->parts;
    return made;
}

static bool refuse(struct ph_arena *arena, struct ph_str file, const char **why, const char *text)
{
    *why = ph_textf(arena, "%.*s: %s", PH_FMT(file), text);
    return false;
}

/* --- which reply is it --- */

struct part_row;
typedef void add_part(const struct ph_described *d, const struct part_row *row, struct json_t *pool,
                      const struct json_t *value);

static add_part add_plain, add_client, add_domain, add_mfa, add_looks, add_logs;

/* By the one member that the reply has; lists have one part in each element. */
static const struct part_row {
    const char *member; /* NULL: the reply itself */
    enum ph_op request;
    const char *list; /* of the seed */
    add_part *add;
    bool is_list;
} ROWS[] = {
    { "UserPoolClient", OP_CreateUserPoolClient, "Clients", add_client, false },
    { "Group", OP_CreateGroup, "Groups", add_plain, false },
    { "Groups", OP_CreateGroup, "Groups", add_plain, true },
    { "IdentityProvider", OP_CreateIdentityProvider, "IdentityProviders", add_plain, false },
    { "ResourceServer", OP_CreateResourceServer, "ResourceServers", add_plain, false },
    { "ResourceServers", OP_CreateResourceServer, "ResourceServers", add_plain, true },
    { "DomainDescription", OP_CreateUserPoolDomain, "Domains", add_domain, false },
    { "RiskConfiguration", OP_SetRiskConfiguration, "RiskConfigurations", add_plain, false },
    { "UICustomization", OP_SetUICustomization, "UICustomizations", add_looks, false },
    { "LogDeliveryConfiguration", OP_SetLogDeliveryConfiguration, "LogConfigurations", add_logs,
      false },
    { NULL, OP_SetUserPoolMfaConfig, "MfaConfig", add_mfa, false },
};
enum { ROW_COUNT = sizeof ROWS / sizeof ROWS[0] };

static void keep(struct ph_described *d, const struct part_row *row, struct ph_str file,
                 const struct json_t *value)
{
    struct part *part = ph_arena_new(d->arena, struct part);

    *part = (struct part){ .row = row, .file = file, .value = value };
    *d->end = part;
    d->end = &part->next;
}

static bool keep_reply(struct ph_described *d, struct ph_str file, const struct json_t *reply)
{
    for (size_t i = 0; i < ROW_COUNT; i++) {
        const struct part_row *row = &ROWS[i];
        const struct json_t *value =
            row->member == NULL ? ph_json_get(reply, "MfaConfiguration") == NULL ? NULL : reply
                                : ph_json_get(reply, row->member);

        if (value == NULL) {
            continue;
        }
        if (!row->is_list) {
            keep(d, row, file, value);
        }
        for (size_t n = 0; row->is_list && n < ph_json_length(value); n++) {
            keep(d, row, file, ph_json_at(value, n));
        }
        return true;
    }
    return false;
}

/* --- pools --- */

/* Without the prefix that descriptions put before it. */
static struct ph_str plain_name(struct ph_str name)
{
    static const struct ph_str PREFIXES[] = { PH_STR_INIT("dev:custom:"), PH_STR_INIT("custom:"),
                                              PH_STR_INIT("dev:") };

    for (size_t i = 0; i < sizeof PREFIXES / sizeof PREFIXES[0]; i++) {
        if (ph_str_starts(name, PREFIXES[i])) {
            return ph_str_skip(name, PREFIXES[i].n);
        }
    }
    return name;
}

/* The service makes these itself; the second is where linked identities are shown. */
static bool is_the_services(struct ph_str name)
{
    return ph_str_eq(name, PH_STR("sub")) || ph_str_eq(name, PH_STR("identities"));
}

static bool is_usual(const struct ph_described *d, const struct json_t *attribute)
{
    for (size_t i = 0; i < ph_json_length(d->usual); i++) {
        if (ph_json_equal(ph_json_at(d->usual, i), attribute)) {
            return true;
        }
    }
    return false;
}

static void add_schema(const struct ph_described *d, const struct json_t *described,
                       struct json_t *pool)
{
    struct ph_arena *arena = d->arena;
    const struct json_t *attributes = ph_json_get(described, "SchemaAttributes");
    struct json_t *schema = ph_json_array(arena);

    for (size_t i = 0; i < ph_json_length(attributes); i++) {
        const struct json_t *attribute = ph_json_at(attributes, i);
        const struct ph_str name = ph_json_get_str(attribute, "Name");

        if (!is_the_services(name) && !is_usual(d, attribute)) {
            struct json_t *copy = ph_json_copy(arena, attribute);

            ph_json_set_str(arena, copy, "Name", plain_name(name));
            ph_json_append(arena, schema, copy);
        }
    }
    if (ph_json_length(schema) > 0) {
        ph_json_set(arena, pool, "Schema", schema);
    }
}

/* The mode alone does not say which factors there are: see check_guess(). */
static void mark_mfa(struct ph_arena *arena, const struct json_t *described, struct json_t *pool)
{
    const struct ph_str mode = ph_json_get_str(described, "MfaConfiguration");
    struct json_t *mfa = ph_json_object(arena);

    ph_json_remove(arena, pool, "MfaConfiguration");
    if (mode.n > 0 && !ph_str_eq(mode, PH_STR("OFF"))) {
        ph_json_set_bool(arena, mfa, "guessed", true);
        ph_json_set_str(arena, mfa, "MfaConfiguration", mode);
        ph_json_set(arena, pool, "MfaConfig", mfa);
    }
}

/* Both say the same, and a request must say it once. */
static void drop_old_validity(struct ph_arena *arena, struct json_t *pool)
{
    struct json_t *admin = ph_json_get(pool, "AdminCreateUserConfig");

    if (ph_json_get(ph_json_get(ph_json_get(pool, "Policies"), "PasswordPolicy"),
                    "TemporaryPasswordValidityDays") != NULL &&
        admin != NULL) {
        ph_json_remove(arena, admin, "UnusedAccountValidityDays");
    }
}

/* "123456789012" of "arn:aws:cognito-idp:eu-west-1:123456789012:userpool/eu-west-1_x". */
static void read_account(struct ph_described *d, struct ph_str arn)
{
    struct ph_str part = { 0 };
    int64_t number;

    for (int i = 0; i < 5; i++) {
        ph_str_cut(arn, ':', &part, &arn);
    }
    if (part.n == 12 && ph_str_to_int(part, 0, INT64_MAX, &number)) {
        d->account = ph_str_dup(d->arena, part);
    }
}

struct ph_str ph_described_account(const struct ph_described *described)
{
    return described->account;
}

static void add_pool(struct ph_described *d, const struct json_t *described)
{
    const struct ph_str id = ph_json_get_str(described, "Id");
    struct json_t *pool = ph_seed_request(d->arena, OP_CreateUserPool, described);

    ph_json_set_str(d->arena, pool, "Id", id);
    ph_json_set_str(d->arena, pool, "PoolName", ph_json_get_str(described, "Name"));
    add_schema(d, described, pool);
    mark_mfa(d->arena, described, pool);
    drop_old_validity(d->arena, pool);
    read_account(d, ph_json_get_str(described, "Arn"));
    ph_json_set_s(d->arena, d->pools, id, pool);
    ph_describe_note_pool(d->arena, d->notes, described);
}

bool ph_described_add(struct ph_described *described, struct ph_str file, struct ph_str text,
                      const char **why)
{
    struct ph_arena *arena = described->arena;
    const struct json_t *reply = ph_json_parse(arena, text);
    const struct json_t *pool = ph_json_get(reply, "UserPool");

    if (reply == NULL) {
        return refuse(arena, file, why, ph_json_problem(arena, text));
    }
    if (ph_json_get_str(pool, "Id").n > 0) {
        add_pool(described, pool);
        return true;
    }
    return keep_reply(described, file, reply) ||
           refuse(arena, file, why,
                  "this is not what describe-user-pool, describe-user-pool-client, list-groups, "
                  "describe-identity-provider, describe-resource-server, get-user-pool-mfa-config "
                  "or describe-user-pool-domain print");
}

/* --- what hangs on them --- */

/* The list of the pool; made when it is not there. */
static struct json_t *list_of(struct ph_arena *arena, struct json_t *pool, const char *name)
{
    struct json_t *list = ph_json_get(pool, name);

    if (list == NULL) {
        list = ph_json_array(arena);
        ph_json_set(arena, pool, name, list);
    }
    return list;
}

static struct json_t *request_of(const struct ph_described *d, const struct part_row *row,
                                 const struct json_t *value)
{
    ph_describe_note_unknown(d->arena, d->notes, row->request, value);
    return ph_seed_request(d->arena, row->request, value);
}

static void append(const struct ph_described *d, const struct part_row *row, struct json_t *pool,
                   struct json_t *request)
{
    ph_json_append(d->arena, list_of(d->arena, pool, row->list), request);
}

static void add_plain(const struct ph_described *d, const struct part_row *row, struct json_t *pool,
                      const struct json_t *value)
{
    append(d, row, pool, request_of(d, row, value));
}

static void add_client(const struct ph_described *d, const struct part_row *row,
                       struct json_t *pool, const struct json_t *value)
{
    struct json_t *client = request_of(d, row, value);

    ph_json_set_str(d->arena, client, "ClientId", ph_json_get_str(value, "ClientId"));
    append(d, row, pool, client);
    ph_describe_note_client(d->arena, d->notes, value);
}

static void add_domain(const struct ph_described *d, const struct part_row *row,
                       struct json_t *pool, const struct json_t *value)
{
    struct json_t *domain = request_of(d, row, value);

    if (ph_json_members(ph_json_get(domain, "CustomDomainConfig")) == 0) {
        ph_json_remove(d->arena, domain, "CustomDomainConfig"); /* of a prefix domain */
    } else {
        ph_describe_note_certificate(d->arena, d->notes, value);
    }
    append(d, row, pool, domain);
}

static void add_mfa(const struct ph_described *d, const struct part_row *row, struct json_t *pool,
                    const struct json_t *value)
{
    ph_json_set(d->arena, pool, row->list, request_of(d, row, value));
}

/* Of one client, or of the whole pool; the image cannot be taken from its address. */
static void add_looks(const struct ph_described *d, const struct part_row *row, struct json_t *pool,
                      const struct json_t *value)
{
    struct json_t *looks = request_of(d, row, value);

    if (ph_str_eq(ph_json_get_str(looks, "ClientId"), PH_STR("ALL"))) {
        ph_json_remove(d->arena, looks, "ClientId");
    }
    if (ph_json_get(looks, "CSS") != NULL) {
        append(d, row, pool, looks);
    }
    ph_describe_note_image(d->arena, d->notes, value);
}

static void add_logs(const struct ph_described *d, const struct part_row *row, struct json_t *pool,
                     const struct json_t *value)
{
    struct json_t *entries = ph_json_get(request_of(d, row, value), row->list);

    if (ph_json_length(entries) > 0) {
        ph_json_set(d->arena, pool, row->list, entries);
    }
}

/* The reply of GetUserPoolMfaConfig names no pool: it is that of the only one. */
static struct json_t *pool_of(const struct ph_described *d, const struct part *part)
{
    const struct ph_str id = ph_json_get_str(part->value, "UserPoolId");

    if (part->row->member == NULL && ph_json_members(d->pools) == 1) {
        return ph_json_member(ph_json_first(d->pools));
    }
    return id.n == 0 ? NULL : ph_json_get_s(d->pools, id);
}

/* The mode came with the pool; what its factors are only the other reply says. */
static bool check_guess(const struct ph_described *d, struct json_t *pool, const char **why)
{
    struct json_t *mfa = ph_json_get(pool, "MfaConfig");

    if (ph_json_get(mfa, "guessed") == NULL) {
        return true;
    }
    *why = ph_textf(d->arena,
                    "user pool %.*s has MfaConfiguration %.*s: give the output of "
                    "get-user-pool-mfa-config, too, which says by which factors",
                    PH_FMT(ph_json_get_str(pool, "Id")),
                    PH_FMT(ph_json_get_str(mfa, "MfaConfiguration")));
    return false;
}

bool ph_described_seed(struct ph_described *described, struct json_t **document,
                       struct json_t **notes, const char **why)
{
    struct ph_arena *arena = described->arena;
    struct json_t *all = ph_json_object(arena), *pools = ph_json_array(arena);

    for (const struct part *part = described->parts; part != NULL; part = part->next) {
        struct json_t *pool = pool_of(described, part);

        if (pool == NULL) {
            return refuse(arena, part->file, why,
                          part->row->member == NULL
                              ? "it names no pool: give it with the description of one pool only"
                              : "its user pool is not among the files: give the output of "
                                "describe-user-pool, too");
        }
        part->row->add(described, part->row, pool, part->value);
    }
    for (void *at = ph_json_first(described->pools); at != NULL;
         at = ph_json_next(described->pools, at)) {
        if (!check_guess(described, ph_json_member(at), why)) {
            return false;
        }
        ph_json_append(arena, pools, ph_json_member(at));
    }
    if (ph_json_length(pools) == 0) {
        *why = "there is no output of describe-user-pool among the files";
        return false;
    }
    ph_json_set(arena, all, "UserPools", pools);
    *document = all;
    *notes = described->notes;
    return true;
}
