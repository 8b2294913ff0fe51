#include "store/image.h"

#include "store/internal.h"
#include "store/schema.h"
#include "util/memory.h"

#include <stdlib.h>

#define UNABLE "this database engine takes no snapshots"
#define FAILED "the copy of the database failed (the log says why)"

struct ph_store_image {
    const struct ph_driver *driver;
    struct ph_db *db; /* in memory */
};

static struct ph_db *open_in_memory(const struct ph_driver *driver)
{
    static struct ph_db_target memory; /* nothing is learned of it: it has no server */

    return driver->open(&memory, PH_DB_WRITER, NULL, 0);
}

static struct ph_store_image *new_image(const struct ph_store *store, struct ph_db *db)
{
    struct ph_store_image *image = ph_heap_zeroed(1, sizeof *image);

    image->driver = store->driver;
    image->db = db;
    return image;
}

void ph_store_image_free(struct ph_store_image *image)
{
    if (image != NULL) {
        image->driver->close(image->db);
        free(image);
    }
}

size_t ph_store_image_bytes(const struct ph_store_image *image)
{
    return image->driver->size(image->db);
}

/* --- taking --- */

struct copying {
    struct ph_db *image;
};

static void copy(struct ph_tx *tx, void *arg)
{
    struct copying *c = arg;

    c->image = open_in_memory(tx->driver);
    tx->verdict = c->image == NULL ? PH_DB_BROKEN : tx->driver->copy(tx->db, c->image);
}

bool ph_store_image_take(struct ph_store *store, struct ph_store_image **image, const char **why)
{
    struct copying c = { 0 };

    if (store->driver->copy == NULL) {
        *why = UNABLE;
        return false;
    }
    if (ph_writer_alone(store->writer, store->blocking, copy, &c) != PH_DB_DONE) {
        store->driver->close(c.image);
        *why = FAILED;
        return false;
    }
    *image = new_image(store, c.image);
    return true;
}

/* --- an empty one --- */

static const char READ_KEYS[] =
    "SELECT name, number, bytes FROM meta WHERE name LIKE 'master%' OR name LIKE 'record%'"
    " OR name = 'keys_epoch'";
static const char WRITE_KEY[] = "INSERT INTO meta (name, number, bytes) VALUES ($1, $2, $3)"
                                " ON CONFLICT (name) DO NOTHING";

static void copy_rows(struct ph_tx *from, struct ph_tx *to, struct ph_arena *arena)
{
    struct ph_q q;

    ph_tx_query(from, &q, READ_KEYS, NULL, 0);
    while (ph_q_row(&q)) {
        const struct ph_str name = ph_q_str(&q, arena, 0);
        const struct ph_str bytes = ph_q_str(&q, arena, 2);

        (void)PH_RUN(to, WRITE_KEY, ph_v_text(name), ph_v_int(ph_q_int(&q, 1)), ph_v_bytes(bytes));
    }
    ph_q_end(&q);
}

/* The connection of a reader: nothing is written. */
static bool copy_keys(struct ph_store *store, struct ph_db *to)
{
    struct ph_db *db = ph_readers_take(store->readers);
    struct ph_tx from = { .driver = store->driver, .db = db };
    struct ph_tx tx = { .driver = store->driver, .db = to };
    struct ph_arena arena = { 0 };

    if (db == NULL) {
        return false;
    }
    copy_rows(&from, &tx, &arena);
    ph_readers_give(store->readers, db);
    ph_arena_finish(&arena);
    return from.verdict == PH_DB_DONE && tx.verdict == PH_DB_DONE;
}

bool ph_store_image_empty(struct ph_store *store, struct ph_store_image **image, const char **why)
{
    const struct ph_migration newest = { .log = &store->log };
    struct ph_db *db;
    const char *text;

    if (store->driver->copy == NULL) {
        *why = UNABLE;
        return false;
    }
    db = open_in_memory(store->driver);
    if (db == NULL || !ph_schema_migrate(store->driver, db, &newest, &text) ||
        !copy_keys(store, db)) {
        store->driver->close(db);
        *why = FAILED;
        return false;
    }
    *image = new_image(store, db);
    return true;
}

/* --- putting back --- */

struct putting {
    struct ph_store *store;
    const struct ph_store_image *image;
};

static void put(struct ph_tx *tx, void *arg)
{
    const struct putting *p = arg;

    tx->verdict = tx->driver->copy(p->image->db, tx->db);
    if (tx->verdict == PH_DB_DONE) {
        ph_spent_set_clear(p->store->spent);
        ph_spent_load(tx, p->store->spent);
    }
}

bool ph_store_image_put(struct ph_store *store, const struct ph_store_image *image,
                        const char **why)
{
    struct putting p = { store, image };

    if (store->driver->copy == NULL) {
        *why = UNABLE;
        return false;
    }
    if (ph_writer_alone(store->writer, store->blocking, put, &p) != PH_DB_DONE) {
        *why = FAILED;
        return false;
    }
    return true;
}
