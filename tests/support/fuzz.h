/*
 * What a fuzz target defines. Built with libFuzzer, or with tests/support/fuzz_replay.c, which
 * feeds it the corpus in the ordinary test run.
 */
#ifndef PH_TESTS_SUPPORT_FUZZ_H
#define PH_TESTS_SUPPORT_FUZZ_H

#include <stddef.h>
#include <stdint.h>

/* Optional: called once, before the first input. */
int LLVMFuzzerInitialize(int *argc, char ***argv);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
