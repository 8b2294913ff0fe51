/* What the flows of the load generator share: connections, calls and their replies. */
#ifndef BENCH_LOAD_H
#define BENCH_LOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    REPLY_MAX = 1 << 20,
    BODY_MAX = 16 * 1024,
    HEAD_MAX = 1024,
    CONNECTIONS_MAX = 256,
    SAMPLES_MAX = 1 << 22,
};

struct options {
    uint64_t port;
    uint64_t connections;
    uint64_t seconds;
    uint64_t users;
    uint64_t from;     /* number of the first user that is made */
    uint64_t requests; /* at most so many in all; 0: as time permits */
    const char *flow;
    const char *pool;
    const char *client;
    const char *password;
};

struct connection {
    const struct options *options;
    int fd;
    uint64_t random;   /* state of a xorshift generator */
    char *reply;       /* head and body of the last one, terminated */
    char *body;        /* inside reply */
    uint64_t spent_us; /* waiting for replies, in the current exchange */
    uint32_t *samples;
    size_t sample_count;
    uint64_t errors;
    char refresh_token[4096];
    void *prepared; /* by the flow; freed at the end */
    bool exhausted; /* there is nothing left to do: ends before the time */
};

/* One kind of exchange; it is measured from its first byte to its last. */
struct flow {
    const char *name;
    bool (*run)(struct connection *c);
    bool (*prepare)(struct connection *c); /* before the clock starts; NULL: nothing to prepare */
};

/* Posts to the server and reads the reply; true for status 200. */
bool load_call(struct connection *c, const char *operation, const char *body);

/* The string member `name` of the reply, copied; false when absent or too long. */
bool load_member(const struct connection *c, const char *name, char *out, size_t size);

/* No other connection gets the same. */
uint64_t load_next_number(const struct connection *c);

/* Signed up and confirmed as "userN", so that it can sign in. */
bool load_make_user(struct connection *c, uint64_t number);

/* challenges.c: flows that end with a challenge beyond the password. */
bool load_totp_prepare(struct connection *c);
bool load_totp_run(struct connection *c);
bool load_device_prepare(struct connection *c);
bool load_device_run(struct connection *c);
bool load_custom_run(struct connection *c);

#endif
