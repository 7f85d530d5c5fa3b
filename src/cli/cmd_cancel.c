// SPDX-License-Identifier: Apache-2.0
// cmd_cancel: ends a run as Ctrl-C pressed twice does, from any terminal of its host; one that jobs compute
// from any host.
#include <errno.h>
#include <signal.h>
#include <time.h>

#include "base/lang.h"
#include "base/mem.h"
#include "cli/crew_cancel.h"
#include "cli/crew_words.h"
#include "cli/jobs.h"
#include "cli/say.h"
#include "cli/summary.h"
#include "cli/target.h"
#include "run/glance.h"
#include "run/round.h"

// Numbers of the runs that somebody computes or will. Yours.
static unsigned *list_live(const struct cli *cli, size_t *ret_count)
{
    size_t count;
    unsigned *numbers = folder_list(cli->cwd, &count);
    CLEANUP_QUEUE struct crew_queue queue = {0};
    *ret_count = 0;
    for (size_t i = 0; i < count; i++) {
        CLEANUP_FOLDER struct folder folder = FOLDER_NONE;
        struct owner owner = {0};
        size_t crew = 0;
        if (folder_open(cli->cwd, numbers[i], &folder, NULL) == 0) {
            owner_look(folder.fd, &owner);
            crew = crew_count(cli, &folder, &queue);
        }
        if (owner.state == OWNER_ALIVE || crew)
            numbers[(*ret_count)++] = numbers[i];
    }
    return numbers;
}

static int ask_which(const unsigned *live, size_t count, struct err *err)
{
    CLEANUP_STR struct str list = {0};
    for (size_t i = 0; i < count; i++)
        str_print(&list, "%s%u", i ? ", " : "", live[i]);
    err_set(err, ERR_USAGE, _("several runs are being computed: %s"), list.text);
    return err_hint(err, "try", "lopin cancel %u", live[count - 1]);
}

// Without a word, the only one that is being computed is meant, though it may not be the last.
static int find(const struct cli *cli, struct folder *ret, struct err *err)
{
    size_t count = 0;
    CLEANUP_FREE unsigned *live = cli->words.count ? NULL : list_live(cli, &count);
    if (count > 1)
        return ask_which(live, count, err);
    return count ? folder_open(cli->cwd, live[0], ret, err) : target_folder(cli, ret, err);
}

// One that has ended meanwhile needs no signal.
static int send(const struct folder *folder, const struct owner *owner, int number,
                struct err *err)
{
    if (owner_signal(folder->fd, owner, number) < 0 && errno != ESRCH)
        return err_errno(err, ERR_SYSTEM, errno, _("cannot end process %ld"), owner->pid);
    return 0;
}

// The first SIGTERM means no new tasks, the second ends those that run; two that wait at once
// count as one.
static int end(const struct folder *folder, const struct owner *owner, struct err *err)
{
    const struct timespec pause = {.tv_nsec = 10000000};
    if (send(folder, owner, SIGTERM, err) < 0 ||
        send(folder, owner, SIGCONT, err) < 0) // a stopped one takes no signal
        return -1;
    while (owner_pending(owner, SIGTERM))
        nanosleep(&pause, NULL);
    return send(folder, owner, SIGTERM, err);
}

// What a process of this host has of it. Returns 1 if there was one, 0, or -1 with err.
static int end_owner(const struct cli *cli, const struct folder *folder, struct err *err)
{
    struct owner owner;
    owner_look(folder->fd, &owner);
    if (owner.state != OWNER_ALIVE)
        return 0;
    if (!owner.here)
        return target_busy(cli, folder->number, &owner, err);
    if (end(folder, &owner, err) < 0)
        return -1;
    owner_wait(folder->fd, &owner);
    return 1;
}

// What jobs have. As end_owner.
static int end_jobs(const struct cli *cli, const struct folder *folder, struct err *err)
{
    CLEANUP_CREW struct crew crew = {0};
    CLEANUP_QUEUE struct crew_queue queue = {0};
    CLEANUP_STRV struct strv by_hand = {0};
    CLEANUP_ANSWER struct slurm_answer answer = {0};
    int is_owed = 0;
    if (!round_last(folder->fd))
        return 0;
    crew_read(folder->fd, &crew);
    if (crew.round && (crew.is_in_force || crew.alive))
        is_owed = crew_count(cli, folder, &queue) || queue.silent.code;
    if (!is_owed) {
        jobs_of_script(cli, folder, &answer, &by_hand);
        is_owed = by_hand.count > 0;
    }
    return !is_owed ? 0 : crew_cancel(cli, folder, err) < 0 ? -1 : 1;
}

int cmd_cancel(struct cli *cli, struct err *err)
{
    CLEANUP_SAVED struct saved saved = SAVED_NONE;
    CLEANUP_REPORT struct report report = {0};
    CLEANUP_CREW struct crew crew = {0};
    CLEANUP_QUEUE struct crew_queue queue = {0};
    struct folder *folder = &saved.folder;
    if (find(cli, folder, err) < 0)
        return -1;
    int owned = end_owner(cli, folder, err);
    int jobs = owned < 0 ? -1 : end_jobs(cli, folder, err);
    if (jobs < 0)
        return -1;
    if (!owned && !jobs) {
        say(cli, _("run %u is not being computed: there is nothing to end"), folder->number);
        return 0;
    }
    crew_read(folder->fd, &crew);
    if (glance_read(&saved, &report, err) < 0)
        return -1;
    crew_end(cli, &saved, &queue, &crew);
    crew_say(cli, &saved, &report, &crew, &queue);
    return 0;
}
