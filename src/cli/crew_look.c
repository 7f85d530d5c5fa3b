// SPDX-License-Identifier: Apache-2.0
#include "cli/crew_look.h"

#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"

#define CLAIMS_US INT64_C(2000000) // a file of each parcel is read

void crew_look(const struct cli *cli, struct saved *saved, struct crew_queue *queue,
               int64_t wait_us, struct crew *crew)
{
    if (crew->submissions && crew_wants_queue(crew) && !crew_is_finished(crew, &saved->state)) {
        if (crew->is_in_force)
            crew_queue_look(cli, queue, wait_us);
        else
            crew_queue_kept(cli, queue);
        if (queue->is_known)
            crew_match(crew, &queue->jobs, queue->said.asked_s);
    }
    crew_settle(crew, saved);
}

void crew_end(const struct cli *cli, struct saved *saved, struct crew_queue *queue,
              struct crew *crew)
{
    if (crew->submissions)
        crew_queue_kept(cli, queue);
    if (queue->is_known)
        crew_match(crew, &queue->jobs, queue->said.asked_s);
    queue->silent = (struct err){0};
    crew_settle(crew, saved);
    saved->awaited = 0;
}

size_t crew_count(const struct cli *cli, const struct folder *folder, struct crew_queue *queue)
{
    CLEANUP_CREW struct crew crew = {0};
    crew_read(folder->fd, &crew);
    if (!crew.is_in_force || !crew_wants_queue(&crew))
        return crew.alive;
    if (!queue->is_known && !queue->silent.code)
        crew_queue_now(cli, queue, NULL);
    if (!queue->is_known)
        return crew.alive;
    crew_match(&crew, &queue->jobs, queue->said.asked_s);
    return crew.alive + crew_awaited(&crew);
}

void vigil_free(struct vigil *vigil)
{
    crew_free(&vigil->crew);
    crew_queue_free(&vigil->queue);
}

// Nobody is there, by what is known: until Slurm says so too a job may begin again.
static int may_come(struct vigil *vigil, const struct saved *saved)
{
    const struct crew *crew = &vigil->crew;
    if (saved->awaited || !crew->round || !crew->is_in_force || !crew_wants_queue(crew) ||
        crew_is_finished(crew, &saved->state))
        return saved->awaited > 0;
    if (vigil->queue.silent.code == ERR_NO_SLURM)
        return 0;
    return !vigil->queue.is_known || vigil->queue.said.asked_s <= vigil->alone_s;
}

int vigil_look(struct vigil *vigil, const struct cli *cli, struct saved *saved)
{
    int64_t now = clock_boot_us();
    owner_look(saved->folder.fd, &saved->owner);
    int is_owned = saved->owner.state == OWNER_ALIVE && saved->owner.pid != getpid();
    if (!vigil->looked_us || now - vigil->looked_us >= CLAIMS_US) {
        crew_free(&vigil->crew);
        crew_read(saved->folder.fd, &vigil->crew);
        crew_look(cli, saved, &vigil->queue, 0, &vigil->crew);
        vigil->looked_us = now;
    } else {
        crew_settle(&vigil->crew, saved);
    }
    if (is_owned || saved->parcels) {
        vigil->alone_s = 0;
        return 1;
    }
    if (!vigil->alone_s)
        vigil->alone_s = clock_wall_us() / 1000000;
    if (saved->awaited && vigil->queue.silent.code == ERR_NO_SLURM) {
        vigil->lost = vigil->queue.silent;
        return 0;
    }
    return may_come(vigil, saved);
}
