/* Conditions of policies: the operators and keys we know, and what they ask of a request. */
#include "protocol/policy_internal.h"

#include <arpa/inet.h>
#include <string.h>

enum { V4_IN_V6_BITS = 96, ADDRESS_BITS = 128, ADDRESS_BYTES = 16, ADDRESS_TEXT_MAX = 64 };

enum kind { KIND_ADDRESS, KIND_TEXT, KIND_BOOL };

/* --- addresses --- */

/* IPv4 in its IPv6 form, ::ffff:192.0.2.1, as an IPv6 socket shows it. */
struct network {
    uint8_t bytes[ADDRESS_BYTES];
    int64_t bits; /* that count; ADDRESS_BITS for a single address */
};

static bool parse_address(struct ph_str text, struct network *out)
{
    static const uint8_t mapped[] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };
    char terminated[ADDRESS_TEXT_MAX] = "";

    if (text.n == 0 || text.n >= sizeof terminated || memchr(text.p, '\0', text.n) != NULL) {
        return false;
    }
    memcpy(terminated, text.p, text.n);
    out->bits = ADDRESS_BITS;
    if (inet_pton(AF_INET6, terminated, out->bytes) == 1) {
        return true;
    }
    memcpy(out->bytes, mapped, sizeof mapped);
    return inet_pton(AF_INET, terminated, out->bytes + sizeof mapped) == 1;
}

/* "192.0.2.0/24", "2001:db8::/32", or one address. */
static bool parse_network(struct ph_str text, struct network *out)
{
    struct ph_str address, bits;
    const bool with_bits = ph_str_cut(text, '/', &address, &bits);
    const int64_t offset = ph_str_has_byte(address, ':') ? 0 : V4_IN_V6_BITS;

    if (!parse_address(address, out)) {
        return false;
    }
    if (with_bits) {
        if (!ph_str_to_int(bits, 0, ADDRESS_BITS - offset, &out->bits)) {
            return false;
        }
        out->bits += offset;
    }
    return true;
}

static bool is_v4(const struct network *n)
{
    struct network v4;

    return n->bits >= V4_IN_V6_BITS && parse_address(PH_STR("0.0.0.0"), &v4) &&
           memcmp(n->bytes, v4.bytes, V4_IN_V6_BITS / 8) == 0;
}

/* ::/0 is all of IPv6, and nothing of IPv4. */
static bool is_inside(const struct network *address, const struct network *network)
{
    const size_t whole = (size_t)network->bits / 8;
    const unsigned rest = (unsigned)network->bits % 8;
    const unsigned mask = (0xffU << (8 - rest)) & 0xffU;

    return is_v4(address) == is_v4(network) && memcmp(address->bytes, network->bytes, whole) == 0 &&
           (rest == 0 || ((unsigned)(address->bytes[whole] ^ network->bytes[whole]) & mask) == 0);
}

/* --- single values --- */

static bool address_is_in(struct ph_str address, struct ph_str network)
{
    struct network a, n;

    return parse_address(address, &a) && parse_network(network, &n) && is_inside(&a, &n);
}

static bool text_is(struct ph_str text, struct ph_str wanted)
{
    return ph_str_eq(text, wanted);
}

static bool text_is_like(struct ph_str text, struct ph_str pattern)
{
    return ph_policy_glob(pattern, text);
}

struct comparison {
    const char *name;
    enum kind kind;
    bool negated; /* holds when no value matches */
    bool (*matches)(struct ph_str fact, struct ph_str value);
};

static const struct comparison COMPARISONS[] = {
    { "IpAddress", KIND_ADDRESS, false, address_is_in },
    { "NotIpAddress", KIND_ADDRESS, true, address_is_in },
    { "StringEquals", KIND_TEXT, false, text_is },
    { "StringNotEquals", KIND_TEXT, true, text_is },
    { "StringLike", KIND_TEXT, false, text_is_like },
    { "StringNotLike", KIND_TEXT, true, text_is_like },
    { "Bool", KIND_BOOL, false, ph_str_eq_nocase },
};

/* Facts that are not known are absent. */
static struct ph_str source_ip(const struct ph_policy_request *request)
{
    struct network address;
    struct ph_str text;

    ph_str_cut(request->source_ip, '%', &text, NULL); /* the zone of a link-local address */
    return parse_address(text, &address) ? text : (struct ph_str){ 0 };
}

static struct ph_str requested_region(const struct ph_policy_request *request)
{
    return request->region;
}

static struct ph_str secure_transport(const struct ph_policy_request *request)
{
    switch (request->transport) {
    case PH_TRANSPORT_TLS:
        return PH_STR("true");
    case PH_TRANSPORT_PLAIN:
        return PH_STR("false");
    case PH_TRANSPORT_UNKNOWN:
        break;
    }
    return (struct ph_str){ 0 };
}

struct key {
    const char *name;
    enum kind kind;
    struct ph_str (*fact)(const struct ph_policy_request *request);
};

static const struct key KEYS[] = {
    { "aws:SourceIp", KIND_ADDRESS, source_ip },
    { "aws:RequestedRegion", KIND_TEXT, requested_region },
    { "aws:SecureTransport", KIND_BOOL, secure_transport },
};

/* --- pairs of an operator and a key --- */

static const struct comparison *find_comparison(struct ph_str name)
{
    for (size_t i = 0; i < sizeof COMPARISONS / sizeof COMPARISONS[0]; i++) {
        if (ph_str_eq(name, ph_str_from(COMPARISONS[i].name))) {
            return &COMPARISONS[i];
        }
    }
    return NULL;
}

static const struct key *find_key(struct ph_str name)
{
    for (size_t i = 0; i < sizeof KEYS / sizeof KEYS[0]; i++) {
        if (ph_str_eq_nocase(name, ph_str_from(KEYS[i].name))) {
            return &KEYS[i];
        }
    }
    return NULL;
}

struct pair {
    const struct comparison *comparison;
    const struct key *key;
};

/* False when we do not know both, or the operator does not fit the key. */
static bool find_pair(struct ph_str operation, struct ph_str key, struct pair *out)
{
    const struct pair found = { find_comparison(operation), find_key(key) };

    if (found.comparison == NULL || found.key == NULL ||
        found.comparison->kind != found.key->kind) {
        return false;
    }
    *out = found;
    return true;
}

bool ph_policy_knows_condition(struct ph_str operation, struct ph_str key)
{
    struct pair pair;

    return find_pair(operation, key, &pair);
}

/* Bool may be written without quotes. */
static struct ph_str text_of(const struct json_t *value)
{
    switch (ph_json_kind(value)) {
    case PH_JSON_TRUE:
        return PH_STR("true");
    case PH_JSON_FALSE:
        return PH_STR("false");
    case PH_JSON_STRING:
        return ph_json_str(value);
    case PH_JSON_NULL:
    case PH_JSON_OBJECT:
    case PH_JSON_ARRAY:
    case PH_JSON_INTEGER:
    case PH_JSON_REAL:
        break;
    }
    return (struct ph_str){ 0 };
}

const char *ph_policy_check_value(struct ph_str operation, struct ph_str key,
                                  const struct json_t *value)
{
    const struct ph_str text = text_of(value);
    struct network network;
    struct pair pair;

    if (!find_pair(operation, key, &pair)) {
        return NULL;
    }
    switch (pair.key->kind) {
    case KIND_ADDRESS:
        return parse_network(text, &network) ? NULL : "not an address or a network (CIDR)";
    case KIND_BOOL:
        return ph_str_eq_nocase(text, PH_STR("true")) || ph_str_eq_nocase(text, PH_STR("false"))
                   ? NULL
                   : "neither true nor false";
    case KIND_TEXT:
        break;
    }
    if (ph_str_contains(text, PH_STR("${"))) {
        return PH_POLICY_NO_VARIABLES;
    }
    return text.n > 0 ? NULL : "not a text";
}

static enum ph_truth holds(const struct pair *pair, const struct json_t *values,
                           const struct ph_policy_request *request)
{
    const struct ph_str fact = pair->key->fact(request);
    const struct json_t *value;
    bool matched = false;

    if (fact.n == 0) {
        return PH_UNDECIDED;
    }
    for (size_t i = 0; (value = ph_policy_at(values, i)) != NULL; i++) {
        matched = matched || pair->comparison->matches(fact, text_of(value));
    }
    return matched != pair->comparison->negated ? PH_TRUE : PH_FALSE;
}

/* One that fails settles it, whatever the undecided ones would say. */
static enum ph_truth both(enum ph_truth a, enum ph_truth b)
{
    if (a == PH_FALSE || b == PH_FALSE) {
        return PH_FALSE;
    }
    return a == PH_UNDECIDED || b == PH_UNDECIDED ? PH_UNDECIDED : PH_TRUE;
}

static enum ph_truth all_keys_hold(struct ph_str operation, const struct json_t *keys,
                                   const struct ph_policy_request *request)
{
    enum ph_truth truth = PH_TRUE;

    for (void *i = ph_json_first(keys); i != NULL; i = ph_json_next(keys, i)) {
        struct pair pair;
        const bool known = find_pair(operation, ph_json_key(i), &pair);

        truth = both(truth, known ? holds(&pair, ph_json_member(i), request) : PH_UNDECIDED);
    }
    return truth;
}

enum ph_truth ph_policy_condition(const struct json_t *condition,
                                  const struct ph_policy_request *request)
{
    enum ph_truth truth = PH_TRUE;

    if (condition == NULL) {
        return PH_TRUE;
    }
    for (void *i = ph_json_first(condition); i != NULL; i = ph_json_next(condition, i)) {
        truth = both(truth, all_keys_hold(ph_json_key(i), ph_json_member(i), request));
    }
    return truth;
}
