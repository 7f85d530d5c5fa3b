// SPDX-License-Identifier: Apache-2.0
// claim: a line is held by a file as a run is by `owner` (run/owner.h).
#include "cli/claim.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/lang.h"
#include "base/mem.h"
#include "cli/crew_look.h"
#include "run/keys.h"
#include "run/owner.h"
#include "run/saved.h"

int claim_take(struct claim *claim, const struct spec *spec, struct err *err)
{
    claim->runs = folder_project(spec->cwd, err);
    if (claim->runs < 0)
        return -1;
    claim->pid = getpid();
    snprintf(claim->name, sizeof claim->name, ".line.%016" PRIx64, spec->line);
    return owner_take_name(claim->runs, claim->name, err);
}

void claim_leave(struct claim *claim)
{
    if (claim->runs >= 0)
        owner_leave_name(claim->runs, claim->name, claim->pid);
    mem_close_at(&claim->runs);
    claim->runs = -1;
}

static size_t in_common(const struct datasets *ours, const struct datasets *others)
{
    struct keys keys = {0};
    size_t count = 0;
    keys_make(&keys, ours->count);
    for (size_t i = 0; i < ours->count; i++)
        keys_add(&keys, ours->item[i].key, i);
    for (size_t i = 0; i < others->count; i++)
        count += keys_find(&keys, others->item[i].key) != KEYS_NONE;
    keys_free(&keys);
    return count;
}

// Whether anybody computes it, or will.
static int is_live(const struct cli *cli, struct saved *saved, struct crew_queue *queue)
{
    CLEANUP_CREW struct crew crew = {0};
    owner_look(saved->folder.fd, &saved->owner);
    if (saved->owner.state == OWNER_ALIVE)
        return 1;
    crew_read(saved->folder.fd, &crew);
    if (!crew.round || saved_refresh(saved, NULL) < 0)
        return 0;
    crew_look(cli, saved, queue, CREW_WAIT_US, &crew);
    return saved->parcels || saved->awaited;
}

static int check_run(const struct cli *cli, const struct spec *spec,
                     const struct datasets *datasets, unsigned number, struct crew_queue *queue,
                     struct err *err)
{
    struct saved saved CLEANUP_SAVED = SAVED_NONE;
    if (folder_open(spec->cwd, number, &saved.folder, NULL) < 0)
        return 0;
    if (saved_read_asked(&saved, NULL) < 0 || saved.spec.line != spec->line ||
        !is_live(cli, &saved, queue))
        return 0;
    size_t count = in_common(datasets, &saved.datasets);
    if (!count)
        return 0;
    err_set(err, ERR_RUN_BUSY,
            lang_plural("run %u of this line is being computed, with %zu of these datasets",
                        "run %u of this line is being computed, with %zu of these datasets",
                        count),
            number, count);
    err_hint(err, "try", "lopin watch %u", number);
    return err_hint(err, "try", "lopin cancel %u", number);
}

int claim_check(const struct cli *cli, const struct spec *spec, const struct datasets *datasets,
                struct err *err)
{
    size_t count;
    CLEANUP_FREE unsigned *number = folder_list(spec->cwd, &count);
    CLEANUP_QUEUE struct crew_queue queue = {0};
    for (size_t i = count; i-- > 0;)
        if (check_run(cli, spec, datasets, number[i], &queue, err) < 0)
            return -1;
    return 0;
}
