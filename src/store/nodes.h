/*
 * The servers that share a database. Each has a row from its start to its end, and says every some
 * seconds that it still runs; one that has not for a minute is taken for dead.
 */
#ifndef PH_STORE_NODES_H
#define PH_STORE_NODES_H

#include "store/store.h"

enum { PH_NODE_SILENT_MS = 60 * 1000 };

struct ph_node {
    struct ph_str id;
    struct ph_str program; /* its name and version */
    struct ph_str master;  /* which master key it was started with: no secret */
    int64_t keys;          /* the newest epoch of keys that it has loaded (store/master.h) */
    int64_t knows;         /* the newest version of the tables */
    int64_t seen_ms;
    int64_t data_keys; /* the same of the data keys of pools (store/data_keys.h); -1: never */
};

/* Those that run. */
PH_MUST_USE struct ph_err ph_store_nodes(struct ph_ctx *ctx, struct ph_node **nodes, size_t *count);

/* Every ten seconds or so: this server still runs. A failure is logged; the next one tells. */
void ph_store_beat(struct ph_store *store, int64_t now_ms);

/*
 * About once a second: are there other keys by now (store/master.h)? False when the tables have
 * become too new for this server, which can be only when it was silent for long: it must stop.
 *
 * data_keys   the epoch of the data keys of pools; when nothing of this process uses older ones,
 *             it says so by ph_store_uses_data_keys()
 */
PH_MUST_USE bool ph_store_watch(struct ph_store *store, int64_t now_ms, int64_t *data_keys);
void ph_store_uses_data_keys(struct ph_store *store, int64_t epoch, int64_t now_ms);

#endif
