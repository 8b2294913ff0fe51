#include "main/master_key.h"

#include "crypto/random.h"
#include "util/encode.h"
#include "util/files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { TEXT_MAX = 128 };

static const char HOW[] = "make one with: openssl rand -base64 32";

static bool decode(struct ph_arena *arena, struct ph_str text, struct ph_key *key)
{
    struct ph_str bytes;

    if (!ph_base64_decode(arena, ph_str_trim(text), &bytes) || bytes.n != sizeof key->bytes) {
        return false;
    }
    memcpy(key->bytes, bytes.p, sizeof key->bytes);
    return true;
}

static bool is_private(int fd)
{
    struct stat info;

    return fstat(fd, &info) == 0 && (info.st_mode & (S_IRWXG | S_IRWXO)) == 0;
}

static bool read_file(struct ph_arena *arena, int fd, const char *path, struct ph_key *key,
                      char *why, size_t why_size)
{
    uint8_t *text = ph_arena_alloc(arena, TEXT_MAX);
    ssize_t n;

    if (!is_private(fd)) {
        snprintf(why, why_size, "%s may be read by others; run: chmod 600 %s", path, path);
        return false;
    }
    n = read(fd, text, TEXT_MAX);
    if (n <= 0 || !decode(arena, (struct ph_str){ text, (size_t)n }, key)) {
        snprintf(why, why_size, "%s does not hold 32 bytes in base64", path);
        return false;
    }
    return true;
}

static bool write_file(struct ph_arena *arena, int fd, const struct ph_key *key)
{
    const struct ph_str text = ph_base64(arena, (struct ph_str){ key->bytes, sizeof key->bytes });

    return write(fd, text.p, text.n) == (ssize_t)text.n && write(fd, "\n", 1) == 1 &&
           fsync(fd) == 0;
}

static bool make_file(struct ph_arena *arena, const char *path, const struct ph_key *key, char *why,
                      size_t why_size)
{
    const int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    bool written;

    if (fd < 0) {
        snprintf(why, why_size, "cannot make %s: %s", path, strerror(errno));
        return false;
    }
    written = write_file(arena, fd, key);
    close(fd);
    /* The name as well as the bytes: without the key the data is gone. */
    if (!written || !ph_sync_name(path)) {
        unlink(path); /* half a key must not be found at the next start */
        snprintf(why, why_size, "cannot write %s: %s", path, strerror(errno));
        return false;
    }
    return true;
}

enum found { FOUND, NOT_THERE, UNUSABLE /* *why says it */ };

static enum found read_from(struct ph_arena *arena, const char *path, struct ph_key *key, char *why,
                            size_t why_size)
{
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    const int problem = errno;
    bool loaded;

    if (fd < 0) {
        snprintf(why, why_size, "cannot read %s: %s", path, strerror(problem));
        return problem == ENOENT ? NOT_THERE : UNUSABLE;
    }
    loaded = read_file(arena, fd, path, key, why, why_size);
    close(fd);
    return loaded ? FOUND : UNUSABLE;
}

/* What systemd hands over by LoadCredential=master.key:FILE, or LoadCredentialEncrypted. */
static enum found load_credential(struct ph_arena *arena, struct ph_key *key, char *why,
                                  size_t why_size)
{
    const char *directory = getenv("CREDENTIALS_DIRECTORY");

    return directory == NULL
               ? NOT_THERE
               : read_from(arena, ph_textf(arena, "%s/master.key", directory), key, why, why_size);
}

static const char *path_in_data(struct ph_arena *arena, const struct ph_settings *settings)
{
    return ph_textf(arena, "%.*s/master.key", PH_FMT(settings->data));
}

static bool load_from_data(struct ph_arena *arena, const struct ph_settings *settings,
                           struct ph_key *key, bool *made, char *why, size_t why_size)
{
    const char *path = path_in_data(arena, settings);
    const enum found found = read_from(arena, path, key, why, why_size);

    if (found != NOT_THERE) {
        return found == FOUND;
    }
    if (settings->mode == PH_MODE_SERVE) {
        snprintf(why, why_size,
                 "there is no master key; %s, and give its file as [master] key_file", HOW);
        return false;
    }
    ph_system_random.fill(NULL, key->bytes, sizeof key->bytes);
    *made = make_file(arena, path, key, why, why_size);
    return *made;
}

bool ph_master_key_is_given(const struct ph_settings *settings)
{
    struct ph_arena arena = { 0 };
    const bool given = settings->master_key.n > 0 || getenv("CREDENTIALS_DIRECTORY") != NULL ||
                       access(path_in_data(&arena, settings), F_OK) == 0;

    ph_arena_finish(&arena);
    return given;
}

bool ph_master_key_put(const struct ph_settings *settings, const struct ph_key *key, char *why,
                       size_t why_size)
{
    struct ph_arena arena = { 0 };
    const bool put = make_file(&arena, path_in_data(&arena, settings), key, why, why_size);

    ph_arena_finish(&arena);
    return put;
}

static bool load(struct ph_arena *arena, const struct ph_settings *settings, struct ph_key *key,
                 bool *made, char *why, size_t why_size)
{
    enum found given;

    if (settings->master_key.n > 0) {
        if (!decode(arena, settings->master_key, key)) {
            snprintf(why, why_size, "the master key is not 32 bytes in base64; %s", HOW);
            return false;
        }
        return true;
    }
    given = load_credential(arena, key, why, why_size);
    if (given != NOT_THERE) {
        return given == FOUND;
    }
    if (settings->memory && settings->mode == PH_MODE_DEV) {
        ph_system_random.fill(NULL, key->bytes, sizeof key->bytes); /* dies with the data */
        return true;
    }
    return load_from_data(arena, settings, key, made, why, why_size);
}

bool ph_master_key_load(const struct ph_settings *settings, struct ph_key *key, bool *made,
                        char *why, size_t why_size)
{
    struct ph_arena arena = { 0 };
    bool loaded;

    *made = false;
    loaded = load(&arena, settings, key, made, why, why_size);
    ph_arena_finish(&arena);
    return loaded;
}

bool ph_master_key_read(const char *path, struct ph_key *key, char *why, size_t why_size)
{
    struct ph_arena arena = { 0 };
    const bool read = read_from(&arena, path, key, why, why_size) == FOUND;

    ph_arena_finish(&arena);
    return read;
}
