/*
 * Documents that belong to a pool or to one of its clients and are read whole: one for each kind
 * and owner. They go with their pool and their client.
 */
#ifndef PH_STORE_CONFIGURATIONS_H
#define PH_STORE_CONFIGURATIONS_H

#include "store/store.h"

/* The numbers are stored. */
enum ph_configuration_kind {
    PH_CONFIGURATION_RISK = 1,
    PH_CONFIGURATION_LOG_DELIVERY = 2,
    PH_CONFIGURATION_UI = 3,
    PH_CONFIGURATION_ORIGIN = 4, /* the service that the pool leaves (pool/origin.h) */
};

struct ph_configuration {
    enum ph_configuration_kind kind;
    struct ph_str pool_id;
    struct ph_str client_id; /* empty: the whole pool's */
    struct ph_str document;  /* JSON object */
    int64_t created_ms;      /* a later document of the same owner keeps it */
    int64_t modified_ms;
    const struct ph_pool_ref *sealed_by; /* the document has secrets sealed by it; or NULL */
};

/*
 * Replaces the one that is there; *created_ms is that of the row. GONE: there is no such pool, or
 * no such client in it.
 */
PH_MUST_USE struct ph_err ph_store_configuration_put(struct ph_ctx *ctx,
                                                     const struct ph_configuration *given,
                                                     bool *gone, int64_t *created_ms);

/* The document instead of `old`; when that is another by now, nothing happens. */
PH_MUST_USE struct ph_err ph_store_configuration_replace(struct ph_ctx *ctx,
                                                         const struct ph_configuration *given,
                                                         struct ph_str old);

/* *found is NULL when there is none. */
PH_MUST_USE struct ph_err ph_store_configuration_find(struct ph_ctx *ctx, struct ph_str pool_id,
                                                      enum ph_configuration_kind kind,
                                                      struct ph_str client_id,
                                                      struct ph_configuration **found);

/* There need not be one. */
PH_MUST_USE struct ph_err ph_store_configuration_delete(struct ph_ctx *ctx, struct ph_str pool_id,
                                                        enum ph_configuration_kind kind,
                                                        struct ph_str client_id);

#endif
