// SPDX-License-Identifier: Apache-2.0
#include "cli/module_letters.h"

#include "base/lang.h"

// Properties as Lmod's own lmodrc.lua has them; nF as Environment Modules.
const struct module_letter module_letters[MODULE_LETTERS] = {
    {"S", "lmod", "sticky", N_("sticky: purge and unload leave it (--force)")},
    {"g", "arch", "gpu", N_("for graphics processors")},
    {"m", "arch", "mic", N_("for many-core processors")},
    {"o", "arch", "offload", N_("hands work to other processors")},
    {"X", "state", "experimental", N_("experimental")},
    {"T", "state", "testing", N_("being tested")},
    {"O", "state", "obsolete", N_("obsolete")},
    {"L", NULL, NULL, N_("loaded")},
    {"D", NULL, NULL, N_("the default")},
    {"H", NULL, NULL, N_("hidden")},
    {"F", NULL, NULL, N_("may not be loaded")},
    {"nF", "lmod", "nearly-forbidden", N_("soon may not be loaded any more")},
};

void module_letters_add(const struct module_letter *letter, struct str *into)
{
    str_print(into, "%s%s", into->size ? "," : "(", letter->letter);
}

void module_letters_explain(unsigned seen, struct str *into)
{
    if (seen)
        str_add_char(into, '\n');
    for (size_t i = 0; i < MODULE_LETTERS; i++)
        if (seen & 1U << i)
            str_print(into, "  %s: %s\n", module_letters[i].letter,
                      lang_text(module_letters[i].words));
}
