// SPDX-License-Identifier: Apache-2.0
// Lists of CPUs: what is accepted is written back as a list that means the same.
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "machine/cpuset.h"

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t size);

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t size)
{
    CLEANUP_FREE char *text = mem_dupn((const char *)bytes, size); // as fs_read gives it
    CLEANUP_STR struct str list = {0};
    struct cpuset set, again;
    struct err err;
    if (cpuset_parse(text, &set, &err) < 0)
        return 0;
    cpuset_format(&set, &list);
    if (cpuset_parse(str_text(&list), &again, NULL) < 0 ||
        memcmp(&set, &again, sizeof(set)) != 0)
        abort();
    unsigned count = 0;
    for (int cpu = cpuset_first(&set); cpu >= 0; cpu = cpuset_next(&set, cpu))
        count++;
    if (count != cpuset_count(&set))
        abort();
    return 0;
}
