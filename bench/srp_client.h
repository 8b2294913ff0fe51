/*
 * The client's half of SRP for the load generator, by OpenSSL's general functions: independent of
 * the server's arithmetic, and no faster than an ordinary client.
 */
#ifndef BENCH_SRP_CLIENT_H
#define BENCH_SRP_CLIENT_H

#include <stdbool.h>
#include <stddef.h>

struct srp_client;

struct srp_challenge {
    const char *pool; /* the part of the pool id after '_' */
    const char *user;
    const char *password;
    const char *salt;  /* hex */
    const char *b;     /* hex */
    const char *block; /* base64 */
};

struct srp_client *srp_client_create(void);
void srp_client_destroy(struct srp_client *c);

/* SRP_A, hex; lives as long as the client. */
const char *srp_client_a(const struct srp_client *c);

/* What a device registers: g^x and its salt, both base64 and terminated; b and block are not used.
 */
void srp_client_verifier(struct srp_client *c, const struct srp_challenge *identity, char *verifier,
                         size_t verifier_size, char *salt, size_t salt_size);

/* Now, in the form of TIMESTAMP; valid in this thread until the next call. */
const char *srp_timestamp(void);

/* PASSWORD_CLAIM_SIGNATURE, base64 and terminated. */
bool srp_client_sign(struct srp_client *c, const struct srp_challenge *challenge,
                     const char *timestamp, char *signature, size_t size);

#endif
