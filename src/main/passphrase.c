#include "main/passphrase.h"

#include "crypto/passphrase.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

/* A line, without its end, in the arena, which wipes it. */
static bool read_line(struct ph_arena *arena, FILE *file, struct ph_str *line)
{
    char *text = ph_arena_alloc(arena, PH_PASSPHRASE_MAX + 2);

    if (fgets(text, PH_PASSPHRASE_MAX + 2, file) == NULL) {
        return false;
    }
    text[strcspn(text, "\r\n")] = '\0';
    *line = ph_str_from(text);
    return true;
}

static bool read_file(struct ph_arena *arena, const char *path, struct ph_str *passphrase,
                      char *why, size_t why_size)
{
    FILE *file = fopen(path, "re");
    struct stat info;
    bool found;

    if (file == NULL) {
        snprintf(why, why_size, "cannot read %s: %s", path, strerror(errno));
        return false;
    }
    setvbuf(file, NULL, _IONBF, 0); /* no copy in a buffer of the library */
    if (fstat(fileno(file), &info) == 0 && S_ISREG(info.st_mode) &&
        (info.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
        snprintf(why, why_size, "%s may be read by others; run: chmod 600 %s", path, path);
        fclose(file);
        return false;
    }
    found = read_line(arena, file, passphrase);
    fclose(file);
    if (!found) {
        snprintf(why, why_size, "there is no passphrase in %s", path);
    }
    return found;
}

/* --- the terminal --- */

/* Signals wait: one in between would leave the terminal silent. */
static bool ask_silently(struct ph_arena *arena, FILE *terminal, struct ph_str *line)
{
    struct termios usual, silent;
    sigset_t all, before;
    bool found;

    if (tcgetattr(fileno(terminal), &usual) != 0) {
        return false;
    }
    silent = usual;
    silent.c_lflag &= ~(tcflag_t)ECHO;
    sigfillset(&all);
    (void)sigprocmask(SIG_BLOCK, &all, &before);
    (void)tcsetattr(fileno(terminal), TCSAFLUSH, &silent);
    found = read_line(arena, terminal, line);
    (void)tcsetattr(fileno(terminal), TCSAFLUSH, &usual);
    (void)sigprocmask(SIG_SETMASK, &before, NULL);
    return found;
}

static bool ask(struct ph_arena *arena, FILE *terminal, const char *question, struct ph_str *line)
{
    bool found;

    fprintf(terminal, "%s: ", question);
    fflush(terminal);
    found = ask_silently(arena, terminal, line);
    fputc('\n', terminal);
    fflush(terminal);
    return found;
}

static bool ask_terminal(struct ph_arena *arena, enum ph_passphrase_use use,
                         struct ph_str *passphrase, char *why, size_t why_size)
{
    FILE *terminal = fopen("/dev/tty", "r+e");
    struct ph_str again;
    bool good;

    if (terminal == NULL) {
        snprintf(why, why_size,
                 "there is no terminal to ask for the passphrase: give a file with"
                 " --passphrase-file");
        return false;
    }
    setvbuf(terminal, NULL, _IONBF, 0);
    good = ask(arena, terminal, "Passphrase", passphrase);
    if (good && use == PH_PASSPHRASE_NEW) {
        good = ask(arena, terminal, "Again", &again) && ph_str_eq(*passphrase, again);
    }
    fclose(terminal);
    if (!good) {
        snprintf(why, why_size, "no passphrase, or two different ones");
    }
    return good;
}

bool ph_passphrase_read(struct ph_arena *arena, const char *file, enum ph_passphrase_use use,
                        struct ph_str *passphrase, char *why, size_t why_size)
{
    if (file != NULL ? !read_file(arena, file, passphrase, why, why_size)
                     : !ask_terminal(arena, use, passphrase, why, why_size)) {
        return false;
    }
    if (use == PH_PASSPHRASE_NEW && passphrase->n < PH_PASSPHRASE_MIN) {
        snprintf(why, why_size, "the passphrase has fewer than %d characters", PH_PASSPHRASE_MIN);
        return false;
    }
    if (passphrase->n > PH_PASSPHRASE_MAX) {
        snprintf(why, why_size, "the passphrase has more than %d characters", PH_PASSPHRASE_MAX);
        return false;
    }
    return true;
}
