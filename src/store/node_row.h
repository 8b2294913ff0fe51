/* Rows of nodes inside a transaction. Included only inside store/. */
#ifndef PH_STORE_NODE_ROW_H
#define PH_STORE_NODE_ROW_H

#include "store/internal.h"
#include "store/nodes.h"

/* This process; the slices hold for its life. */
struct ph_node ph_store_as_node(struct ph_store *store);

void ph_node_enter(struct ph_tx *tx, const struct ph_node *node, int64_t now_ms);
void ph_node_leave(struct ph_tx *tx, struct ph_str id);
void ph_nodes_forget(struct ph_tx *tx); /* all of them */

/* How many run that know less than this version; each is written to the log. */
size_t ph_nodes_older(struct ph_tx *tx, int64_t version, int64_t now_ms, const struct ph_log *log);

/* A number of meta; 0 when it is not there. */
int64_t ph_meta_number(struct ph_tx *tx, struct ph_str name);
void ph_meta_write_number(struct ph_tx *tx, struct ph_str name, int64_t number);

/* Grows with each step of replacing the data key of a pool. */
#define PH_META_DATA_KEYS PH_STR("data_keys_epoch")

/* What the database demands of those who read it: schema_min_reader. */
int64_t ph_schema_min_reader(struct ph_tx *tx);
void ph_schema_write_min_reader(struct ph_tx *tx, int64_t version);

#endif
