#include "crypto/totp.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>

enum { SHA1_BYTES = 20, CODES = 1000000 };

int64_t ph_totp_step(int64_t epoch_s)
{
    return epoch_s / PH_TOTP_PERIOD_S;
}

static void hmac_sha1(struct ph_str key, struct ph_str data, uint8_t mac[SHA1_BYTES])
{
    size_t n = 0;

    if (EVP_Q_mac(NULL, "HMAC", NULL, "SHA1", NULL, key.p, key.n, data.p, data.n, mac, SHA1_BYTES,
                  &n) == NULL ||
        n != SHA1_BYTES) {
        ph_fatal("HMAC-SHA-1 failed");
    }
}

/* RFC 4226, 5.3: 31 bits from where the last four bits say. */
struct ph_str ph_totp_code(struct ph_arena *arena, struct ph_str secret, int64_t step)
{
    uint8_t counter[8], mac[SHA1_BYTES];
    const uint8_t *at;
    uint32_t number;

    for (size_t i = 0; i < sizeof counter; i++) {
        counter[i] = (uint8_t)((uint64_t)step >> (56 - 8 * i));
    }
    hmac_sha1(secret, (struct ph_str){ counter, sizeof counter }, mac);
    at = mac + (mac[SHA1_BYTES - 1] & 15);
    number = (uint32_t)(at[0] & 127) << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
    OPENSSL_cleanse(mac, sizeof mac);
    return ph_strf(arena, "%0*u", PH_TOTP_DIGITS, (unsigned)(number % CODES));
}
