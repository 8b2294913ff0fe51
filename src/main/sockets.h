/*
 * Listening sockets that systemd, or another parent, has opened for us and keeps open while we are
 * away: sd_listen_fds(3) without its library. What connects meanwhile waits in the kernel, so that
 * a restart refuses nobody.
 */
#ifndef PH_MAIN_SOCKETS_H
#define PH_MAIN_SOCKETS_H

#include "util/str.h"

#include <stdbool.h>

struct ph_sockets {
    int api;   /* 0: none, listen by ourselves */
    int admin; /* the same */
};

/*
 * What LISTEN_PID, LISTEN_FDS and LISTEN_FDNAMES say, if they are meant for this process; takes
 * them out of the environment. A socket named "api" or "admin" is that one's; where names say
 * nothing (systemd's default is the name of the unit) the first is the API's, the second the other
 * one. False and a text in why when there are more than two, or two for the same. Before there are
 * threads.
 */
PH_MUST_USE bool ph_sockets_take(struct ph_sockets *sockets, char *why, size_t why_size);

#endif
