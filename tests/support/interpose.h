/*
 * What the libraries share that are preloaded into a server to spoil its disk: the functions that
 * they stand before, and which files they mean.
 */
#ifndef SUPPORT_INTERPOSE_H
#define SUPPORT_INTERPOSE_H

#include <dlfcn.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

/* POSIX has functions fit into data pointers; ISO C knows no conversion. */
#define NEXT(type, name)                                                                           \
    static type *next;                                                                             \
    if (next == NULL) {                                                                            \
        void *found_ = dlsym(RTLD_NEXT, (name));                                                   \
        memcpy(&next, &found_, sizeof next);                                                       \
    }

/* fsync() and fdatasync() by int by(int (*next)(int), int fd). */
#define INTERPOSE_SYNCS(by)                                                                        \
    int fsync(int fd)                                                                              \
    {                                                                                              \
        typedef int fn(int);                                                                       \
        NEXT(fn, "fsync")                                                                          \
        return by(next, fd);                                                                       \
    }                                                                                              \
    int fdatasync(int fd)                                                                          \
    {                                                                                              \
        typedef int fn(int);                                                                       \
        NEXT(fn, "fdatasync")                                                                      \
        return by(next, fd);                                                                       \
    }

/* Below the directory that this variable of the environment names. */
static inline bool is_below(const char *variable, int fd)
{
    const char *directory = getenv(variable);
    char name[64];
    char path[PATH_MAX];
    ssize_t n;

    snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
    n = readlink(name, path, sizeof path - 1);
    if (directory == NULL || n <= 0) {
        return false;
    }
    path[n] = '\0';
    return strncmp(path, directory, strlen(directory)) == 0;
}

#endif
