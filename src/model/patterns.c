#include "model/patterns.h"

#include "model/model.h"
#include "util/memory.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdlib.h>

/*
 * Backtracking steps. The longest legitimate text (an e-mail template of 20,000 characters) takes
 * one step or two for each character.
 */
enum { MATCH_LIMIT = 500000 };

/*
 * Start tables: written once before the first thread, read-only afterwards. Not compiled to
 * machine code: the texts are short, and no page needs to be writable and executable.
 */
static pcre2_code *compiled[PH_PATTERN_COUNT];
static pcre2_general_context *memory; /* never fails: a match without memory would be "no match" */
static pcre2_match_context *limits;

static void *take(size_t size, void *self)
{
    (void)self;
    return ph_heap_alloc(size);
}

static void leave(void *p, void *self)
{
    (void)self;
    free(p);
}

static pcre2_code *compile(const char *pattern)
{
    int error;
    size_t offset;
    pcre2_compile_context *context = pcre2_compile_context_create(memory);
    pcre2_code *code;

    pcre2_set_newline(context, PCRE2_NEWLINE_ANYCRLF);
    code = pcre2_compile((PCRE2_SPTR)pattern, PCRE2_ZERO_TERMINATED,
                         PCRE2_UTF | PCRE2_ANCHORED | PCRE2_ENDANCHORED, &error, &offset, context);
    pcre2_compile_context_free(context);
    if (code == NULL) {
        ph_fatal("a pattern of the model is bad");
    }
    return code;
}

void ph_patterns_compile(void)
{
    if (limits != NULL) {
        return;
    }
    memory = pcre2_general_context_create(take, leave, NULL);
    limits = pcre2_match_context_create(memory);
    pcre2_set_match_limit(limits, MATCH_LIMIT);
    for (size_t i = 0; i < PH_PATTERN_COUNT; i++) {
        compiled[i] = compile(ph_patterns[i]);
    }
}

static void free_match(pcre2_match_data **match)
{
    pcre2_match_data_free(*match);
}

bool ph_pattern_matches(int index, struct ph_str text)
{
    PH_AUTO(free_match) pcre2_match_data *match = pcre2_match_data_create(1, memory);

    return pcre2_match(compiled[index], text.n == 0 ? (PCRE2_SPTR) "" : text.p, text.n, 0, 0, match,
                       limits) >= 0;
}
