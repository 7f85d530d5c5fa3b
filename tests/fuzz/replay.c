// SPDX-License-Identifier: Apache-2.0
// replay: gives each file of a folder to a fuzzing target, so that what was once found stays tested
// where there is no clang. Ends with 1 if the folder has no file.
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>

#include "base/fs.h"
#include "base/mem.h"

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t size);

int main(int argc, char **argv)
{
    DIR *folder = argc > 1 ? opendir(argv[1]) : NULL;
    if (!folder) {
        perror(argc > 1 ? argv[1] : "replay FOLDER");
        return 1;
    }
    int count = 0;
    struct dirent *entry;
    while ((entry = readdir(folder))) {
        CLEANUP_STR struct str text = {0};
        if (entry->d_name[0] == '.' ||
            fs_read(dirfd(folder), entry->d_name, 1 << 24, &text, NULL) < 0)
            continue;
        printf("%s\n", entry->d_name);
        fflush(stdout); // the last name is the one that failed
        LLVMFuzzerTestOneInput((const unsigned char *)str_text(&text), text.size);
        count++;
    }
    closedir(folder);
    return count ? 0 : 1;
}
