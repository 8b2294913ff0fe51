/*
 * A disk that fails on demand, without root: preloaded into a server, it makes writes to files
 * below DISK_FAULT_DIRECTORY fail as the file DISK_FAULT_FILE says.
 *
 *   "full"   a write that makes a file longer keeps what fits into its last page, then ENOSPC;
 *            what is written over existing bytes succeeds, as on a real disk
 *   "stuck"  every write fails with ENOSPC
 *   "sync"   writes succeed, fsync and fdatasync fail with EIO
 *
 * Without that file, or with another word in it, nothing fails.
 */
#include "interpose.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

enum { PAGE = 4096, WORD_MAX = 16 };

enum fault { FAULT_NONE, FAULT_FULL, FAULT_STUCK, FAULT_SYNC };

static enum fault fault_now(void)
{
    const char *path = getenv("DISK_FAULT_FILE");
    const int fd = path == NULL ? -1 : open(path, O_RDONLY | O_CLOEXEC);
    char word[WORD_MAX] = "";
    ssize_t n;

    if (fd < 0) {
        return FAULT_NONE;
    }
    n = read(fd, word, sizeof word - 1);
    close(fd);
    if (n <= 0) {
        return FAULT_NONE;
    }
    return strcmp(word, "full") == 0    ? FAULT_FULL
           : strcmp(word, "stuck") == 0 ? FAULT_STUCK
           : strcmp(word, "sync") == 0  ? FAULT_SYNC
                                        : FAULT_NONE;
}

static enum fault fault_of(int fd)
{
    const int before = errno;
    const enum fault fault = fault_now();

    errno = before;
    return fault != FAULT_NONE && is_below("DISK_FAULT_DIRECTORY", fd) ? fault : FAULT_NONE;
}

/* How much of the write fits; all of it unless the disk is full. */
static size_t room_for(int fd, size_t count, off_t offset)
{
    const enum fault fault = fault_of(fd);
    struct stat now;
    off_t room;

    if (fault == FAULT_STUCK) {
        return 0;
    }
    if (fault != FAULT_FULL || fstat(fd, &now) != 0) {
        return count;
    }
    room = (now.st_size + PAGE - 1) / PAGE * PAGE - offset;
    if (room <= 0) {
        return 0;
    }
    return (size_t)room < count ? (size_t)room : count;
}

static ssize_t no_space(void)
{
    errno = ENOSPC;
    return -1;
}

/* With offsets of 64 bits this is the symbol pwrite64, which the engine calls. */
ssize_t pwrite(int fd, const void *bytes, size_t count, off_t offset)
{
    typedef ssize_t fn(int, const void *, size_t, off_t);
    NEXT(fn, "pwrite64")
    const size_t room = room_for(fd, count, offset);

    return room == 0 && count > 0 ? no_space() : next(fd, bytes, room, offset);
}

ssize_t write(int fd, const void *bytes, size_t count)
{
    typedef ssize_t fn(int, const void *, size_t);
    NEXT(fn, "write")
    const size_t room = room_for(fd, count, lseek(fd, 0, SEEK_CUR));

    return room == 0 && count > 0 ? no_space() : next(fd, bytes, room);
}

static int sync_by(int (*next)(int), int fd)
{
    if (fault_of(fd) == FAULT_SYNC) {
        errno = EIO;
        return -1;
    }
    return next(fd);
}

INTERPOSE_SYNCS(sync_by)
