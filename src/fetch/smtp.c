#include "fetch/smtp.h"

#include "util/clock.h"
#include "util/memory.h"

#include <curl/curl.h>

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define IDLE_NS ((int64_t)5 * 1000000000)

enum { OPTION_MAX = 512, TEXT_WITH_ZERO = 1 };

/* How far the conversation has come: what the relay last was told. */
enum step { STEP_GREETING, STEP_MAIL, STEP_RCPT, STEP_DATA, STEP_TEXT };

struct ph_smtp {
    CURL *curl;
    const atomic_bool *stop;
    int64_t used_ns; /* when the last conversation ended */
    enum step step;
    struct ph_str unread; /* of the message's text */
};

/* --- what libcurl asks back --- */

static size_t read_text(char *to, size_t size, size_t count, void *self)
{
    struct ph_smtp *smtp = self;
    const struct ph_str piece = ph_str_take(&smtp->unread, size * count);

    if (piece.n > 0) {
        memcpy(to, piece.p, piece.n);
    }
    return piece.n;
}

static int is_stopped(void *self, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
    const struct ph_smtp *smtp = self;

    (void)a;
    (void)b;
    (void)c;
    (void)d;
    return atomic_load(smtp->stop) ? 1 : 0;
}

/* The commands as they go out; which one was answered with an error says what it means. */
static int watch(CURL *curl, curl_infotype type, char *data, size_t size, void *self)
{
    static const struct {
        struct ph_str verb;
        enum step step;
    } STEPS[] = {
        { PH_STR_INIT("MAIL "), STEP_MAIL },
        { PH_STR_INIT("RCPT "), STEP_RCPT },
        { PH_STR_INIT("DATA"), STEP_DATA },
    };
    const struct ph_str line = { (const uint8_t *)data, size };
    struct ph_smtp *smtp = self;

    (void)curl;
    if (type == CURLINFO_DATA_OUT) {
        smtp->step = STEP_TEXT;
    }
    for (size_t i = 0; type == CURLINFO_HEADER_OUT && i < sizeof STEPS / sizeof STEPS[0]; i++) {
        if (ph_str_starts(line, STEPS[i].verb)) {
            smtp->step = STEPS[i].step;
        }
    }
    return 0;
}

/* libcurl would say QUIT and wait for the answer, up to minutes. */
static void hang_up(struct ph_smtp *smtp)
{
    curl_socket_t fd = CURL_SOCKET_BAD;

    if (curl_easy_getinfo(smtp->curl, CURLINFO_ACTIVESOCKET, &fd) == CURLE_OK &&
        fd != CURL_SOCKET_BAD) {
        (void)shutdown(fd, SHUT_RDWR);
    }
}

/* --- what is the same for all messages --- */

/* libcurl copies the text. */
static void set_text(CURL *curl, CURLoption option, struct ph_str value)
{
    char text[OPTION_MAX + TEXT_WITH_ZERO];
    const size_t n = value.n < OPTION_MAX ? value.n : OPTION_MAX;

    if (value.n > 0) {
        memcpy(text, value.p, n);
        text[n] = '\0';
        curl_easy_setopt(curl, option, text);
        explicit_bzero(text, sizeof text);
    }
}

static long tls_level(enum ph_starttls starttls)
{
    static const long LEVELS[] = {
        [PH_STARTTLS_REQUIRED] = CURLUSESSL_ALL,
        [PH_STARTTLS_ALLOWED] = CURLUSESSL_TRY,
        [PH_STARTTLS_OFF] = CURLUSESSL_NONE,
    };

    return LEVELS[starttls];
}

static void configure(struct ph_smtp *smtp, const struct ph_mail_settings *settings)
{
    CURL *curl = smtp->curl;

    set_text(curl, CURLOPT_URL, settings->relay);
    set_text(curl, CURLOPT_USERNAME, settings->user);
    set_text(curl, CURLOPT_PASSWORD, settings->password);
    set_text(curl, CURLOPT_CAINFO, settings->ca);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
    curl_easy_setopt(curl, CURLOPT_PROXY, ""); /* none, whatever the environment says */
    curl_easy_setopt(curl, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    curl_easy_setopt(curl, CURLOPT_USE_SSL, tls_level(settings->starttls));
    curl_easy_setopt(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)settings->timeout_ms);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, (long)settings->timeout_ms);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_QUICK_EXIT, 1L);
    curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, is_stopped);
    curl_easy_setopt(curl, CURLOPT_XFERINFODATA, smtp);
    curl_easy_setopt(curl, CURLOPT_VERBOSE, 1L);
    curl_easy_setopt(curl, CURLOPT_DEBUGFUNCTION, watch);
    curl_easy_setopt(curl, CURLOPT_DEBUGDATA, smtp);
    curl_easy_setopt(curl, CURLOPT_READFUNCTION, read_text);
    curl_easy_setopt(curl, CURLOPT_READDATA, smtp);
}

struct ph_smtp *ph_smtp_create(const struct ph_mail_settings *settings, const atomic_bool *stop)
{
    struct ph_smtp *smtp = ph_heap_zeroed(1, sizeof *smtp);

    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK ||
        (smtp->curl = curl_easy_init()) == NULL) {
        ph_fatal("out of memory");
    }
    smtp->stop = stop;
    configure(smtp, settings);
    return smtp;
}

void ph_smtp_destroy(struct ph_smtp *smtp)
{
    if (smtp != NULL) {
        hang_up(smtp);
        curl_easy_cleanup(smtp->curl);
        curl_global_cleanup();
        free(smtp);
    }
}

/* --- one message --- */

/*
 * 421 says goodbye at any step. An error before MAIL is the relay's or the configuration's; one at
 * MAIL is the sender's, which an operator can mend; a final one after it is the message's own. One
 * message must not stop the others: only what is surely the relay's counts as that.
 */
static enum ph_smtp_result judge(const struct ph_smtp *smtp, CURLcode result, long code)
{
    if (result == CURLE_OK) {
        return PH_SMTP_TAKEN;
    }
    if (code == 421) {
        return PH_SMTP_NO_RELAY;
    }
    if (smtp->step == STEP_GREETING) { /* a domain that cannot be written in ASCII is no URL */
        return result == CURLE_URL_MALFORMAT ? PH_SMTP_LATER : PH_SMTP_NO_RELAY;
    }
    return smtp->step > STEP_MAIL && code >= 500 ? PH_SMTP_REFUSED : PH_SMTP_LATER;
}

static enum ph_smtp_result perform(struct ph_smtp *smtp, struct ph_smtp_reply *reply)
{
    CURLcode result;
    long code = 0;

    smtp->step = STEP_GREETING;
    if (ph_monotonic_ns() - smtp->used_ns > IDLE_NS) {
        hang_up(smtp); /* the relay may have gone meanwhile */
    }
    result = curl_easy_perform(smtp->curl);
    smtp->used_ns = ph_monotonic_ns();
    (void)curl_easy_getinfo(smtp->curl, CURLINFO_RESPONSE_CODE, &code);
    *reply = (struct ph_smtp_reply){
        .code = (int)code,
        .why = result == CURLE_OK ? "" : curl_easy_strerror(result),
    };
    return judge(smtp, result, code);
}

enum ph_smtp_result ph_smtp_send(struct ph_smtp *smtp, struct ph_str from, struct ph_str to,
                                 struct ph_str text, struct ph_smtp_reply *reply)
{
    char recipient[OPTION_MAX];
    struct curl_slist *recipients;
    enum ph_smtp_result result;

    snprintf(recipient, sizeof recipient, "%.*s", PH_FMT(to));
    recipients = curl_slist_append(NULL, recipient);
    if (recipients == NULL) {
        ph_fatal("out of memory");
    }
    set_text(smtp->curl, CURLOPT_MAIL_FROM, from);
    curl_easy_setopt(smtp->curl, CURLOPT_MAIL_RCPT, recipients);
    curl_easy_setopt(smtp->curl, CURLOPT_UPLOAD, 1L);
    smtp->unread = text;
    result = perform(smtp, reply);
    curl_easy_setopt(smtp->curl, CURLOPT_MAIL_RCPT, NULL);
    curl_slist_free_all(recipients);
    smtp->unread = (struct ph_str){ 0 };
    return result;
}

enum ph_smtp_result ph_smtp_greet(struct ph_smtp *smtp, struct ph_smtp_reply *reply)
{
    curl_easy_setopt(smtp->curl, CURLOPT_CONNECT_ONLY, 1L);
    return perform(smtp, reply);
}
