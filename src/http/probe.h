/* Who is at an address where we would listen? For `poolhouse doctor`. */
#ifndef PH_HTTP_PROBE_H
#define PH_HTTP_PROBE_H

#include "util/str.h"

struct ph_http_probe {
    bool free;     /* one could listen there */
    int status;    /* of the answer to GET path; 0: nobody speaks HTTP there */
    char why[128]; /* one cannot listen; empty when free */
};

/* Takes the address for a moment; when that fails, asks whoever has it. Two seconds at most. */
void ph_http_probe(struct ph_str address, const char *path, struct ph_http_probe *probe);

#endif
