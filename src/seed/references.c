/* What Ref and Fn::GetAtt give, also for resources that nothing is made of here. */
#include "seed/template.h"

#include "pool/pool.h"

#define TYPE(name) PH_STR("AWS::Cognito::" name)

static const struct ph_settings *settings_of(const struct ph_template *t)
{
    return t->file->seed->options->settings;
}

struct ph_str ph_template_made_up(struct ph_template *t, struct ph_str logical)
{
    return ph_strf(t->arena, "%.*s-%.*s", PH_FMT(t->file->stack), PH_FMT(logical));
}

static const struct json_t *find(const struct ph_template *t, struct ph_str logical)
{
    return ph_json_get_s(t->resources, logical);
}

/* Absent when there is no such resource. */
static struct ph_str type_of(const struct ph_template *t, struct ph_str logical)
{
    const struct json_t *resource = find(t, logical);
    struct ph_str owner;

    return resource != NULL ? ph_json_get_str(resource, "Type")
                            : ph_template_added_type(t, logical, &owner);
}

bool ph_template_property(struct ph_template *t, struct ph_str logical, const char *name,
                          struct json_t **out)
{
    const struct json_t *value = ph_json_get(ph_json_get(find(t, logical), "Properties"), name);

    *out = NULL;
    return value == NULL ||
           ph_template_eval(
               t, ph_strf(t->arena, "Resources.%.*s.Properties.%s", PH_FMT(logical), name), value,
               out);
}

/* --- ids --- */

/* {"Metadata": {"Poolhouse": {"ClientId": "..."}}} pins what follows from names otherwise. */
static struct ph_str pinned(const struct ph_template *t, struct ph_str logical, const char *name)
{
    return ph_json_get_str(ph_json_get(ph_json_get(find(t, logical), "Metadata"), "Poolhouse"),
                           name);
}

static struct ph_str where(struct ph_template *t)
{
    return ph_strf(t->arena, "%.*s/%.*s", PH_FMT(t->file->seed->region), PH_FMT(t->file->stack));
}

bool ph_template_pool_id(struct ph_template *t, struct ph_str logical, struct ph_str *id)
{
    struct json_t *tags;

    *id = pinned(t, logical, "Id");
    if (id->n > 0) {
        return true;
    }
    if (!ph_template_property(t, logical, "UserPoolTags", &tags)) {
        return false;
    }
    *id = ph_json_get_str(tags, "poolhouse:id");
    if (id->n == 0) {
        *id = ph_seed_pool_id(t->arena, t->file->seed->region, t->file->stack, logical);
    }
    return true;
}

struct ph_str ph_template_client_id(struct ph_template *t, struct ph_str logical)
{
    const struct ph_str id = pinned(t, logical, "ClientId");

    return id.n > 0 ? id : ph_seed_client_id(t->arena, where(t), logical);
}

struct ph_str ph_template_client_secret(struct ph_template *t, struct ph_str logical)
{
    const struct ph_str secret = pinned(t, logical, "ClientSecret");

    return secret.n > 0
               ? secret
               : ph_seed_client_secret(t->arena, where(t), ph_template_client_id(t, logical));
}

/* --- names of resources --- */

/* Types whose name is one of their properties, or made up where that may be left out. */
static const struct {
    struct ph_str type;
    const char *property;
} NAMED[] = {
    { PH_STR_INIT("AWS::Cognito::UserPoolGroup"), "GroupName" },
    { PH_STR_INIT("AWS::Cognito::UserPoolUser"), "Username" },
    { PH_STR_INIT("AWS::Cognito::UserPoolDomain"), "Domain" },
    { PH_STR_INIT("AWS::Cognito::UserPoolResourceServer"), "Identifier" },
    { PH_STR_INIT("AWS::Cognito::UserPoolIdentityProvider"), "ProviderName" },
    { PH_STR_INIT("AWS::IAM::Role"), "RoleName" },
    { PH_STR_INIT("AWS::IAM::ManagedPolicy"), "ManagedPolicyName" },
    { PH_STR_INIT("AWS::SES::EmailIdentity"), "EmailIdentity" },
    { PH_STR_INIT("AWS::SNS::Topic"), "TopicName" },
    { PH_STR_INIT("AWS::SecretsManager::Secret"), "Name" },
    { PH_STR_INIT("AWS::Logs::LogGroup"), "LogGroupName" },
    { PH_STR_INIT("AWS::KinesisFirehose::DeliveryStream"), "DeliveryStreamName" },
    { PH_STR_INIT("AWS::S3::Bucket"), "BucketName" },
};
enum { NAMED_COUNT = sizeof NAMED / sizeof NAMED[0] };

static bool property_or_made_up(struct ph_template *t, struct ph_str logical, const char *property,
                                struct ph_str *name)
{
    struct json_t *value;

    if (!ph_template_property(t, logical, property, &value)) {
        return false;
    }
    *name = ph_json_str(value);
    if (name->n == 0) {
        *name = ph_template_made_up(t, logical);
    }
    return true;
}

static bool name_of(struct ph_template *t, struct ph_str logical, struct ph_str *name)
{
    const struct ph_str type = type_of(t, logical);

    if (ph_str_eq(type, TYPE("UserPool"))) {
        return ph_template_pool_id(t, logical, name);
    }
    if (ph_str_eq(type, TYPE("UserPoolClient"))) {
        *name = ph_template_client_id(t, logical);
        return true;
    }
    if (ph_template_is_function(type)) {
        return ph_template_function_name(t, logical, name);
    }
    for (size_t i = 0; i < NAMED_COUNT; i++) {
        if (ph_str_eq(type, NAMED[i].type)) {
            return property_or_made_up(t, logical, NAMED[i].property, name);
        }
    }
    *name = ph_template_made_up(t, logical);
    return true;
}

/* There, and not left out by its condition; what SAM adds to a resource is there as that is. */
static bool check_made(struct ph_template *t, struct ph_str path, struct ph_str logical)
{
    struct ph_str owner = logical;
    const struct json_t *condition;
    bool is_made = true;

    if (find(t, logical) == NULL && ph_template_added_type(t, logical, &owner).n == 0) {
        return ph_seed_refuse(t->file, path, "there is no parameter or resource %.*s",
                              PH_FMT(logical));
    }
    condition = ph_json_get(find(t, owner), "Condition");
    if (condition != NULL && !ph_template_condition(t, path, ph_json_str(condition), &is_made)) {
        return false;
    }
    return is_made ||
           ph_seed_refuse(t->file, path, "%.*s is left out by its condition", PH_FMT(owner));
}

/* --- Ref --- */

static struct ph_str stack_id(struct ph_template *t)
{
    return ph_strf(t->arena, "arn:aws:cloudformation:%.*s:%.*s:stack/%.*s/%.*s",
                   PH_FMT(t->file->seed->region), PH_FMT(settings_of(t)->account_id),
                   PH_FMT(t->file->stack),
                   PH_FMT(ph_seed_sub(t->arena, where(t), PH_STR("stack"))));
}

static bool pseudo(struct ph_template *t, struct ph_str path, struct ph_str name,
                   struct json_t **out)
{
    const struct {
        struct ph_str name;
        struct ph_str value;
    } PSEUDO[] = {
        { PH_STR("AWS::AccountId"), settings_of(t)->account_id },
        { PH_STR("AWS::Region"), t->file->seed->region },
        { PH_STR("AWS::StackName"), t->file->stack },
        { PH_STR("AWS::StackId"), stack_id(t) },
        { PH_STR("AWS::Partition"), PH_STR("aws") },
        { PH_STR("AWS::URLSuffix"), PH_STR("amazonaws.com") },
    };

    *out = NULL;
    if (ph_str_eq(name, PH_STR("AWS::NoValue"))) {
        return true;
    }
    if (ph_str_eq(name, PH_STR("AWS::NotificationARNs"))) {
        *out = ph_json_array(t->arena);
        return true;
    }
    for (size_t i = 0; i < sizeof PSEUDO / sizeof PSEUDO[0]; i++) {
        if (ph_str_eq(name, PSEUDO[i].name)) {
            *out = ph_json_new_str(t->arena, PSEUDO[i].value);
            return true;
        }
    }
    return ph_seed_refuse(t->file, path, "there is no pseudo parameter %.*s", PH_FMT(name));
}

bool ph_template_ref(struct ph_template *t, struct ph_str path, struct ph_str name,
                     struct json_t **out)
{
    struct json_t *parameter = ph_json_get_s(t->parameters, name);
    struct ph_str text;

    if (parameter != NULL) {
        *out = parameter;
        return true;
    }
    if (ph_str_starts(name, PH_STR("AWS::"))) {
        return pseudo(t, path, name, out);
    }
    if (ph_json_get_s(ph_json_get(t->document, "Parameters"), name) != NULL) {
        return ph_template_refuse_valueless(t, path, name);
    }
    if (!check_made(t, path, name) || !name_of(t, name, &text)) {
        return false;
    }
    if (ph_template_ref_is_arn(type_of(t, name)) &&
        !ph_template_arn(t, name, type_of(t, name), text, &text)) {
        return false;
    }
    *out = ph_json_new_str(t->arena, text);
    return true;
}

/* --- Fn::GetAtt --- */

static bool pool_attribute(struct ph_template *t, struct ph_str path, struct ph_str logical,
                           struct ph_str attribute, struct ph_str *out)
{
    struct ph_pool pool = { .region = t->file->seed->region };
    struct json_t *tags;

    if (!ph_template_pool_id(t, logical, &pool.id)) {
        return false;
    }
    if (ph_str_eq(attribute, PH_STR("UserPoolId"))) {
        *out = pool.id;
    } else if (ph_str_eq(attribute, PH_STR("Arn"))) {
        *out = ph_pool_arn(t->arena, settings_of(t), pool.id);
    } else if (ph_str_eq(attribute, PH_STR("ProviderName"))) {
        *out = ph_strf(t->arena, "cognito-idp.%.*s.amazonaws.com/%.*s", PH_FMT(pool.region),
                       PH_FMT(pool.id));
    } else if (ph_str_eq(attribute, PH_STR("ProviderURL"))) {
        if (!ph_template_property(t, logical, "UserPoolTags", &tags)) {
            return false;
        }
        *out = ph_pool_issuer(t->arena, settings_of(t), tags, &pool);
    } else {
        return ph_seed_refuse(t->file, path, "a user pool has no attribute %.*s",
                              PH_FMT(attribute));
    }
    return true;
}

static bool client_attribute(struct ph_template *t, struct ph_str path, struct ph_str logical,
                             struct ph_str attribute, struct ph_str *out)
{
    if (ph_str_eq(attribute, PH_STR("ClientId"))) {
        *out = ph_template_client_id(t, logical);
        return true;
    }
    if (ph_str_eq(attribute, PH_STR("ClientSecret"))) {
        *out = ph_template_client_secret(t, logical);
        return true;
    }
    if (ph_str_eq(attribute, PH_STR("Name"))) {
        return property_or_made_up(t, logical, "ClientName", out);
    }
    return ph_seed_refuse(t->file, path, "an app client has no attribute %.*s", PH_FMT(attribute));
}

bool ph_template_attribute(struct ph_template *t, struct ph_str path, struct ph_str logical,
                           struct ph_str attribute, struct ph_str *out)
{
    const struct ph_str type = type_of(t, logical);
    struct ph_str name;

    if (!check_made(t, path, logical)) {
        return false;
    }
    if (ph_str_eq(type, TYPE("UserPool"))) {
        return pool_attribute(t, path, logical, attribute, out);
    }
    if (ph_str_eq(type, TYPE("UserPoolClient"))) {
        return client_attribute(t, path, logical, attribute, out);
    }
    if (!name_of(t, logical, &name)) {
        return false;
    }
    if (ph_str_eq(attribute, PH_STR("Arn"))) {
        return ph_template_arn(t, logical, type, name, out);
    }
    *out = ph_strf(t->arena, "%.*s-%.*s", PH_FMT(name), PH_FMT(attribute));
    return true;
}
