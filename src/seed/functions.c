/* Lambda functions of templates: their names, their code where it is at hand, their events. */
#include "seed/template.h"

#include <unistd.h>

bool ph_template_is_function(struct ph_str type)
{
    return ph_str_eq(type, PH_STR("AWS::Serverless::Function")) ||
           ph_str_eq(type, PH_STR("AWS::Lambda::Function"));
}

bool ph_template_function_name(struct ph_template *t, struct ph_str logical, struct ph_str *name)
{
    struct json_t *given;

    if (!ph_template_property(t, logical, "FunctionName", &given)) {
        return false;
    }
    *name = ph_json_str(given);
    if (name->n == 0) {
        *name = ph_template_made_up(t, logical);
    }
    return true;
}

/* A property of the function, or what Globals say for all functions of SAM. */
static bool text_property(struct ph_template *t, struct ph_str logical, const char *name,
                          struct ph_str *out)
{
    const struct json_t *globals =
        ph_json_get(ph_json_get(ph_json_get(t->document, "Globals"), "Function"), name);
    struct json_t *value;

    if (!ph_template_property(t, logical, name, &value)) {
        return false;
    }
    if (value == NULL && globals != NULL &&
        !ph_template_eval(t, ph_strf(t->arena, "Globals.Function.%s", name), globals, &value)) {
        return false;
    }
    *out = ph_json_str(value);
    return true;
}

/* --- where the code is --- */

/* "src/app" and "handler" of "src/app.handler". */
static bool split_handler(struct ph_str handler, struct ph_str *module, struct ph_str *name)
{
    size_t n = handler.n;

    while (n > 0 && handler.p[n - 1] != '.') {
        n--;
    }
    *module = (struct ph_str){ handler.p, n > 0 ? n - 1 : 0 };
    *name = ph_str_skip(handler, n);
    return module->n > 0 && name->n > 0;
}

static struct ph_str with_slashes(struct ph_arena *arena, struct ph_str module)
{
    struct ph_str copy = ph_str_dup(arena, module);
    uint8_t *p = ph_arena_alloc(arena, copy.n + 1);

    for (size_t i = 0; i < copy.n; i++) {
        p[i] = copy.p[i] == '.' ? '/' : copy.p[i];
    }
    return (struct ph_str){ p, copy.n };
}

static bool is_there(struct ph_arena *arena, struct ph_str file)
{
    const char *path = ph_cstr(arena, file);

    return path != NULL && access(path, R_OK) == 0;
}

/* The file of a module; absent when there is none of the endings that are run here. */
static struct ph_str find_file(struct ph_template *t, struct ph_str directory, struct ph_str module)
{
    static const char *const ENDINGS[] = { ".js", ".mjs", ".cjs", ".py" };

    for (size_t i = 0; i < sizeof ENDINGS / sizeof ENDINGS[0]; i++) {
        const bool is_python = i == 3;
        const struct ph_str name = is_python ? with_slashes(t->arena, module) : module;
        const struct ph_str file =
            ph_strf(t->arena, "%.*s/%.*s%s", PH_FMT(directory), PH_FMT(name), ENDINGS[i]);

        if (is_there(t->arena, file)) {
            return file;
        }
    }
    return (struct ph_str){ 0 };
}

static struct ph_str code_directory(struct ph_template *t, struct ph_str code)
{
    if (code.n > 0 && code.p[0] == '/') {
        return code;
    }
    return ph_strf(t->arena, "%.*s%.*s", PH_FMT(t->file->directory), PH_FMT(code));
}

static void note(struct ph_template *t, struct ph_str logical, const char *why)
{
    ph_json_append(t->arena, t->file->seed->ignored,
                   ph_json_new_str(t->arena, ph_strf(t->arena, "%.*s: Resources.%.*s: %s",
                                                     PH_FMT(t->file->name), PH_FMT(logical), why)));
}

bool ph_template_read_function(struct ph_template *t, struct ph_str logical)
{
    struct ph_str name, sam_code, code, handler, module, export, file;

    if (!ph_template_function_name(t, logical, &name) ||
        !text_property(t, logical, "CodeUri", &sam_code) ||
        !text_property(t, logical, "Code", &code) ||
        !text_property(t, logical, "Handler", &handler)) {
        return false;
    }
    code = sam_code.n > 0 ? sam_code : code;
    if (code.n == 0 || ph_str_contains(code, PH_STR("://")) ||
        !split_handler(handler, &module, &export)) {
        note(t, logical, "a function whose code is not a local file");
        return true;
    }
    file = find_file(t, code_directory(t, code), module);
    if (file.p == NULL || ph_str_has_byte(file, '\n') || ph_str_has_byte(name, '\n')) {
        note(t, logical, "a function whose handler is not found beside the template");
        return true;
    }
    ph_json_append(t->arena, t->file->seed->routes,
                   ph_json_new_str(t->arena, ph_strf(t->arena, "%.*s = local:%.*s:%.*s",
                                                     PH_FMT(name), PH_FMT(file), PH_FMT(export))));
    return true;
}

/* --- events of SAM --- */

/* The event's pool by its id, which is what a Ref to it gives. */
static bool is_about(struct ph_template *t, struct ph_str path, const struct json_t *properties,
                     struct ph_str pool_logical, bool *is)
{
    struct ph_str wanted, pool_id;

    if (!ph_template_pool_id(t, pool_logical, &pool_id) ||
        !ph_template_text(t, ph_seed_path(t->arena, path, PH_STR("UserPool")),
                          ph_json_get(properties, "UserPool"), &wanted)) {
        return false;
    }
    *is = wanted.n > 0 && ph_str_eq(wanted, pool_id);
    return true;
}

static void set_trigger(struct ph_template *t, struct json_t *body, struct ph_str trigger,
                        struct ph_str arn)
{
    struct json_t *config = ph_json_get(body, "LambdaConfig");

    if (ph_json_kind(config) != PH_JSON_OBJECT) {
        config = ph_json_object(t->arena);
        ph_json_set(t->arena, body, "LambdaConfig", config);
    }
    if (trigger.n > 0 && ph_json_get_s(config, trigger) == NULL) {
        ph_json_set_s(t->arena, config, trigger, ph_json_new_str(t->arena, arn));
    }
}

static bool set_triggers(struct ph_template *t, struct ph_str path, struct ph_str logical,
                         const struct json_t *given, struct json_t *body)
{
    struct json_t *triggers = NULL;
    struct ph_str arn;

    if (given == NULL || !ph_template_eval(t, path, given, &triggers) ||
        !ph_template_attribute(t, path, logical, PH_STR("Arn"), &arn)) {
        return given == NULL ? ph_seed_refuse(t->file, path, "it is missing") : false;
    }
    if (ph_json_kind(triggers) == PH_JSON_STRING) {
        set_trigger(t, body, ph_json_str(triggers), arn);
    }
    for (size_t i = 0; i < ph_json_length(triggers); i++) {
        set_trigger(t, body, ph_json_str(ph_json_at(triggers, i)), arn);
    }
    return true;
}

static bool add_event(struct ph_template *t, struct ph_str logical, void *at,
                      struct ph_str pool_logical, struct json_t *body)
{
    const struct ph_str path = ph_strf(t->arena, "Resources.%.*s.Properties.Events.%.*s",
                                       PH_FMT(logical), PH_FMT(ph_json_key(at)));
    const struct json_t *event = ph_json_member(at);
    const struct json_t *properties = ph_json_get(event, "Properties");
    bool is = false;

    if (!ph_str_eq(ph_json_get_str(event, "Type"), PH_STR("Cognito"))) {
        return true;
    }
    if (!is_about(t, path, properties, pool_logical, &is)) {
        return false;
    }
    return !is || set_triggers(t, ph_seed_path(t->arena, path, PH_STR("Trigger")), logical,
                               ph_json_get(properties, "Trigger"), body);
}

static bool add_events(struct ph_template *t, struct ph_str logical, const struct json_t *resource,
                       struct ph_str pool_logical, struct json_t *body)
{
    const struct json_t *events = ph_json_get(ph_json_get(resource, "Properties"), "Events");
    const struct json_t *condition = ph_json_get(resource, "Condition");
    bool is_made = true;

    if (condition != NULL && !ph_template_condition(t, logical, ph_json_str(condition), &is_made)) {
        return false;
    }
    for (void *at = ph_json_first(events); is_made && at != NULL; at = ph_json_next(events, at)) {
        if (!add_event(t, logical, at, pool_logical, body)) {
            return false;
        }
    }
    return true;
}

bool ph_template_add_triggers(struct ph_template *t, struct ph_str pool_logical,
                              struct json_t *body)
{
    for (void *at = ph_json_first(t->resources); at != NULL; at = ph_json_next(t->resources, at)) {
        const struct json_t *resource = ph_json_member(at);

        if (ph_str_eq(ph_json_get_str(resource, "Type"), PH_STR("AWS::Serverless::Function")) &&
            !add_events(t, ph_json_key(at), resource, pool_logical, body)) {
            return false;
        }
    }
    return true;
}
