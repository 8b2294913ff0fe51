/*
 * The one error type: everything that can fail returns it by value.
 *
 * It names the exception that the client will see and its text. What only the operator may know
 * is logged where it happened. Absence is an answer, not an error.
 */
#ifndef PH_UTIL_ERR_H
#define PH_UTIL_ERR_H

#include <stddef.h>

struct ph_exception {
    const char *name; /* as on the wire, for example "CodeMismatchException" */
    int status;       /* HTTP status */
};

struct ph_err {
    const struct ph_exception *type; /* NULL: success */
    const char *message;             /* for the client; static or in the request's arena */
};

#define PH_MUST_USE __attribute__((warn_unused_result))
#define PH_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))

/* Calls free_fn(&variable) when the variable leaves its scope. */
#define PH_AUTO(free_fn) __attribute__((cleanup(free_fn)))

#define PH_OK ((struct ph_err){ 0 })

/* PH_FAIL(CodeMismatchException, "text"): the exceptions are declared in model/exceptions.h. */
#define PH_FAIL(name, text) ((struct ph_err){ &ph_ex_##name, (text) })

/* The only macro with a hidden return: passes a failure on to the caller. */
#define PH_TRY(call)                                                                               \
    do {                                                                                           \
        struct ph_err err_ = (call);                                                               \
        if (err_.type != NULL) {                                                                   \
            return err_;                                                                           \
        }                                                                                          \
    } while (0)

/* Our own fault, HTTP 500: declared here because the lowest layers need it, too. */
extern const struct ph_exception ph_ex_InternalErrorException;

/* A failure of ours whose cause has been logged: InternalErrorException with a plain text. */
#define PH_BROKEN PH_FAIL(InternalErrorException, "Internal error")

#endif
