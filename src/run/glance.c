// SPDX-License-Identifier: Apache-2.0
// glance: who has the run is asked first, then what its files are, then what they say: what
// changes meanwhile makes a summary that does not count.
#include "run/glance.h"

#include "base/mem.h"
#include "run/digest.h"
#include "run/roll.h"

#define WORTH_BYTES (256 * 1024) // of journals; some 2 ms

static int read_spec(struct saved *saved, struct err *err)
{
    if (spec_load(&saved->spec, saved->folder.fd, err) < 0)
        return err_wrap(err, "%s", saved->folder.path);
    saved_look(saved);
    return 0;
}

static int read_all(struct saved *saved, struct report *ret, struct err *err)
{
    CLEANUP_STR struct str sources = {0};
    int64_t bytes;
    int idle = !saved_is_live(saved) &&
               digest_sources(saved->folder.fd, &sources, &bytes) == 0 && bytes >= WORTH_BYTES;
    if (idle && digest_load(saved, &sources, ret) == 0)
        return 0;
    if (datasets_load(&saved->datasets, saved->folder.fd, err) < 0 ||
        saved_refresh(saved, err) < 0)
        return err_wrap(err, "%s", saved->folder.path);
    report_make(saved, ret);
    if (idle) {
        digest_save(saved, ret, &sources);
        roll_drop(saved->folder.fd);
    }
    return 0;
}

int glance_read(struct saved *saved, struct report *ret, struct err *err)
{
    return read_spec(saved, err) < 0 ? -1 : read_all(saved, ret, err);
}

int glance_standing(struct saved *saved, struct report *ret, struct err *err)
{
    if (read_spec(saved, err) < 0)
        return -1;
    if (saved_is_live(saved) && glance_roll(saved, ret) == 0)
        return 0;
    return read_all(saved, ret, err);
}
