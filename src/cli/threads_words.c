// SPDX-License-Identifier: Apache-2.0
// threads_words: each verdict has one sentence with its numbers.
#include "cli/threads_words.h"

#include "base/lang.h"
#include "base/mem.h"

// "8 processes x 8 threads", "64 threads in 8 processes", "1 process of 16 threads".
static void add_who(struct str *into, const struct verdict_facts *facts)
{
    if (facts->processes == 1)
        str_print(
            into,
            lang_plural("1 process of %u thread", "1 process of %u threads", facts->threads),
            facts->threads);
    else if (facts->even)
        str_print(
            into,
            lang_plural("%u processes x %u thread", "%u processes x %u threads", facts->even),
            facts->processes, facts->even);
    else
        str_print(into, _("%u threads in %u processes"), facts->threads, facts->processes);
}

static void add_cores(struct str *into, double cores)
{
    unsigned whole = (unsigned)(cores + 0.5);
    if (cores - whole < 0.05 && whole - cores < 0.05)
        str_print(into, lang_plural("%u core", "%u cores", whole), whole);
    else
        str_print(into, _("%.1f cores"), cores);
}

static void add_demand(struct str *into, const struct words_case *of)
{
    CLEANUP_STR struct str cores = {0};
    double demand = verdict_demand(&of->facts), delay = verdict_delay(&of->facts) * 100;
    int digits = demand < 10 ? 1 : 0, number = of->facts.processes == 1 ? 1 : 2;
    add_cores(&cores, of->facts.cores);
    add_who(into, &of->facts);
    if (of->facts.cores == 1) {
        str_print(
            into,
            lang_plural(" asks for %.*f times its only core and waits %.0f %% of the time",
                        " ask for %.*f times their only core and wait %.0f %% of the time",
                        number),
            digits, demand, delay);
        return;
    }
    str_print(into,
              lang_plural(" asks for %.*f times its %s and waits %.0f %% of the time",
                          " ask for %.*f times their %s and wait %.0f %% of the time", number),
              digits, demand, str_text(&cores), delay);
}

static void add_pool(struct str *into, const struct words_case *of)
{
    // a parent may have more than its children, which have one each
    int is_each = of->facts.threads > of->facts.processes;
    if (of->libraries && *of->libraries && of->facts.pool > 1 && is_each)
        str_print(into, _("; %s takes %u threads in each"), of->libraries, of->facts.pool);
}

void words_add(struct str *into, const struct words_case *of)
{
    const struct verdict_facts *facts = &of->facts;
    CLEANUP_STR struct str cores = {0};
    add_cores(&cores, facts->cores);
    switch (of->verdict) {
    case VERDICT_HUNG:
        str_print(into,
                  lang_plural("%u process waits for ever for threads that it lost in a fork",
                              "%u processes wait for ever for threads that they lost in a fork",
                              facts->hung),
                  facts->hung);
        break;
    case VERDICT_OVERSUBSCRIBED:
    case VERDICT_FULL:
        add_demand(into, of);
        add_pool(into, of);
        break;
    case VERDICT_NEIGHBOUR:
        str_print(into,
                  _("a busy neighbour: it asks for %.1f of its %s and waits %.0f %% of the "
                    "time, as others use them too"),
                  facts->run + facts->wait, str_text(&cores), verdict_delay(facts) * 100);
        break;
    case VERDICT_QUEUE:
        str_print(into, _("%u threads wait for one another in %s, which serves one at a time"),
                  facts->callers + 1, of->libraries && *of->libraries ? of->libraries : "BLAS");
        break;
    case VERDICT_DISK:
        str_print(into,
                  _("waiting for the disk or a network file system: %.1f threads blocked, %.1f "
                    "of %s used"),
                  facts->blocked, facts->run, str_text(&cores));
        break;
    case VERDICT_ASLEEP:
        str_add(into,
                _("hardly anything computes now: waiting for input, the network, a lock, or "
                  "each other"));
        break;
    case VERDICT_SERIAL:
        str_print(into, _("%s reserved, %.1f used: it is not parallel now"), str_text(&cores),
                  facts->run);
        break;
    case VERDICT_UNKNOWN:
        str_print(into,
                  _("not known: this kernel does not tell of waiting (no schedstat); %.1f of "
                    "%s used"),
                  facts->run, str_text(&cores));
        break;
    default:
        str_print(into, _("all is well: %.1f of %s used, waiting %.0f %% of the time"),
                  facts->run, str_text(&cores), verdict_delay(facts) * 100);
    }
}

static void add_less(struct str *into, const struct words_case *of)
{
    unsigned cores = of->facts.cores < 1 ? 1 : (unsigned)of->facts.cores;
    int pools = of->variable && of->facts.pool > 1;
    enum cure cure = verdict_cure(&of->facts);
    if (!of->in_task)
        str_add(into, _("run it under lopin, or "));
    if (cure == CURE_ONE_THREAD && pools)
        str_print(into, _("set %s=1"), of->variable);
    else if (cure == CURE_NARROW && pools && of->facts.pool > cores)
        str_print(into, _("set %s=%u"), of->variable, cores);
    else if (cure == CURE_NARROW || cure == CURE_ONE_THREAD)
        str_print(into,
                  lang_plural("let it start %u thread in all", "let it start %u threads in all",
                              cores),
                  cores);
    else
        str_print(into,
                  lang_plural("start %u process: Pool(len(os.sched_getaffinity(0)))",
                              "start %u processes: Pool(len(os.sched_getaffinity(0)))", cores),
                  cores);
}

void words_add_cure(struct str *into, const struct words_case *of)
{
    switch (of->verdict) {
    case VERDICT_OVERSUBSCRIBED: add_less(into, of); break;
    case VERDICT_HUNG:
        str_add(into, _("end it; make processes before threads compute, or with "
                        "multiprocessing.set_start_method(\"spawn\")"));
        break;
    case VERDICT_NEIGHBOUR:
        str_add(into,
                of->in_task
                    ? _("see what else runs here (top): programs outside of lopin, or runs "
                        "with --no-ledger")
                    : _("see what else runs here (top); under lopin, runs share no core"));
        break;
    case VERDICT_QUEUE:
        str_print(into, _("set %s=1, so that each thread computes by itself, or use processes"),
                  of->variable ? of->variable : "OPENBLAS_NUM_THREADS");
        break;
    case VERDICT_DISK:
        str_add(into, _("copy the data to a local disk; more processes at once help where it "
                        "is the network"));
        break;
    case VERDICT_SERIAL:
        str_add(into, _("reserve one core, or compute several datasets side by side: lopin "
                        "map"));
        break;
    default: break;
    }
}

const char *words_hook(enum hook hook)
{
    switch (hook) {
    case HOOK_ISOLATED: return _("Python was started with -I, -E or -S");
    case HOOK_DROPPED: return _("it was started without lopin's entry in PYTHONPATH");
    case HOOK_HIDDEN: return _("another entry stands before lopin's in PYTHONPATH");
    default: return _("why cannot be told: another sitecustomize, or a Python that loads none");
    }
}

const char *words_hook_cure(enum hook hook)
{
    switch (hook) {
    case HOOK_ISOLATED:
        return _("leave these options out, or set OPENBLAS_NUM_THREADS=1 in it");
    case HOOK_DROPPED:
        return _("start it with env={**os.environ, ...}, and add to PYTHONPATH rather than "
                 "set it");
    case HOOK_HIDDEN: return _("put what you add to PYTHONPATH behind what is there");
    default: return _("set OPENBLAS_NUM_THREADS=1 in the script before it imports NumPy");
    }
}
