/* What the actions of `poolhouse leave` share. */
#ifndef PH_MAIN_LEAVE_H
#define PH_MAIN_LEAVE_H

#include "main/command.h"
#include "main/data.h"

enum {
    PH_LEAVE_POOL,
    PH_LEAVE_GROUP,
    PH_LEAVE_ENDPOINT,
    PH_LEAVE_REGION,
    PH_LEAVE_ORIGIN_POOL,
    PH_LEAVE_CLIENT,
    PH_LEAVE_CREDENTIALS,
    PH_LEAVE_FLAGS,
};

/* An action on its way: its words, and the data of the installation. */
struct ph_leave {
    struct ph_command_flag *flags; /* PH_LEAVE_*, then the files */
    const char **files;
    size_t file_count;
    struct ph_ctx *ctx;
};

/* The value of a flag, absent when it was not given. */
struct ph_str ph_leave_flag(const struct ph_leave *leave, int flag);

/* Tells standard error; PH_EXIT_FAILED. */
int ph_leave_complain(const char *why);
int ph_leave_complain_about(struct ph_err err);

/* A file as a whole, without copying it. */
struct ph_leave_file {
    struct ph_str text;
    void *mapped; /* NULL: it is empty */
};

/* False after a complaint. */
PH_MUST_USE bool ph_leave_file_open(const char *path, struct ph_leave_file *file);
void ph_leave_file_close(struct ph_leave_file *file);

/* The actions: exit statuses. */
int ph_leave_config(struct ph_leave *leave);
int ph_leave_users(struct ph_leave *leave);
int ph_leave_ask(struct ph_leave *leave);
int ph_leave_status(struct ph_leave *leave);
int ph_leave_done(struct ph_leave *leave);

#endif
