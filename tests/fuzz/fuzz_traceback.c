// SPDX-License-Identifier: Apache-2.0
// Logs of failed tasks: the first two bytes are the wait status. The cause is one line without control bytes.
#include <stdlib.h>
#include <string.h>

#include "run/failure.h"

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t size);

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t size)
{
    struct failure failure;

    if (size < 2)
        return 0;
    failure_find(bytes[0] | bytes[1] << 8, (const char *)bytes + 2, size - 2, "/home/u/project",
                 &failure);
    if (memchr(failure.detail, '\0', sizeof(failure.detail)) == NULL)
        abort();
    for (const char *at = failure.detail; *at != '\0'; at++)
        if ((unsigned char)*at < ' ' || *at == 127)
            abort();
    return 0;
}
