// SPDX-License-Identifier: Apache-2.0
// glance: who has the run is asked first, then what its files are, then what they say: what
// changes meanwhile makes a summary that does not count.
#include "run/glance.h"

#include <unistd.h>

#include "base/mem.h"
#include "run/digest.h"

#define WORTH_BYTES (256 * 1024) // of journals; some 2 ms

int glance_read(struct saved *saved, struct report *ret, struct err *err)
{
    CLEANUP_STR struct str sources = {0};
    int64_t bytes;
    if (spec_load(&saved->spec, saved->folder.fd, err) < 0)
        return err_wrap(err, "%s", saved->folder.path);
    owner_look(saved->folder.fd, &saved->owner);
    int idle = saved->owner.state != OWNER_ALIVE || saved->owner.pid == getpid();
    idle =
        idle && digest_sources(saved->folder.fd, &sources, &bytes) == 0 && bytes >= WORTH_BYTES;
    if (idle && digest_load(saved, &sources, ret) == 0)
        return 0;
    if (datasets_load(&saved->datasets, saved->folder.fd, err) < 0 ||
        saved_refresh(saved, err) < 0)
        return err_wrap(err, "%s", saved->folder.path);
    report_make(saved, ret);
    if (idle)
        digest_save(saved, ret, &sources);
    return 0;
}
