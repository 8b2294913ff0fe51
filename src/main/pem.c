#include "main/pem.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { PEM_MAX = 256 * 1024 };

bool ph_pem_read(struct ph_arena *arena, struct ph_str name, struct ph_str *pem, char *why,
                 size_t why_size)
{
    const char *path = ph_cstr(arena, name);
    const int fd = path == NULL ? -1 : open(path, O_RDONLY | O_CLOEXEC);
    uint8_t *text;
    ssize_t n;

    if (fd < 0) {
        snprintf(why, why_size, "cannot read %.*s: %s", PH_FMT(name), strerror(errno));
        return false;
    }
    text = ph_arena_alloc(arena, PEM_MAX);
    n = read(fd, text, PEM_MAX);
    close(fd);
    if (n <= 0) {
        snprintf(why, why_size, "cannot read %.*s", PH_FMT(name));
        return false;
    }
    *pem = (struct ph_str){ text, (size_t)n };
    return true;
}
