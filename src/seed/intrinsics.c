/* The functions of templates: Fn::Sub, Fn::Join, Fn::If and the others. */
#include "seed/template.h"

#include "util/buf.h"
#include "util/encode.h"

enum { TEXT_MAX = 256 * 1024 };

typedef bool run_function(struct ph_template *t, struct ph_str path, const struct json_t *argument,
                          struct json_t **out);

static bool refuse(struct ph_template *t, struct ph_str path, const char *why)
{
    return ph_seed_refuse(t->file, path, "%s", why);
}

static struct ph_str index_path(struct ph_template *t, struct ph_str path, size_t i)
{
    return ph_strf(t->arena, "%.*s[%zu]", PH_FMT(path), i);
}

/* --- texts --- */

static bool text_of_value(struct ph_template *t, struct ph_str path, const struct json_t *value,
                          struct ph_str *out)
{
    switch (ph_json_kind(value)) {
    case PH_JSON_STRING:
        *out = ph_json_str(value);
        return true;
    case PH_JSON_INTEGER:
    case PH_JSON_REAL:
    case PH_JSON_TRUE:
    case PH_JSON_FALSE:
        *out = ph_json_text(t->arena, value, PH_JSON_INSERTION);
        return true;
    case PH_JSON_NULL:
    case PH_JSON_OBJECT:
    case PH_JSON_ARRAY:
        break;
    }
    return refuse(t, path, "this must be a text");
}

bool ph_template_text(struct ph_template *t, struct ph_str path, const struct json_t *value,
                      struct ph_str *out)
{
    struct json_t *made = NULL;

    *out = (struct ph_str){ 0 };
    if (value != NULL && !ph_template_eval(t, path, value, &made)) {
        return false;
    }
    return made == NULL || text_of_value(t, path, made, out);
}

static bool needed_text(struct ph_template *t, struct ph_str path, const struct json_t *value,
                        struct ph_str *out)
{
    return ph_template_text(t, path, value, out) &&
           (out->p != NULL || refuse(t, path, "this must be a text"));
}

static bool needed_list(struct ph_template *t, struct ph_str path, const struct json_t *value,
                        struct json_t **out)
{
    *out = NULL;
    if (value != NULL && !ph_template_eval(t, path, value, out)) {
        return false;
    }
    return ph_json_kind(*out) == PH_JSON_ARRAY || refuse(t, path, "this must be a list");
}

static bool has_length(struct ph_template *t, struct ph_str path, const struct json_t *argument,
                       size_t least, size_t most)
{
    const size_t n = ph_json_length(argument);

    if (ph_json_kind(argument) == PH_JSON_ARRAY && n >= least && n <= most) {
        return true;
    }
    return ph_seed_refuse(t->file, path, "this must be a list of %zu", least);
}

static struct json_t *new_text(struct ph_template *t, struct ph_str text)
{
    return ph_json_new_str(t->arena, text);
}

/* What was put together counts, so that texts that double do not go on. */
static bool finish_text(struct ph_template *t, struct ph_str path, const struct ph_buf *made,
                        struct json_t **out)
{
    t->spent += made->n;
    *out = new_text(t, made->n == 0 ? PH_STR("") : ph_buf_str(made));
    return !made->overflowed || refuse(t, path, "the text grows too long");
}

/* --- references --- */

static bool run_ref(struct ph_template *t, struct ph_str path, const struct json_t *argument,
                    struct json_t **out)
{
    if (ph_json_kind(argument) != PH_JSON_STRING) {
        return refuse(t, path, "this must be a name");
    }
    return ph_template_ref(t, path, ph_json_str(argument), out);
}

static bool run_get_att(struct ph_template *t, struct ph_str path, const struct json_t *argument,
                        struct json_t **out)
{
    struct ph_str logical, attribute, value = { 0 };

    if (ph_json_kind(argument) == PH_JSON_STRING) {
        ph_str_cut(ph_json_str(argument), '.', &logical, &attribute);
    } else if (!has_length(t, path, argument, 2, 2) ||
               !needed_text(t, path, ph_json_at(argument, 0), &logical) ||
               !needed_text(t, path, ph_json_at(argument, 1), &attribute)) {
        return false;
    }
    if (!ph_template_attribute(t, path, logical, attribute, &value)) {
        return false;
    }
    *out = new_text(t, value);
    return true;
}

/* From the outputs of an earlier file, or from the command. */
static bool run_import(struct ph_template *t, struct ph_str path, const struct json_t *argument,
                       struct json_t **out)
{
    struct ph_str name, value;

    if (!needed_text(t, path, argument, &name)) {
        return false;
    }
    ph_json_set_s(t->arena, t->file->seed->used, name, ph_json_new_bool(true));
    if (!ph_template_given(t, name, &value)) {
        value = ph_json_str(ph_json_get_s(t->file->seed->exports, name));
    }
    if (value.p == NULL) {
        return ph_seed_refuse(t->file, path,
                              "no template before this one exports %.*s: give the one that does "
                              "with another --seed before it, or --parameter %.*s=VALUE",
                              PH_FMT(name), PH_FMT(name));
    }
    *out = new_text(t, value);
    return true;
}

/* "${Name}", "${Resource.Attribute}" */
static bool substitute(struct ph_template *t, struct ph_str path, struct ph_str name,
                       const struct json_t *names, struct ph_str *value)
{
    const struct json_t *own = ph_json_get_s(names, name);
    struct ph_str logical, attribute;
    struct json_t *made = NULL;

    if (own != NULL) {
        return needed_text(t, path, own, value);
    }
    if (ph_str_cut(name, '.', &logical, &attribute)) {
        return ph_template_attribute(t, path, logical, attribute, value);
    }
    if (!ph_template_ref(t, path, name, &made)) {
        return false;
    }
    if (made == NULL) {
        return refuse(t, path, "AWS::NoValue is no text");
    }
    return text_of_value(t, path, made, value);
}

static bool expand(struct ph_template *t, struct ph_str path, struct ph_str text,
                   const struct json_t *names, struct ph_buf *made)
{
    struct ph_str head, rest, name, value = { 0 };

    while (ph_str_cut(text, '$', &head, &rest)) {
        ph_buf_add(made, head);
        if (rest.n == 0 || rest.p[0] != '{') {
            ph_buf_add_byte(made, '$');
            text = rest;
            continue;
        }
        if (!ph_str_cut(ph_str_skip(rest, 1), '}', &name, &text)) {
            return refuse(t, path, "a ${ does not end");
        }
        name = ph_str_trim(name);
        if (name.n > 0 && name.p[0] == '!') {
            ph_buf_addf(made, "${%.*s}", PH_FMT(ph_str_skip(name, 1)));
        } else if (!substitute(t, path, name, names, &value)) {
            return false;
        } else {
            ph_buf_add(made, value);
        }
    }
    ph_buf_add(made, head);
    return true;
}

static bool run_sub(struct ph_template *t, struct ph_str path, const struct json_t *argument,
                    struct json_t **out)
{
    const struct json_t *text = argument, *names = NULL;
    struct ph_buf made;

    if (ph_json_kind(argument) == PH_JSON_ARRAY) {
        if (!has_length(t, path, argument, 2, 2)) {
            return false;
        }
        text = ph_json_at(argument, 0);
        names = ph_json_at(argument, 1);
    }
    if (ph_json_kind(text) != PH_JSON_STRING) {
        return refuse(t, path, "this must be a text");
    }
    ph_buf_init(&made, t->arena, TEXT_MAX);
    if (!expand(t, path, ph_json_str(text), names, &made)) {
        return false;
    }
    return finish_text(t, path, &made, out);
}

/* --- lists --- */

static bool run_join(struct ph_template *t, struct ph_str path, const struct json_t *argument,
                     struct json_t **out)
{
    struct ph_str between, part = { 0 };
    struct json_t *list;
    struct ph_buf made;

    if (!has_length(t, path, argument, 2, 2) ||
        !needed_text(t, index_path(t, path, 0), ph_json_at(argument, 0), &between) ||
        !needed_list(t, index_path(t, path, 1), ph_json_at(argument, 1), &list)) {
        return false;
    }
    ph_buf_init(&made, t->arena, TEXT_MAX);
    for (size_t i = 0; i < ph_json_length(list); i++) {
        if (!text_of_value(t, index_path(t, path, 1), ph_json_at(list, i), &part)) {
            return false;
        }
        ph_buf_add(&made, i > 0 ? between : PH_STR(""));
        ph_buf_add(&made, part);
    }
    return finish_text(t, path, &made, out);
}

static bool run_select(struct ph_template *t, struct ph_str path, const struct json_t *argument,
                       struct json_t **out)
{
    struct ph_str number;
    struct json_t *list;
    int64_t index;

    if (!has_length(t, path, argument, 2, 2) ||
        !needed_text(t, index_path(t, path, 0), ph_json_at(argument, 0), &number) ||
        !needed_list(t, index_path(t, path, 1), ph_json_at(argument, 1), &list)) {
        return false;
    }
    if (!ph_str_to_int(number, 0, (int64_t)ph_json_length(list) - 1, &index)) {
        return refuse(t, path, "the list has no such element");
    }
    *out = ph_json_at(list, (size_t)index);
    return true;
}

static bool run_split(struct ph_template *t, struct ph_str path, const struct json_t *argument,
                      struct json_t **out)
{
    struct ph_str between, text;
    struct json_t *list = ph_json_array(t->arena);
    size_t n = 0;

    if (!has_length(t, path, argument, 2, 2) ||
        !needed_text(t, index_path(t, path, 0), ph_json_at(argument, 0), &between) ||
        !needed_text(t, index_path(t, path, 1), ph_json_at(argument, 1), &text)) {
        return false;
    }
    if (between.n == 0) {
        return refuse(t, path, "there is nothing to split by");
    }
    while (n + between.n <= text.n) {
        if (!ph_str_starts(ph_str_skip(text, n), between)) {
            n++;
            continue;
        }
        ph_json_append(t->arena, list, new_text(t, (struct ph_str){ text.p, n }));
        text = ph_str_skip(text, n + between.n);
        n = 0;
    }
    ph_json_append(t->arena, list, new_text(t, text));
    *out = list;
    return true;
}

static bool run_find_in_map(struct ph_template *t, struct ph_str path,
                            const struct json_t *argument, struct json_t **out)
{
    struct json_t *at = ph_json_get(t->document, "Mappings");
    struct ph_str key;

    if (!has_length(t, path, argument, 3, 3)) {
        return false;
    }
    for (size_t i = 0; i < 3; i++) {
        if (!needed_text(t, index_path(t, path, i), ph_json_at(argument, i), &key)) {
            return false;
        }
        at = ph_json_get_s(at, key);
        if (at == NULL) {
            return ph_seed_refuse(t->file, path, "the mappings have no %.*s there", PH_FMT(key));
        }
    }
    *out = at;
    return ph_json_kind(at) != PH_JSON_OBJECT || refuse(t, path, "this is no value of a mapping");
}

static bool run_base64(struct ph_template *t, struct ph_str path, const struct json_t *argument,
                       struct json_t **out)
{
    struct ph_str text;

    if (!needed_text(t, path, argument, &text)) {
        return false;
    }
    *out = new_text(t, ph_base64(t->arena, text));
    return true;
}

/* --- conditions --- */

static bool judge(struct ph_template *t, struct ph_str path, const struct json_t *value,
                  bool *is_true);

static bool run_if(struct ph_template *t, struct ph_str path, const struct json_t *argument,
                   struct json_t **out)
{
    bool is_true = false;

    if (!has_length(t, path, argument, 3, 3) ||
        !ph_template_condition(t, path, ph_json_str(ph_json_at(argument, 0)), &is_true)) {
        return false;
    }
    return ph_template_eval(t, path, ph_json_at(argument, is_true ? 1 : 2), out);
}

static bool judge_equals(struct ph_template *t, struct ph_str path, const struct json_t *argument,
                         bool *is_true)
{
    struct json_t *a, *b;
    struct ph_str left, right;

    if (!has_length(t, path, argument, 2, 2) ||
        !ph_template_eval(t, path, ph_json_at(argument, 0), &a) ||
        !ph_template_eval(t, path, ph_json_at(argument, 1), &b)) {
        return false;
    }
    if (ph_json_kind(a) == PH_JSON_ARRAY || ph_json_kind(b) == PH_JSON_ARRAY) {
        *is_true = ph_json_equal(a, b);
        return true;
    }
    if (!text_of_value(t, path, a, &left) || !text_of_value(t, path, b, &right)) {
        return false;
    }
    *is_true = ph_str_eq(left, right);
    return true;
}

/* And: none is false. Or: not all are false. */
static bool judge_many(struct ph_template *t, struct ph_str path, const struct json_t *argument,
                       bool ends_with, bool *is_true)
{
    if (!has_length(t, path, argument, 2, 10)) {
        return false;
    }
    *is_true = !ends_with;
    for (size_t i = 0; i < ph_json_length(argument) && *is_true != ends_with; i++) {
        if (!judge(t, index_path(t, path, i), ph_json_at(argument, i), is_true)) {
            return false;
        }
    }
    return true;
}

static bool judge_not(struct ph_template *t, struct ph_str path, const struct json_t *argument,
                      bool *is_true)
{
    bool inside;

    if (!has_length(t, path, argument, 1, 1) || !judge(t, path, ph_json_at(argument, 0), &inside)) {
        return false;
    }
    *is_true = !inside;
    return true;
}

static bool judge_function(struct ph_template *t, struct ph_str path, struct ph_str name,
                           const struct json_t *argument, bool *is_true)
{
    if (ph_str_eq(name, PH_STR("Condition"))) {
        return ph_template_condition(t, path, ph_json_str(argument), is_true);
    }
    if (ph_str_eq(name, PH_STR("Fn::Equals"))) {
        return judge_equals(t, path, argument, is_true);
    }
    if (ph_str_eq(name, PH_STR("Fn::And"))) {
        return judge_many(t, path, argument, false, is_true);
    }
    if (ph_str_eq(name, PH_STR("Fn::Or"))) {
        return judge_many(t, path, argument, true, is_true);
    }
    if (ph_str_eq(name, PH_STR("Fn::Not"))) {
        return judge_not(t, path, argument, is_true);
    }
    return refuse(t, path, "this is no condition");
}

static bool enter(struct ph_template *t, struct ph_str path)
{
    enum { COST = 64 };

    t->depth++;
    t->spent += COST;
    if (t->depth > PH_TEMPLATE_DEPTH_MAX) {
        return refuse(t, path, "this refers to itself");
    }
    return t->spent <= PH_TEMPLATE_COST_MAX || refuse(t, path, "this template is too much work");
}

static bool judge(struct ph_template *t, struct ph_str path, const struct json_t *value,
                  bool *is_true)
{
    void *at = ph_json_first(value);
    bool done = enter(t, path);

    if (done && (ph_json_kind(value) != PH_JSON_OBJECT || ph_json_members(value) != 1)) {
        done = refuse(t, path, "this is no condition");
    }
    if (done) {
        done = judge_function(t, ph_seed_path(t->arena, path, ph_json_key(at)), ph_json_key(at),
                              ph_json_member(at), is_true);
    }
    t->depth--;
    return done;
}

bool ph_template_condition(struct ph_template *t, struct ph_str path, struct ph_str name,
                           bool *is_true)
{
    const struct json_t *condition = ph_json_get_s(ph_json_get(t->document, "Conditions"), name);

    if (condition == NULL) {
        return ph_seed_refuse(t->file, path, "there is no condition %.*s", PH_FMT(name));
    }
    return judge(t, ph_strf(t->arena, "Conditions.%.*s", PH_FMT(name)), condition, is_true);
}

/* --- any value --- */

static const struct {
    struct ph_str name;
    run_function *run;
} FUNCTIONS[] = {
    { PH_STR_INIT("Ref"), run_ref },
    { PH_STR_INIT("Fn::GetAtt"), run_get_att },
    { PH_STR_INIT("Fn::ImportValue"), run_import },
    { PH_STR_INIT("Fn::Sub"), run_sub },
    { PH_STR_INIT("Fn::Join"), run_join },
    { PH_STR_INIT("Fn::Select"), run_select },
    { PH_STR_INIT("Fn::Split"), run_split },
    { PH_STR_INIT("Fn::FindInMap"), run_find_in_map },
    { PH_STR_INIT("Fn::Base64"), run_base64 },
    { PH_STR_INIT("Fn::If"), run_if },
};
enum { FUNCTION_COUNT = sizeof FUNCTIONS / sizeof FUNCTIONS[0] };

static bool run_named(struct ph_template *t, struct ph_str path, struct ph_str name,
                      const struct json_t *argument, struct json_t **out)
{
    for (size_t i = 0; i < FUNCTION_COUNT; i++) {
        if (ph_str_eq(name, FUNCTIONS[i].name)) {
            return FUNCTIONS[i].run(t, ph_seed_path(t->arena, path, name), argument, out);
        }
    }
    return ph_seed_refuse(t->file, path, "the function %.*s is not supported here", PH_FMT(name));
}

static bool eval_list(struct ph_template *t, struct ph_str path, const struct json_t *list,
                      struct json_t **out)
{
    struct json_t *made = ph_json_array(t->arena);

    for (size_t i = 0; i < ph_json_length(list); i++) {
        struct json_t *item;

        if (!ph_template_eval(t, index_path(t, path, i), ph_json_at(list, i), &item)) {
            return false;
        }
        if (item != NULL) {
            ph_json_append(t->arena, made, item);
        }
    }
    *out = made;
    return true;
}

static bool eval_members(struct ph_template *t, struct ph_str path, const struct json_t *object,
                         struct json_t **out)
{
    struct json_t *made = ph_json_object(t->arena);

    for (void *at = ph_json_first(object); at != NULL; at = ph_json_next(object, at)) {
        const struct ph_str name = ph_json_key(at);
        struct json_t *value;

        if (!ph_template_eval(t, ph_seed_path(t->arena, path, name), ph_json_member(at), &value)) {
            return false;
        }
        if (value != NULL) {
            ph_json_set_s(t->arena, made, name, value);
        }
    }
    *out = made;
    return true;
}

static bool is_function(const struct json_t *value, struct ph_str *name)
{
    if (ph_json_kind(value) != PH_JSON_OBJECT || ph_json_members(value) != 1) {
        return false;
    }
    *name = ph_json_key(ph_json_first(value));
    return ph_str_eq(*name, PH_STR("Ref")) || ph_str_starts(*name, PH_STR("Fn::"));
}

static bool eval(struct ph_template *t, struct ph_str path, const struct json_t *value,
                 struct json_t **out)
{
    struct ph_str name;

    if (is_function(value, &name)) {
        return run_named(t, path, name, ph_json_member(ph_json_first(value)), out);
    }
    if (ph_json_kind(value) == PH_JSON_OBJECT) {
        return eval_members(t, path, value, out);
    }
    if (ph_json_kind(value) == PH_JSON_ARRAY) {
        return eval_list(t, path, value, out);
    }
    *out = ph_json_kind(value) == PH_JSON_NULL ? NULL : ph_json_copy(t->arena, value);
    return true;
}

bool ph_template_eval(struct ph_template *t, struct ph_str path, const struct json_t *value,
                      struct json_t **out)
{
    const bool done = (*out = NULL, enter(t, path)) && eval(t, path, value, out);

    t->depth--;
    return done;
}
