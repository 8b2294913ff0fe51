/* Is what a file wants there already? */
#include "seed/internal.h"

#include "util/json.h"

static bool is_nothing(const struct json_t *value)
{
    switch (ph_json_kind(value)) {
    case PH_JSON_NULL:
        return true;
    case PH_JSON_ARRAY:
        return ph_json_length(value) == 0;
    case PH_JSON_OBJECT:
        return ph_json_members(value) == 0;
    case PH_JSON_STRING:
    case PH_JSON_INTEGER:
    case PH_JSON_REAL:
    case PH_JSON_TRUE:
    case PH_JSON_FALSE:
        break;
    }
    return false;
}

static bool has(const struct json_t *array, const struct json_t *wanted)
{
    for (size_t i = 0; i < ph_json_length(array); i++) {
        if (ph_seed_says(ph_json_at(array, i), wanted)) {
            return true;
        }
    }
    return false;
}

/* Lists of the API are sets: of texts, or of objects that name themselves. */
static bool says_list(const struct json_t *there, const struct json_t *wanted)
{
    if (ph_json_length(there) != ph_json_length(wanted)) {
        return false;
    }
    for (size_t i = 0; i < ph_json_length(wanted); i++) {
        if (!has(there, ph_json_at(wanted, i))) {
            return false;
        }
    }
    return true;
}

static bool says_members(const struct json_t *there, const struct json_t *wanted)
{
    for (void *at = ph_json_first(wanted); at != NULL; at = ph_json_next(wanted, at)) {
        if (!ph_seed_says(ph_json_get_s(there, ph_json_key(at)), ph_json_member(at))) {
            return false;
        }
    }
    return true;
}

bool ph_seed_says(const struct json_t *there, const struct json_t *wanted)
{
    if (is_nothing(wanted)) {
        return is_nothing(there);
    }
    if (ph_json_kind(there) != ph_json_kind(wanted)) {
        return false;
    }
    switch (ph_json_kind(wanted)) {
    case PH_JSON_ARRAY:
        return says_list(there, wanted);
    case PH_JSON_OBJECT:
        return says_members(there, wanted);
    case PH_JSON_NULL:
    case PH_JSON_STRING:
    case PH_JSON_INTEGER:
    case PH_JSON_REAL:
    case PH_JSON_TRUE:
    case PH_JSON_FALSE:
        break;
    }
    return ph_json_equal(there, wanted);
}
