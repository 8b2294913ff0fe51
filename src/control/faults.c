/* Operations that fail or wait because a test wants them to. */
#include "control/internal.h"

#include <string.h>

static const int64_t DELAY_MAX_MS = 30000;

/* --- reading one --- */

/* One that an operation may answer, or every one may. */
static const struct ph_exception *find_exception(struct ph_str name)
{
    static const struct ph_exception *const ALL[] = {
        &ph_ex_InternalErrorException,      &ph_ex_TooManyRequestsException,
        &ph_ex_AccessDeniedException,       &ph_ex_ExpiredTokenException,
        &ph_ex_InvalidSignatureException,   &ph_ex_SerializationException,
        &ph_ex_UnrecognizedClientException,
    };

    for (size_t i = 0; i < sizeof ALL / sizeof ALL[0]; i++) {
        if (ph_str_eq(name, ph_str_from(ALL[i]->name))) {
            return ALL[i];
        }
    }
    for (size_t i = 0; i < PH_OP_COUNT; i++) {
        for (const struct ph_exception *const *e = ph_operations[i].errors; *e != NULL; e++) {
            if (ph_str_eq(name, ph_str_from((*e)->name))) {
                return *e;
            }
        }
    }
    return NULL;
}

static const char *read_operation(const struct json_t *body, struct ph_fault *fault)
{
    const struct ph_str name = ph_json_get_str(body, "operation");

    if (ph_str_eq(name, PH_STR("*"))) {
        return NULL;
    }
    fault->operation = ph_operation_find(name);
    return fault->operation != NULL ? NULL : "operation is the name of an operation, or \"*\"";
}

static const char *read_error(const struct json_t *body, struct ph_fault *fault)
{
    const struct ph_str name = ph_json_get_str(body, "error");
    struct ph_str message = ph_json_get_str(body, "message");

    if (ph_json_get(body, "error") == NULL) {
        return NULL;
    }
    fault->error = find_exception(name);
    if (fault->error == NULL) {
        return "error is the name of an exception of the API";
    }
    if (ph_json_get(body, "message") == NULL) {
        message = fault->error == &ph_ex_TooManyRequestsException
                      ? PH_STR("Rate exceeded")
                      : PH_STR("This failure was asked for.");
    }
    if (message.n >= sizeof fault->message || ph_str_has_byte(message, 0)) {
        return "message has less than 256 bytes";
    }
    memcpy(fault->message, message.p, message.n);
    return NULL;
}

/* A whole number within the bounds; absent stays what it is. */
static bool read_number(const struct json_t *body, const char *name, int64_t min, int64_t max,
                        int64_t *number)
{
    const struct json_t *value = ph_json_get(body, name);

    if (value == NULL) {
        return true;
    }
    *number = ph_json_int(value);
    return ph_json_kind(value) == PH_JSON_INTEGER && *number >= min && *number <= max;
}

static const char *read_numbers(const struct json_t *body, struct ph_fault *fault)
{
    fault->times = -1;
    fault->percent = 100;
    if (!read_number(body, "times", 1, INT32_MAX, &fault->times)) {
        return "times is a number from 1 on";
    }
    if (!read_number(body, "percent", 1, 100, &fault->percent)) {
        return "percent is a number from 1 to 100";
    }
    if (!read_number(body, "delayMs", 1, DELAY_MAX_MS, &fault->delay_ms)) {
        return "delayMs is a number from 1 to 30000";
    }
    return fault->error == NULL && fault->delay_ms == 0 ? "say error, delayMs, or both" : NULL;
}

static const char *check_members(const struct json_t *body)
{
    static const char *const KNOWN[] = { "operation", "error",   "message",
                                         "times",     "percent", "delayMs" };

    for (void *at = ph_json_first(body); at != NULL; at = ph_json_next(body, at)) {
        bool is_known = false;

        for (size_t i = 0; i < sizeof KNOWN / sizeof KNOWN[0]; i++) {
            is_known = is_known || ph_str_eq(ph_json_key(at), ph_str_from(KNOWN[i]));
        }
        if (!is_known) {
            return "the members are operation, error, message, times, percent and delayMs";
        }
    }
    return NULL;
}

const char *ph_faults_add(struct ph_faults *faults, const struct json_t *body)
{
    struct ph_fault fault = { 0 };
    const char *wrong = check_members(body);

    wrong = wrong != NULL ? wrong : read_operation(body, &fault);
    wrong = wrong != NULL ? wrong : read_error(body, &fault);
    wrong = wrong != NULL ? wrong : read_numbers(body, &fault);
    if (wrong == NULL && faults->count == PH_FAULTS_MAX) {
        wrong = "there are 64 faults: delete some";
    }
    if (wrong == NULL) {
        faults->items[faults->count++] = fault;
    }
    return wrong;
}

/* --- meeting them --- */

/* Of ten calls at 30 percent exactly three are struck: tests want numbers, not luck. */
static bool strikes(struct ph_fault *fault)
{
    if (fault->times == 0) {
        return false;
    }
    fault->due += fault->percent;
    if (fault->due < 100) {
        return false;
    }
    fault->due -= 100;
    fault->hits++;
    if (fault->times > 0) {
        fault->times--;
    }
    return true;
}

void ph_faults_meet(struct ph_arena *arena, struct ph_faults *faults,
                    const struct ph_operation *operation, struct ph_fault_met *met)
{
    for (size_t i = 0; i < faults->count && met->error == NULL; i++) {
        struct ph_fault *fault = &faults->items[i];

        if ((fault->operation != NULL && fault->operation != operation) || !strikes(fault)) {
            continue;
        }
        met->error = fault->error;
        met->message = fault->error == NULL ? NULL : ph_textf(arena, "%s", fault->message);
        met->delay_ms += fault->delay_ms;
    }
    met->delay_ms = met->delay_ms < DELAY_MAX_MS ? met->delay_ms : DELAY_MAX_MS;
}

static struct json_t *fault_json(struct ph_arena *arena, const struct ph_fault *fault)
{
    struct json_t *object = ph_json_object(arena);

    ph_json_set_str(arena, object, "operation",
                    ph_str_from(fault->operation == NULL ? "*" : fault->operation->name));
    if (fault->error != NULL) {
        ph_json_set_str(arena, object, "error", ph_str_from(fault->error->name));
        ph_json_set_str(arena, object, "message", ph_str_from(fault->message));
    }
    if (fault->times >= 0) {
        ph_json_set_int(arena, object, "times", fault->times);
    }
    ph_json_set_int(arena, object, "percent", fault->percent);
    ph_json_set_int(arena, object, "delayMs", fault->delay_ms);
    ph_json_set_int(arena, object, "hits", fault->hits);
    return object;
}

struct json_t *ph_faults_json(struct ph_arena *arena, const struct ph_faults *faults)
{
    struct json_t *object = ph_json_object(arena), *list = ph_json_array(arena);

    for (size_t i = 0; i < faults->count; i++) {
        ph_json_append(arena, list, fault_json(arena, &faults->items[i]));
    }
    ph_json_set(arena, object, "faults", list);
    return object;
}
