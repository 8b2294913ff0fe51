/* The bytes that an authenticator signs: looked at before the library takes them apart. */
#include "crypto/hash.h"
#include "passkey/internal.h"

/* Hash of the party, flags, count; then, in a new credential, AAGUID and a length before the id. */
enum { FLAGS_AT = 32, HEAD_BYTES = 37, AAGUID_BYTES = 16, KEY_INCLUDED = 0x40 };

/* What follows is CBOR: the key and the extensions. */
static bool skip_id(struct ph_str *rest)
{
    const struct ph_str head = ph_str_take(rest, AAGUID_BYTES + 2);
    size_t id_bytes;

    if (head.n < AAGUID_BYTES + 2) {
        return false;
    }
    id_bytes = (size_t)head.p[AAGUID_BYTES] << 8 | head.p[AAGUID_BYTES + 1];
    return ph_str_take(rest, id_bytes).n == id_bytes;
}

static bool is_whole(struct ph_str data)
{
    struct ph_str rest = data;

    if (ph_str_take(&rest, HEAD_BYTES).n < HEAD_BYTES) {
        return false;
    }
    return ((data.p[FLAGS_AT] & KEY_INCLUDED) == 0 || skip_id(&rest)) &&
           ph_cbor_claims_are_true(rest);
}

enum ph_webauthn_verdict ph_authenticator_data_check(struct ph_str data, struct ph_str party_id)
{
    struct ph_digest wanted;

    if (!is_whole(data)) {
        return PH_WEBAUTHN_MALFORMED;
    }
    PH_SHA256(&wanted, party_id);
    return ph_str_eq(ph_str_take(&data, sizeof wanted.bytes), ph_digest_str(&wanted))
               ? PH_WEBAUTHN_RIGHT
               : PH_WEBAUTHN_OTHER_PARTY;
}
