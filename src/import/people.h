/*
 * Users of the service that a pool leaves, from files: what the AWS CLI prints of them, or the CSV
 * file of an import job. They are kept with their ids and wait for their passwords.
 *
 * It can be repeated: who is here stays, who still waits and was described later is updated. So a
 * run that was interrupted goes on by beginning again.
 */
#ifndef PH_IMPORT_PEOPLE_H
#define PH_IMPORT_PEOPLE_H

#include "pool/pool.h"

struct ph_people_report {
    /* Told of each user who is not taken, and why; quotes no value. May be NULL. */
    void (*tell)(void *self, int64_t number, struct ph_str why);
    void *self;
    int64_t made, updated, there, refused; /* so far, over several files */
    int64_t linked, joined;                /* identities, memberships */
    int64_t without_sub; /* of `made`: with a new one, because the file has none */
};

/* ctx is reset with its arena between batches: its caller keeps nothing in it. */
struct ph_people {
    struct ph_ctx *ctx;
    struct ph_str pool_id;
    struct ph_str group; /* whom the file lists joins it; absent: none */
    struct ph_people_report *report;
};

/* False and a text in *why (static, or of ctx->arena) when the file is none, or the store fails. */
PH_MUST_USE bool ph_people_read(const struct ph_people *people, struct ph_str text,
                                const char **why);

#endif
