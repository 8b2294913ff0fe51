/*
 * Which server: writers want a primary; readers want it, too, because only there they see what was
 * just written, and take a standby while there is none.
 *
 * A server at a lower timeline than one that was seen has missed a promotion: it is an old primary
 * that came back, or its standby. It is refused in either role.
 */
#include "store/driver/postgres.h"

#include "util/clock.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    OPTIONS_MAX = 64,    /* of a connection: libpq knows about 40 */
    CHECK_MS = 5000,     /* for the first answer of a server */
    LOOK_AGAIN_MS = 200, /* between two tries of readers to find a primary */
};

/* What the URL does not say. Timeouts: a server that hangs must not hang us. */
static const struct {
    const char *name;
    const char *value;
} USUAL[] = {
    { "connect_timeout", "3" },          { "keepalives", "1" },
    { "keepalives_idle", "10" },         { "keepalives_interval", "3" },
    { "keepalives_count", "3" },         { "tcp_user_timeout", "5000" },
    { "application_name", "poolhouse" }, { "gssencmode", "disable" },
};

/*
 * What is ours to say. Statements are short; whoever holds a lock for seconds hangs. One plan for
 * each, whatever its values are: in a large table a limit that is not known yet seems to be a tenth
 * of it, and each page of a list would be planned anew, which takes longer than reading it.
 */
#define COMMON_OPTIONS                                                                             \
    "-c statement_timeout=8000 -c lock_timeout=3000 -c idle_in_transaction_session_timeout=15000"  \
    " -c default_transaction_isolation=read\\ committed -c standard_conforming_strings=on"         \
    " -c plan_cache_mode=force_generic_plan"
static const char WRITER_OPTIONS[] = COMMON_OPTIONS;
static const char READER_OPTIONS[] = COMMON_OPTIONS " -c default_transaction_read_only=on";

enum wanted { PRIMARY, ANY };

struct parameters {
    const char *names[OPTIONS_MAX];
    const char *values[OPTIONS_MAX];
    size_t count;
    char options[1024];
    char chosen[3][256];
};

/* Replaces what is there, or adds it when there is room. */
static void set(struct parameters *p, const char *name, const char *value)
{
    size_t i = 0;

    while (i < p->count && strcmp(p->names[i], name) != 0) {
        i++;
    }
    if (i == p->count) {
        if (p->count + 1 >= OPTIONS_MAX) {
            return;
        }
        p->names[p->count++] = name;
    }
    p->values[i] = value;
}

static const char *get(const struct parameters *p, const char *name)
{
    for (size_t i = 0; i < p->count; i++) {
        if (strcmp(p->names[i], name) == 0) {
            return p->values[i];
        }
    }
    return NULL;
}

static void add_usual(struct parameters *p)
{
    for (size_t i = 0; i < sizeof USUAL / sizeof USUAL[0]; i++) {
        if (get(p, USUAL[i].name) == NULL) {
            set(p, USUAL[i].name, USUAL[i].value);
        }
    }
}

/* One of a list with commas; a list of one counts for all. */
static const char *pick(const char *list, size_t which, char *into, size_t size)
{
    size_t n;

    if (list == NULL) {
        return NULL;
    }
    for (const char *comma = strchr(list, ','); which > 0 && comma != NULL; which--) {
        list = comma + 1;
        comma = strchr(list, ',');
    }
    n = strcspn(list, ",");
    snprintf(into, size, "%.*s", (int)n, list);
    return into;
}

static size_t count_of(const char *list)
{
    size_t count = 1;

    for (; list != NULL && (list = strchr(list, ',')) != NULL; list++) {
        count++;
    }
    return count;
}

static size_t count_hosts(const struct parameters *p)
{
    const size_t names = count_of(get(p, "host")), addresses = count_of(get(p, "hostaddr"));

    return names > addresses ? names : addresses;
}

/* Leaves one of the hosts: which of them will do is ours to judge, by more than libpq asks for. */
static void choose_host(struct parameters *p, size_t which)
{
    static const char *const NAMES[] = { "host", "hostaddr", "port" };

    for (size_t i = 0; i < sizeof NAMES / sizeof NAMES[0]; i++) {
        const char *chosen = pick(get(p, NAMES[i]), which, p->chosen[i], sizeof p->chosen[i]);

        if (chosen != NULL) {
            set(p, NAMES[i], chosen);
        }
    }
}

static void add_ours(struct parameters *p, const struct ph_db *db)
{
    const char *given = get(p, "options");

    snprintf(p->options, sizeof p->options, "%s %s",
             db->role == PH_DB_WRITER ? WRITER_OPTIONS : READER_OPTIONS,
             given == NULL ? "" : given);
    set(p, "options", p->options);
    set(p, "client_encoding", "UTF8");
    set(p, "target_session_attrs", "any");
    if (db->target->password != NULL) {
        set(p, "password", db->target->password);
    }
}

static void keep_warning(void *self, const PGresult *result)
{
    struct ph_db *db = self;
    const char *severity = PQresultErrorField(result, PG_DIAG_SEVERITY_NONLOCALIZED);

    if (severity != NULL && strcmp(severity, "WARNING") == 0) {
        db->warned = true;
    }
}

static void note_text(struct ph_db *db, const char *text)
{
    const size_t n = strcspn(text, "\n");

    snprintf(db->error, sizeof db->error, "%.*s", (int)(n < sizeof db->error ? n : 200), text);
}

void ph_pg_note_error(struct ph_db *db, const PGresult *result)
{
    const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const char *text = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);

    if (state == NULL || text == NULL) {
        note_text(db, db->conn == NULL ? "no connection" : PQerrorMessage(db->conn));
    } else {
        snprintf(db->error, sizeof db->error, "%s %.200s", state, text);
    }
}

/* *hosts: how many there are to try. */
static bool open_connection(struct ph_db *db, size_t which, size_t *hosts)
{
    struct parameters p = { .count = 0 };
    PQconninfoOption *given = PQconninfoParse(db->target->path, NULL);

    *hosts = 0;
    if (given == NULL) {
        note_text(db, "the URL of the database is malformed");
        return false;
    }
    for (PQconninfoOption *o = given; o->keyword != NULL; o++) {
        if (o->val != NULL) {
            set(&p, o->keyword, o->val);
        }
    }
    *hosts = count_hosts(&p);
    add_usual(&p);
    add_ours(&p, db);
    choose_host(&p, which % *hosts);
    db->conn = PQconnectdbParams(p.names, p.values, 0);
    PQconninfoFree(given);
    if (PQstatus(db->conn) != CONNECTION_OK) {
        note_text(db, PQerrorMessage(db->conn));
        ph_pg_disconnect(db);
        return false;
    }
    PQsetNoticeReceiver(db->conn, keep_warning, db);
    return true;
}

/*
 * A primary says its timeline in the name of the file that it writes; a standby knows the one of
 * the last restart point, or of what it has replayed since.
 */
static const char WHO_ARE_YOU[] =
    "SELECT pg_is_in_recovery()::int, CASE WHEN pg_is_in_recovery() THEN greatest("
    "(SELECT timeline_id FROM pg_control_checkpoint()),"
    " (SELECT min_recovery_end_timeline FROM pg_control_recovery()))"
    " ELSE ('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::int END,"
    " (d.datcollate IN ('C', 'POSIX', 'C.UTF-8', 'C.utf8'))::int,"
    " (current_setting('server_encoding') = 'UTF8')::int"
    " FROM pg_database d WHERE d.datname = current_database()";

static bool is_one(const PGresult *result, int column)
{
    return strcmp(PQgetvalue(result, 0, column), "1") == 0;
}

static bool raise_timeline(struct ph_db *db)
{
    int64_t highest = atomic_load(&db->target->timeline);

    while (db->timeline > highest &&
           !atomic_compare_exchange_weak(&db->target->timeline, &highest, db->timeline)) {
    }
    return db->timeline >= highest;
}

static bool fits(struct ph_db *db, const PGresult *result)
{
    int64_t timeline;

    if (PQresultStatus(result) != PGRES_TUPLES_OK || PQntuples(result) != 1 ||
        !ph_str_to_int(ph_str_from(PQgetvalue(result, 0, 1)), 0, UINT32_MAX, &timeline)) {
        ph_pg_note_error(db, result);
        return false;
    }
    db->standby = is_one(result, 0);
    db->timeline = timeline;
    if (!is_one(result, 2) || !is_one(result, 3)) {
        note_text(db, "the database must compare text by its bytes: CREATE DATABASE name TEMPLATE"
                      " template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C'");
        return false;
    }
    if (!raise_timeline(db)) {
        note_text(db, "the server is at an older timeline than another that was seen");
        return false;
    }
    return true;
}

static bool connect_to(struct ph_db *db, size_t which, enum wanted wanted, size_t *hosts)
{
    PGresult *result;
    bool good;

    ph_pg_disconnect(db);
    if (!open_connection(db, which, hosts)) {
        return false;
    }
    db->number++;
    good = PQsendQuery(db->conn, WHO_ARE_YOU) == 1;
    result = good ? ph_pg_await(db, CHECK_MS) : NULL;
    good = result != NULL && fits(db, result);
    PQclear(result);
    if (good && wanted == PRIMARY && db->standby) {
        note_text(db, "the server only reads");
        good = false;
    }
    if (!good) {
        ph_pg_disconnect(db);
    }
    return good;
}

/* Begins with the host that was good the last time, so that one that hangs is not asked again. */
static bool connect_to_any(struct ph_db *db, enum wanted wanted)
{
    struct ph_db_target *target = db->target;
    const size_t first =
        wanted == PRIMARY ? atomic_load(&target->primary) : atomic_load(&target->other);
    size_t hosts = 1;

    for (size_t i = 0; i < hosts; i++) {
        size_t known = 0;

        if (connect_to(db, first + i, wanted, &known)) {
            atomic_store(wanted == PRIMARY ? &target->primary : &target->other,
                         (first + i) % known);
            return true;
        }
        hosts = known;
    }
    return false;
}

/*
 * A primary that nobody stopped when its standby was promoted takes connections and statements as
 * ever; only its commits are not confirmed any more. The others know that it is the older one.
 */
static void survey(struct ph_db *db)
{
    size_t hosts = 1;

    for (size_t i = 0; i < hosts; i++) {
        size_t known = 0;

        (void)connect_to(db, i, ANY, &known); /* notes the timeline */
        hosts = known;
    }
}

static void note_primary(struct ph_db_target *target)
{
    if (atomic_exchange(&target->missed_ns, 0) != 0) {
        atomic_store(&target->found_ns, ph_monotonic_ns());
    }
}

/* Notes whether there is a primary, for all that connect to it. */
static bool connect_to_primary(struct ph_db *db)
{
    bool there;

    if (atomic_exchange(&db->target->doubted, false)) {
        survey(db);
    }
    there = connect_to_any(db, PRIMARY);
    if (there) {
        note_primary(db->target);
    } else {
        atomic_store(&db->target->missed_ns, ph_monotonic_ns());
    }
    return there;
}

/* While there is no primary one of many readers looks for it, now and then. */
static bool should_look(struct ph_db_target *target)
{
    int64_t missed_ns = atomic_load(&target->missed_ns);
    const int64_t now_ns = ph_monotonic_ns();

    return missed_ns == 0 ||
           (now_ns - missed_ns > LOOK_AGAIN_MS * INT64_C(1000000) &&
            atomic_compare_exchange_strong(&target->missed_ns, &missed_ns, now_ns));
}

bool ph_pg_connect(struct ph_db *db)
{
    bool connected;

    if (db->role == PH_DB_WRITER) {
        connected = connect_to_primary(db);
    } else {
        connected = (should_look(db->target) && connect_to_primary(db)) || connect_to_any(db, ANY);
    }
    db->connected_ns = ph_monotonic_ns();
    return connected;
}

void ph_pg_disconnect(struct ph_db *db)
{
    PQfinish(db->conn);
    db->conn = NULL;
}

bool ph_pg_is_outdated(const struct ph_db *db)
{
    struct ph_db_target *target = db->target;

    if (db->timeline < atomic_load(&target->timeline)) {
        return true;
    }
    return db->standby && (atomic_load(&target->found_ns) > db->connected_ns ||
                           ph_monotonic_ns() - db->connected_ns > LOOK_AGAIN_MS * INT64_C(5000000));
}

PGresult *ph_pg_await(struct ph_db *db, int timeout_ms)
{
    const int64_t deadline_ns = ph_monotonic_ns() + timeout_ms * INT64_C(1000000);
    PGresult *last = NULL, *next;

    for (;;) {
        while (PQisBusy(db->conn)) {
            const int64_t left_ms = (deadline_ns - ph_monotonic_ns()) / 1000000;
            struct pollfd fd = { .fd = PQsocket(db->conn), .events = POLLIN };

            if (left_ms <= 0 || poll(&fd, 1, (int)left_ms + 1) < 0 ||
                (fd.revents != 0 && PQconsumeInput(db->conn) == 0)) {
                if (left_ms <= 0 && !db->standby) {
                    atomic_store(&db->target->doubted, true);
                }
                note_text(db,
                          left_ms <= 0 ? "the server does not answer" : PQerrorMessage(db->conn));
                PQclear(last);
                ph_pg_disconnect(db);
                return NULL;
            }
        }
        next = PQgetResult(db->conn);
        if (next == NULL) {
            return last;
        }
        PQclear(last);
        last = next;
    }
}

/* Classes and codes of SQLSTATE (PostgreSQL 15, appendix A). */
static const struct {
    const char *state; /* how it begins */
    enum ph_verdict verdict;
} STATES[] = {
    { "23", PH_DB_CONFLICT }, /* integrity constraint */
    { "40003", PH_DB_LOST },  /* statement completion unknown */
    { "40", PH_DB_RETRY },    /* serialization failure, deadlock */
    { "55P03", PH_DB_RETRY }, /* lock not available */
    { "57014", PH_DB_RETRY }, /* cancelled: it took too long */
    { "53100", PH_DB_FULL },  /* disk full */
    { "53300", PH_DB_AWAY },  /* too many connections */
    { "25006", PH_DB_AWAY },  /* read only: no primary any more */
    { "57P", PH_DB_AWAY },    /* shutting down, starting */
    { "08", PH_DB_AWAY },     /* connection */
};

enum ph_verdict ph_pg_judge(struct ph_db *db, const PGresult *result)
{
    const char *state;

    if (result == NULL) {
        return PH_DB_AWAY;
    }
    if (PQresultStatus(result) == PGRES_COMMAND_OK || PQresultStatus(result) == PGRES_TUPLES_OK) {
        return PH_DB_DONE;
    }
    ph_pg_note_error(db, result);
    state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    if (state == NULL) { /* made by libpq itself: the connection broke */
        return PH_DB_AWAY;
    }
    for (size_t i = 0; i < sizeof STATES / sizeof STATES[0]; i++) {
        if (strncmp(state, STATES[i].state, strlen(STATES[i].state)) == 0) {
            return STATES[i].verdict;
        }
    }
    return PH_DB_BROKEN;
}
