/*
 * Memory that runs out on demand: preloaded into a server without sanitizers, it makes one
 * allocation fail, or that one and all that follow.
 *
 * MEMORY_FAULT_FILE is a file of two numbers (int64_t), mapped by the server and by the test:
 *
 *   [0]  allocations until one fails; 0: none does. Counts down to 0 and stays there
 *   [1]  1: from then on all fail
 *
 * Every thread counts, as a machine without memory does not choose either.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

/* glibc's own, under the names that it keeps for libraries like this one. */
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *old, size_t size);

static _Atomic(int64_t) *control;

__attribute__((constructor)) static void begin(void)
{
    const char *path = getenv("MEMORY_FAULT_FILE");
    const int fd = path == NULL ? -1 : open(path, O_RDWR | O_CLOEXEC);
    void *at;

    if (fd < 0) {
        return;
    }
    at = mmap(NULL, 2 * sizeof *control, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    control = at == MAP_FAILED ? NULL : at;
}

static bool fails(void)
{
    int64_t left;

    if (control == NULL || (left = atomic_load(&control[0])) == 0) {
        return false;
    }
    if (left == 1 && atomic_load(&control[1]) == 1) {
        errno = ENOMEM;
        return true;
    }
    if (!atomic_compare_exchange_strong(&control[0], &left, left - 1) || left > 1) {
        return false;
    }
    errno = ENOMEM;
    return true;
}

void *malloc(size_t size)
{
    return fails() ? NULL : __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
    return fails() ? NULL : __libc_calloc(count, size);
}

void *realloc(void *old, size_t size)
{
    return fails() ? NULL : __libc_realloc(old, size);
}
