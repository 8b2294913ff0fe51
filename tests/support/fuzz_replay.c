/*
 * The main program of a fuzz target without a fuzzer: runs it once for each file of the corpus.
 * Arguments: files, or folders of files. Without any input it fails: a test must test something.
 */
#include "support/fuzz.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

/* A target without it leaves the address NULL. */
#pragma weak LLVMFuzzerInitialize

enum { INPUT_MAX = 1 << 20, PATH_BYTES = 4096 };

static size_t replayed;

static int replay_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    uint8_t *exact;
    uint8_t *data = malloc(INPUT_MAX);
    size_t n;

    if (file == NULL || data == NULL) {
        perror(path);
        return 1;
    }
    n = fread(data, 1, INPUT_MAX, file);
    fclose(file);
    exact = realloc(data, n == 0 ? 1 : n); /* so that a sanitizer sees a read past the end */
    if (exact == NULL) {
        free(data);
        return 1;
    }
    LLVMFuzzerTestOneInput(exact, n);
    free(exact);
    replayed++;
    return 0;
}

static int replay_folder(const char *path)
{
    DIR *folder = opendir(path);
    char inner[PATH_BYTES];
    const struct dirent *entry;
    int failed = 0;

    if (folder == NULL) {
        perror(path);
        return 1;
    }
    while ((entry = readdir(folder)) != NULL) {
        if (entry->d_name[0] == '.') {
            continue;
        }
        snprintf(inner, sizeof inner, "%s/%s", path, entry->d_name);
        failed |= replay_file(inner);
    }
    closedir(folder);
    return failed;
}

int main(int argc, char **argv)
{
    struct stat status;
    int failed = 0;

    if (LLVMFuzzerInitialize != NULL) {
        LLVMFuzzerInitialize(&argc, &argv);
    }
    for (int i = 1; i < argc; i++) {
        if (stat(argv[i], &status) == 0 && S_ISDIR(status.st_mode)) {
            failed |= replay_folder(argv[i]);
        } else {
            failed |= replay_file(argv[i]);
        }
    }
    printf("%zu inputs\n", replayed);
    return failed != 0 || replayed == 0 ? 1 : 0;
}
