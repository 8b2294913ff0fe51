/* `keys rotate-master` and `keys retire-master`. */
#ifndef PH_MAIN_KEYS_MASTER_H
#define PH_MAIN_KEYS_MASTER_H

/* Each takes the words after its name; the exit status. */
int ph_keys_rotate_master(int argc, char **argv);
int ph_keys_retire_master(int argc, char **argv);

#endif
