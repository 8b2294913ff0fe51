/* Sign-ins that go on after the password: a code of an authenticator, a device, a custom answer. */
#include <inttypes.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "load.h"
#include "srp_client.h"

enum { PERIOD = 30, SECRET_MAX = 64, TOTP_USERS_MAX = 4096 };

/* ---- TOTP: each code can be used once, so each user signs in twice: with this code, and the next
 */

struct totp_user {
    uint64_t number;
    uint8_t secret[SECRET_MAX];
    size_t secret_n;
    uint64_t last; /* the step of the last code */
};

struct totp {
    size_t count, next;
    struct totp_user users[];
};

static size_t base32(const char *text, uint8_t out[SECRET_MAX])
{
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    uint32_t bits = 0;
    unsigned waiting = 0;
    size_t n = 0;

    for (; *text != '\0' && *text != '=' && n < SECRET_MAX; text++) {
        const char *at = strchr(alphabet, *text);

        if (at == NULL) {
            return 0;
        }
        bits = bits << 5 | (uint32_t)(at - alphabet);
        waiting += 5;
        if (waiting >= 8) {
            waiting -= 8;
            out[n++] = (uint8_t)(bits >> waiting);
        }
    }
    return n;
}

/* RFC 6238 */
static unsigned code_of(const struct totp_user *user, uint64_t step)
{
    uint8_t counter[8], mac[EVP_MAX_MD_SIZE];
    unsigned n = 0;

    for (int i = 0; i < 8; i++) {
        counter[i] = (uint8_t)(step >> (56 - 8 * i));
    }
    HMAC(EVP_sha1(), user->secret, (int)user->secret_n, counter, sizeof counter, mac, &n);
    const uint8_t *at = mac + (mac[n - 1] & 15);

    return (((unsigned)at[0] & 0x7f) << 24 | (unsigned)at[1] << 16 | (unsigned)at[2] << 8 | at[3]) %
           1000000;
}

static uint64_t step_now(void)
{
    return (uint64_t)time(NULL) / PERIOD;
}

static bool password_sign_in(struct connection *c, uint64_t number, const char *device_key)
{
    const struct options *o = c->options;
    char body[BODY_MAX];

    snprintf(body, sizeof body,
             "{\"ClientId\":\"%s\",\"AuthFlow\":\"USER_PASSWORD_AUTH\",\"AuthParameters\":{"
             "\"USERNAME\":\"user%" PRIu64 "\",\"PASSWORD\":\"%s\"%s%s%s}}",
             o->client, number, o->password, device_key != NULL ? ",\"DEVICE_KEY\":\"" : "",
             device_key != NULL ? device_key : "", device_key != NULL ? "\"" : "");
    return load_call(c, "InitiateAuth", body);
}

/* A code of the step before must still be good when it arrives. */
static void avoid_end_of_step(void)
{
    while (time(NULL) % PERIOD >= PERIOD - 3) {
        nanosleep(&(struct timespec){ .tv_nsec = 100 * 1000 * 1000 }, NULL);
    }
}

/* A user with an authenticator, whose code of the step before has been used. */
static bool totp_register(struct connection *c, struct totp_user *user)
{
    char token[4096], secret[128], body[BODY_MAX];

    user->number = load_next_number(c);
    if (!load_make_user(c, user->number) || !password_sign_in(c, user->number, NULL) ||
        !load_member(c, "AccessToken", token, sizeof token)) {
        return false;
    }
    snprintf(body, sizeof body, "{\"AccessToken\":\"%s\"}", token);
    if (!load_call(c, "AssociateSoftwareToken", body) ||
        !load_member(c, "SecretCode", secret, sizeof secret)) {
        return false;
    }
    user->secret_n = base32(secret, user->secret);
    avoid_end_of_step();
    user->last = step_now() - 1;
    snprintf(body, sizeof body, "{\"AccessToken\":\"%s\",\"UserCode\":\"%06u\"}", token,
             code_of(user, user->last));
    if (!load_call(c, "VerifySoftwareToken", body)) {
        return false;
    }
    snprintf(body, sizeof body,
             "{\"AccessToken\":\"%s\",\"SoftwareTokenMfaSettings\":{\"Enabled\":true,"
             "\"PreferredMfa\":true}}",
             token);
    return load_call(c, "SetUserMFAPreference", body);
}

/* --users of them in all. */
bool load_totp_prepare(struct connection *c)
{
    const size_t count = c->options->users / c->options->connections;
    struct totp *totp;

    if (count == 0 || count > TOTP_USERS_MAX) {
        fprintf(stderr, "load: --users must give each connection 1 to %d users\n", TOTP_USERS_MAX);
        return false;
    }
    totp = calloc(1, sizeof *totp + count * sizeof totp->users[0]);
    if (totp == NULL) {
        return false;
    }
    totp->count = count;
    c->prepared = totp;
    for (size_t i = 0; i < count; i++) {
        if (!totp_register(c, &totp->users[i])) {
            return false;
        }
    }
    return true;
}

bool load_totp_run(struct connection *c)
{
    struct totp *totp = c->prepared;
    struct totp_user *user = &totp->users[totp->next % totp->count];
    const uint64_t now = step_now();
    char session[8192], body[BODY_MAX];

    user->last = user->last + 1 > now ? user->last + 1 : now; /* within a step of the clock */
    totp->next++;
    c->exhausted = totp->next == 2 * totp->count;
    if (!password_sign_in(c, user->number, NULL) ||
        !load_member(c, "Session", session, sizeof session)) {
        return false;
    }
    snprintf(body, sizeof body,
             "{\"ClientId\":\"%s\",\"ChallengeName\":\"SOFTWARE_TOKEN_MFA\",\"Session\":\"%s\","
             "\"ChallengeResponses\":{\"USERNAME\":\"user%" PRIu64
             "\",\"SOFTWARE_TOKEN_MFA_CODE\":\"%06u\"}}",
             c->options->client, session, user->number, code_of(user, user->last));
    return load_call(c, "RespondToAuthChallenge", body);
}

/* ---- a remembered device proves itself after the password; one for each connection ---- */

struct device {
    uint64_t number;
    char key[128];
    char group[64];
};

static const char DEVICE_PASSWORD[] = "the device's own secret";
static const char DEVICE_SALT[] = "5d8f00c1a9b27e64";

bool load_device_prepare(struct connection *c)
{
    struct device *device = calloc(1, sizeof *device);
    struct srp_client *srp = srp_client_create();
    char token[4096], verifier[1024], salt[64], body[BODY_MAX];
    bool ok;

    if (device == NULL) {
        return false;
    }
    c->prepared = device;
    device->number = load_next_number(c);
    ok = load_make_user(c, device->number) && password_sign_in(c, device->number, NULL) &&
         load_member(c, "AccessToken", token, sizeof token) &&
         load_member(c, "DeviceKey", device->key, sizeof device->key) &&
         load_member(c, "DeviceGroupKey", device->group, sizeof device->group);
    if (ok) {
        const struct srp_challenge identity = { .pool = device->group,
                                                .user = device->key,
                                                .password = DEVICE_PASSWORD,
                                                .salt = DEVICE_SALT };

        srp_client_verifier(srp, &identity, verifier, sizeof verifier, salt, sizeof salt);
        snprintf(body, sizeof body,
                 "{\"AccessToken\":\"%s\",\"DeviceKey\":\"%s\",\"DeviceSecretVerifierConfig\":{"
                 "\"PasswordVerifier\":\"%s\",\"Salt\":\"%s\"}}",
                 token, device->key, verifier, salt);
        ok = load_call(c, "ConfirmDevice", body);
    }
    srp_client_destroy(srp);
    return ok;
}

static bool device_start(struct connection *c, const struct device *device, const char *a)
{
    char session[8192], body[BODY_MAX];

    if (!password_sign_in(c, device->number, device->key) ||
        !load_member(c, "Session", session, sizeof session)) {
        return false;
    }
    snprintf(body, sizeof body,
             "{\"ClientId\":\"%s\",\"ChallengeName\":\"DEVICE_SRP_AUTH\",\"Session\":\"%s\","
             "\"ChallengeResponses\":{\"USERNAME\":\"user%" PRIu64
             "\",\"DEVICE_KEY\":\"%s\",\"SRP_A\":\"%s\"}}",
             c->options->client, session, device->number, device->key, a);
    return load_call(c, "RespondToAuthChallenge", body);
}

static bool device_prove(struct connection *c, const struct device *device, struct srp_client *srp)
{
    char salt[64], b[1024], block[8192], signature[64], body[BODY_MAX];
    const char *stamp = srp_timestamp();

    if (!load_member(c, "SALT", salt, sizeof salt) || !load_member(c, "SRP_B", b, sizeof b) ||
        !load_member(c, "SECRET_BLOCK", block, sizeof block)) {
        return false;
    }
    const struct srp_challenge challenge = {
        .pool = device->group,
        .user = device->key,
        .password = DEVICE_PASSWORD,
        .salt = salt,
        .b = b,
        .block = block,
    };

    if (!srp_client_sign(srp, &challenge, stamp, signature, sizeof signature)) {
        return false;
    }
    snprintf(body, sizeof body,
             "{\"ClientId\":\"%s\",\"ChallengeName\":\"DEVICE_PASSWORD_VERIFIER\","
             "\"ChallengeResponses\":{\"USERNAME\":\"user%" PRIu64 "\",\"DEVICE_KEY\":\"%s\","
             "\"TIMESTAMP\":\"%s\",\"PASSWORD_CLAIM_SECRET_BLOCK\":\"%s\","
             "\"PASSWORD_CLAIM_SIGNATURE\":\"%s\"}}",
             c->options->client, device->number, device->key, stamp, block, signature);
    return load_call(c, "RespondToAuthChallenge", body);
}

bool load_device_run(struct connection *c)
{
    const struct device *device = c->prepared;
    struct srp_client *srp = srp_client_create();
    const bool ok = device_start(c, device, srp_client_a(srp)) && device_prove(c, device, srp);

    srp_client_destroy(srp);
    return ok;
}

/* ---- CUSTOM_AUTH: the trigger asks once and takes "yes" ---- */

bool load_custom_run(struct connection *c)
{
    const uint64_t number = load_next_number(c) % c->options->users;
    char session[8192], body[BODY_MAX];

    snprintf(body, sizeof body,
             "{\"ClientId\":\"%s\",\"AuthFlow\":\"CUSTOM_AUTH\",\"AuthParameters\":{"
             "\"USERNAME\":\"user%" PRIu64 "\"}}",
             c->options->client, number);
    if (!load_call(c, "InitiateAuth", body) ||
        !load_member(c, "Session", session, sizeof session)) {
        return false;
    }
    snprintf(body, sizeof body,
             "{\"ClientId\":\"%s\",\"ChallengeName\":\"CUSTOM_CHALLENGE\",\"Session\":\"%s\","
             "\"ChallengeResponses\":{\"USERNAME\":\"user%" PRIu64 "\",\"ANSWER\":\"yes\"}}",
             c->options->client, session, number);
    return load_call(c, "RespondToAuthChallenge", body);
}
