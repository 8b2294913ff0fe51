#include "main/sockets.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { FIRST = 3 /* SD_LISTEN_FDS_START */, SOCKETS_MAX = 2 };

/* The number in a variable; 0 when it is not there or no number. */
static int64_t number_in(const char *name)
{
    const char *text = getenv(name);
    int64_t number = 0;

    if (text == NULL || !ph_str_to_int(ph_str_from(text), 1, INT32_MAX, &number)) {
        return 0;
    }
    return number;
}

static bool is_named(struct ph_str names)
{
    struct ph_str name;

    do {
        ph_str_cut(names, ':', &name, &names);
        if (ph_str_eq(name, PH_STR("api")) || ph_str_eq(name, PH_STR("admin"))) {
            return true;
        }
    } while (names.n > 0);
    return false;
}

/* Which of the two the socket at this place is for. */
static int *place_of(struct ph_sockets *sockets, bool named, struct ph_str name, int64_t i)
{
    if (!named) {
        return i == 0 ? &sockets->api : &sockets->admin;
    }
    return ph_str_eq(name, PH_STR("api"))     ? &sockets->api
           : ph_str_eq(name, PH_STR("admin")) ? &sockets->admin
                                              : NULL;
}

static bool give_out(struct ph_sockets *sockets, int64_t count, struct ph_str names, char *why,
                     size_t why_size)
{
    const bool named = is_named(names);
    struct ph_sockets given = { 0 };

    for (int64_t i = 0; i < count; i++) {
        const int fd = FIRST + (int)i;
        struct ph_str name;
        int *place;

        ph_str_cut(names, ':', &name, &names);
        place = i < SOCKETS_MAX ? place_of(&given, named, name, i) : NULL;
        if (place == NULL || *place != 0) {
            snprintf(
                why, why_size,
                "cannot use the sockets that were passed (LISTEN_FDS): one for the API and one "
                "for health and metrics, named 'api' and 'admin' or in this order, not %d",
                (int)count);
            return false;
        }
        *place = fd;
        (void)fcntl(fd, F_SETFD, FD_CLOEXEC); /* functions inherit none of them */
    }
    *sockets = given;
    return true;
}

bool ph_sockets_take(struct ph_sockets *sockets, char *why, size_t why_size)
{
    const bool ours = number_in("LISTEN_PID") == getpid();
    const int64_t count = ours ? number_in("LISTEN_FDS") : 0;
    const char *names = getenv("LISTEN_FDNAMES");
    const bool given =
        give_out(sockets, count, ph_str_from(names == NULL ? "" : names), why, why_size);

    (void)unsetenv("LISTEN_PID");
    (void)unsetenv("LISTEN_FDS");
    (void)unsetenv("LISTEN_FDNAMES");
    return given;
}
