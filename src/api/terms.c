/* Terms documents of app clients (management.md 9): links to what people agree to at sign-up. */
#include "api/handlers.h"
#include "api/parts.h"
#include "model/exceptions.h"
#include "model/validate.h"

enum { TERMS_MAX = 40, PAGE_MAX = 60 };

static struct ph_err unknown(void)
{
    return PH_FAIL(ResourceNotFoundException, "Terms does not exist.");
}

/* A client has one document of each name. */
static struct ph_str claim_of(struct ph_ctx *ctx, struct ph_str client_id, struct ph_str name)
{
    return PH_CONCAT(ctx->arena, client_id, PH_STR("/"), name);
}

/* --- describing --- */

static void write_terms(const struct ph_pool *pool, const struct ph_part *terms, struct ph_out *out)
{
    struct ph_out one = { out->arena, ph_json_copy(out->arena, terms->document) };

    ph_out_str(&one, M_TermsId, terms->name);
    ph_out_str(&one, M_UserPoolId, pool->id);
    ph_out_str(&one, M_ClientId, terms->client_id);
    ph_out_time(&one, M_CreationDate, terms->created_ms);
    ph_out_time(&one, M_LastModifiedDate, terms->modified_ms);
    ph_out_json(out, M_Terms, one.object);
}

static struct ph_err find(struct ph_ctx *ctx, const struct ph_in *in, const struct ph_pool **pool,
                          struct ph_part **terms)
{
    const struct ph_str id = ph_str_lower(ctx->arena, ph_in_str(in, M_TermsId));

    PH_TRY(ph_pool_get(ctx, ph_in_str(in, M_UserPoolId), pool));
    PH_TRY(ph_store_part_find(ctx, &(*pool)->ref, PH_PART_TERMS, id, terms));
    return *terms == NULL ? unknown() : PH_OK;
}

struct ph_err ph_api_describe_terms(struct ph_ctx *ctx, const struct ph_in *in, struct ph_out *out)
{
    const struct ph_pool *pool;
    struct ph_part *terms;

    PH_TRY(find(ctx, in, &pool, &terms));
    write_terms(pool, terms, out);
    return PH_OK;
}

struct ph_err ph_api_describe_terms_by_client(struct ph_ctx *ctx, const struct ph_in *in,
                                              struct ph_out *out)
{
    const struct ph_str claim =
        claim_of(ctx, ph_in_str(in, M_ClientId), ph_in_str(in, M_TermsName));
    const struct ph_client *client;
    struct ph_part *terms = NULL;
    struct ph_str pool_id, name;
    const struct ph_pool *pool;

    PH_TRY(
        ph_client_get(ctx, ph_in_str(in, M_UserPoolId), ph_in_str(in, M_ClientId), &pool, &client));
    PH_TRY(ph_store_part_owner(ctx, pool->id, PH_PART_TERMS, claim, &pool_id, &name));
    if (name.p != NULL) {
        PH_TRY(ph_store_part_find(ctx, &pool->ref, PH_PART_TERMS, name, &terms));
    }
    if (terms == NULL) {
        return PH_FAIL(ResourceNotFoundException,
                       ph_textf(ctx->arena, "Terms %.*s for client %.*s does not exist.",
                                PH_FMT(ph_in_str(in, M_TermsName)), PH_FMT(client->id)));
    }
    write_terms(pool, terms, out);
    return PH_OK;
}

/* --- making and changing --- */

/* What stands on a page as a link leads to the web and nowhere else. */
static struct ph_err check_links(struct ph_ctx *ctx, const struct json_t *links)
{
    for (void *i = ph_json_first(links); i != NULL; i = ph_json_next(links, i)) {
        const struct ph_str url = ph_json_str(ph_json_member(i));

        if (!ph_str_starts(url, PH_STR("https://")) && !ph_str_starts(url, PH_STR("http://"))) {
            return PH_FAIL(InvalidParameterException,
                           ph_textf(ctx->arena, "The link for %.*s is not a web address.",
                                    PH_FMT(ph_json_key(i))));
        }
    }
    return PH_OK;
}

/* The members of the document that the input names, over those that are there. */
static struct json_t *take_given(struct ph_ctx *ctx, enum ph_op operation, const struct ph_in *in,
                                 const struct json_t *before)
{
    static const char *const MEMBERS[] = { "TermsName", "TermsSource", "Enforcement", "Links" };
    const struct json_t *given =
        ph_shape_copy(ctx->arena, ph_operations[operation].input, in->object);
    struct json_t *document =
        before == NULL ? ph_json_object(ctx->arena) : ph_json_copy(ctx->arena, before);

    for (size_t i = 0; i < sizeof MEMBERS / sizeof MEMBERS[0]; i++) {
        struct json_t *value = ph_json_get(given, MEMBERS[i]);

        if (value != NULL) {
            ph_json_set(ctx->arena, document, MEMBERS[i], value);
        }
    }
    return document;
}

static struct ph_err refusal(struct ph_ctx *ctx, const struct ph_part *terms,
                             enum ph_part_write result)
{
    const char *taken =
        ph_textf(ctx->arena, "Terms %.*s already exists for client %.*s",
                 PH_FMT(ph_json_get_str(terms->document, "TermsName")), PH_FMT(terms->client_id));

    return ph_part_refusal(ctx, terms, result, "A user pool can have at most 40 terms documents.",
                           PH_FAIL(TermsExistsException, taken));
}

struct ph_err ph_api_create_terms(struct ph_ctx *ctx, const struct ph_in *in, struct ph_out *out)
{
    const struct ph_str claim =
        claim_of(ctx, ph_in_str(in, M_ClientId), ph_in_str(in, M_TermsName));
    struct ph_part terms = {
        .kind = PH_PART_TERMS,
        .name = ph_new_uuid4(ctx),
        .client_id = ph_in_str(in, M_ClientId),
        .claims = &claim,
        .claim_count = 1,
        .created_ms = ph_now_ms(ctx),
        .modified_ms = ph_now_ms(ctx),
    };
    struct json_t *document = take_given(ctx, OP_CreateTerms, in, NULL);
    const struct ph_client *client;
    const struct ph_pool *pool;
    enum ph_part_write result;

    PH_TRY(ph_client_get(ctx, ph_in_str(in, M_UserPoolId), terms.client_id, &pool, &client));
    PH_TRY(check_links(ctx, ph_json_get(document, "Links")));
    if (ph_json_get(document, "Links") == NULL) {
        ph_json_set(ctx->arena, document, "Links", ph_json_object(ctx->arena));
    }
    terms.document = document;
    PH_TRY(ph_store_part_insert(ctx, &pool->ref, &terms, TERMS_MAX, &result));
    PH_TRY(refusal(ctx, &terms, result));
    write_terms(pool, &terms, out);
    return PH_OK;
}

/* What is omitted stays; links are replaced all together. */
struct ph_err ph_api_update_terms(struct ph_ctx *ctx, const struct ph_in *in, struct ph_out *out)
{
    const struct ph_pool *pool;
    enum ph_part_write result;
    struct ph_part *terms;
    struct ph_str claim;

    PH_TRY(find(ctx, in, &pool, &terms));
    terms->document = take_given(ctx, OP_UpdateTerms, in, terms->document);
    PH_TRY(check_links(ctx, ph_json_get(terms->document, "Links")));
    claim = claim_of(ctx, terms->client_id, ph_json_get_str(terms->document, "TermsName"));
    terms->claims = &claim;
    terms->claim_count = 1;
    terms->modified_ms = ph_now_ms(ctx);
    PH_TRY(ph_store_part_update(ctx, &pool->ref, terms, &result));
    PH_TRY(refusal(ctx, terms, result));
    write_terms(pool, terms, out);
    return PH_OK;
}

struct ph_err ph_api_delete_terms(struct ph_ctx *ctx, const struct ph_in *in, struct ph_out *out)
{
    const struct ph_pool *pool;
    enum ph_part_write result; /* if it is gone: somebody else was faster */
    struct ph_part *terms;

    (void)out;
    PH_TRY(find(ctx, in, &pool, &terms));
    return ph_store_part_delete(ctx, &pool->ref, PH_PART_TERMS, terms->name, &result);
}

/* --- listing --- */

static void write_item(const struct ph_pool *pool, const struct ph_part *terms, struct ph_out *one)
{
    (void)pool;
    ph_out_str(one, M_TermsId, terms->name);
    ph_out_str(one, M_TermsName, ph_json_get_str(terms->document, "TermsName"));
    ph_out_str(one, M_Enforcement, ph_json_get_str(terms->document, "Enforcement"));
    ph_out_time(one, M_CreationDate, terms->created_ms);
    ph_out_time(one, M_LastModifiedDate, terms->modified_ms);
}

struct ph_err ph_api_list_terms(struct ph_ctx *ctx, const struct ph_in *in, struct ph_out *out)
{
    static const struct ph_part_pages PAGES = { OP_ListTerms, PH_PART_TERMS, PAGE_MAX, M_Terms,
                                                write_item };

    return ph_part_page(ctx, &PAGES, in, out);
}
