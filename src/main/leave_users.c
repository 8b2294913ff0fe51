/* `leave users`: people of the real service, from the files that tell of them. */
#include "import/people.h"
#include "main/leave.h"
#include "model/validate.h"

#include <inttypes.h>

enum { TOLD_MAX = 100 }; /* refusals that are told one by one; all are counted */

struct telling {
    const char *file;
    int told;
};

static void tell(void *self, int64_t number, struct ph_str why)
{
    struct telling *telling = self;

    if (telling->told++ < TOLD_MAX) {
        printf("refused: %s: %" PRId64 ": %.*s\n", telling->file, number, PH_FMT(why));
    } else if (telling->told == TOLD_MAX + 1) {
        puts("refused: more of them");
    }
}

static bool read_file(struct ph_leave *leave, const char *path, struct ph_people_report *report)
{
    struct telling *telling = report->self;
    const struct ph_people people = {
        .ctx = leave->ctx,
        .pool_id = ph_leave_flag(leave, PH_LEAVE_POOL),
        .group = ph_leave_flag(leave, PH_LEAVE_GROUP),
        .report = report,
    };
    struct ph_leave_file file;
    const char *why = "";
    bool done;

    if (!ph_leave_file_open(path, &file)) {
        return false;
    }
    telling->file = path;
    done = ph_people_read(&people, file.text, &why);
    ph_leave_file_close(&file);
    if (!done) {
        fprintf(stderr, "poolhouse: %s: %s\n", path, why);
    }
    return done;
}

static void summarize(const struct ph_people_report *report)
{
    printf("%" PRId64 " users made, %" PRId64 " updated, %" PRId64 " were here, %" PRId64
           " refused\n",
           report->made, report->updated, report->there, report->refused);
    if (report->linked > 0) {
        printf("%" PRId64 " identities of other providers linked\n", report->linked);
    }
    if (report->joined > 0) {
        printf("%" PRId64 " are in the group\n", report->joined);
    }
    if (report->without_sub > 0) {
        printf("note: %" PRId64 " users have a new sub, because the file has none\n",
               report->without_sub);
    }
}

int ph_leave_users(struct ph_leave *leave)
{
    struct telling telling = { .told = 0 };
    struct ph_people_report report = { .tell = tell, .self = &telling };
    bool done = true;

    if (ph_leave_flag(leave, PH_LEAVE_POOL).n == 0 || leave->file_count == 0) {
        fputs("poolhouse: say which pool, and which files: --pool ID FILE...\n", stderr);
        return PH_EXIT_MISUSED;
    }
    ph_validate_start();
    for (size_t i = 0; i < leave->file_count && done; i++) {
        done = read_file(leave, leave->files[i], &report);
    }
    summarize(&report);
    return done && report.refused == 0 ? PH_EXIT_OK : PH_EXIT_FAILED;
}
