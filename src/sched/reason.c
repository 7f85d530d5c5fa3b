// SPDX-License-Identifier: Apache-2.0
// reason: single codes first, then families by what they begin with and hold.
#include "sched/reason.h"

#include <string.h>
#include <strings.h>

#include "base/lang.h"
#include "base/mem.h"

#define RELEASE   "scontrol release JOB"
#define SHOW      "scontrol show job JOB"
#define CANCEL    "scancel JOB"
#define NODES     N_("sinfo -R, which says why nodes are not there")
#define LESS_TIME N_("scontrol update jobid=JOB TimeLimit=..., less than now")
#define AGAIN     N_("scancel JOB, and submit it again with what is allowed")
#define SUPPORT   N_("ask the site's support, with the job's number")

static const struct {
    const char *code;
    const char *words, *cure;
    int never;
} codes[] = {
    {"Priority", N_("other jobs are before it"), NULL, 0},
    {"Resources", N_("it is next, and waits for enough free cores, memory or nodes"), NULL, 0},
    {"None", N_("Slurm has not looked at it yet"), NULL, 0},
    {"Dependency", N_("it waits for another job to end"), NULL, 0},
    {"DependencyNeverSatisfied",
     N_("the job that it depends on did not end as it had to, so it never starts"), CANCEL, 1},
    {"BeginTime", N_("its time to begin has not come yet"),
     "scontrol update jobid=JOB StartTime=now", 0},
    {"JobArrayTaskLimit", N_("as many elements of its array run as --array lets at once"),
     "scontrol update jobid=JOB ArrayTaskThrottle=N", 0},
    {"JobHeldUser", N_("its owner holds it back"), RELEASE, 0},
    {"JobHeldAdmin",
     N_("an administrator holds it back, or its script failed to start too often"), SUPPORT, 0},
    {"JobHoldMaxRequeue", N_("it began again too often, and is held back"), RELEASE, 0},
    {"RequeueExitHold", N_("it ended with a status that has it held back"), RELEASE, 0},
    {"RequeueExit", N_("it ended with a status that has it begin again"), NULL, 0},
    {"launch failed requeued held", N_("it could not be started on its node, and is held back"),
     RELEASE, 0},
    {"job requeued in held state", N_("it is to begin again, and is held back until then"),
     RELEASE, 0},
    {"PartitionTimeLimit", N_("its time is longer than its partition allows"), LESS_TIME, 1},
    {"PartitionNodeLimit", N_("its partition has not so many nodes, or not for one job"), AGAIN,
     1},
    {"PartitionMaxNodes", N_("its partition gives a job fewer nodes"), AGAIN, 1},
    {"PartitionMinNodes", N_("its partition wants a job to have more nodes"), AGAIN, 1},
    {"PartitionDown", N_("its partition is down: jobs may be queued there, and none starts"),
     N_("sinfo, then scontrol update jobid=JOB Partition=NAME"), 0},
    {"PartitionInactive", N_("its partition is closed"),
     N_("sinfo, then scontrol update jobid=JOB Partition=NAME"), 0},
    {"PartitionConfig", N_("its partition does not take it as it is"), AGAIN, 1},
    {"ReqNodeNotAvail", N_("a node that it needs is down, drained or reserved (maintenance?)"),
     NODES, 0},
    {"Nodes required for job are DOWN, DRAINED or reserved",
     N_("nodes that it needs are down, drained or reserved"), NODES, 0},
    {"NodeDown", N_("a node that it needs is down"), NODES, 0},
    {"FrontEndDown", N_("no front end node takes jobs"), NODES, 0},
    {"BadConstraints", N_("no node has what it asks for (-C, --gres, --mem, -c)"), AGAIN, 1},
    {"MaxMemPerLimit", N_("it asks for more memory than a node or core gives there"), AGAIN, 1},
    {"InvalidAccount", N_("its account (-A) is not valid, or is no longer"),
     "scontrol update jobid=JOB Account=NAME", 1},
    {"AccountNotAllowed", N_("its account (-A) may not use this partition"),
     N_("scontrol update jobid=JOB Account=NAME, or Partition=NAME"), 1},
    {"InvalidQOS", N_("its QOS (-q) is not valid, or is no longer"),
     "scontrol update jobid=JOB QOS=NAME", 1},
    {"QOSNotAllowed", N_("its account or partition does not allow its QOS (-q)"),
     "scontrol update jobid=JOB QOS=NAME", 1},
    {"QOSUsageThreshold", N_("too little of its account's share is left for its QOS"), NULL, 0},
    {"Licenses", N_("it waits for a licence (-L) that others use"), NULL, 0},
    {"Reservation", N_("it waits for its reservation to begin"), NULL, 0},
    {"ReservationDeleted", N_("its reservation is gone"),
     "scontrol update jobid=JOB ReservationName=", 1},
    {"RequiresReservation", N_("its partition takes jobs of a reservation only"), AGAIN, 1},
    {"ReqResv", N_("its partition takes jobs of a reservation only"), AGAIN, 1},
    {"Cleaning", N_("it is to begin again, and its last run is still being cleaned up"), NULL,
     0},
    {"Prolog", N_("the site's preparation of its nodes is still running"), NULL, 0},
    {"InactiveLimit", N_("it was without activity for longer than the site allows"), NULL, 0},
    {"JobLaunchFailure",
     N_("it could not be started: no script, no folder, or none for its output"), SHOW, 0},
    {"SystemFailure", N_("Slurm or the system failed"), SUPPORT, 0},
    {"NonZeroExitCode", N_("its script ended with a status other than 0"), NULL, 0},
    {"TimeLimit", N_("its time was over"), NULL, 0},
    {"OutOfMemory", N_("it needed more memory than it had"), NULL, 0},
    {"AssociationJobLimit", N_("its account has as many jobs as it may"), NULL, 0},
    {"AssociationResourceLimit", N_("its account has reached a limit"), NULL, 0},
    {"AssociationTimeLimit", N_("its account has used its time"), NULL, 0},
    {"QOSJobLimit", N_("its QOS has as many jobs as it may"), NULL, 0},
    {"QOSResourceLimit", N_("its QOS has reached a limit"), NULL, 0},
    {"QOSTimeLimit", N_("its QOS has used its time"), NULL, 0},
    {"BurstBufferStageIn", N_("its files are being brought to the burst buffer"), NULL, 0},
    {"BurstBufferOperation", N_("the burst buffer failed for it"), SUPPORT, 0},
    {"BurstBufferResources", N_("it waits for room in the burst buffer"), NULL, 0},
    {"DeadLine", N_("it cannot end before its deadline"), AGAIN, 1},
    {"FedJobLock", N_("another cluster of the federation looks at it"), NULL, 0},
};

// What of a limit's name is limited.
static const struct {
    const char *part, *words;
} things[] = {
    {"SubmitJob", N_("submitted jobs")},
    {"Jobs", N_("running jobs")},
    {"Wall", N_("time")},
    {"Cpu", N_("cores")},
    {"Mem", N_("memory")},
    {"Node", N_("nodes")},
    {"GRES", N_("GPUs and the like")},
    {"License", N_("licences")},
    {"BB", N_("burst buffer")},
    {"Energy", N_("energy")},
    {"Billing", N_("billed units")},
};

// A family: what a code begins with, what it holds besides (NULL: anything). The first that fits.
static const struct {
    const char *begin, *hold;
    const char *words, *cure;
    int never;
} families[] = {
    {"AssocGrp", "RunMinutes", N_("its account runs all that it may, counting time left: %s"),
     LESS_TIME, 0},
    {"AssocGrp", "Minutes", N_("its account has used up what it was given: %s times time"),
     SUPPORT, 0},
    {"AssocGrpWall", NULL, N_("its account has used up what it was given: %s"), SUPPORT, 0},
    {"AssocGrp", NULL, N_("the jobs of its account together are at the limit: %s"), NULL, 0},
    {"AssocMaxSubmit", NULL, N_("you are at your limit in this account: %s"), NULL, 0},
    {"AssocMaxJobs", NULL, N_("you are at your limit in this account: %s"), NULL, 0},
    {"AssocMaxWall", NULL, N_("its account allows a job less %s"), LESS_TIME, 1},
    {"AssocMax", "Minutes", N_("its account allows a job less: %s times time"), LESS_TIME, 1},
    {"AssocMax", NULL, N_("its account allows a job less: %s"), AGAIN, 1},
    {"QOSGrp", "RunMinutes", N_("its QOS runs all that it may, counting time left: %s"),
     LESS_TIME, 0},
    {"QOSGrp", "Minutes", N_("its QOS has used up what it was given: %s times time"), SUPPORT,
     0},
    {"QOSGrpWall", NULL, N_("its QOS has used up what it was given: %s"), SUPPORT, 0},
    {"QOSGrp", NULL, N_("the jobs of its QOS together are at the limit: %s"), NULL, 0},
    {"QOSMax", "PerUser", N_("you are at your limit in its QOS: %s"), NULL, 0},
    {"QOSMaxWall", NULL, N_("its QOS allows a job less %s"), LESS_TIME, 1},
    {"QOSMax", "Minutes", N_("its QOS allows a job less: %s times time"), LESS_TIME, 1},
    {"QOSMax", NULL, N_("its QOS allows a job less: %s"), AGAIN, 1},
    {"QOSMin", NULL, N_("its QOS wants a job to have more: %s"), AGAIN, 1},
    {"MaxSubmitJobsPerAccount", NULL, N_("its account is at the limit of its QOS: %s"), NULL,
     0},
    {"Max", "PerAccount", N_("its account is at the limit of its QOS: %s"), NULL, 0},
    {"Assoc", NULL, N_("its account has reached a limit"), NULL, 0},
    {"QOS", NULL, N_("its QOS has reached a limit"), NULL, 0},
    {"BurstBuffer", NULL, N_("it waits for the burst buffer"), NULL, 0},
    {"Resv", NULL, N_("it waits for a reservation"), NULL, 0},
    {"NodesRequired", NULL, N_("nodes that it needs are down, drained or reserved"), NODES, 0},
};

static int same(char a, char b)
{
    return a == b || (a == '_' && b == ' ');
}

// Whether the code stands at its beginning, and ends there. Slurm has '_' where words have spaces.
static int begins(const char *said, const char *code)
{
    for (; *code; said++, code++)
        if (!same(*said, *code))
            return 0;
    return !*said || strchr(" ,_:(", *said) != NULL;
}

static const char *thing_of(const char *code)
{
    for (size_t i = 0; i < COUNT(things); i++)
        if (strcasestr(code, things[i].part))
            return lang_text(things[i].words);
    return NULL;
}

static int look_family(const char *code, struct reason *ret)
{
    for (size_t i = 0; i < COUNT(families); i++) {
        if (!str_starts(code, families[i].begin) ||
            (families[i].hold && !strstr(code, families[i].hold)))
            continue;
        ret->words = lang_text(families[i].words);
        ret->thing = strstr(families[i].words, "%s") ? thing_of(code) : NULL;
        ret->cure = families[i].cure ? lang_text(families[i].cure) : NULL;
        ret->never = families[i].never;
        // of a kind that is not known here
        return strstr(families[i].words, "%s") && !ret->thing ? -1 : 0;
    }
    return -1;
}

int reason_look(const char *said, struct reason *ret)
{
    *ret = (struct reason){0};
    if (!*said)
        said = "None";
    for (size_t i = 0; i < COUNT(codes); i++) {
        if (!begins(said, codes[i].code))
            continue;
        ret->words = lang_text(codes[i].words);
        ret->cure = codes[i].cure ? lang_text(codes[i].cure) : NULL;
        ret->never = codes[i].never;
        return 0;
    }
    CLEANUP_FREE char *code = mem_dupn(said, strcspn(said, " ,:("));
    return look_family(code, ret);
}

void reason_add(struct str *into, const char *said)
{
    struct reason reason;
    if (reason_look(said, &reason) < 0) {
        str_add_visible(into, said, strlen(said));
        return;
    }
    const char *hole = reason.thing ? strstr(reason.words, "%s") : NULL;
    if (!hole) {
        str_add(into, reason.words);
        return;
    }
    str_add_bytes(into, reason.words, (size_t)(hole - reason.words));
    str_print(into, "%s%s", reason.thing, hole + 2);
}

int reason_add_cure(struct str *into, const char *said, const char *job)
{
    struct reason reason;
    if (reason_look(said, &reason) < 0 || !reason.cure)
        return 0;
    for (const char *at = reason.cure; *at;) {
        int is_job = str_starts(at, "JOB");
        str_add(into, is_job ? job : (char[]){*at, '\0'});
        at += is_job ? 3 : 1;
    }
    return 1;
}
