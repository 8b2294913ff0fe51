/* What is made from the tables of commands and keys: the manual page and completions for shells. */
#ifndef PH_MAIN_MANUAL_H
#define PH_MAIN_MANUAL_H

#include <stdbool.h>
#include <stdio.h>

/* poolhouse(1), for man. */
void ph_manual_print(FILE *out);

/* shell: bash, zsh or fish. False when it is another. */
bool ph_completion_print(const char *shell, FILE *out);

#endif
