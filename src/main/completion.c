#include "main/manual.h"

#include "main/command.h"

#include <string.h>

static void print_commands(const char *separator, FILE *out)
{
    for (size_t i = 0; ph_commands[i] != NULL; i++) {
        fprintf(out, "%s%s", i == 0 ? "" : separator, ph_commands[i]->name);
    }
}

static void print_flags(FILE *out)
{
    fputs("--config --help", out);
    for (size_t i = 0; i < ph_config_key_count; i++) {
        if (ph_config_keys[i].flag != NULL) {
            fprintf(out, " --%s", ph_config_keys[i].flag);
        }
    }
}

static void print_bash(FILE *out)
{
    fputs("_poolhouse() {\n"
          "    local word=${COMP_WORDS[COMP_CWORD]}\n"
          "    if [ \"$COMP_CWORD\" -eq 1 ] || [ \"${COMP_WORDS[1]}\" = help ]; then\n"
          "        COMPREPLY=($(compgen -W '",
          out);
    print_commands(" ", out);
    fputs("' -- \"$word\"))\n"
          "    elif [[ $word == --* ]]; then\n"
          "        COMPREPLY=($(compgen -W '",
          out);
    print_flags(out);
    fputs("' -- \"$word\"))\n"
          "    else\n"
          "        COMPREPLY=($(compgen -f -- \"$word\"))\n"
          "    fi\n"
          "}\n"
          "complete -F _poolhouse poolhouse\n",
          out);
}

/* zsh reads quotes, brackets and colons in descriptions as its own. */
static void print_quoted(const char *text, FILE *out)
{
    for (; *text != '\0'; text++) {
        if (*text == '\'') {
            fputs("'\\''", out);
        } else {
            if (strchr("[]:\\", *text) != NULL) {
                fputc('\\', out);
            }
            fputc(*text, out);
        }
    }
}

static void print_zsh(FILE *out)
{
    fputs("#compdef poolhouse\n"
          "_poolhouse_commands() {\n"
          "    local -a commands=(\n",
          out);
    for (size_t i = 0; ph_commands[i] != NULL; i++) {
        fprintf(out, "        '%s:", ph_commands[i]->name);
        print_quoted(ph_commands[i]->summary, out);
        fputs("'\n", out);
    }
    fputs("    )\n"
          "    _describe command commands\n"
          "}\n"
          "_arguments '1:command:_poolhouse_commands' '--config[read this INI file "
          "first]:file:_files'",
          out);
    for (size_t i = 0; i < ph_config_key_count; i++) {
        const struct ph_config_key *key = &ph_config_keys[i];

        if (key->flag != NULL) {
            fprintf(out, " \\\n    '--%s[", key->flag);
            print_quoted(key->help, out);
            fprintf(out, "]%s'", key->type == PH_CONFIG_BOOL ? "" : ":value:_files");
        }
    }
    fputs(" \\\n    '*:file:_files'\n", out);
}

/* fish reads backslashes and quotes in quoted text. */
static void print_fish_line(const char *condition, const char *what, const char *name,
                            const char *text, FILE *out)
{
    fprintf(out, "complete -c poolhouse -n %s %s %s -d '", condition, what, name);
    for (; *text != '\0'; text++) {
        fprintf(out, *text == '\'' || *text == '\\' ? "\\%c" : "%c", *text);
    }
    fputs("'\n", out);
}

static void print_fish(FILE *out)
{
    for (size_t i = 0; ph_commands[i] != NULL; i++) {
        print_fish_line("__fish_use_subcommand", "-f -a", ph_commands[i]->name,
                        ph_commands[i]->summary, out);
    }
    for (size_t i = 0; i < ph_config_key_count; i++) {
        const struct ph_config_key *key = &ph_config_keys[i];

        if (key->flag != NULL) {
            print_fish_line("'not __fish_use_subcommand'",
                            key->type == PH_CONFIG_BOOL ? "-l" : "-r -l", key->flag, key->help,
                            out);
        }
    }
}

bool ph_completion_print(const char *shell, FILE *out)
{
    static const struct {
        const char *name;
        void (*print)(FILE *out);
    } SHELLS[] = { { "bash", print_bash }, { "zsh", print_zsh }, { "fish", print_fish } };

    for (size_t i = 0; i < sizeof SHELLS / sizeof SHELLS[0]; i++) {
        if (strcmp(shell, SHELLS[i].name) == 0) {
            SHELLS[i].print(out);
            return true;
        }
    }
    return false;
}
