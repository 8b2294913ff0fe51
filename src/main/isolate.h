/*
 * What a served process gives up before it listens, so that whoever takes it over has little: it
 * cannot write outside its data directory (Landlock), start programs, look into other processes,
 * mount, load modules, set clocks or change identity (seccomp). An attempt of the second kind ends
 * the process. The systemd unit does the same and more; this is for where there is none.
 *
 * Kernels without one of the two give what they have, and `what` says so.
 */
#ifndef PH_MAIN_ISOLATE_H
#define PH_MAIN_ISOLATE_H

#include <stdbool.h>

struct ph_isolation {
    const char *data;   /* directory that stays writable; NULL: none */
    bool runs_programs; /* functions are started here: programs may run, and write, as they like */
};

struct ph_isolated {
    bool files;    /* nothing else can be written, and nothing executed */
    bool syscalls; /* the filter is in place */
};

/*
 * For the calling thread and those that it makes afterwards: call it while there is no other. Can
 * not be undone.
 */
struct ph_isolated ph_isolate(const struct ph_isolation *wanted);

#endif
