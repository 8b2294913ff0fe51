/*
 * Turns. The library (libmicrohttpd, epoll, no thread of its own) may be run by one thread at a
 * time. Whoever wants it run and finds another at it leaves word, and that one runs it once more:
 * so nobody waits, and what was ready before somebody asked has been seen when the turn ends.
 */
#include "http/internal.h"

/* Enough for reading, handing over and writing; a flood comes to its end in later turns. */
enum { RUNS_MAX = 16 };

/* Connections that can go on without the kernel saying so. */
static bool has_more(struct ph_http_server *server)
{
    MHD_UNSIGNED_LONG_LONG wait_ms;

    return server->again || (MHD_get_timeout(server->daemon, &wait_ms) == MHD_YES && wait_ms == 0);
}

/* With the turn. */
static bool run_library(struct ph_http_server *server)
{
    bool more = true;

    for (unsigned i = 0; more && i < RUNS_MAX; i++) {
        server->again = false;
        (void)MHD_run(server->daemon);
        more = has_more(server);
    }
    return more;
}

bool ph_http_turn(void *self)
{
    struct ph_http_server *server = self;
    bool more = false;

    atomic_store(&server->turned, true);
    atomic_store(&server->wanted, true);
    while (atomic_load(&server->wanted) && pthread_mutex_trylock(&server->turn) == 0) {
        atomic_store(&server->wanted, false);
        more = run_library(server);
        pthread_mutex_unlock(&server->turn);
    }
    return more;
}
