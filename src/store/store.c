#include "store/store.h"

#include "crypto/hash.h"
#include "crypto/random.h"
#include "store/internal.h"
#include "store/moving.h"
#include "store/node_row.h"
#include "store/schema.h"
#include "util/encode.h"
#include "util/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

struct opening {
    const struct ph_store_options *options;
    struct ph_arena arena;
    const char *path; /* NULL: in memory */
    struct ph_store *store;
    struct ph_db *db;
    const char *why;
};

static bool refuse(struct opening *o, const char *why)
{
    o->why = why;
    return false;
}

/* Tells the engine's or the system's reason to the operator's log. */
static void log_reason(struct opening *o, const char *reason)
{
    /* A URL may hold a password. */
    PH_LOG(&o->options->log, PH_ERROR, "store_open_failed",
           ph_f_str("path", o->store->driver->several ? ph_str_from(o->store->driver->name)
                                                      : o->options->path),
           ph_f_text("reason", reason));
}

static void leave(struct ph_tx *tx, void *arg)
{
    const struct ph_str *id = arg;

    ph_node_leave(tx, *id);
}

/* Others need not wait until we are taken for dead. */
static void leave_nodes(struct ph_store *store)
{
    struct ph_str id = ph_store_node(store);

    if (store->entered && store->writer != NULL) {
        (void)ph_writer_run(store->writer, NULL, leave, &id, sizeof id);
    }
}

static void wipe_text(char *text)
{
    if (text != NULL) {
        explicit_bzero(text, strlen(text));
        free(text);
    }
}

static bool lock_file(struct opening *o)
{
    const struct ph_str name = ph_strf(&o->arena, "%s.lock", o->path);
    const char *path = ph_cstr(&o->arena, name);

    o->store->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (o->store->lock_fd < 0) {
        log_reason(o, strerror(errno));
        return refuse(o, "the lock file beside the database cannot be created: check that its"
                         " directory exists and that this user may write to it");
    }
    if (flock(o->store->lock_fd, LOCK_EX | LOCK_NB) != 0) {
        return refuse(o, "another server has this database open: stop it first, or use another"
                         " data directory");
    }
    return true;
}

/* Made here and not by the engine: readable by nobody else, and so are its companion files. */
static bool create_file(struct opening *o)
{
    const int fd = open(o->path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

    if (fd < 0 && errno != EEXIST) {
        log_reason(o, strerror(errno));
        return refuse(o, "the database file cannot be created: check that its directory exists"
                         " and that this user may write to it");
    }
    if (fd >= 0) {
        close(fd);
    }
    return true;
}

static bool prepare_target(struct opening *o)
{
    struct ph_store *store = o->store;
    const struct ph_str path = o->options->path;

    if (path.p == NULL) {
        return true;
    }
    if (path.n == 0 || memchr(path.p, 0, path.n) != NULL) {
        return refuse(o, "the path of the database is not a file name");
    }
    store->path = ph_heap_cstr(path);
    o->path = store->path;
    store->target.path = store->path;
    store->driver = ph_driver_for(store->path);
    if (store->driver->several) {
        store->password = o->options->password.n > 0 ? ph_heap_cstr(o->options->password) : NULL;
        store->target.password = store->password;
        return true;
    }
    return (!o->options->exclusive || lock_file(o)) && create_file(o);
}

static bool open_connection(struct opening *o)
{
    const struct ph_driver *driver = o->store->driver;
    char reason[256] = "";

    o->db = driver->open(&o->store->target, PH_DB_WRITER, reason, sizeof reason);
    if (o->db != NULL) {
        return true;
    }
    log_reason(o, reason);
    return refuse(o, driver->several
                         ? "no primary of the database can be reached (the log says why)"
                         : "the database cannot be opened: it is damaged, or no database, or"
                           " another process holds it, or the disk is full");
}

/* Of a file only one server at a time is alive, and it is we; commands are many. */
static struct ph_migration wanted_of(const struct opening *o, const struct ph_node *node)
{
    const struct ph_store_options *options = o->options;
    const bool several = o->store->driver->several;

    return (struct ph_migration){
        .kind = options->contract              ? PH_MIGRATE_ALL
                : several && !options->migrate ? PH_MIGRATE_EMPTY
                                               : PH_MIGRATE_EXPAND,
        .filling = options->filling,
        .version = options->version,
        .node = options->exclusive ? node : NULL,
        .alone = !several && options->exclusive,
        .now_ms = o->store->opened_ms,
        .log = &o->options->log,
    };
}

static bool open_engine(struct opening *o)
{
    const struct ph_driver *driver = o->store->driver;
    const struct ph_node node = ph_store_as_node(o->store);
    const struct ph_migration wanted = wanted_of(o, &node);
    const char *why;

    if (!open_connection(o)) {
        return false;
    }
    if (!ph_schema_migrate(driver, o->db, &wanted, &why)) {
        log_reason(o, why != NULL ? why : driver->message(o->db));
        return refuse(o, why != NULL ? why : "the tables of the database cannot be made or read");
    }
    return true;
}

void ph_store_check_value(const struct ph_key *master, struct ph_digest *check)
{
    PH_AUTO(ph_master_key_wipe) struct ph_master_key derived;

    ph_master_key_derive(master, &derived);
    *check = derived.check;
}

static bool check_master_key(struct opening *o)
{
    struct ph_tx tx = { .driver = o->store->driver, .db = o->db };

    if (ph_master_load(&o->store->master, &tx, true)) {
        return true;
    }
    if (tx.verdict != PH_DB_DONE) {
        log_reason(o, o->store->driver->message(o->db));
        return refuse(o, "the check value of the master key cannot be read or written");
    }
    return refuse(o, "the master key is not the one that this database was made with: give"
                     " the right key (it was announced or stored when the database was made, or"
                     " replaced by keys rotate-master); without it the secrets in the database"
                     " cannot be read by anybody");
}

static const char READ_SPENT[] = "SELECT digest, expires_ms FROM spent";

void ph_spent_load(struct ph_tx *tx, struct ph_spent_set *set)
{
    struct ph_q q;

    ph_tx_query(tx, &q, READ_SPENT, NULL, 0);
    while (ph_q_row(&q)) {
        const struct ph_str bytes = tx->driver->column_bytes(q.stmt, 0);
        struct ph_digest digest;

        if (bytes.n == sizeof digest.bytes) {
            memcpy(digest.bytes, bytes.p, bytes.n);
            (void)ph_spent_set_add(set, &digest, ph_q_int(&q, 1), 0);
        }
    }
    ph_q_end(&q);
}

/* Of several processes each asks the database. */
static bool load_spent(struct opening *o)
{
    struct ph_tx tx = { .driver = o->store->driver, .db = o->db };

    if (tx.driver->several) {
        return true;
    }
    ph_spent_load(&tx, o->store->spent);
    if (tx.verdict != PH_DB_DONE) {
        log_reason(o, tx.driver->message(o->db));
        return refuse(o, "the spent nonces cannot be read");
    }
    return true;
}

static void start_threads(struct opening *o)
{
    struct ph_store *store = o->store;

    store->readers = ph_readers_create(store->driver, &store->target, o->db);
    if (store->driver->several) {
        store->pool = ph_write_pool_create(store->driver, &store->target, o->db, &store->log);
    } else {
        store->db = o->db;
        store->checkpointer =
            store->path == NULL
                ? NULL
                : ph_checkpointer_create(store->driver, &store->target, &store->log);
    }
    store->writer = ph_writer_create(&(struct ph_writer_options){
        .driver = store->driver,
        .db = store->db,
        .pool = store->pool,
        .db_lock = ph_readers_shared_lock(store->readers),
        .checkpointer = store->checkpointer,
        .log = &store->log,
    });
}

static void name_node(struct ph_store *store)
{
    struct ph_arena arena = { 0 };
    uint8_t bytes[(sizeof store->node - 1) / 2];
    const char *name;

    ph_system_random.fill(ph_system_random.self, bytes, sizeof bytes);
    name = ph_cstr(&arena, ph_hex(&arena, (struct ph_str){ bytes, sizeof bytes }));
    memcpy(store->node, name, sizeof store->node);
    name = ph_cstr(&arena, ph_master_key_name(&arena, &store->master.given.check));
    memcpy(store->master_name, name, sizeof store->master_name);
    ph_arena_finish(&arena);
}

struct ph_node ph_store_as_node(struct ph_store *store)
{
    return (struct ph_node){
        .id = ph_store_node(store),
        .program = ph_str_from(store->program),
        .master = ph_str_from(store->master_name),
        .knows = ph_schema_version(),
        .keys = ph_master_epoch(&store->master),
        .data_keys = store->data_keys,
    };
}

void ph_store_keys_derive(const struct ph_key *master, struct ph_store_keys *keys)
{
    PH_AUTO(ph_master_key_wipe) struct ph_master_key derived;

    ph_master_key_derive(master, &derived);
    *keys = (struct ph_store_keys){ .wrapping.seals = derived.wrapping };
    ph_key_derive(master, PH_STR("poolhouse store records 1"), &keys->records.seals);
}

void ph_store_keys_wipe(struct ph_store_keys *keys)
{
    ph_key_pair_wipe(&keys->wrapping);
    ph_key_pair_wipe(&keys->records);
}

static struct ph_store *new_store(const struct ph_store_options *options)
{
    struct ph_store *store = ph_heap_zeroed(1, sizeof *store);

    store->driver = &ph_driver_sqlite;
    store->log = options->log;
    store->log.request_id = (struct ph_str){ 0 };
    store->blocking = options->blocking;
    store->lock_fd = -1;
    store->data_keys = -1;
    store->opened_ms = ph_system_clock.now_ms(ph_system_clock.self);
    store->opened_ns = ph_monotonic_ns();
    store->spent = ph_spent_set_create();
    store->program = ph_heap_cstr(options->program);
    ph_master_init(&store->master, options->master_key);
    name_node(store);
    store->schema_version = options->version > 0 ? options->version : ph_schema_version();
    return store;
}

bool ph_store_open(const struct ph_store_options *options, struct ph_store **store,
                   const char **why)
{
    struct opening o = { .options = options, .store = new_store(options) };
    const bool opened =
        prepare_target(&o) && open_engine(&o) && check_master_key(&o) && load_spent(&o);

    if (opened) {
        start_threads(&o);
        o.store->entered = options->exclusive;
        if (o.store->entered && ph_master_epoch(&o.store->master) > 0) {
            ph_store_beat(o.store, o.store->opened_ms); /* with the keys that it has by now */
        }
        *store = o.store;
    } else {
        *why = o.why;
        o.store->driver->close(o.db);
        ph_store_close(o.store);
    }
    ph_arena_finish(&o.arena);
    return opened;
}

void ph_store_close(struct ph_store *store)
{
    if (store == NULL) {
        return;
    }
    leave_nodes(store);
    ph_writer_destroy(store->writer);
    ph_checkpointer_destroy(store->checkpointer);
    ph_readers_destroy(store->readers);
    ph_write_pool_destroy(store->pool);
    store->driver->close(store->db); /* the last connection moves the log into the file */
    ph_spent_set_destroy(store->spent);
    ph_master_finish(&store->master);
    if (store->lock_fd >= 0) {
        close(store->lock_fd); /* the file stays: removing it would race with the next server */
    }
    wipe_text(store->path);
    wipe_text(store->password);
    free(store->program);
    ph_arena_finish(&store->texts);
    free(store);
}

int64_t ph_store_version(const struct ph_store *store)
{
    return store->schema_version;
}

void ph_store_key(const struct ph_ctx *ctx, struct ph_str purpose, struct ph_key *key)
{
    PH_AUTO(ph_key_pair_wipe) struct ph_key_pair records = { 0 };

    ph_master_records(&ctx->store->master, &records);
    ph_key_derive(&records.seals, purpose, key);
}

bool ph_store_other_key(const struct ph_ctx *ctx, struct ph_str purpose, struct ph_key *key)
{
    PH_AUTO(ph_key_pair_wipe) struct ph_key_pair records = { 0 };

    ph_master_records(&ctx->store->master, &records);
    if (records.two) {
        ph_key_derive(&records.other, purpose, key);
    }
    return records.two;
}

bool ph_store_reload_keys(struct ph_store *store)
{
    struct ph_tx tx = { .driver = store->driver, .db = ph_readers_take(store->readers) };
    bool loaded;

    if (tx.db == NULL) {
        return false;
    }
    loaded = ph_master_load(&store->master, &tx, false);
    ph_readers_give(store->readers, tx.db);
    return loaded;
}

int64_t ph_store_forget_until_ms(const struct ph_store *store, int64_t now_ms)
{
    const int64_t steady_ms = store->opened_ms + (ph_monotonic_ns() - store->opened_ns) / 1000000;

    return now_ms < steady_ms ? now_ms : steady_ms;
}

static const char PROBE_IN[] = "INSERT INTO meta (name, bytes) VALUES ('probe', $1)"
                               " ON CONFLICT (name) DO UPDATE SET bytes = excluded.bytes";
static const char PROBE_OUT[] = "DELETE FROM meta WHERE name = 'probe'";

/* Needs some pages, as a real write does. */
static void probe(struct ph_tx *tx, void *arg)
{
    static const uint8_t nothing[32 * 1024];

    (void)arg;
    (void)PH_RUN(tx, PROBE_IN, ph_v_bytes((struct ph_str){ nothing, sizeof nothing }));
    (void)ph_tx_run(tx, PROBE_OUT, NULL, 0);
}

bool ph_store_is_ready(struct ph_store *store, const char **why)
{
    if (ph_writer_state(store->writer) == PH_DB_DONE ||
        ph_writer_run(store->writer, NULL, probe, NULL, 0) == PH_DB_DONE) {
        return true;
    }
    *why = ph_writer_state(store->writer) == PH_DB_AWAY
               ? "the database has no primary: users can sign in, nothing can be changed"
               : "the disk of the database is full: users can sign in, nothing can be changed;"
                 " make space";
    return false;
}
