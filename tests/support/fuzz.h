/*
 * What a fuzz target defines, and properties that stop the run when they do not hold. Built with
 * libFuzzer, or with tests/support/fuzz_replay.c, which feeds it the corpus in the ordinary run.
 */
#ifndef PH_TESTS_SUPPORT_FUZZ_H
#define PH_TESTS_SUPPORT_FUZZ_H

#include "util/str.h"

#include <stdio.h>
#include <stdlib.h>

/* Optional: called once, before the first input. */
int LLVMFuzzerInitialize(int *argc, char ***argv);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Holds in every build, unlike assert(). */
#define fuzz_check(property)                                                                       \
    do {                                                                                           \
        if (!(property)) {                                                                         \
            (void)fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #property);    \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

/* The part lies within the whole; an absent part does. */
static inline void fuzz_inside(struct ph_str whole, struct ph_str part)
{
    fuzz_check(part.p == NULL || ((uintptr_t)part.p >= (uintptr_t)whole.p &&
                                  (uintptr_t)part.p + part.n <= (uintptr_t)whole.p + whole.n));
}

#endif
