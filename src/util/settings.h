/*
 * What the operator decided, as plain data: filled by main/ from the configuration, read-only
 * afterwards. Sections and keys are described in docs/operations.md.
 */
#ifndef PH_UTIL_SETTINGS_H
#define PH_UTIL_SETTINGS_H

#include "util/log.h"

enum ph_mode { PH_MODE_DEV, PH_MODE_SERVE };

/* How the issuer of a pool is written into tokens and discovery (docs/operations.md). */
enum ph_issuer_mode {
    PH_ISSUER_LOCAL,    /* {public_url}/{poolId} */
    PH_ISSUER_AWS,      /* https://cognito-idp.{region}.amazonaws.com/{poolId} */
    PH_ISSUER_AWS_NEW,  /* https://issuer-cognito-idp.{region}.amazonaws.com/{poolId} */
    PH_ISSUER_TEMPLATE, /* issuer_template with {poolId}, {region}, {public_url} */
};

/* Where the server listens and what it bears. Absent slices mean: not wanted. */
struct ph_server_settings {
    struct ph_str listen;       /* "127.0.0.1:9229" */
    struct ph_str admin_listen; /* absent: health and metrics are on the public listener */
    struct ph_str tls_cert;     /* file name, PEM */
    struct ph_str tls_key;      /* file name, PEM */
    int64_t workers;            /* 0: by the number of cores */
    int64_t queue;              /* requests that may wait for a worker */
    int64_t queue_wait_ms;
    int64_t max_connections;
    int64_t max_connections_per_address; /* 0: no such limit */
    int64_t max_head;                    /* bytes */
    int64_t max_body;                    /* bytes */
    int64_t head_timeout_ms;
    int64_t body_timeout_ms;
    int64_t write_timeout_ms;
    int64_t idle_timeout_ms;
    int64_t drain_timeout_ms;
    bool isolate;     /* give up what is not needed before listening (main/isolate.h) */
    bool rate_limits; /* the provisioned limits of the API are enforced */
};

enum ph_starttls { PH_STARTTLS_REQUIRED, PH_STARTTLS_ALLOWED, PH_STARTTLS_OFF };

/* How e-mail leaves. Absent slices mean: not given. */
struct ph_mail_settings {
    struct ph_str relay; /* "smtp://mail.example.com:587", "smtps://..."; absent: it waits */
    enum ph_starttls starttls;
    struct ph_str user;
    struct ph_str password; /* secret */
    struct ph_str from;     /* of pools that say nothing else: "Shop <no-reply@example.com>" */
    struct ph_str ca;       /* file name, PEM; absent: the system's */
    int64_t timeout_ms;     /* for one message */
    int64_t connections;    /* at the same time */
};

/* How text messages leave: the Publish operation of SNS, signed with the keys of `aws`. */
struct ph_sms_settings {
    struct ph_str endpoint; /* absent: they wait */
    struct ph_str region;   /* of the signature; absent: default_region */
    struct ph_str sender;   /* SenderID; absent: none */
    int64_t timeout_ms;
    int64_t connections;
};

/* The key service that encrypts codes for custom senders: GenerateDataKey of KMS. */
struct ph_kms_settings {
    struct ph_str endpoint; /* absent: none */
    struct ph_str region;   /* of the signature; absent: default_region */
    int64_t timeout_ms;
};

/* Where events of app clients with an AnalyticsConfiguration go: PutEvents of Pinpoint. */
struct ph_analytics_settings {
    struct ph_str endpoint; /* absent: nowhere */
    struct ph_str region;   /* of the signature; absent: default_region */
    int64_t queue;          /* events that may wait; more are dropped */
};

/* Where the logs of pools go that have a LogDeliveryConfiguration. */
struct ph_log_settings {
    struct ph_str targets; /* lines "ARN = TARGET" (deliver/logs.h); absent: nowhere */
    int64_t queue;         /* events that may wait; more are dropped */
    int64_t timeout_ms;    /* of one try */
};

/* The services that pools leave (origin/origin.h); which one it is, each pool says. */
struct ph_leaving_settings {
    int64_t timeout_ms;      /* of one call */
    int64_t pause_ms;        /* before a service that fails is asked again */
    int64_t at_once;         /* calls of one service; 0: by the number of workers */
    int64_t refreshes_per_s; /* unknown refresh tokens that are brought there */
};

struct ph_settings {
    enum ph_mode mode;
    struct ph_server_settings server;
    struct ph_str data;              /* directory of the database */
    bool memory;                     /* nothing is kept: the database is in memory */
    struct ph_str database;          /* secret; "postgresql://..."; absent: a file in `data` */
    struct ph_str database_password; /* secret; absent: in the URL, or none is needed */
    struct ph_str master_key;        /* 32 bytes in base64; secret; absent: a file in `data` */
    enum ph_level log_level;
    enum ph_log_format log_format;
    struct ph_str account_id;     /* 12 digits */
    struct ph_str default_region; /* for pools made without a credential scope */
    struct ph_str public_url;     /* without a slash at the end: "http://localhost:9229" */
    enum ph_issuer_mode issuer_mode;
    struct ph_str issuer_template;
    struct ph_str fixed_code;        /* dev: every code is this value; absent otherwise */
    bool lockout;                    /* the back-off after five wrong passwords */
    bool attempt_limits;             /* per-hour limits on codes */
    int64_t signature_skew_s;        /* how far X-Amz-Date may be from our clock */
    struct ph_str aws_access_key_id; /* of requests that we sign; absent: any will do */
    struct ph_str aws_secret_key;    /* secret */
    struct ph_str aws_session_token; /* secret; absent: none */
    struct ph_str trigger_routes;    /* lines "FUNCTION = TARGET" (trigger/functions.h) */
    int64_t trigger_timeout_ms;      /* of one try */
    int64_t trigger_pause_ms;        /* before a function that fails is asked again */
    int64_t trigger_at_once;         /* calls of one function; 0: by the number of workers */
    bool plain_codes;                /* where there is no KMS, custom senders get codes in base64 */
    struct ph_kms_settings kms;
    struct ph_mail_settings mail;
    struct ph_sms_settings sms;
    struct ph_analytics_settings analytics;
    struct ph_log_settings logs;
    struct ph_leaving_settings leaving;
    struct ph_str seed_files;      /* dev: lines FILE or STACK=FILE (seed/seed.h) */
    struct ph_str seed_parameters; /* dev: lines NAME=VALUE, of templates */
    struct ph_str seed_output;     /* dev: file name; absent: none */
    struct ph_str fixed_ids;       /* dev: ids and codes follow from this text; absent: random */
};

#endif
