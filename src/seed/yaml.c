#include "seed/yaml.h"

#include <string.h>
#include <yaml.h>

enum {
    DEPTH_MAX = 60,
    ANCHORS_MAX = 256,
    NODES_MAX = 200000, /* aliases included: a small file can name a large tree */
};

struct anchor {
    struct ph_str name;
    const struct json_t *value;
    size_t nodes;
};

struct reading {
    struct ph_arena *arena;
    yaml_parser_t parser;
    struct anchor anchors[ANCHORS_MAX];
    size_t anchor_count;
    size_t nodes; /* made so far */
    const char *why;
};

static void delete_event(yaml_event_t *event)
{
    yaml_event_delete(event);
}

static struct ph_str bytes_of(const yaml_char_t *p, size_t n)
{
    return (struct ph_str){ (const uint8_t *)p, n };
}

static struct ph_str name_of(const yaml_char_t *terminated)
{
    return terminated == NULL ? (struct ph_str){ 0 }
                              : bytes_of(terminated, strlen((const char *)terminated));
}

static struct json_t *refuse(struct reading *r, size_t line, const char *why)
{
    if (r->why == NULL) {
        r->why = ph_textf(r->arena, "line %zu: %s", line + 1, why);
    }
    return NULL;
}

/* The next event; false with a text when the bytes are no YAML. */
static bool next_event(struct reading *r, yaml_event_t *event)
{
    if (yaml_parser_parse(&r->parser, event) == 1) {
        return true;
    }
    if (r->parser.error == YAML_MEMORY_ERROR) {
        ph_fatal("out of memory");
    }
    memset(event, 0, sizeof *event);
    (void)refuse(r, r->parser.problem_mark.line,
                 r->parser.problem != NULL ? ph_textf(r->arena, "%s", r->parser.problem)
                                           : "this is not YAML");
    return false;
}

/* --- plain words --- */

static bool is_one_of(struct ph_str s, const char *const *words)
{
    for (; *words != NULL; words++) {
        if (ph_str_eq(s, ph_str_from(*words))) {
            return true;
        }
    }
    return false;
}

static bool is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

static size_t take_digits(struct ph_str *s)
{
    size_t n = 0;

    while (n < s->n && is_digit(s->p[n])) {
        n++;
    }
    *s = ph_str_skip(*s, n);
    return n;
}

/* "12", "-3": one without a leading zero, which an account id may have. */
static bool is_integer(struct ph_str s)
{
    const struct ph_str digits = ph_str_skip(s, s.n > 0 && s.p[0] == '-');
    struct ph_str rest = digits;

    return take_digits(&rest) > 0 && rest.n == 0 && (digits.n == 1 || digits.p[0] != '0');
}

/* "0.5", "-1.25" */
static bool is_decimal(struct ph_str s)
{
    struct ph_str rest = ph_str_skip(s, s.n > 0 && s.p[0] == '-');

    if (take_digits(&rest) == 0 || rest.n < 2 || rest.p[0] != '.') {
        return false;
    }
    rest = ph_str_skip(rest, 1);
    return take_digits(&rest) > 0 && rest.n == 0;
}

static struct json_t *plain_word(struct ph_arena *arena, struct ph_str s)
{
    static const char *const TRUE_WORDS[] = { "true", "True", "TRUE", "yes", "Yes",
                                              "YES",  "on",   "On",   "ON",  NULL };
    static const char *const FALSE_WORDS[] = { "false", "False", "FALSE", "no",  "No",
                                               "NO",    "off",   "Off",   "OFF", NULL };
    static const char *const NULL_WORDS[] = { "", "~", "null", "Null", "NULL", NULL };
    int64_t n;

    if (is_one_of(s, TRUE_WORDS) || is_one_of(s, FALSE_WORDS)) {
        return ph_json_new_bool(is_one_of(s, TRUE_WORDS));
    }
    if (is_one_of(s, NULL_WORDS)) {
        return ph_json_parse(arena, PH_STR("null"));
    }
    if (is_integer(s) && ph_str_to_int(s, INT64_MIN, INT64_MAX, &n)) {
        return ph_json_new_int(arena, n);
    }
    if (is_decimal(s)) {
        return ph_json_parse(arena, s);
    }
    return ph_json_new_str(arena, s);
}

/* --- short forms --- */

static const struct ph_str SHORT_FORMS[] = {
    PH_STR_INIT("Base64"), PH_STR_INIT("Cidr"),         PH_STR_INIT("FindInMap"),
    PH_STR_INIT("GetAtt"), PH_STR_INIT("GetAZs"),       PH_STR_INIT("ImportValue"),
    PH_STR_INIT("Join"),   PH_STR_INIT("Select"),       PH_STR_INIT("Split"),
    PH_STR_INIT("Sub"),    PH_STR_INIT("Transform"),    PH_STR_INIT("And"),
    PH_STR_INIT("Equals"), PH_STR_INIT("If"),           PH_STR_INIT("Not"),
    PH_STR_INIT("Or"),     PH_STR_INIT("ToJsonString"), PH_STR_INIT("Length"),
};
enum { SHORT_FORM_COUNT = sizeof SHORT_FORMS / sizeof SHORT_FORMS[0] };

/* The member that a tag stands for; absent when there is no such short form. */
static struct ph_str long_form(struct ph_arena *arena, struct ph_str tag)
{
    if (ph_str_eq(tag, PH_STR("Ref")) || ph_str_eq(tag, PH_STR("Condition"))) {
        return ph_str_dup(arena, tag);
    }
    for (size_t i = 0; i < SHORT_FORM_COUNT; i++) {
        if (ph_str_eq(tag, SHORT_FORMS[i])) {
            return ph_strf(arena, "Fn::%.*s", PH_FMT(tag));
        }
    }
    return (struct ph_str){ 0 };
}

/* "A.B.C" of !GetAtt: the attribute is all that follows the first full stop. */
static struct json_t *resource_and_attribute(struct ph_arena *arena, struct json_t *value)
{
    struct json_t *pair = ph_json_array(arena);
    struct ph_str name, attribute;

    if (ph_json_kind(value) != PH_JSON_STRING ||
        !ph_str_cut(ph_json_str(value), '.', &name, &attribute)) {
        return value;
    }
    ph_json_append(arena, pair, ph_json_new_str(arena, name));
    ph_json_append(arena, pair, ph_json_new_str(arena, attribute));
    return pair;
}

/* Tags of YAML itself ("tag:yaml.org,2002:str") say nothing that is not known. */
static struct json_t *apply_tag(struct reading *r, struct ph_str tag, size_t line,
                                struct json_t *value)
{
    struct json_t *object;
    struct ph_str key;

    if (value == NULL || tag.n < 2 || tag.p[0] != '!') {
        return value;
    }
    key = long_form(r->arena, ph_str_skip(tag, 1));
    if (key.p == NULL) {
        return refuse(r, line, ph_textf(r->arena, "the tag %.*s is not known", PH_FMT(tag)));
    }
    if (ph_str_eq(key, PH_STR("Fn::GetAtt"))) {
        value = resource_and_attribute(r->arena, value);
    }
    object = ph_json_object(r->arena);
    ph_json_set_s(r->arena, object, key, value);
    return object;
}

/* --- nodes --- */

static struct json_t *read_node(struct reading *r, yaml_event_t *event, unsigned depth);

static struct json_t *next_node(struct reading *r, unsigned depth)
{
    PH_AUTO(delete_event) yaml_event_t event = { 0 };

    return next_event(r, &event) ? read_node(r, &event, depth) : NULL;
}

static struct json_t *read_scalar(struct reading *r, const yaml_event_t *event)
{
    const struct ph_str text = bytes_of(event->data.scalar.value, event->data.scalar.length);
    const struct ph_str tag = name_of(event->data.scalar.tag);

    if (ph_str_has_byte(text, 0)) {
        return refuse(r, event->start_mark.line, "a text holds a zero byte");
    }
    if (event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE ||
        ph_str_eq(tag, PH_STR("tag:yaml.org,2002:str")) || tag.n > 1) {
        return ph_json_new_str(r->arena, text);
    }
    return plain_word(r->arena, text);
}

static struct json_t *read_list(struct reading *r, unsigned depth)
{
    struct json_t *array = ph_json_array(r->arena);

    for (;;) {
        PH_AUTO(delete_event) yaml_event_t event = { 0 };
        struct json_t *item;

        if (!next_event(r, &event)) {
            return NULL;
        }
        if (event.type == YAML_SEQUENCE_END_EVENT) {
            return array;
        }
        item = read_node(r, &event, depth + 1);
        if (item == NULL) {
            return NULL;
        }
        ph_json_append(r->arena, array, item);
    }
}

/* A key is a word; *key is absent at the end of the map. */
static bool read_key(struct reading *r, const struct json_t *object, struct ph_str *key)
{
    PH_AUTO(delete_event) yaml_event_t event = { 0 };

    *key = (struct ph_str){ 0 };
    if (!next_event(r, &event)) {
        return false;
    }
    if (event.type == YAML_MAPPING_END_EVENT) {
        return true;
    }
    if (event.type != YAML_SCALAR_EVENT) {
        (void)refuse(r, event.start_mark.line, "a key must be a text");
        return false;
    }
    *key = ph_str_dup(r->arena, bytes_of(event.data.scalar.value, event.data.scalar.length));
    if (ph_str_has_byte(*key, 0) || ph_str_eq(*key, PH_STR("<<"))) {
        (void)refuse(r, event.start_mark.line, "this key is not supported");
        return false;
    }
    if (ph_json_get_s(object, *key) != NULL) {
        (void)refuse(r, event.start_mark.line,
                     ph_textf(r->arena, "the key %.*s stands here twice", PH_FMT(*key)));
        return false;
    }
    return true;
}

static struct json_t *read_map(struct reading *r, unsigned depth)
{
    struct json_t *object = ph_json_object(r->arena);
    struct json_t *value;
    struct ph_str key;

    for (;;) {
        if (!read_key(r, object, &key)) {
            return NULL;
        }
        if (key.p == NULL) {
            return object;
        }
        value = next_node(r, depth + 1);
        if (value == NULL) {
            return NULL;
        }
        ph_json_set_s(r->arena, object, key, value);
    }
}

static void remember(struct reading *r, struct ph_str name, const struct json_t *value,
                     size_t nodes)
{
    if (r->anchor_count < ANCHORS_MAX) {
        r->anchors[r->anchor_count++] = (struct anchor){ name, value, nodes };
    }
}

/* The latest node of the name, copied. */
static struct json_t *read_alias(struct reading *r, const yaml_event_t *event)
{
    const struct ph_str name = name_of(event->data.alias.anchor);

    for (size_t i = r->anchor_count; i > 0; i--) {
        const struct anchor *anchor = &r->anchors[i - 1];

        if (ph_str_eq(anchor->name, name)) {
            r->nodes += anchor->nodes;
            return r->nodes > NODES_MAX
                       ? refuse(r, event->start_mark.line, "the aliases copy too much")
                       : ph_json_copy(r->arena, anchor->value);
        }
    }
    return refuse(r, event->start_mark.line, "an alias names nothing");
}

/* Its names are copied: they die with the event. */
static struct json_t *read_value(struct reading *r, const yaml_event_t *event, unsigned depth,
                                 struct ph_str *tag, struct ph_str *anchor)
{
    switch ((int)event->type) {
    case YAML_ALIAS_EVENT:
        return read_alias(r, event);
    case YAML_SCALAR_EVENT:
        *tag = ph_str_dup(r->arena, name_of(event->data.scalar.tag));
        *anchor = ph_str_dup(r->arena, name_of(event->data.scalar.anchor));
        return read_scalar(r, event);
    case YAML_SEQUENCE_START_EVENT:
        *tag = ph_str_dup(r->arena, name_of(event->data.sequence_start.tag));
        *anchor = ph_str_dup(r->arena, name_of(event->data.sequence_start.anchor));
        return read_list(r, depth);
    case YAML_MAPPING_START_EVENT:
        *tag = ph_str_dup(r->arena, name_of(event->data.mapping_start.tag));
        *anchor = ph_str_dup(r->arena, name_of(event->data.mapping_start.anchor));
        return read_map(r, depth);
    default:
        return refuse(r, event->start_mark.line, "a value is missing");
    }
}

static struct json_t *read_node(struct reading *r, yaml_event_t *event, unsigned depth)
{
    struct ph_str tag = { 0 }, anchor = { 0 };
    const size_t before = r->nodes++;
    struct json_t *value;

    if (depth > DEPTH_MAX || r->nodes > NODES_MAX) {
        return refuse(r, event->start_mark.line, "this is nested too deeply, or too large");
    }
    value = read_value(r, event, depth, &tag, &anchor);
    value = apply_tag(r, tag, event->start_mark.line, value);
    if (value != NULL && anchor.n > 0) {
        remember(r, anchor, value, r->nodes - before);
    }
    return value;
}

static bool expect(struct reading *r, yaml_event_type_t type, const char *otherwise)
{
    PH_AUTO(delete_event) yaml_event_t event = { 0 };

    if (!next_event(r, &event)) {
        return false;
    }
    if (event.type != type) {
        (void)refuse(r, event.start_mark.line, otherwise);
    }
    return event.type == type;
}

static struct json_t *read_document(struct reading *r)
{
    struct json_t *value;

    if (!expect(r, YAML_STREAM_START_EVENT, "this is not YAML") ||
        !expect(r, YAML_DOCUMENT_START_EVENT, "there is nothing in it")) {
        return NULL;
    }
    value = next_node(r, 0);
    if (value == NULL || !expect(r, YAML_DOCUMENT_END_EVENT, "the document does not end") ||
        !expect(r, YAML_STREAM_END_EVENT, "there is more than one document in it")) {
        return NULL;
    }
    return value;
}

struct json_t *ph_yaml_parse(struct ph_arena *arena, struct ph_str text, const char **why)
{
    struct reading *r = ph_arena_new(arena, struct reading);
    struct json_t *value;

    r->arena = arena;
    if (yaml_parser_initialize(&r->parser) != 1) {
        ph_fatal("out of memory");
    }
    yaml_parser_set_encoding(&r->parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&r->parser, text.p == NULL ? (const uint8_t *)"" : text.p, text.n);
    value = read_document(r);
    yaml_parser_delete(&r->parser);
    if (value == NULL) {
        *why = r->why != NULL ? r->why : "this is not YAML";
    }
    return value;
}
