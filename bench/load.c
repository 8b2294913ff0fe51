/*
 * The load generator of `make bench`: one flow over some keep-alive connections for some seconds.
 *
 *   load --port N --flow NAME --connections N --seconds N --pool ID --client ID --users N
 *        [--from N] [--requests N] [--password TEXT]
 *
 * The flows TOTP and DEVICE_SRP_AUTH make users of their own first, numbered from --from on; TOTP
 * makes --users of them and signs each in twice, as a code counts once.
 *
 * Prints one JSON object: requests, errors, seconds, p50 and p99 in microseconds. The time of one
 * request runs from the first byte sent to the last one received; the arithmetic of the SRP client
 * is left out of it, but not out of the rate. A thread per connection: with as many as there are
 * here, waiting for one reply each, nothing else is needed.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "load.h"
#include "srp_client.h"

/* What the threads share. */
static atomic_uint_fast64_t next_number;
static atomic_bool stop;

static uint64_t now_us(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

static void die(const char *what)
{
    fprintf(stderr, "load: %s: %s\n", what, strerror(errno));
    exit(1);
}

static uint64_t next_random(struct connection *c)
{
    c->random ^= c->random << 13;
    c->random ^= c->random >> 7;
    c->random ^= c->random << 17;
    return c->random;
}

uint64_t load_next_number(const struct connection *c)
{
    return c->options->from + atomic_fetch_add(&next_number, 1);
}

static void connect_to_server(struct connection *c)
{
    const struct sockaddr_in to = { .sin_family = AF_INET,
                                    .sin_port = htons((uint16_t)c->options->port),
                                    .sin_addr = { htonl(INADDR_LOOPBACK) } };
    const int on = 1;

    c->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (c->fd < 0 || connect(c->fd, (const struct sockaddr *)&to, sizeof to) != 0) {
        die("connect");
    }
    if (setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) != 0) {
        die("TCP_NODELAY");
    }
}

static void send_all(struct connection *c, const char *data, size_t n)
{
    while (n > 0) {
        const ssize_t done = send(c->fd, data, n, MSG_NOSIGNAL);

        if (done <= 0) {
            die("send");
        }
        data += done;
        n -= (size_t)done;
    }
}

static size_t content_length(const char *head)
{
    const char *at = strcasestr(head, "\r\ncontent-length:");
    size_t n = 0;

    if (at == NULL) {
        return 0;
    }
    at += strlen("\r\ncontent-length:");
    while (*at == ' ') {
        at++;
    }
    for (; *at >= '0' && *at <= '9' && n < REPLY_MAX; at++) {
        n = n * 10 + (size_t)(*at - '0');
    }
    return n;
}

/* Reads one whole reply; true for status 200. */
static bool receive(struct connection *c)
{
    size_t have = 0, wanted = 0;

    c->body = NULL;
    while (c->body == NULL || have < wanted) {
        const ssize_t n = recv(c->fd, c->reply + have, REPLY_MAX - 1 - have, 0);

        if (n <= 0) {
            die("receive");
        }
        have += (size_t)n;
        c->reply[have] = '\0';
        if (c->body == NULL && (c->body = strstr(c->reply, "\r\n\r\n")) != NULL) {
            c->body += 4;
            wanted = (size_t)(c->body - c->reply) + content_length(c->reply);
            if (wanted >= REPLY_MAX) {
                fprintf(stderr, "load: a reply of %zu bytes\n", wanted);
                exit(1);
            }
        }
    }
    return strncmp(c->reply, "HTTP/1.1 200", 12) == 0;
}

bool load_call(struct connection *c, const char *operation, const char *body)
{
    char request[HEAD_MAX + BODY_MAX];
    const int n =
        snprintf(request, sizeof request,
                 "POST / HTTP/1.1\r\nHost: 127.0.0.1:%" PRIu64 "\r\n"
                 "Content-Type: application/x-amz-json-1.1\r\n"
                 "X-Amz-Target: AWSCognitoIdentityProviderService.%s\r\n"
                 "X-Amz-Date: 20260102T030405Z\r\n"
                 "Authorization: AWS4-HMAC-SHA256 Credential=BENCH/20260102/eu-west-1/cognito-idp/"
                 "aws4_request, SignedHeaders=content-type;host;x-amz-date;x-amz-target, Signature="
                 "0000000000000000000000000000000000000000000000000000000000000000\r\n"
                 "Content-Length: %zu\r\n\r\n%s",
                 c->options->port, operation, strlen(body), body);
    const uint64_t start = now_us();

    if (n < 0 || (size_t)n >= sizeof request) {
        fprintf(stderr, "load: a request too long\n");
        exit(1);
    }
    send_all(c, request, (size_t)n);
    const bool ok = receive(c);

    c->spent_us += now_us() - start;
    return ok;
}

/* The string member `name` of the reply, copied; false when absent or too long. */
bool load_member(const struct connection *c, const char *name, char *out, size_t size)
{
    char key[64];
    const int n = snprintf(key, sizeof key, "\"%s\":\"", name);
    const char *start = n > 0 ? strstr(c->body, key) : NULL;
    const char *end = start != NULL ? strchr(start + n, '"') : NULL;

    if (end == NULL || (size_t)(end - start - n) >= size) {
        return false;
    }
    memcpy(out, start + n, (size_t)(end - start - n));
    out[end - start - n] = '\0';
    return true;
}

static uint64_t some_user(struct connection *c)
{
    return next_random(c) % c->options->users;
}

static bool password_flow(struct connection *c, const char *operation, const char *flow,
                          bool with_pool)
{
    const struct options *o = c->options;
    char body[BODY_MAX];

    snprintf(body, sizeof body,
             "{%s%s%s\"ClientId\":\"%s\",\"AuthFlow\":\"%s\",\"AuthParameters\":{"
             "\"USERNAME\":\"user%" PRIu64 "\",\"PASSWORD\":\"%s\"}}",
             with_pool ? "\"UserPoolId\":\"" : "", with_pool ? o->pool : "", with_pool ? "\"," : "",
             o->client, flow, some_user(c), o->password);
    return load_call(c, operation, body);
}

static bool user_password(struct connection *c)
{
    return password_flow(c, "InitiateAuth", "USER_PASSWORD_AUTH", false);
}

static bool admin_password(struct connection *c)
{
    return password_flow(c, "AdminInitiateAuth", "ADMIN_USER_PASSWORD_AUTH", true);
}

static bool refresh(struct connection *c)
{
    char body[BODY_MAX];

    if (c->refresh_token[0] == '\0') {
        if (!user_password(c) ||
            !load_member(c, "RefreshToken", c->refresh_token, sizeof c->refresh_token)) {
            return false;
        }
        c->spent_us = 0;
    }
    snprintf(body, sizeof body,
             "{\"ClientId\":\"%s\",\"AuthFlow\":\"REFRESH_TOKEN_AUTH\",\"AuthParameters\":{"
             "\"REFRESH_TOKEN\":\"%s\"}}",
             c->options->client, c->refresh_token);
    return load_call(c, "InitiateAuth", body);
}

static bool srp_start(struct connection *c, const struct srp_client *srp, uint64_t user)
{
    char body[BODY_MAX];

    snprintf(body, sizeof body,
             "{\"ClientId\":\"%s\",\"AuthFlow\":\"USER_SRP_AUTH\",\"AuthParameters\":{"
             "\"USERNAME\":\"user%" PRIu64 "\",\"SRP_A\":\"%s\"}}",
             c->options->client, user, srp_client_a(srp));
    return load_call(c, "InitiateAuth", body);
}

static bool srp_prove(struct connection *c, struct srp_client *srp, uint64_t user)
{
    char name[32], salt[64], b[1024], block[8192], signature[64], body[BODY_MAX];

    snprintf(name, sizeof name, "user%" PRIu64, user);
    if (!load_member(c, "SALT", salt, sizeof salt) || !load_member(c, "SRP_B", b, sizeof b) ||
        !load_member(c, "SECRET_BLOCK", block, sizeof block)) {
        return false;
    }
    const struct srp_challenge challenge = {
        .pool = strchr(c->options->pool, '_') + 1,
        .user = name,
        .password = c->options->password,
        .salt = salt,
        .b = b,
        .block = block,
    };
    const char *stamp = srp_timestamp();

    if (!srp_client_sign(srp, &challenge, stamp, signature, sizeof signature)) {
        return false;
    }
    snprintf(body, sizeof body,
             "{\"ClientId\":\"%s\",\"ChallengeName\":\"PASSWORD_VERIFIER\",\"ChallengeResponses\":{"
             "\"USERNAME\":\"%s\",\"TIMESTAMP\":\"%s\",\"PASSWORD_CLAIM_SECRET_BLOCK\":\"%s\","
             "\"PASSWORD_CLAIM_SIGNATURE\":\"%s\"}}",
             c->options->client, name, stamp, block, signature);
    return load_call(c, "RespondToAuthChallenge", body);
}

static bool user_srp(struct connection *c)
{
    struct srp_client *srp = srp_client_create();
    const uint64_t user = some_user(c);
    const bool ok = srp_start(c, srp, user) && srp_prove(c, srp, user);

    srp_client_destroy(srp);
    return ok;
}

static bool sign_up_number(struct connection *c, const char *prefix, uint64_t number)
{
    const struct options *o = c->options;
    char body[BODY_MAX];

    snprintf(body, sizeof body,
             "{\"ClientId\":\"%s\",\"Username\":\"%s%" PRIu64 "\",\"Password\":\"%s\","
             "\"UserAttributes\":[{\"Name\":\"email\",\"Value\":\"%s%" PRIu64 "@example.com\"}]}",
             o->client, prefix, number, o->password, prefix, number);
    return load_call(c, "SignUp", body);
}

static bool sign_up(struct connection *c)
{
    return sign_up_number(c, "new", load_next_number(c));
}

bool load_make_user(struct connection *c, uint64_t number)
{
    char body[BODY_MAX];

    snprintf(body, sizeof body, "{\"UserPoolId\":\"%s\",\"Username\":\"user%" PRIu64 "\"}",
             c->options->pool, number);
    return sign_up_number(c, "user", number) && load_call(c, "AdminConfirmSignUp", body);
}

static bool make_user(struct connection *c)
{
    return load_make_user(c, load_next_number(c));
}

static bool get_user(struct connection *c)
{
    char body[BODY_MAX];

    snprintf(body, sizeof body, "{\"UserPoolId\":\"%s\",\"Username\":\"user%" PRIu64 "\"}",
             c->options->pool, some_user(c));
    return load_call(c, "AdminGetUser", body);
}

static bool list_users(struct connection *c)
{
    char body[BODY_MAX];

    snprintf(body, sizeof body, "{\"UserPoolId\":\"%s\",\"Limit\":60}", c->options->pool);
    return load_call(c, "ListUsers", body);
}

static bool list_by_email(struct connection *c)
{
    char body[BODY_MAX];

    snprintf(body, sizeof body,
             "{\"UserPoolId\":\"%s\",\"Filter\":\"email = \\\"user%" PRIu64 "@example.com\\\"\"}",
             c->options->pool, some_user(c));
    return load_call(c, "ListUsers", body);
}

static const struct flow flows[] = {
    { "ADMIN_USER_PASSWORD_AUTH", admin_password, NULL },
    { "USER_PASSWORD_AUTH", user_password, NULL },
    { "USER_SRP_AUTH", user_srp, NULL },
    { "REFRESH_TOKEN_AUTH", refresh, NULL },
    { "SignUp", sign_up, NULL },
    { "AdminGetUser", get_user, NULL },
    { "ListUsers", list_users, NULL },
    { "ListUsersByEmail", list_by_email, NULL },
    { "MakeUser", make_user, NULL },
    { "TOTP", load_totp_run, load_totp_prepare },
    { "DEVICE_SRP_AUTH", load_device_run, load_device_prepare },
    { "CUSTOM_AUTH", load_custom_run, NULL },
};

static const struct flow *find_flow(const char *name)
{
    for (size_t i = 0; i < sizeof flows / sizeof flows[0]; i++) {
        if (strcmp(flows[i].name, name) == 0) {
            return &flows[i];
        }
    }
    fprintf(stderr, "load: no flow %s\n", name);
    exit(1);
}

static bool more(const struct connection *c, uint64_t *done)
{
    if (atomic_load(&stop) || c->exhausted || c->sample_count >= SAMPLES_MAX) {
        return false;
    }
    /* Each connection does its share, so that exactly so many requests are made. */
    return c->options->requests == 0 || (*done)++ < c->options->requests / c->options->connections;
}

static void prepare(struct connection *c)
{
    const struct flow *flow = find_flow(c->options->flow);

    if (flow->prepare != NULL && !flow->prepare(c)) {
        fprintf(stderr, "load: %s: %s\n", c->options->flow, c->body != NULL ? c->body : "?");
        exit(1);
    }
}

static void *drive(void *argument)
{
    struct connection *c = argument;
    const struct flow *flow = find_flow(c->options->flow);
    uint64_t done = 0;

    while (more(c, &done)) {
        c->spent_us = 0;
        if (flow->run(c)) {
            c->samples[c->sample_count++] =
                c->spent_us > UINT32_MAX ? UINT32_MAX : (uint32_t)c->spent_us;
        } else if (c->errors++ == 0) {
            fprintf(stderr, "load: %s: %s\n", c->options->flow, c->body != NULL ? c->body : "?");
        }
    }
    return NULL;
}

static int by_value(const void *a, const void *b)
{
    const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

    return (x > y) - (x < y);
}

static uint64_t number(const char *text)
{
    uint64_t n = 0;

    for (; *text >= '0' && *text <= '9' && n < UINT32_MAX; text++) {
        n = n * 10 + (uint64_t)(*text - '0');
    }
    if (*text != '\0') {
        fprintf(stderr, "load: not a number: %s\n", text);
        exit(2);
    }
    return n;
}

static bool read_option(struct options *o, const char *name, const char *value)
{
    const struct {
        const char *name;
        uint64_t *number;
        const char **text;
    } known[] = {
        { "--port", &o->port, NULL },       { "--connections", &o->connections, NULL },
        { "--seconds", &o->seconds, NULL }, { "--users", &o->users, NULL },
        { "--from", &o->from, NULL },       { "--requests", &o->requests, NULL },
        { "--flow", NULL, &o->flow },       { "--pool", NULL, &o->pool },
        { "--client", NULL, &o->client },   { "--password", NULL, &o->password },
    };

    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (strcmp(known[i].name, name) != 0) {
            continue;
        }
        if (known[i].number != NULL) {
            *known[i].number = number(value);
        } else {
            *known[i].text = value;
        }
        return true;
    }
    return false;
}

static struct options read_options(int argc, char **argv)
{
    struct options o = { .connections = 1, .seconds = 3, .users = 1, .password = "Passw0rd!" };

    for (int i = 1; i < argc; i += 2) {
        if (i + 1 >= argc || !read_option(&o, argv[i], argv[i + 1])) {
            fprintf(stderr, "load: unknown or incomplete option %s\n", argv[i]);
            exit(2);
        }
    }
    if (o.port == 0 || o.flow == NULL || o.pool == NULL || o.client == NULL || o.users == 0 ||
        o.connections == 0 || o.connections > CONNECTIONS_MAX || strchr(o.pool, '_') == NULL) {
        fprintf(stderr, "load: --port, --flow, --pool, --client and sane numbers are needed\n");
        exit(2);
    }
    return o;
}

static void report(const struct connection *all, size_t count, double seconds)
{
    size_t total = 0;
    uint64_t errors = 0;

    for (size_t i = 0; i < count; i++) {
        total += all[i].sample_count;
        errors += all[i].errors;
    }
    uint32_t *samples = calloc(total + 1, sizeof *samples);
    size_t at = 0;

    if (samples == NULL) {
        die("memory");
    }
    for (size_t i = 0; i < count; i++) {
        memcpy(samples + at, all[i].samples, all[i].sample_count * sizeof *samples);
        at += all[i].sample_count;
    }
    qsort(samples, total, sizeof *samples, by_value);
    printf("{\"requests\":%zu,\"errors\":%" PRIu64 ",\"seconds\":%.3f,\"per_second\":%.1f,"
           "\"p50_us\":%" PRIu32 ",\"p99_us\":%" PRIu32 "}\n",
           total, errors, seconds, (double)total / seconds, samples[total / 2],
           samples[total * 99 / 100]);
    free(samples);
}

int main(int argc, char **argv)
{
    const struct options options = read_options(argc, argv);
    struct connection *all = calloc(options.connections, sizeof *all);
    pthread_t threads[CONNECTIONS_MAX];

    if (all == NULL) {
        die("memory");
    }
    for (size_t i = 0; i < options.connections; i++) {
        all[i] = (struct connection){ .options = &options, .random = now_us() * 2 + 1 + i * 7919 };
        all[i].reply = malloc(REPLY_MAX);
        all[i].samples = calloc(SAMPLES_MAX, sizeof *all[i].samples);
        if (all[i].reply == NULL || all[i].samples == NULL) {
            die("memory");
        }
        connect_to_server(&all[i]);
        prepare(&all[i]);
    }
    const uint64_t start = now_us();

    for (size_t i = 0; i < options.connections; i++) {
        if (pthread_create(&threads[i], NULL, drive, &all[i]) != 0) {
            die("thread");
        }
    }
    if (options.requests == 0) {
        const struct timespec length = { .tv_sec = (time_t)options.seconds };

        nanosleep(&length, NULL);
        atomic_store(&stop, true);
    }
    for (size_t i = 0; i < options.connections; i++) {
        pthread_join(threads[i], NULL);
    }
    report(all, options.connections, (double)(now_us() - start) / 1e6);
    for (size_t i = 0; i < options.connections; i++) {
        close(all[i].fd);
        free(all[i].reply);
        free(all[i].samples);
        free(all[i].prepared);
    }
    free(all);
    return 0;
}
