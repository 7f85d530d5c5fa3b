// SPDX-License-Identifier: Apache-2.0
// Any bytes as a .modulerc.
#include <stddef.h>
#include <stdint.h>

#include "module/rc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct rc rc = {0};
    rc_read(&rc, (const char *)data, size, "py");
    rc_free(&rc);
    return 0;
}
