/* Parameters of templates: their values from the command or their defaults, checked. */
#include "seed/template.h"

#include "util/buf.h"

static bool starts_with_any(struct ph_str type, const char *const *prefixes)
{
    for (; *prefixes != NULL; prefixes++) {
        if (ph_str_starts(type, ph_str_from(*prefixes))) {
            return true;
        }
    }
    return false;
}

static bool is_list(struct ph_str type)
{
    static const char *const LISTS[] = { "List<", "CommaDelimitedList",
                                         "AWS::SSM::Parameter::Value<List<",
                                         "AWS::SSM::Parameter::Value<CommaDelimitedList", NULL };

    return starts_with_any(type, LISTS);
}

/* The last one of this name. */
bool ph_template_given(const struct ph_template *t, struct ph_str name, struct ph_str *value)
{
    struct ph_str rest = t->file->seed->options->parameters, line, key, text;
    bool found = false;

    while (rest.n > 0) {
        ph_str_cut(rest, '\n', &line, &rest);
        if (ph_str_cut(line, '=', &key, &text) && ph_str_eq(key, name)) {
            *value = text;
            found = true;
        }
    }
    return found;
}

static struct ph_str scalar_text(struct ph_arena *arena, const struct json_t *value)
{
    return ph_json_kind(value) == PH_JSON_STRING ? ph_json_str(value)
                                                 : ph_json_text(arena, value, PH_JSON_INSERTION);
}

/* --- what a declaration allows --- */

static bool is_allowed(struct ph_template *t, const struct json_t *allowed, struct ph_str value)
{
    for (size_t i = 0; i < ph_json_length(allowed); i++) {
        if (ph_str_eq(scalar_text(t->arena, ph_json_at(allowed, i)), value)) {
            return true;
        }
    }
    return allowed == NULL;
}

/* Limits stand in templates as numbers or as texts. */
static bool limit_of(struct ph_template *t, const struct json_t *declared, const char *name,
                     int64_t *limit)
{
    const struct json_t *value = ph_json_get(declared, name);

    return value != NULL &&
           ph_str_to_int(scalar_text(t->arena, value), INT64_MIN, INT64_MAX, limit);
}

static bool is_within(struct ph_template *t, const struct json_t *declared, struct ph_str value)
{
    int64_t limit, n;

    if (limit_of(t, declared, "MinLength", &limit) && (int64_t)value.n < limit) {
        return false;
    }
    if (limit_of(t, declared, "MaxLength", &limit) && (int64_t)value.n > limit) {
        return false;
    }
    if (!ph_str_to_int(value, INT64_MIN, INT64_MAX, &n)) {
        return true;
    }
    return !(limit_of(t, declared, "MinValue", &limit) && n < limit) &&
           !(limit_of(t, declared, "MaxValue", &limit) && n > limit);
}

/* As many as the message takes. */
static struct ph_str joined(struct ph_arena *arena, const struct json_t *values)
{
    enum { TEXT_MAX = 256 };
    struct ph_buf text;

    ph_buf_init(&text, arena, TEXT_MAX);
    for (size_t i = 0; i < ph_json_length(values) && text.n < TEXT_MAX / 2; i++) {
        ph_buf_addf(&text, "%s%.*s", i > 0 ? ", " : "",
                    PH_FMT(scalar_text(arena, ph_json_at(values, i))));
    }
    return text.n > 0 ? ph_buf_str(&text) : PH_STR("");
}

static bool check(struct ph_template *t, struct ph_str path, const struct json_t *declared,
                  struct ph_str value)
{
    const struct json_t *allowed = ph_json_get(declared, "AllowedValues");

    if (!is_allowed(t, allowed, value)) {
        return ph_seed_refuse(t->file, path, "%.*s is not one of the AllowedValues: %.*s",
                              PH_FMT(value), PH_FMT(joined(t->arena, allowed)));
    }
    if (!is_within(t, declared, value)) {
        return ph_seed_refuse(t->file, path, "%.*s is too short, too long, too small or too large",
                              PH_FMT(value));
    }
    return true;
}

/* --- values --- */

static struct json_t *split_list(struct ph_arena *arena, struct ph_str text)
{
    struct json_t *list = ph_json_array(arena);
    struct ph_str item;

    while (text.n > 0) {
        ph_str_cut(text, ',', &item, &text);
        ph_json_append(arena, list, ph_json_new_str(arena, ph_str_trim(item)));
    }
    return list;
}

/* False: there is no value, which is a mistake only where one is needed. */
static bool choose(struct ph_template *t, struct ph_str name, const struct json_t *declared,
                   struct ph_str *text)
{
    const struct json_t *otherwise = ph_json_get(declared, "Default");

    if (ph_template_given(t, name, text)) {
        return true;
    }
    if (otherwise == NULL ||
        ph_str_starts(ph_json_get_str(declared, "Type"), PH_STR("AWS::SSM::"))) {
        return false;
    }
    *text = scalar_text(t->arena, otherwise);
    return true;
}

bool ph_template_refuse_valueless(struct ph_template *t, struct ph_str path, struct ph_str name)
{
    return ph_seed_refuse(t->file, path,
                          "the parameter %.*s has no value here: give one with --parameter "
                          "%.*s=VALUE",
                          PH_FMT(name), PH_FMT(name));
}

static bool read_one(struct ph_template *t, struct ph_str name, const struct json_t *declared)
{
    const struct ph_str path = ph_strf(t->arena, "Parameters.%.*s", PH_FMT(name));
    struct ph_str text;

    if (ph_json_kind(declared) != PH_JSON_OBJECT || ph_json_get_str(declared, "Type").n == 0) {
        return ph_seed_refuse(t->file, path, "its Type is missing");
    }
    ph_json_set_s(t->arena, t->file->seed->used, name, ph_json_new_bool(true));
    if (!choose(t, name, declared, &text)) {
        return true;
    }
    if (!check(t, path, declared, text)) {
        return false;
    }
    ph_json_set_s(t->arena, t->parameters, name,
                  is_list(ph_json_get_str(declared, "Type")) ? split_list(t->arena, text)
                                                             : ph_json_new_str(t->arena, text));
    return true;
}

bool ph_template_read_parameters(struct ph_template *t)
{
    const struct json_t *declared = ph_json_get(t->document, "Parameters");

    for (void *at = ph_json_first(declared); at != NULL; at = ph_json_next(declared, at)) {
        if (!read_one(t, ph_json_key(at), ph_json_member(at))) {
            return false;
        }
    }
    return true;
}
