// SPDX-License-Identifier: Apache-2.0
// settings: Lmod's variables that change which module is meant, and what is done with the one that is loaded.
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "modulefile/engine_parts.h"

// As Lmod reads them: "no", "0", "off" and nothing are no, all else is yes.
int engine_is_yes(const char *value)
{
    static const char *const negatives[] = {"no", "0", "off", ""};
    for (size_t i = 0; i < COUNT(negatives); i++)
        if (strcasecmp(value, negatives[i]) == 0)
            return 0;
    return 1;
}

// "@..." is what no one has filled in: as if it were not set.
int engine_setting(const struct engine *engine, const char *name, int otherwise)
{
    const char *value = vars_get(&engine->vars, name);
    return value && *value != '@' ? engine_is_yes(value) : otherwise;
}

void engine_read_settings(struct engine *engine)
{
    engine->rules = (struct engine_rules){
        .keeps_version = engine_setting(engine, "LMOD_DISABLE_SAME_NAME_AUTOSWAP", 0),
        .keeps_family = !engine_setting(engine, "LMOD_AUTO_SWAP", 1),
        .nags = vars_get(&engine->vars, "LMOD_ADMIN_FILE") != NULL,
        .pins = engine_setting(engine, "LMOD_PIN_VERSIONS", 0),
    };
    engine->rules.paths.stays = engine_setting(engine, "LMOD_TMOD_PATH_RULE", 0);
    engine->rules.paths.repeats =
        !engine->rules.paths.stays && engine_setting(engine, "LMOD_DUPLICATE_PATHS", 0);
    const char *block = vars_get(&engine->vars, "LMOD_PREPEND_BLOCK");
    engine->rules.paths.reversed = block && (strcasecmp(block, "reverse") == 0 ||
                                             !engine_setting(engine, "LMOD_PREPEND_BLOCK", 1));
    engine->quiet = vars_get(&engine->vars, "LMOD_QUIET") != NULL;
    engine->catalog.rules = (struct catalog_rules){
        .exact = engine_setting(engine, "LMOD_EXACT_MATCH", 0),
        .whole_versions = !engine_setting(engine, "LMOD_EXTENDED_DEFAULT", 1),
        .lua_only = !engine_setting(engine, "LMOD_ALLOW_TCL_MFILES", 1),
        .first_folder = engine_setting(engine, "LMOD_TMOD_FIND_FIRST", 0),
    };
}

char *engine_collection_end(const struct engine *engine)
{
    const char *system = vars_get(&engine->vars, "LMOD_SYSTEM_NAME");
    int is_set = system && *system && *system != '@' && strcmp(system, "<empty>") != 0;
    return is_set ? mem_print(".%s", system) : mem_dup("");
}
