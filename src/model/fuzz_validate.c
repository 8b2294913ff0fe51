/*
 * A request body through parser and shape walk, for the operation that the first byte picks. What
 * is accepted has the members it must have; what is refused is refused in bounded words.
 */
#include "model/validate.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MESSAGE_MAX = 8192 + 64 };

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    ph_json_start();
    ph_validate_start();
    return 0;
}

static void require(bool holds)
{
    if (!holds) {
        abort();
    }
}

static void require_members(const struct ph_shape *shape, const struct json_t *body)
{
    for (size_t i = 0; i < shape->member_count; i++) {
        const struct ph_member *member = &shape->members[i];

        if (member->required && member->shape->kind != PH_SHAPE_DOCUMENT) {
            require(ph_json_get(body, ph_member_names[member->name]) != NULL);
        }
    }
}

static void require_refusal(const struct ph_err *err)
{
    const bool constraint = err->type == &ph_ex_InvalidParameterException;

    require(constraint || err->type == &ph_ex_SerializationException);
    require(err->message != NULL && strlen(err->message) <= MESSAGE_MAX);
    require(!constraint || strstr(err->message, "detected: Value") != NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ph_arena arena = { 0 };
    const struct ph_shape *shape;
    struct json_t *body;
    struct ph_err err;

    if (size == 0) {
        return 0;
    }
    shape = ph_operations[data[0] % PH_OP_COUNT].input;
    body = ph_json_parse(&arena, (struct ph_str){ data + 1, size - 1 });
    if (body != NULL) {
        err = ph_validate_input(&arena, shape, body);
        if (err.type == NULL) {
            require_members(shape, body);
        } else {
            require_refusal(&err);
        }
    }
    ph_arena_finish(&arena);
    return 0;
}
