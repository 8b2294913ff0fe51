#include "pool/schema.h"

#include "model/exceptions.h"

struct standard {
    struct ph_str name;
    struct ph_str type;
    struct ph_str min, max; /* absent: unconstrained */
    bool fixed;             /* sub: immutable and required */
};

#define TEXT(name)                                                                                 \
    {                                                                                              \
        PH_STR_INIT(name), PH_STR_INIT("String"), PH_STR_INIT("0"), PH_STR_INIT("2048"), false     \
    }
#define FLAG(name)                                                                                 \
    {                                                                                              \
        PH_STR_INIT(name), PH_STR_INIT("Boolean"), { 0 }, { 0 }, false                             \
    }

/* OpenID Connect Core, 5.1, in the order in which the API lists them. */
static const struct standard STANDARD[] = {
    { PH_STR_INIT("sub"), PH_STR_INIT("String"), PH_STR_INIT("1"), PH_STR_INIT("2048"), true },
    TEXT("name"),
    TEXT("given_name"),
    TEXT("family_name"),
    TEXT("middle_name"),
    TEXT("nickname"),
    TEXT("preferred_username"),
    TEXT("profile"),
    TEXT("picture"),
    TEXT("website"),
    TEXT("email"),
    FLAG("email_verified"),
    TEXT("gender"),
    { PH_STR_INIT("birthdate"), PH_STR_INIT("String"), PH_STR_INIT("10"), PH_STR_INIT("10"),
      false },
    TEXT("zoneinfo"),
    TEXT("locale"),
    TEXT("phone_number"),
    FLAG("phone_number_verified"),
    TEXT("address"),
    { PH_STR_INIT("updated_at"), PH_STR_INIT("Number"), PH_STR_INIT("0"), { 0 }, false },
    { PH_STR_INIT("identities"), PH_STR_INIT("String"), { 0 }, { 0 }, false },
};

enum {
    STANDARD_COUNT = sizeof STANDARD / sizeof STANDARD[0],
    MAX_CUSTOM = 50,
    MAX_LENGTH = 2048,
};

/* The members that hold limits, by type. */
struct limit_names {
    const char *object, *min, *max;
    const char *misordered; /* words between the name and the end */
};

static const struct limit_names STRING_LIMITS = {
    "StringAttributeConstraints", "MinLength", "MaxLength",
    "cannot have a max length shorter than it's min length"
};
static const struct limit_names NUMBER_LIMITS = {
    "NumberAttributeConstraints", "MinValue", "MaxValue",
    "cannot have a max value smaller than it's min value"
};

static const struct limit_names *limits_of(struct ph_str type)
{
    if (ph_str_eq(type, PH_STR("String"))) {
        return &STRING_LIMITS;
    }
    return ph_str_eq(type, PH_STR("Number")) ? &NUMBER_LIMITS : NULL;
}

static const struct standard *standard_find(struct ph_str name)
{
    for (size_t i = 0; i < STANDARD_COUNT; i++) {
        if (ph_str_eq(STANDARD[i].name, name)) {
            return &STANDARD[i];
        }
    }
    return NULL;
}

static struct json_t *standard_entry(struct ph_arena *arena, const struct standard *s)
{
    struct json_t *entry = ph_json_object(arena);
    const struct limit_names *names = limits_of(s->type);

    ph_json_set_str(arena, entry, "Name", s->name);
    ph_json_set_str(arena, entry, "AttributeDataType", s->type);
    ph_json_set_bool(arena, entry, "DeveloperOnlyAttribute", false);
    ph_json_set_bool(arena, entry, "Mutable", !s->fixed);
    ph_json_set_bool(arena, entry, "Required", s->fixed);
    if (names == NULL) {
        return entry;
    }
    struct json_t *limits = ph_json_object(arena);
    if (s->min.p != NULL) {
        ph_json_set_str(arena, limits, names->min, s->min);
    }
    if (s->max.p != NULL) {
        ph_json_set_str(arena, limits, names->max, s->max);
    }
    ph_json_set(arena, entry, names->object, limits);
    return entry;
}

static struct ph_err invalid(struct ph_ctx *ctx, const char *before, struct ph_str name,
                             const char *after)
{
    return PH_FAIL(InvalidParameterException,
                   ph_textf(ctx->arena, "%s%.*s%s", before, PH_FMT(name), after));
}

/* Absent limits are fine: *has says whether there is one. */
static bool read_limit(const struct json_t *limits, const char *key, bool *has, int64_t *value)
{
    const struct ph_str text = ph_json_get_str(limits, key);

    *has = ph_json_get(limits, key) != NULL;
    return !*has || ph_str_to_int(text, INT64_MIN, INT64_MAX, value);
}

/* given: as it was declared; name: as it is listed. The texts differ in which they mention. */
static struct ph_err check_limits(struct ph_ctx *ctx, struct ph_str given, struct ph_str name,
                                  const struct limit_names *names, const struct json_t *limits)
{
    bool has_min;
    bool has_max;
    int64_t min = 0;
    int64_t max = 0;

    if (!read_limit(limits, names->min, &has_min, &min) ||
        !read_limit(limits, names->max, &has_max, &max)) {
        return PH_FAIL(InvalidParameterException,
                       ph_textf(ctx->arena, "Invalid %s for schema attribute %.*s", names->object,
                                PH_FMT(given)));
    }
    if (names == &STRING_LIMITS && (min > MAX_LENGTH || max > MAX_LENGTH)) {
        return invalid(ctx, "user.", given,
                       ": String attributes cannot have a length of more than 2048");
    }
    if (has_min && has_max && max < min) {
        return PH_FAIL(InvalidParameterException,
                       ph_textf(ctx->arena, "Attribute %.*s %s", PH_FMT(name), names->misordered));
    }
    return PH_OK;
}

static struct ph_err set_limits(struct ph_ctx *ctx, struct json_t *entry, struct ph_str name,
                                const struct json_t *declared)
{
    const struct limit_names *names = limits_of(ph_json_get_str(entry, "AttributeDataType"));

    if (names == NULL) {
        return PH_OK;
    }
    const struct json_t *limits = ph_json_get(declared, names->object);
    PH_TRY(check_limits(ctx, ph_json_get_str(declared, "Name"), name, names, limits));
    if (limits != NULL) {
        ph_json_set(ctx->arena, entry, names->object, ph_json_copy(ctx->arena, limits));
    }
    return PH_OK;
}

static void copy_flag(struct ph_arena *arena, struct json_t *entry, const struct json_t *declared,
                      const char *key)
{
    if (ph_json_get(declared, key) != NULL) {
        ph_json_set_bool(arena, entry, key, ph_json_bool(ph_json_get(declared, key)));
    }
}

/* Only the given members change; constraints only when the type stands beside them. */
static struct ph_err redeclare(struct ph_ctx *ctx, const struct standard *standard,
                               struct json_t *entry, const struct json_t *declared)
{
    const struct ph_str type = ph_json_get_str(declared, "AttributeDataType");

    if ((type.n > 0 && !ph_str_eq(type, standard->type)) ||
        ph_json_bool(ph_json_get(declared, "DeveloperOnlyAttribute"))) {
        return invalid(ctx,
                       "You can not change AttributeDataType or set developerOnlyAttribute for "
                       "standard schema attribute ",
                       standard->name, "");
    }
    copy_flag(ctx->arena, entry, declared, "Mutable");
    copy_flag(ctx->arena, entry, declared, "Required");
    return type.n == 0 ? PH_OK : set_limits(ctx, entry, standard->name, declared);
}

static bool is_listed(const struct json_t *attributes, struct ph_str name)
{
    for (size_t i = 0; i < ph_json_length(attributes); i++) {
        if (ph_str_eq(ph_json_get_str(ph_json_at(attributes, i), "Name"), name)) {
            return true;
        }
    }
    return false;
}

static struct ph_err custom_entry(struct ph_ctx *ctx, const struct json_t *declared,
                                  struct json_t **result)
{
    struct ph_arena *arena = ctx->arena;
    const struct ph_str type = ph_json_get_str(declared, "AttributeDataType");
    const struct json_t *mutable = ph_json_get(declared, "Mutable");
    const bool developer = ph_json_bool(ph_json_get(declared, "DeveloperOnlyAttribute"));
    const struct ph_str custom =
        ph_strf(arena, "custom:%.*s", PH_FMT(ph_json_get_str(declared, "Name")));

    if (ph_json_get(declared, "Name") == NULL) {
        return PH_FAIL(InvalidParameterException, "A schema attribute must have a name.");
    }
    if (type.n == 0) {
        return PH_FAIL(
            InvalidParameterException,
            "Invalid AttributeDataType input, consider using the provided AttributeDataType enum.");
    }
    if (ph_json_bool(ph_json_get(declared, "Required"))) {
        return PH_FAIL(InvalidParameterException,
                       "Required custom attributes are not supported currently.");
    }
    struct json_t *entry = ph_json_object(arena);
    ph_json_set_str(arena, entry, "Name",
                    developer ? ph_strf(arena, "dev:%.*s", PH_FMT(custom)) : custom);
    ph_json_set_str(arena, entry, "AttributeDataType", type);
    ph_json_set_bool(arena, entry, "DeveloperOnlyAttribute", developer);
    ph_json_set_bool(arena, entry, "Mutable", mutable == NULL || ph_json_bool(mutable));
    ph_json_set_bool(arena, entry, "Required", false);
    if (ph_str_eq(type, PH_STR("String"))) {
        ph_json_set(arena, entry, STRING_LIMITS.object, ph_json_object(arena));
    }
    PH_TRY(set_limits(ctx, entry, custom, declared));
    *result = entry;
    return PH_OK;
}

static struct ph_err declare(struct ph_ctx *ctx, struct json_t *attributes,
                             const struct json_t *declared)
{
    const struct ph_str name = ph_json_get_str(declared, "Name");
    const struct standard *standard = standard_find(name);
    struct json_t *entry;

    if (standard != NULL) {
        return redeclare(ctx, standard, ph_json_at(attributes, (size_t)(standard - STANDARD)),
                         declared);
    }
    PH_TRY(custom_entry(ctx, declared, &entry));
    if (is_listed(attributes, ph_json_get_str(entry, "Name"))) {
        return invalid(ctx, "Duplicate custom attribute names custom:", name,
                       " are not allowed in a user pool schema.");
    }
    ph_json_append(ctx->arena, attributes, entry);
    return PH_OK;
}

struct ph_err ph_schema_create(struct ph_ctx *ctx, const struct json_t *declared,
                               struct json_t **attributes)
{
    struct json_t *all = ph_json_array(ctx->arena);

    for (size_t i = 0; i < STANDARD_COUNT; i++) {
        ph_json_append(ctx->arena, all, standard_entry(ctx->arena, &STANDARD[i]));
    }
    for (size_t i = 0; i < ph_json_length(declared); i++) {
        PH_TRY(declare(ctx, all, ph_json_at(declared, i)));
    }
    *attributes = all;
    return PH_OK;
}

static struct ph_err add_custom(struct ph_ctx *ctx, struct json_t *all,
                                const struct json_t *declared)
{
    const struct ph_str name = ph_json_get_str(declared, "Name");
    struct json_t *entry;

    PH_TRY(custom_entry(ctx, declared, &entry));
    const struct ph_str full = ph_json_get_str(entry, "Name");
    if (is_listed(all, full)) {
        return PH_FAIL(InvalidParameterException,
                       ph_textf(ctx->arena,
                                "custom:%.*s: Existing attribute already has name %.*s.",
                                PH_FMT(name), PH_FMT(full)));
    }
    if (ph_json_length(all) >= STANDARD_COUNT + MAX_CUSTOM) {
        return PH_FAIL(LimitExceededException,
                       "A user pool can have at most 50 custom attributes.");
    }
    ph_json_append(ctx->arena, all, entry);
    return PH_OK;
}

struct ph_err ph_schema_add(struct ph_ctx *ctx, const struct json_t *attributes,
                            const struct json_t *custom, struct json_t **result)
{
    struct json_t *all = ph_json_copy(ctx->arena, attributes);

    for (size_t i = 0; i < ph_json_length(custom); i++) {
        PH_TRY(add_custom(ctx, all, ph_json_at(custom, i)));
    }
    *result = all;
    return PH_OK;
}

static bool read_type(struct ph_str text, enum ph_attr_type *type)
{
    static const struct ph_str TYPES[] = { [PH_ATTR_STRING] = PH_STR_INIT("String"),
                                           [PH_ATTR_NUMBER] = PH_STR_INIT("Number"),
                                           [PH_ATTR_BOOLEAN] = PH_STR_INIT("Boolean"),
                                           [PH_ATTR_DATETIME] = PH_STR_INIT("DateTime") };

    for (size_t i = 0; i < sizeof TYPES / sizeof TYPES[0]; i++) {
        if (ph_str_eq(TYPES[i], text)) {
            *type = (enum ph_attr_type)i;
            return true;
        }
    }
    return false;
}

static bool read_entry(const struct json_t *entry, struct ph_attr_def *def)
{
    const struct ph_str type = ph_json_get_str(entry, "AttributeDataType");
    const struct limit_names *names = limits_of(type);

    def->name = ph_json_get_str(entry, "Name");
    def->mutable = ph_json_bool(ph_json_get(entry, "Mutable"));
    def->required = ph_json_bool(ph_json_get(entry, "Required"));
    def->developer_only = ph_json_bool(ph_json_get(entry, "DeveloperOnlyAttribute"));
    if (def->name.n == 0 || !read_type(type, &def->type)) {
        return false;
    }
    if (names == NULL) {
        return true;
    }
    const struct json_t *limits = ph_json_get(entry, names->object);
    return read_limit(limits, names->min, &def->has_min, &def->min) &&
           read_limit(limits, names->max, &def->has_max, &def->max);
}

bool ph_schema_read(struct ph_arena *arena, const struct json_t *attributes,
                    const struct ph_attr_def **schema, size_t *count)
{
    const size_t n = ph_json_length(attributes);
    struct ph_attr_def *defs = ph_arena_array(arena, n, struct ph_attr_def);

    for (size_t i = 0; i < n; i++) {
        if (!read_entry(ph_json_at(attributes, i), &defs[i])) {
            return false;
        }
    }
    *schema = defs;
    *count = n;
    return n >= STANDARD_COUNT;
}
