#include "util/files.h"

#include "util/str.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool sync_path(const char *path, int flags)
{
    const int fd = open(path, O_RDONLY | O_CLOEXEC | flags);
    const bool synced = fd >= 0 && fsync(fd) == 0;

    if (fd >= 0) {
        close(fd);
    }
    return synced;
}

bool ph_sync_bytes(const char *path)
{
    return sync_path(path, 0);
}

bool ph_sync_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    char *directory;
    bool synced;

    if (slash == NULL) {
        return sync_path(".", O_DIRECTORY);
    }
    directory = ph_heap_cstr(
        (struct ph_str){ (const uint8_t *)path, slash == path ? 1 : (size_t)(slash - path) });
    synced = sync_path(directory, O_DIRECTORY);
    free(directory);
    return synced;
}

FILE *ph_new_file(const char *path)
{
    const int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    FILE *file = fd < 0 ? NULL : fdopen(fd, "w");

    if (fd >= 0 && file == NULL) {
        const int cause = errno;

        close(fd);
        errno = cause;
    }
    return file;
}

bool ph_new_file_end(FILE *file, const char *path)
{
    const bool synced = fflush(file) == 0 && ferror(file) == 0 && fsync(fileno(file)) == 0;
    const bool closed = fclose(file) == 0;

    return synced && closed && ph_sync_name(path);
}
