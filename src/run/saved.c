// SPDX-License-Identifier: Apache-2.0
// saved: the files of a run's folder, read together.
#include "run/saved.h"

#include <unistd.h>

#include "base/mem.h"
#include "run/claims.h"

void saved_look(struct saved *saved)
{
    size_t count;
    owner_look(saved->folder.fd, &saved->owner);
    CLEANUP_FREE struct parcel_look *list = claims_list(saved->folder.fd, &count);
    saved->parcels = 0;
    for (size_t i = 0; i < count; i++)
        saved->parcels += list[i].is_alive && !list[i].is_fenced;
}

int saved_is_live(const struct saved *saved)
{
    return (saved->owner.state == OWNER_ALIVE && saved->owner.pid != getpid()) ||
           saved->parcels;
}

int saved_refresh(struct saved *saved, struct err *err)
{
    state_free(&saved->state);
    // before the journals: its last records are read if it ends meanwhile
    saved_look(saved);
    usage_begin(&saved->usage, &saved->spec);
    return state_load(&saved->state, saved->folder.fd, &saved->datasets, &saved->usage, err);
}

int saved_read_asked(struct saved *saved, struct err *err)
{
    if (spec_load(&saved->spec, saved->folder.fd, err) < 0 ||
        datasets_load(&saved->datasets, saved->folder.fd, err) < 0)
        return err_wrap(err, "%s", saved->folder.path);
    return 0;
}

int saved_read(struct saved *saved, struct err *err)
{
    if (saved_read_asked(saved, err) < 0)
        return -1;
    return saved_refresh(saved, err) < 0 ? err_wrap(err, "%s", saved->folder.path) : 0;
}

int saved_open(struct saved *ret, const char *cwd, const char *which, struct err *err)
{
    return folder_find(cwd, which, &ret->folder, err) < 0 ? -1 : saved_read(ret, err);
}

void saved_close(struct saved *saved)
{
    state_free(&saved->state);
    datasets_free(&saved->datasets);
    spec_free(&saved->spec);
    folder_free(&saved->folder);
}
