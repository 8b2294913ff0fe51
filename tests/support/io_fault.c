/*
 * A disk that fails at a chosen operation: preloaded into a server, it counts what is done to files
 * below IO_FAULT_DIRECTORY and spoils the n-th of it (tests/fault/test_io_faults.py).
 *
 * IO_FAULT_FILE is a file of numbers (int64_t), mapped by the server and by the test:
 *
 *   [0]  operations of the kinds in [1] until the fault; 0: none. Counts down to 0 and stays there
 *   [1]  kinds: 1 reads, 2 writes, 4 syncs, 8 truncations; their sum
 *   [2]  the fault:
 *          1  that operation fails with EIO
 *          2  it and all of these kinds that follow
 *          3  half of the write is done, and the process is killed
 *          4  from then on nothing is written, though it seems so; the next sync kills the process
 *          5  the same, but the sync seems to have been done as well
 *   [3]  operations of those kinds so far
 *   [4]  1: the fault has happened
 *   [5]  bytes by which files may still grow, plus one; then ENOSPC. 0: no limit
 */
#include "interpose.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/stat.h>

enum { LEFT, KINDS, FAULT, SEEN, HAPPENED, ROOM, NUMBERS };
enum { READS = 1, WRITES = 2, SYNCS = 4, TRUNCATIONS = 8 };
enum { FAIL_ONCE = 1, FAIL_FROM_HERE, TEAR, DROP, LIE };
enum { SECTOR = 512 };

static _Atomic(int64_t) *control;

__attribute__((constructor)) static void begin(void)
{
    const char *path = getenv("IO_FAULT_FILE");
    const int fd = path == NULL ? -1 : open(path, O_RDWR | O_CLOEXEC);
    void *at;

    if (fd < 0) {
        return;
    }
    at = mmap(NULL, NUMBERS * sizeof *control, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    control = at == MAP_FAILED ? NULL : at;
}

/* What follows the chosen operation is spoilt, too. */
static bool lasts(void)
{
    const int64_t fault = atomic_load(&control[FAULT]);

    return fault == FAIL_FROM_HERE || fault == DROP || fault == LIE;
}

/* The fault that this operation meets; 0: none. */
static int64_t fault_of(int kind, int fd)
{
    int64_t left;

    if (control == NULL || (atomic_load(&control[KINDS]) & kind) == 0 ||
        !is_below("IO_FAULT_DIRECTORY", fd)) {
        return 0;
    }
    atomic_fetch_add(&control[SEEN], 1);
    left = atomic_load(&control[LEFT]);
    while (left > 0 && !atomic_compare_exchange_weak(&control[LEFT], &left, left - 1)) {
    }
    if (left == 1) {
        atomic_store(&control[HAPPENED], 1);
        return atomic_load(&control[FAULT]);
    }
    return left == 0 && atomic_load(&control[HAPPENED]) == 1 && lasts()
               ? atomic_load(&control[FAULT])
               : 0;
}

static int fail(int error)
{
    errno = error;
    return -1;
}

static void die(void)
{
    kill(getpid(), SIGKILL);
    pause();
}

/* How much of the write fits; takes it from what is left. */
static size_t room_for(int fd, size_t count, off_t offset)
{
    int64_t room = control == NULL ? 0 : atomic_load(&control[ROOM]);
    struct stat now;
    int64_t growth, allowed;

    if (room == 0 || !is_below("IO_FAULT_DIRECTORY", fd) || fstat(fd, &now) != 0) {
        return count;
    }
    growth = offset + (int64_t)count - now.st_size;
    if (growth <= 0) {
        return count;
    }
    do {
        if (room == 0) {
            return count; /* the limit was lifted */
        }
        allowed = growth < room - 1 ? growth : room - 1;
    } while (!atomic_compare_exchange_weak(&control[ROOM], &room, room - allowed));
    return growth - allowed >= (int64_t)count ? 0 : count - (size_t)(growth - allowed);
}

/* With offsets of 64 bits these are the symbols pread64 and pwrite64, which the engine calls. */
ssize_t pread(int fd, void *bytes, size_t count, off_t offset)
{
    typedef ssize_t fn(int, void *, size_t, off_t);
    NEXT(fn, "pread64")

    return fault_of(READS, fd) != 0 ? fail(EIO) : next(fd, bytes, count, offset);
}

ssize_t pwrite(int fd, const void *bytes, size_t count, off_t offset)
{
    typedef ssize_t fn(int, const void *, size_t, off_t);
    NEXT(fn, "pwrite64")
    size_t room;

    switch (fault_of(WRITES, fd)) {
    case FAIL_ONCE:
    case FAIL_FROM_HERE:
        return fail(EIO);
    case TEAR:
        (void)next(fd, bytes, count / 2 / SECTOR * SECTOR, offset);
        die();
        break;
    case DROP:
    case LIE:
        return (ssize_t)count;
    default:
        break;
    }
    room = room_for(fd, count, offset);
    return room == 0 && count > 0 ? fail(ENOSPC) : next(fd, bytes, room, offset);
}

int ftruncate(int fd, off_t length)
{
    typedef int fn(int, off_t);
    NEXT(fn, "ftruncate64")
    const int64_t fault = fault_of(TRUNCATIONS, fd);

    if (fault == DROP || fault == LIE) {
        return 0;
    }
    return fault != 0 ? fail(EIO) : next(fd, length);
}

static bool drops(int fd)
{
    return control != NULL && atomic_load(&control[HAPPENED]) == 1 &&
           atomic_load(&control[FAULT]) == DROP && is_below("IO_FAULT_DIRECTORY", fd);
}

static int sync_by(int (*next)(int), int fd)
{
    if (drops(fd)) {
        die();
    }
    return fault_of(SYNCS, fd) != 0 ? fail(EIO) : next(fd);
}

INTERPOSE_SYNCS(sync_by)
