#include "http/probe.h"

#include "http/internal.h"

#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

enum { STATUS_LINE_MAX = 64 };

static int connect_to(struct ph_str address)
{
    const struct timeval patience = { .tv_sec = 1 };
    char why[128];
    PH_AUTO(ph_http_addresses_free)
    struct addrinfo *found = ph_http_resolve(address, 0, why, sizeof why);
    int fd;

    if (found == NULL) {
        return -1;
    }
    fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return -1;
    }
    (void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    if (connect(fd, found->ai_addr, found->ai_addrlen) != 0) {
        close(fd);
        return -1;
    }
    return fd;
}

/* "HTTP/1.1 200 OK" */
static int status_in(struct ph_str line)
{
    struct ph_str version, rest;
    int64_t status = 0;

    ph_str_cut(line, ' ', &version, &rest);
    if (!ph_str_starts(version, PH_STR("HTTP/1.")) ||
        !ph_str_to_int(ph_str_take(&rest, 3), 100, 999, &status)) {
        return 0;
    }
    return (int)status;
}

static int ask(struct ph_str address, const char *path)
{
    char text[STATUS_LINE_MAX + 64];
    const int fd = connect_to(address);
    ssize_t n = -1;

    if (fd < 0) {
        return 0;
    }
    snprintf(text, sizeof text, "GET %s HTTP/1.0\r\nHost: localhost\r\n\r\n", path);
    if (send(fd, text, strlen(text), MSG_NOSIGNAL) > 0) {
        n = recv(fd, text, STATUS_LINE_MAX, MSG_WAITALL);
    }
    close(fd);
    return n > 0 ? status_in((struct ph_str){ (const uint8_t *)text, (size_t)n }) : 0;
}

void ph_http_probe(struct ph_str address, const char *path, struct ph_http_probe *probe)
{
    unsigned port;
    int fd;

    *probe = (struct ph_http_probe){ 0 };
    fd = ph_http_listen(address, &port, probe->why, sizeof probe->why);
    if (fd >= 0) {
        close(fd);
        probe->free = true;
        return;
    }
    probe->status = ask(address, path);
}
