// SPDX-License-Identifier: Apache-2.0
// cmd_rm: removes runs: all that were named, or none if one of them is being computed.
//
// Each is owned first, so that no resume begins while it goes.
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "base/lang.h"
#include "base/mem.h"
#include "cli/crew_look.h"
#include "cli/jobs.h"
#include "cli/say.h"
#include "cli/target.h"
#include "run/glance.h"

enum { SETTLE_MS = 5000, LOOK_MS = 50 };

struct removal {
    const struct cli *cli;
    const unsigned *number;
    uint8_t *stale; // by index: its last owner was killed
    size_t count;
    size_t owned;   // the first ones are ours
    size_t removed; // and of these are no runs any more
    struct crew_queue queue;
    struct slurm_answer waiting; // jobs, by their scripts
};

static int busy(const struct folder *folder, struct err *err)
{
    err_set(err, ERR_RUN_BUSY, _("run %u is computed by jobs of Slurm, or waits for them"),
            folder->number);
    err_hint(err, "try", "lopin status %u", folder->number);
    return err_hint(err, "try", "lopin cancel %u", folder->number);
}

// Parcels that have done all that there was end in a moment.
static void settle(const struct folder *folder)
{
    CLEANUP_SAVED struct saved saved = SAVED_NONE;
    CLEANUP_REPORT struct report report = {0};
    CLEANUP_CREW struct crew first = {0};
    saved.folder = *folder;
    saved.folder.path = mem_dup(folder->path);
    saved.folder.fd = fcntl(folder->fd, F_DUPFD_CLOEXEC, 3);
    crew_read(folder->fd, &first);
    if (!first.alive || glance_standing(&saved, &report, NULL) < 0 ||
        !crew_is_finished(&first, &saved.state))
        return;
    for (int i = 0; i < SETTLE_MS / LOOK_MS && claims_is_alive(folder->fd); i++)
        poll(NULL, 0, LOOK_MS);
}

static int look(struct removal *removal, size_t index, struct err *err)
{
    CLEANUP_FOLDER struct folder folder = FOLDER_NONE;
    struct owner owner;
    if (folder_open(removal->cli->cwd, removal->number[index], &folder, err) < 0)
        return -1;
    owner_settle(folder.fd, &owner);
    removal->stale[index] = owner.state == OWNER_STALE;
    if (owner.state == OWNER_ALIVE)
        return target_busy(removal->cli, folder.number, &owner, err);
    settle(&folder);
    CLEANUP_STRV struct strv by_hand = {0}; // would compute the next run of this number
    if (round_last(folder.fd))
        jobs_of_script(removal->cli, &folder, &removal->waiting, &by_hand);
    int is_owed = by_hand.count || crew_count(removal->cli, &folder, &removal->queue);
    return is_owed ? busy(&folder, err) : 0;
}

// On a full disk none can be owned, and room is wanted: there the look must do.
static int own(struct removal *removal, size_t index, struct err *err)
{
    CLEANUP_FOLDER struct folder folder = FOLDER_NONE;
    struct err refused = {0};
    if (folder_open(removal->cli->cwd, removal->number[index], &folder, err) < 0)
        return -1;
    if (owner_take(folder.fd, &refused) < 0 && refused.code != ERR_DISK_FULL) {
        CLEANUP_FOLDER struct folder again = FOLDER_NONE;
        if (folder_open(removal->cli->cwd, removal->number[index], &again, err) < 0)
            return -1; // another rm was quicker
        if (err)
            *err = refused;
        return -1;
    }
    removal->owned++;
    return 0;
}

static void leave(const struct removal *removal)
{
    for (size_t i = removal->removed; i < removal->owned; i++) {
        CLEANUP_FOLDER struct folder folder = FOLDER_NONE;
        if (folder_open(removal->cli->cwd, removal->number[i], &folder, NULL) == 0)
            owner_leave(folder.fd);
    }
}

// A run that was moved and linked is the user's arrangement: only the link goes.
static void keep_linked(const struct cli *cli, const struct folder *folder, const char *target)
{
    CLEANUP_STR struct str shown = {0};
    str_add_visible(&shown, target, strlen(target));
    owner_leave(folder->fd);
    say(cli, _("run %u was a link: '%s' stays"), folder->number, shown.text);
}

static int remove_one(struct removal *removal, size_t index, struct err *err)
{
    const struct cli *cli = removal->cli;
    CLEANUP_FOLDER struct folder folder = FOLDER_NONE;
    if (folder_open(cli->cwd, removal->number[index], &folder, err) < 0)
        return -1;
    // what a killed runner left running would write into the outputs of the next run of this
    // number
    if (removal->stale[index])
        owner_sweep(folder.path);
    char target[PATH_MAX];
    ssize_t size = readlink(folder.path, target, sizeof target - 1);
    if (folder_set_aside(cli->cwd, folder.number, err) < 0)
        return -1;
    removal->removed++;
    if (size > 0) {
        target[size] = '\0';
        keep_linked(cli, &folder, target);
    }
    return 0;
}

static int each(struct removal *removal,
                int (*step)(struct removal *removal, size_t index, struct err *err),
                struct err *err)
{
    for (size_t i = 0; i < removal->count; i++)
        if (step(removal, i, err) < 0)
            return -1;
    return 0;
}

static int remove_all(struct removal *removal, struct err *err)
{
    const struct cli *cli = removal->cli;
    if (each(removal, look, err) < 0)
        return -1;
    int result = each(removal, own, err);
    if (result == 0) {
        folder_clear(cli->cwd, NULL); // what an earlier one that was killed has left
        result = each(removal, remove_one, err);
        folder_mend_last(cli->cwd);
        if (folder_clear(cli->cwd, result < 0 ? NULL : err) < 0)
            result = -1;
        if (removal->removed)
            say(cli, lang_plural("%zu run removed", "%zu runs removed", removal->removed),
                removal->removed);
    }
    leave(removal);
    return result;
}

int cmd_rm(struct cli *cli, struct err *err)
{
    struct removal removal = {.cli = cli};
    if (!cli->words.count) {
        err_set(err, ERR_USAGE, _("rm needs the runs to remove"));
        return err_hint(err, "try", "lopin list; lopin rm 3-5,8");
    }
    CLEANUP_FREE unsigned *number = target_runs(cli, &removal.count, err);
    if (!number)
        return -1;
    CLEANUP_FREE uint8_t *stale = mem_zero(removal.count, 1);
    removal.number = number;
    removal.stale = stale;
    int result = remove_all(&removal, err);
    crew_queue_free(&removal.queue);
    slurm_answer_free(&removal.waiting);
    return result;
}
