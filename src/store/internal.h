/*
 * What the verbs of the store are written with. Included only inside store/.
 *
 * A verb that writes puts its inputs and results into a struct and hands a function to ph_write():
 * the function runs on the writer thread, inside a transaction that it may share with others. It
 * is a straight line of PH_RUN and PH_QUERY: after the first failure the rest does nothing, and
 * the whole of it is undone. A verb that reads uses PH_READ on a connection of its own.
 */
#ifndef PH_STORE_INTERNAL_H
#define PH_STORE_INTERNAL_H

#include "store/checkpoint.h"
#include "store/driver/driver.h"
#include "store/master_keys.h"
#include "store/readers.h"
#include "store/spent.h"
#include "store/store.h"
#include "store/write_pool.h"
#include "store/writer.h"

struct ph_store {
    const struct ph_driver *driver;
    struct ph_log log;
    const struct ph_blocking *blocking;
    struct ph_master master;
    char *program; /* who we are to others */
    struct ph_db_target target;
    char *path; /* what the target points to */
    char *password;
    struct ph_db *db;           /* the connection of the one writer; NULL when there are several */
    struct ph_write_pool *pool; /* of an engine with several */
    bool entered;               /* in nodes */
    _Atomic int64_t data_keys;  /* the newest epoch of data keys that all of this process uses */
    int lock_fd;                /* -1: not exclusive */
    struct ph_readers *readers;
    struct ph_writer *writer;
    struct ph_checkpointer
        *checkpointer; /* NULL in memory, and of an engine with several writers */
    struct ph_spent_set *spent;
    char master_name[2 * PH_MASTER_NAME_BYTES + 1]; /* which master key we were started with */
    char node[33];                 /* who we are among the processes that share the database */
    _Atomic int64_t last_position; /* of a message, on an engine of several writers */
    struct ph_arena texts; /* SQL of moving.c and reseal.c, kept as long as the statements */
    const void *resealed;  /* what reseal.c has made of the description of the tables */
    size_t resealed_count;
    int64_t schema_version; /* of the tables: the newest but while filling */
    int64_t opened_ms;      /* by the system's clock, and by the one that nobody sets */
    int64_t opened_ns;
};

/* Names the process among those that share the database, in what only one of them may do. */
static inline struct ph_str ph_store_node(const struct ph_store *store)
{
    return (struct ph_str){ (const uint8_t *)store->node, sizeof store->node - 1 };
}

/* --- statements --- */

struct ph_q {
    struct ph_tx *tx;
    struct ph_tx own; /* of a read outside a transaction */
    struct ph_db_stmt *stmt;
    struct ph_ctx *ctx; /* of PH_READ */
};

static inline struct ph_db_value ph_v_int(int64_t n)
{
    return (struct ph_db_value){ .kind = PH_DB_INT, .n = n };
}

static inline struct ph_db_value ph_v_text(struct ph_str s)
{
    return (struct ph_db_value){ .kind = PH_DB_TEXT, .s = s };
}

static inline struct ph_db_value ph_v_bytes(struct ph_str s)
{
    return (struct ph_db_value){ .kind = PH_DB_BYTES, .s = s };
}

/* Marks the transaction as failed for a reason of ours; the first reason stays. */
void ph_tx_fail(struct ph_tx *tx, enum ph_verdict verdict, const char *why);

/* Undoes all that the job did; ph_write() still succeeds: the job has noted its result. */
void ph_tx_abandon(struct ph_tx *tx);

int64_t ph_tx_run(struct ph_tx *tx, const char *sql, const struct ph_db_value *values,
                  size_t count);
void ph_tx_query(struct ph_tx *tx, struct ph_q *q, const char *sql,
                 const struct ph_db_value *values, size_t count);
void ph_read_begin(struct ph_ctx *ctx, struct ph_q *q, const char *sql,
                   const struct ph_db_value *values, size_t count);

#define PH_VALUES(...)                                                                             \
    (const struct ph_db_value[]){ __VA_ARGS__ },                                                   \
        sizeof((const struct ph_db_value[]){ __VA_ARGS__ }) / sizeof(struct ph_db_value)

/* Runs a statement; the number of rows that changed, 0 after a failure. */
#define PH_RUN(tx, sql, ...) ph_tx_run((tx), (sql), PH_VALUES(__VA_ARGS__))

/* Starts reading inside a transaction: while (ph_q_row(&q)) { ... } ph_q_end(&q). */
#define PH_QUERY(tx, q, sql, ...) ph_tx_query((tx), (q), (sql), PH_VALUES(__VA_ARGS__))

/* The same outside of one; ends with PH_TRY(ph_read_end(&q)). No second one may begin before. */
#define PH_READ(ctx, q, sql, ...) ph_read_begin((ctx), (q), (sql), PH_VALUES(__VA_ARGS__))

bool ph_q_row(struct ph_q *q);
int64_t ph_q_int(const struct ph_q *q, int column);
struct ph_str ph_q_str(const struct ph_q *q, struct ph_arena *arena, int column); /* a copy */
void ph_q_broken(struct ph_q *q, const char *why); /* the row is not what we write */
void ph_q_end(struct ph_q *q);
PH_MUST_USE struct ph_err ph_read_end(struct ph_q *q);

/* --- writes --- */

/*
 * Waits until the job is durable or undone. A failure of the engine has been logged. The job may
 * run again: the struct at arg, where it notes its results, is put back as it was; it reads and
 * changes nothing else but the transaction.
 */
#define ph_write(ctx, run, arg) ph_write_sized((ctx), (run), (arg), sizeof *(arg))
PH_MUST_USE struct ph_err ph_write_sized(struct ph_ctx *ctx, ph_job_run *run, void *arg,
                                         size_t size);

/* The same, and the verdict itself: AWAY is for those who can do with less. */
enum ph_verdict ph_write_verdict(struct ph_ctx *ctx, ph_job_run *run, void *arg, size_t size);

/* Waits until what nobody waited for is written. */
void ph_flush(struct ph_ctx *ctx);

/* For the argument of ph_writer_later(): zeroed, and the slices that it keeps behind it. */
void *ph_later_new(size_t size);
struct ph_str ph_later_keep(struct ph_str s, uint8_t **at);

/* --- sealing --- */

/* Where a sealed value stands: it does not open anywhere else. */
struct ph_place {
    const char *table;
    const char *column;
    struct ph_str pool_id; /* absent for what belongs to no pool */
    struct ph_str key;     /* the primary key in the pool */
};

/* The absent slice stays absent. */
struct ph_str ph_place_seal(struct ph_arena *arena, const struct ph_key *key,
                            const struct ph_place *place, struct ph_str plain);
PH_MUST_USE bool ph_place_open(struct ph_arena *arena, const struct ph_key *key,
                               const struct ph_place *place, struct ph_str sealed,
                               struct ph_str *plain);

/*
 * The secrets of a pool, by its data key. What was sealed is written by ph_write_sealed(): it
 * refuses what a key has sealed that has been replaced (decision 34), inside the transaction, so
 * that nothing can be left behind that nobody opens. Nobody has to wait for it: ph_seal_is_late().
 * pool NULL: nothing was sealed.
 */
struct ph_str ph_pool_seal(struct ph_arena *arena, const struct ph_pool_ref *pool,
                           const struct ph_place *place, struct ph_str plain);
PH_MUST_USE bool ph_pool_open(struct ph_arena *arena, const struct ph_pool_ref *pool,
                              const struct ph_place *place, struct ph_str sealed,
                              struct ph_str *plain);

#define ph_write_sealed(ctx, pool, run, arg)                                                       \
    ph_write_sealed_sized((ctx), (pool), (run), (arg), sizeof *(arg))
PH_MUST_USE struct ph_err ph_write_sealed_sized(struct ph_ctx *ctx, const struct ph_pool_ref *pool,
                                                ph_job_run *run, void *arg, size_t size);

bool ph_seal_is_late(struct ph_tx *tx, struct ph_str pool_id, int64_t key_number);

/* A list of unknown length in an arena. */
struct ph_list {
    void *items;
    size_t count;
    size_t capacity;
};

struct ph_buf;

/* SQL that was made: its text, to be kept as long as statements are, which go by its address. */
const char *ph_sql_made(const struct ph_buf *sql);

/* A new zeroed element at the end; earlier ones may move. */
void *ph_list_add(struct ph_arena *arena, struct ph_list *list, size_t size);

#define PH_LIST_ADD(arena, list, type) ((type *)ph_list_add((arena), (list), sizeof(type)))

/* --- writes of aggregates that share a transaction --- */

struct ph_message;

/* A message with its secret parts sealed, before it enters a transaction. */
struct ph_message *ph_outbox_seal(struct ph_ctx *ctx, const struct ph_message *messages,
                                  size_t count);
void ph_outbox_insert(struct ph_tx *tx, const struct ph_message *sealed, size_t count);

struct ph_pool_ref;
struct ph_totp_change;

/* The change with its secret sealed; NULL stays NULL. False: somebody else changed the token. */
const struct ph_totp_change *ph_totp_seal(struct ph_ctx *ctx, const struct ph_pool_ref *pool,
                                          struct ph_str sub, const struct ph_totp_change *change);
bool ph_totp_write(struct ph_tx *tx, const struct ph_pool_ref *pool, struct ph_str sub,
                   const struct ph_totp_change *sealed);

/* The parts of a client that is deleted. */
void ph_parts_delete_with(struct ph_tx *tx, struct ph_str pool_id, struct ph_str client_id);
/* Revokes a token family and deletes its session. expires_ms: of its refresh token. */
void ph_family_end(struct ph_tx *tx, struct ph_str pool_id, struct ph_str id, int64_t expires_ms);

/* Deletes, at most some thousand rows, what is left of deleted pools. */
void ph_purge_pools(struct ph_tx *tx, struct ph_arena *arena);

/* All that is left of a deleted pool whose id is given out again (pinned ids, while developing). */
void ph_purge_before_reuse(struct ph_tx *tx, struct ph_str pool_id);

#endif
