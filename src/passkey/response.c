/* What browsers' toJSON() makes of a credential, and the client data inside it. */
#include "passkey/webauthn.h"
#include "util/encode.h"

enum { TRANSPORTS_MAX = 8, TRANSPORT_CHARS = 32 };

/* An absent member stays absent; one that is not base64url fails. */
static bool read_bytes(struct ph_arena *arena, const struct json_t *object, const char *name,
                       struct ph_str *bytes)
{
    const struct json_t *value = ph_json_get(object, name);

    if (value == NULL) {
        return true;
    }
    return ph_json_kind(value) == PH_JSON_STRING &&
           ph_base64url_decode(arena, ph_json_str(value), bytes);
}

static struct ph_str read_attachment(const struct json_t *credential)
{
    const struct ph_str given = ph_json_get_str(credential, "authenticatorAttachment");
    const bool is_known =
        ph_str_eq(given, PH_STR("platform")) || ph_str_eq(given, PH_STR("cross-platform"));

    return is_known ? given : (struct ph_str){ 0 };
}

/* Hints for the browser: what is not short is left out. */
static struct ph_str read_transports(struct ph_arena *arena, const struct json_t *given)
{
    struct json_t *kept = ph_json_array(arena);

    for (size_t i = 0; i < ph_json_length(given) && i < TRANSPORTS_MAX; i++) {
        const struct ph_str name = ph_json_str(ph_json_at(given, i));

        if (name.n > 0 && name.n <= TRANSPORT_CHARS) {
            ph_json_append(arena, kept, ph_json_new_str(arena, name));
        }
    }
    return ph_json_text(arena, kept, PH_JSON_INSERTION);
}

bool ph_webauthn_read(struct ph_arena *arena, const struct json_t *credential,
                      struct ph_webauthn_response *out)
{
    const struct json_t *response = ph_json_get(credential, "response");
    struct ph_webauthn_response read = { .attachment = read_attachment(credential) };

    if (!ph_str_eq(ph_json_get_str(credential, "type"), PH_STR("public-key")) ||
        !read_bytes(arena, credential, "id", &read.id) ||
        !read_bytes(arena, response, "clientDataJSON", &read.client_data) ||
        !read_bytes(arena, response, "attestationObject", &read.attestation_object) ||
        !read_bytes(arena, response, "authenticatorData", &read.authenticator_data) ||
        !read_bytes(arena, response, "signature", &read.signature) ||
        !read_bytes(arena, response, "userHandle", &read.user_handle) || read.id.n == 0 ||
        read.client_data.n == 0) {
        return false;
    }
    read.transports = read_transports(arena, ph_json_get(response, "transports"));
    *out = read;
    return true;
}

bool ph_client_data_read(struct ph_arena *arena, struct ph_str bytes,
                         struct ph_client_data *client_data)
{
    const struct json_t *json = ph_json_parse(arena, bytes);

    if (ph_json_kind(json) != PH_JSON_OBJECT) {
        return false;
    }
    *client_data = (struct ph_client_data){
        .type = ph_json_get_str(json, "type"),
        .challenge = ph_json_get_str(json, "challenge"),
        .origin = ph_json_get_str(json, "origin"),
    };
    return true;
}

static bool is_at_or_below(struct ph_str host, struct ph_str domain)
{
    const size_t more = host.n - domain.n;

    if (host.n < domain.n || domain.n == 0 || !ph_str_eq_nocase(ph_str_skip(host, more), domain)) {
        return false;
    }
    return more == 0 || (more > 1 && host.p[more - 1] == '.');
}

bool ph_origin_is_of(struct ph_str origin, struct ph_str relying_party)
{
    const struct ph_str secure = PH_STR("https://"), plain = PH_STR("http://");
    const bool is_secure = ph_str_starts(origin, secure);
    struct ph_str host, port;
    int64_t number;

    if (!is_secure && !ph_str_starts(origin, plain)) {
        return false;
    }
    origin = ph_str_skip(origin, is_secure ? secure.n : plain.n);
    if (ph_str_cut(origin, ':', &host, &port) && !ph_str_to_int(port, 1, 65535, &number)) {
        return false;
    }
    return is_at_or_below(host, relying_party) &&
           (is_secure || is_at_or_below(host, PH_STR("localhost")));
}
