#include "main/manual.h"

#include "main/command.h"
#include "main/version.h"

#include <string.h>

/* A dash is a minus that can be pasted; a dot or quote begins a line as text. */
static void print_text(const char *text, FILE *out)
{
    bool at_start = true;

    for (; *text != '\0'; text++) {
        if (at_start && (*text == '.' || *text == '\'')) {
            fputs("\\&", out);
        }
        if (*text == '\\') {
            fputs("\\e", out);
        } else if (*text == '-') {
            fputs("\\-", out);
        } else {
            fputc(*text, out);
        }
        at_start = *text == '\n';
    }
}

static void print_section(const char *name, FILE *out)
{
    fprintf(out, ".SH %s\n", name);
}

static void print_term(const char *name, const char *text, FILE *out)
{
    fputs(".TP\n.B ", out);
    print_text(name, out);
    fputc('\n', out);
    print_text(text, out);
    fputc('\n', out);
}

static void print_command(const struct ph_command *command, FILE *out)
{
    fputs(".SS poolhouse ", out);
    print_text(command->name, out);
    fputc('\n', out);
    print_text(command->summary, out);
    fputs(".\n.PP\n.nf\n", out);
    print_text(command->help, out);
    fputs(".fi\n", out);
}

/* "Default: 10s." or "Default: 5s in dev, 25s in serve." */
static void print_default(const struct ph_config_key *key, FILE *out)
{
    const char *dev = key->dev == NULL ? "nothing" : key->dev;
    const char *serve = key->dev_only ? "not allowed" : key->serve == NULL ? "nothing" : key->serve;

    if (key->dev == NULL && key->serve == NULL) {
        return;
    }
    fputs("Default: ", out);
    print_text(dev, out);
    if (strcmp(dev, serve) != 0) {
        fputs(" in dev, ", out);
        print_text(serve, out);
        fputs(" in serve", out);
    }
    fputs(".\n", out);
}

static void print_key(const struct ph_config_key *key, FILE *out)
{
    fputs(".TP\n.B ", out);
    print_text(key->section, out);
    fputc('.', out);
    print_text(key->name, out);
    fputc('\n', out);
    print_text(key->help, out);
    fputs(key->secret ? "; may be in a file that _file after the name says.\n" : ".\n", out);
    if (key->flag != NULL) {
        fputs("Flag: \\-\\-", out);
        print_text(key->flag, out);
        fputs(".\n", out);
    }
    print_default(key, out);
}

static void print_head(FILE *out)
{
    fprintf(out, ".TH POOLHOUSE 1 \"\" \"poolhouse %s\" \"User Commands\"\n", PH_VERSION);
    print_section("NAME", out);
    fputs("poolhouse \\- identity server that speaks the Amazon Cognito user pools API\n", out);
    print_section("SYNOPSIS", out);
    fputs(".B poolhouse\n.I COMMAND\n.RI [ FLAGS ]\n", out);
}

static void print_tail(FILE *out)
{
    print_section("SIGNALS", out);
    print_term("SIGTERM, SIGINT",
               "End in order: no new connections, what is in work is answered, then the process "
               "ends. A second one ends it at once.",
               out);
    print_section("FILES", out);
    print_term("/etc/poolhouse/poolhouse.ini", "Configuration, where --config says so.", out);
    print_term("/var/lib/poolhouse", "The database.", out);
    print_section("EXIT STATUS", out);
    fputs("0 when done, 1 when it failed, 2 when it was called wrongly.\n", out);
    print_section("SEE ALSO", out);
    fputs(".BR aws (1),\n.BR systemctl (1)\n", out);
}

void ph_manual_print(FILE *out)
{
    print_head(out);
    print_section("COMMANDS", out);
    for (size_t i = 0; ph_commands[i] != NULL; i++) {
        print_command(ph_commands[i], out);
    }
    print_section("CONFIGURATION", out);
    fputs("Each key stands in the file as its name under its [section], and in the environment as "
          "POOLHOUSE_SECTION_KEY. Later wins: the defaults, the file, the environment, the "
          "flags.\n",
          out);
    for (size_t i = 0; i < ph_config_key_count; i++) {
        print_key(&ph_config_keys[i], out);
    }
    print_tail(out);
}
