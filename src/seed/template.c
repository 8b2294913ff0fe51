/* A template as a whole: its sections, conditions of resources, outputs. */
#include "seed/template.h"

static const char SECTIONS[] = "AWSTemplateFormatVersion Description Metadata Parameters Rules "
                               "Mappings Conditions Transform Globals Resources Outputs Hooks";

static bool check_sections(struct ph_template *t)
{
    for (void *at = ph_json_first(t->document); at != NULL; at = ph_json_next(t->document, at)) {
        if (!ph_seed_names(SECTIONS, ph_json_key(at))) {
            return ph_seed_refuse(t->file, ph_json_key(at), "there is no such section");
        }
    }
    if (ph_json_kind(t->resources) != PH_JSON_OBJECT) {
        return ph_seed_refuse(t->file, PH_STR("Resources"), "this must be an object");
    }
    return true;
}

static bool is_wanted(struct ph_template *t, struct ph_str path, const struct json_t *owner,
                      bool *wanted)
{
    const struct json_t *condition = ph_json_get(owner, "Condition");

    *wanted = true;
    return condition == NULL || ph_template_condition(t, path, ph_json_str(condition), wanted);
}

/* A name for the templates that come later. */
static bool export(struct ph_template *t, struct ph_str path, const struct json_t *output,
                   struct ph_str value)
{
    const struct json_t *name = ph_json_get(ph_json_get(output, "Export"), "Name");
    struct json_t *exports = t->file->seed->exports;
    struct ph_str text;

    if (!ph_template_text(t, ph_seed_path(t->arena, path, PH_STR("Export.Name")), name, &text)) {
        return false;
    }
    if (text.n == 0) {
        return true;
    }
    if (ph_json_get_s(exports, text) != NULL) {
        return ph_seed_refuse(t->file, path, "%.*s is exported already", PH_FMT(text));
    }
    ph_json_set_s(t->arena, exports, text, ph_json_new_str(t->arena, value));
    return true;
}

static bool read_output(struct ph_template *t, struct ph_str name, const struct json_t *output,
                        struct json_t *outputs)
{
    const struct ph_str path = ph_strf(t->arena, "Outputs.%.*s", PH_FMT(name));
    struct ph_str value;
    bool wanted;

    if (!is_wanted(t, path, output, &wanted)) {
        return false;
    }
    if (!wanted) {
        return true;
    }
    if (!ph_template_text(t, ph_seed_path(t->arena, path, PH_STR("Value")),
                          ph_json_get(output, "Value"), &value)) {
        return false;
    }
    if (value.p == NULL) {
        return ph_seed_refuse(t->file, path, "the Value is missing");
    }
    ph_json_set_s(t->arena, outputs, name, ph_json_new_str(t->arena, value));
    return export(t, path, output, value);
}

static bool read_outputs(struct ph_template *t)
{
    const struct json_t *given = ph_json_get(t->document, "Outputs");
    struct json_t *outputs = ph_json_object(t->arena);

    if (ph_json_get_s(t->file->seed->outputs, t->file->stack) != NULL) {
        return ph_seed_refuse(t->file, (struct ph_str){ 0 },
                              "there are two stacks of the name %.*s: name one (STACK=FILE)",
                              PH_FMT(t->file->stack));
    }
    for (void *at = ph_json_first(given); at != NULL; at = ph_json_next(given, at)) {
        if (!read_output(t, ph_json_key(at), ph_json_member(at), outputs)) {
            return false;
        }
    }
    ph_json_set_s(t->arena, t->file->seed->outputs, t->file->stack, outputs);
    return true;
}

bool ph_seed_read_template(struct ph_seed_file *file, const struct json_t *document)
{
    struct ph_template t = {
        .file = file,
        .arena = file->seed->arena,
        .document = document,
        .resources = ph_json_get(document, "Resources"),
        .parameters = ph_json_object(file->seed->arena),
    };

    return check_sections(&t) && ph_template_read_parameters(&t) &&
           ph_template_read_resources(&t) && read_outputs(&t);
}
