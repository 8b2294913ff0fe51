/* The configuration for people: `config show`, --help, and the table in the documents. */
#include "main/config.h"

#include <string.h>

static bool begins_section(size_t i)
{
    return i == 0 || strcmp(ph_config_keys[i].section, ph_config_keys[i - 1].section) != 0;
}

/* A list as one line for each of its values. */
static void show_value(const struct ph_config_key *key, struct ph_str text,
                       const struct ph_config_value *value, FILE *out)
{
    do {
        struct ph_str line = text;

        if (key->type == PH_CONFIG_LIST) {
            ph_str_cut(text, '\n', &line, &text);
        } else {
            text.n = 0;
        }
        fprintf(out, "%s = %.*s", key->name, PH_FMT(line));
        if (value->given) {
            fprintf(out, "  ; %.*s", PH_FMT(value->source));
        }
        fputc('\n', out);
    } while (text.n > 0);
}

void ph_config_show(const struct ph_config *config, FILE *out)
{
    for (size_t i = 0; i < ph_config_key_count; i++) {
        const struct ph_config_key *key = &ph_config_keys[i];
        const struct ph_config_value *value = &config->values[i];
        const bool hidden = key->secret && value->text.n > 0;

        if (begins_section(i)) {
            fprintf(out, "%s[%s]\n", i == 0 ? "" : "\n", key->section);
        }
        show_value(key, hidden ? PH_STR("***") : value->text, value, out);
    }
}

static void print_flag(const struct ph_config_key *key, const char *usual, FILE *out)
{
    char left[64];

    if (key->type == PH_CONFIG_BOOL) {
        snprintf(left, sizeof left, "--[no-]%s", key->flag);
    } else {
        snprintf(left, sizeof left, "--%s %s", key->flag, key->sign);
    }
    fprintf(out, "  %-26s %s", left, key->help);
    if (usual != NULL && key->type != PH_CONFIG_BOOL) {
        fprintf(out, " (%s)", usual);
    }
    fputc('\n', out);
}

void ph_config_print_flags(enum ph_mode mode, FILE *out)
{
    for (size_t i = 0; i < ph_config_key_count; i++) {
        const struct ph_config_key *key = &ph_config_keys[i];

        if (key->flag != NULL && !(key->dev_only && mode == PH_MODE_SERVE)) {
            print_flag(key, mode == PH_MODE_DEV ? key->dev : key->serve, out);
        }
    }
}

static const char *or_empty(const char *text)
{
    return text == NULL ? "" : text;
}

void ph_config_print_keys(FILE *out)
{
    fputs("| Key | Default in dev | Default in serve | Meaning |\n|---|---|---|---|\n", out);
    for (size_t i = 0; i < ph_config_key_count; i++) {
        const struct ph_config_key *key = &ph_config_keys[i];

        fprintf(out, "| `%s.%s` | %s | %s | %s%s |\n", key->section, key->name, or_empty(key->dev),
                key->dev_only ? "not allowed" : or_empty(key->serve), key->help,
                key->secret ? "; may be in a file that `_file` after the name says" : "");
    }
}
