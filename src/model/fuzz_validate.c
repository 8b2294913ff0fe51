/*
 * Input: the name of an operation, a line feed, a request body. Whatever comes, the check ends
 * with a success or one of its two exceptions.
 */
#include "model/validate.h"
#include "support/fuzz.h"

#include <stdlib.h>

static void check(struct ph_arena *arena, struct ph_str name, struct ph_str body)
{
    const struct ph_operation *operation = ph_operation_find(name);
    const struct json_t *value;
    struct ph_err err;

    if (operation == NULL) {
        return;
    }
    value = ph_json_parse(arena, body);
    err = ph_validate_input(arena, operation->input, value);
    if (err.type != NULL && err.type != &ph_ex_SerializationException &&
        err.type != &ph_ex_InvalidParameterException) {
        abort();
    }
    if (operation->output != NULL) {
        (void)ph_validate_output(arena, operation->output, value);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static bool started;
    struct ph_arena arena = { 0 };
    struct ph_str name;
    struct ph_str body;

    if (!started) {
        ph_json_start();
        ph_validate_start();
        started = true;
    }
    ph_str_cut((struct ph_str){ data, size }, '\n', &name, &body);
    check(&arena, name, body);
    ph_arena_finish(&arena);
    return 0;
}
