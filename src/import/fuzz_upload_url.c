/* Any address is understood or refused; its parts lie in it and are what they should be. */
#include "import/upload_url.h"
#include "support/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct ph_str target = { data, size };
    struct ph_upload_url url;
    struct ph_str path, query;

    ph_str_cut(target, '?', &path, &query);
    if (ph_upload_url_parse(path, query, &url)) {
        fuzz_inside(path, url.pool_id);
        fuzz_inside(path, url.job_id);
        fuzz_inside(query, url.date);
        fuzz_inside(query, url.expires);
        fuzz_inside(query, url.signature);
        fuzz_check(ph_upload_url_is_path(path) && url.pool_id.n > 0 && url.job_id.n > 0);
        fuzz_check(!ph_str_has_byte(url.pool_id, '/') && !ph_str_has_byte(url.job_id, '/'));
        fuzz_check(url.expires_s > 0 && url.signed_s > 0 && url.signature.n == 64);
    }
    return 0;
}
