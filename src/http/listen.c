#include "http/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { HOST_MAX = 256, PORT_MAX = 6, BACKLOG = 1024 };

struct host_port {
    char host[HOST_MAX];
    char port[PORT_MAX];
};

static bool copy(struct ph_str s, char *to, size_t size)
{
    if (s.n >= size || ph_str_has_byte(s, 0)) {
        return false;
    }
    if (s.n > 0) {
        memcpy(to, s.p, s.n);
    }
    to[s.n] = '\0';
    return true;
}

/* Splits at the last colon; brackets around an IPv6 address are taken off. */
static bool split(struct ph_str address, struct host_port *out)
{
    const uint8_t *colon = address.p == NULL ? NULL : memrchr(address.p, ':', address.n);
    struct ph_str host, port;
    int64_t number;

    if (colon == NULL) {
        return false;
    }
    host = (struct ph_str){ address.p, (size_t)(colon - address.p) };
    port = ph_str_skip(address, host.n + 1);
    if (ph_str_starts(host, PH_STR("[")) && ph_str_ends(host, PH_STR("]"))) {
        host = (struct ph_str){ host.p + 1, host.n - 2 };
    }
    return ph_str_to_int(port, 0, 65535, &number) && copy(host, out->host, sizeof out->host) &&
           copy(port, out->port, sizeof out->port);
}

/* Without delay: a reply is one write, and nothing follows that would be worth waiting for. */
static int open_socket(const struct addrinfo *address)
{
    const int on = 1;
    const int fd = socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (fd < 0) {
        return -1;
    }
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) != 0 ||
        bind(fd, address->ai_addr, address->ai_addrlen) != 0 || listen(fd, BACKLOG) != 0) {
        const int cause = errno;

        close(fd);
        errno = cause;
        return -1;
    }
    return fd;
}

static struct sockaddr_storage bound_to(int fd)
{
    struct sockaddr_storage bound = { 0 };
    socklen_t size = sizeof bound;

    if (getsockname(fd, (struct sockaddr *)&bound, &size) != 0) {
        return (struct sockaddr_storage){ 0 };
    }
    return bound;
}

static unsigned port_of(int fd)
{
    const struct sockaddr_storage bound = bound_to(fd);
    in_port_t port = 0;

    if (bound.ss_family == AF_INET) {
        port = ((const struct sockaddr_in *)&bound)->sin_port;
    } else if (bound.ss_family == AF_INET6) {
        port = ((const struct sockaddr_in6 *)&bound)->sin6_port;
    }
    return ntohs(port);
}

struct addrinfo *ph_http_resolve(struct ph_str address, int flags, char *why, size_t why_size)
{
    const struct addrinfo wanted = { .ai_socktype = SOCK_STREAM, .ai_flags = flags };
    struct addrinfo *found = NULL;
    struct host_port parts;
    int cause;

    if (!split(address, &parts)) {
        snprintf(why, why_size, "'%.*s' is not an address like 127.0.0.1:9229", PH_FMT(address));
        return NULL;
    }
    cause = getaddrinfo(parts.host[0] == '\0' ? NULL : parts.host, parts.port, &wanted, &found);
    if (cause != 0) {
        snprintf(why, why_size, "cannot listen on '%.*s': %s", PH_FMT(address),
                 gai_strerror(cause));
        return NULL;
    }
    return found;
}

void ph_http_addresses_free(struct addrinfo **addresses)
{
    if (*addresses != NULL) {
        freeaddrinfo(*addresses);
    }
}

int ph_http_listen(struct ph_str address, unsigned *port, char *why, size_t why_size)
{
    PH_AUTO(ph_http_addresses_free)
    struct addrinfo *found = ph_http_resolve(address, AI_PASSIVE, why, why_size);
    int fd;

    if (found == NULL) {
        return -1;
    }
    fd = open_socket(found);
    if (fd < 0) {
        snprintf(why, why_size, "cannot listen on '%.*s': %s", PH_FMT(address), strerror(errno));
        return -1;
    }
    *port = port_of(fd);
    return fd;
}

static bool is_set(int fd, int option, int wanted)
{
    int value = 0;
    socklen_t size = sizeof value;

    return getsockopt(fd, SOL_SOCKET, option, &value, &size) == 0 && value == wanted;
}

static bool listens(int fd)
{
    const sa_family_t family = bound_to(fd).ss_family;

    return is_set(fd, SO_ACCEPTCONN, 1) && is_set(fd, SO_TYPE, SOCK_STREAM) &&
           (family == AF_INET || family == AF_INET6);
}

int ph_http_take_over(int fd, unsigned *port, char *why, size_t why_size)
{
    const int on = 1;
    const int flags = fcntl(fd, F_GETFL);

    if (flags < 0 || !listens(fd)) {
        snprintf(why, why_size,
                 "descriptor %d is not a TCP socket that listens (in a unit:"
                 " ListenStream= with an address and Accept=no)",
                 fd);
        return -1;
    }
    if (fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0 || fcntl(fd, F_SETFD, FD_CLOEXEC) != 0 ||
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) != 0) {
        snprintf(why, why_size, "cannot use descriptor %d: %s", fd, strerror(errno));
        return -1;
    }
    *port = port_of(fd);
    return fd;
}
