// SPDX-License-Identifier: Apache-2.0
// The files of a parcel and of a submission: whatever is in them, texts end and nothing is dead and alive.
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/mem.h"
#include "run/claims.h"
#include "run/submission.h"
#include "scratch.h"

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t size);

static void check_parcel(const unsigned char *bytes, size_t size)
{
    size_t count;
    mkdirat(scratch_folder(), CLAIMS_FOLDER, 0700);
    scratch_write(CLAIMS_FOLDER "/parcel.1-0", bytes, size);
    CLEANUP_FREE struct parcel_look *list = claims_list(scratch_folder(), &count);
    if (count != 1 || list->parcel != 1 || list->restart || (list->is_over && list->is_alive) ||
        !memchr(list->job, '\0', sizeof list->job) ||
        !memchr(list->host, '\0', sizeof list->host))
        abort();
}

static void check_submission(const unsigned char *bytes, size_t size)
{
    CLEANUP_STR struct str text = {0};
    size_t count;
    str_add(&text, "lopin-job 1\n");
    scratch_sign(&text, bytes, size, "");
    scratch_write("job.1", text.text, text.size);
    CLEANUP_FREE struct submission *list = submission_list(scratch_folder(), &count);
    if (count > 1 || (count && !memchr(list->job, '\0', sizeof list->job)))
        abort();
}

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t size)
{
    check_parcel(bytes, size);
    check_submission(bytes, size);
    return 0;
}
