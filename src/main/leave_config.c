/* `leave config`: pools and what hangs on them, from what the AWS CLI prints about them. */
#include "main/leave.h"
#include "model/validate.h"
#include "seed/describe.h"
#include "seed/seed.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* --- files --- */

static bool map(int fd, struct ph_leave_file *file)
{
    struct stat about;

    if (fd < 0 || fstat(fd, &about) != 0) {
        return false;
    }
    if (!S_ISREG(about.st_mode)) {
        errno = EINVAL;
        return false;
    }
    *file = (struct ph_leave_file){ .text = PH_STR("") };
    if (about.st_size == 0) {
        return true;
    }
    file->mapped = mmap(NULL, (size_t)about.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (file->mapped == MAP_FAILED) {
        return false;
    }
    file->text = (struct ph_str){ file->mapped, (size_t)about.st_size };
    return true;
}

bool ph_leave_file_open(const char *path, struct ph_leave_file *file)
{
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    const bool mapped = map(fd, file);

    if (!mapped) {
        fprintf(stderr, "poolhouse: %s: cannot be read: %s\n", path,
                errno == EINVAL ? "it is no file" : strerror(errno));
    }
    if (fd >= 0) {
        close(fd);
    }
    return mapped;
}

void ph_leave_file_close(struct ph_leave_file *file)
{
    if (file->mapped != NULL) {
        munmap(file->mapped, file->text.n);
    }
    *file = (struct ph_leave_file){ .mapped = NULL };
}

/* --- reading --- */

static bool add_file(struct ph_described *described, const char *path)
{
    struct ph_leave_file file;
    const char *why;
    bool added;

    if (!ph_leave_file_open(path, &file)) {
        return false;
    }
    added = ph_described_add(described, ph_str_from(path), file.text, &why);
    ph_leave_file_close(&file);
    return added || ph_leave_complain(why) == PH_EXIT_OK;
}

static bool read_files(const struct ph_leave *leave, struct ph_described *described,
                       struct ph_seed **seed, struct json_t **notes)
{
    const struct ph_seed_options options = { .settings = leave->ctx->settings };
    struct ph_arena *arena = leave->ctx->arena;
    struct json_t *document;
    const char *why = "";

    for (size_t i = 0; i < leave->file_count; i++) {
        if (!add_file(described, leave->files[i])) {
            return false;
        }
    }
    if (!ph_described_seed(described, &document, notes, &why) ||
        !ph_seed_read_text(arena, &options, PH_STR("leave"), PH_STR("the descriptions"),
                           ph_json_text(arena, document, PH_JSON_INSERTION), seed, &why)) {
        return ph_leave_complain(why) == PH_EXIT_OK;
    }
    return true;
}

/* --- the action --- */

static void tell_account(struct ph_str ours, struct ph_str theirs)
{
    if (theirs.n > 0 && !ph_str_eq(ours, theirs)) {
        printf(
            "note: the pools are of the account %.*s: with aws.account_id = %.*s their ARNs stay "
            "as they were\n",
            PH_FMT(theirs), PH_FMT(theirs));
    }
}

/* Roles that a pool names must be of the account: of that one in which they are. */
static int apply(struct ph_leave *leave, const struct ph_described *described,
                 const struct ph_seed *seed, const struct json_t *notes)
{
    const struct ph_settings *ours = leave->ctx->settings;
    const struct ph_str account = ph_described_account(described);
    struct ph_settings theirs = *ours;
    struct ph_str lines = { 0 };
    const char *why = "";
    bool done;

    theirs.account_id = account.n > 0 ? account : ours->account_id;
    leave->ctx->settings = &theirs;
    done = ph_seed_apply_telling(leave->ctx, seed, &lines, &why);
    leave->ctx->settings = ours;
    printf("%.*s", PH_FMT(lines));
    if (!done) {
        return ph_leave_complain(why);
    }
    tell_account(ours->account_id, account);
    for (size_t i = 0; i < ph_json_length(notes); i++) {
        printf("note: %.*s\n", PH_FMT(ph_json_str(ph_json_at(notes, i))));
    }
    return PH_EXIT_OK;
}

int ph_leave_config(struct ph_leave *leave)
{
    struct ph_described *described;
    struct ph_seed *seed = NULL;
    struct json_t *notes = NULL;

    if (leave->file_count == 0) {
        fputs("poolhouse: say which files: what the AWS CLI printed about the pool\n", stderr);
        return PH_EXIT_MISUSED;
    }
    ph_validate_start();
    described = ph_described_new(leave->ctx->arena);
    return read_files(leave, described, &seed, &notes) ? apply(leave, described, seed, notes)
                                                       : PH_EXIT_FAILED;
}
