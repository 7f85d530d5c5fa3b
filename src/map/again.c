// SPDX-License-Identifier: Apache-2.0
// again: counts are of one start of a run: who resumes it gives it new ones.
#include "map/again.h"

#include <stdio.h>

#include "base/err.h"
#include "base/lang.h"

#define QUICK_US 10000000 // an exit 75 before that has done little
#define QUICK    3        // so many of them in a row have done nothing

struct earlier again_earlier(const struct outcome *outcome)
{
    return (struct earlier){
        .attempts = outcome->attempt,
        .parcel = outcome->parcel,
        .restart = outcome->restart,
        .saved = outcome->state == OUTCOME_WAITING && outcome->code == EXIT_AGAIN,
    };
}

int again_asked(const struct spec *spec, struct tried *tried, int code, int64_t duration_us)
{
    int asked = code == EXIT_AGAIN;
    tried->saved = 0;
    tried->quick = (uint8_t)(asked && duration_us < QUICK_US ? tried->quick + 1 : 0);
    if (!asked || tried->quick >= QUICK || tried->continues >= spec->max_continue)
        return 0;
    tried->continues++;
    tried->saved = 1;
    return 1;
}

void again_refused(const struct spec *spec, const struct tried *tried, struct failure *ret)
{
    ret->code = ERR_EXIT_CODE;
    if (tried->quick >= QUICK)
        snprintf(ret->detail, sizeof ret->detail,
                 _("exit code 75 (run me again) %d times in a row within 10 seconds"), QUICK);
    else
        snprintf(ret->detail, sizeof ret->detail,
                 _("exit code 75 (run me again) more than %u times: --max-continue"),
                 (unsigned)spec->max_continue);
}

int again_retry(const struct spec *spec, struct tried *tried, int cause)
{
    if (cause == ERR_NO_PROGRAM || cause == ERR_MEMORY_LIMIT || tried->retries >= spec->retries)
        return 0;
    tried->retries++;
    return 1;
}
