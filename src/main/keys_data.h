/* `keys rotate-data`. */
#ifndef PH_MAIN_KEYS_DATA_H
#define PH_MAIN_KEYS_DATA_H

/* Takes the words after its name; the exit status. */
int ph_keys_rotate_data(int argc, char **argv);

#endif
