# SPDX-License-Identifier: Apache-2.0
# For csh and tcsh: source ENV/bin/activate.csh        and back: deactivate

alias deactivate 'if ($?_OLD_VIRTUAL_PATH) setenv PATH "$_OLD_VIRTUAL_PATH"; if ($?_OLD_VIRTUAL_PROMPT) set prompt = "$_OLD_VIRTUAL_PROMPT"; unset _OLD_VIRTUAL_PATH _OLD_VIRTUAL_PROMPT; unsetenv VIRTUAL_ENV VIRTUAL_ENV_PROMPT; rehash; unalias deactivate'

# Another one that is active ends here.
if ($?_OLD_VIRTUAL_PATH) setenv PATH "$_OLD_VIRTUAL_PATH"
if ($?_OLD_VIRTUAL_PROMPT) set prompt = "$_OLD_VIRTUAL_PROMPT"
unset _OLD_VIRTUAL_PATH _OLD_VIRTUAL_PROMPT

setenv VIRTUAL_ENV @ENV@
setenv VIRTUAL_ENV_PROMPT @PROMPT@

set _OLD_VIRTUAL_PATH = "$PATH"
setenv PATH "${VIRTUAL_ENV}/bin:$PATH"
unsetenv PYTHONHOME

if (! $?VIRTUAL_ENV_DISABLE_PROMPT && $?prompt) then
    set _OLD_VIRTUAL_PROMPT = "$prompt"
    set prompt = "(${VIRTUAL_ENV_PROMPT}) $prompt"
endif

rehash
