// SPDX-License-Identifier: Apache-2.0
// The owner's file: whatever is in it, somebody has the run or nobody has.
#include <stdlib.h>
#include <string.h>

#include "run/owner.h"
#include "scratch.h"

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t size);

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t size)
{
    struct owner owner;
    scratch_write("owner", bytes, size);
    owner_look(scratch_folder(), &owner);
    if (owner.state == OWNER_NONE || !memchr(owner.host, '\0', sizeof owner.host))
        abort();
    owner_pending(&owner, 15);
    return 0;
}
