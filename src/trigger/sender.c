#include "trigger/sender.h"

#include "trigger/codes.h"
#include "util/json.h"
#include "util/memory.h"

#include <stdlib.h>

enum { LINES = 4, SPARE_MS = 30000 /* the key service, and turns to wait for */ };

struct ph_sender {
    struct ph_functions *functions;
    const struct ph_codes *codes;
    int64_t longest_ms;
};

struct ph_sender *ph_sender_create(struct ph_functions *functions, const struct ph_codes *codes,
                                   int64_t function_timeout_ms)
{
    struct ph_sender *sender = ph_heap_zeroed(1, sizeof *sender);

    *sender = (struct ph_sender){
        .functions = functions,
        .codes = codes,
        .longest_ms = PH_FUNCTION_TRIES * function_timeout_ms + SPARE_MS,
    };
    return sender;
}

void ph_sender_destroy(struct ph_sender *sender)
{
    free(sender);
}

static void *open_line(void *self, const atomic_bool *stop)
{
    (void)stop; /* a call ends by its time-out */
    return self;
}

static void close_line(void *line)
{
    (void)line;
}

static enum ph_carried not_encrypted(enum ph_codes_result result)
{
    return result == PH_CODES_AWAY ? PH_CARRY_NO_RELAY : PH_CARRY_LATER;
}

static enum ph_carried call(const struct ph_sender *sender, struct ph_ctx *ctx,
                            const struct ph_message *message, struct ph_str event,
                            struct ph_carry_report *report)
{
    struct ph_function_answer answer;

    ph_function_deliver(sender->functions, ctx->arena, message->destination, event, &answer);
    if (answer.kind == PH_FUNCTION_REPLIED) {
        return PH_CARRIED;
    }
    PH_LOG(&ctx->log, PH_ERROR, "sender_failed", ph_f_str("function", message->destination),
           ph_f_str("error", answer.text));
    report->why = answer.kind == PH_FUNCTION_THREW ? "the function threw" : "it was not called";
    return answer.kind == PH_FUNCTION_THREW ? PH_CARRY_REFUSED : PH_CARRY_LATER;
}

static enum ph_carried carry(void *line, struct ph_ctx *ctx, const struct ph_message *message,
                             struct ph_carry_report *report)
{
    const struct ph_sender *sender = line;
    const struct json_t *body = ph_json_parse(ctx->arena, message->body);
    struct json_t *event = ph_json_get(body, PH_CALL_EVENT);
    struct ph_str code;
    enum ph_codes_result result;

    if (event == NULL) {
        report->why = "the call does not read";
        return PH_CARRY_REFUSED;
    }
    result = ph_codes_write(sender->codes, ctx, message->pool_id,
                            ph_json_get_str(body, PH_CALL_KEY), message->code, &code, &report->why);
    if (result != PH_CODES_DONE) {
        return not_encrypted(result);
    }
    ph_json_set_str(ctx->arena, ph_json_get(event, "request"), "code", code);
    return call(sender, ctx, message, ph_json_text(ctx->arena, event, PH_JSON_INSERTION), report);
}

struct ph_carrier ph_sender_carrier(struct ph_sender *sender)
{
    return (struct ph_carrier){
        .medium = PH_MEDIUM_FUNCTION,
        .name = "functions",
        .longest_ms = sender->longest_ms,
        .lines = LINES,
        .self = sender,
        .open = open_line,
        .close = close_line,
        .carry = carry,
    };
}
