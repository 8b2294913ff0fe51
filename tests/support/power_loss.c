/*
 * A disk that can lose its power: preloaded into a server, it writes down what every write to files
 * below POWER_LOSS_DIRECTORY replaced, in the file POWER_LOSS_JOURNAL, and when a file was
 * synchronised. After a kill a test can undo, keep or tear whatever was not
 * (tests/fault/test_power.py).
 *
 * A record is `struct record` and then the bytes before and after. Records of one process are in
 * the order in which the kernel took the writes.
 */
#include "interpose.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <sys/stat.h>

enum kind { WRITE = 1, TRUNCATE = 2, SYNC = 3 };

struct record {
    uint64_t kind;
    uint64_t inode;
    uint64_t offset; /* of TRUNCATE: the new length */
    uint64_t before; /* bytes that stood there */
    uint64_t after;  /* bytes that stand there now */
    uint64_t length; /* of the file before */
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int journal = -1;

/* With the lock held. A journal that cannot be written would prove nothing. */
static void note(const void *bytes, size_t count)
{
    typedef ssize_t fn(int, const void *, size_t);
    NEXT(fn, "write")

    if (journal < 0) {
        journal =
            open(getenv("POWER_LOSS_JOURNAL"), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    }
    if (next(journal, bytes, count) != (ssize_t)count) {
        abort();
    }
}

/* With the lock held: what the next `count` bytes at `offset` are. */
static void note_change(int fd, enum kind kind, off_t offset, size_t count, const void *after,
                        size_t after_count)
{
    uint8_t *before = malloc(count + 1);
    struct stat now;
    struct record record;
    ssize_t n;

    if (before == NULL || fstat(fd, &now) != 0) {
        abort();
    }
    n = pread(fd, before, count, offset);
    record = (struct record){ .kind = kind,
                              .inode = now.st_ino,
                              .offset = (uint64_t)offset,
                              .before = n > 0 ? (uint64_t)n : 0,
                              .after = after_count,
                              .length = (uint64_t)now.st_size };
    note(&record, sizeof record);
    note(before, record.before);
    note(after, after_count);
    free(before);
}

/* With offsets of 64 bits this is the symbol pwrite64, which the engine calls. */
ssize_t pwrite(int fd, const void *bytes, size_t count, off_t offset)
{
    typedef ssize_t fn(int, const void *, size_t, off_t);
    NEXT(fn, "pwrite64")
    ssize_t n;

    if (!is_below("POWER_LOSS_DIRECTORY", fd)) {
        return next(fd, bytes, count, offset);
    }
    pthread_mutex_lock(&lock);
    note_change(fd, WRITE, offset, count, bytes, count);
    n = next(fd, bytes, count, offset);
    pthread_mutex_unlock(&lock);
    return n;
}

int ftruncate(int fd, off_t length)
{
    typedef int fn(int, off_t);
    NEXT(fn, "ftruncate64")
    struct stat now;
    int result;

    if (!is_below("POWER_LOSS_DIRECTORY", fd) || fstat(fd, &now) != 0) {
        return next(fd, length);
    }
    pthread_mutex_lock(&lock);
    note_change(fd, TRUNCATE, length, now.st_size > length ? (size_t)(now.st_size - length) : 0, "",
                0);
    result = next(fd, length);
    pthread_mutex_unlock(&lock);
    return result;
}

/* Later writes must not be taken for synchronised: the record stands where the call began. */
static int sync_by(int (*next)(int), int fd)
{
    struct record record = { .kind = SYNC };
    struct stat now;
    off_t at;
    int result;

    if (!is_below("POWER_LOSS_DIRECTORY", fd) || fstat(fd, &now) != 0) {
        return next(fd);
    }
    record.inode = now.st_ino;
    pthread_mutex_lock(&lock);
    at = journal < 0 ? 0 : lseek(journal, 0, SEEK_END);
    pthread_mutex_unlock(&lock);
    result = next(fd);
    if (result == 0) {
        record.offset = (uint64_t)at; /* everything before this place of the journal is safe */
        pthread_mutex_lock(&lock);
        note(&record, sizeof record);
        pthread_mutex_unlock(&lock);
    }
    return result;
}

INTERPOSE_SYNCS(sync_by)
