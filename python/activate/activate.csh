# SPDX-License-Identifier: Apache-2.0
# For csh and tcsh: source ENV/bin/activate.csh        and back: deactivate
# "if (A) B" reads the variables of B whatever A is; after && they are read only if it is reached.

# Refused before anything is changed where it cannot work on this machine; the message is lopin's.
set _lopin_refused = 0
sh -c 'test "$LOPIN_GUARD" != off && test -x "$1" || exit 0; "$1" env check --quiet "$2" || test $? -ne 3' sh @LOPIN@ @ENV@ || set _lopin_refused = 1
if ($_lopin_refused == 0) then
    alias deactivate 'test $?_OLD_VIRTUAL_PATH != 0 && setenv PATH $_OLD_VIRTUAL_PATH:q && unset _OLD_VIRTUAL_PATH; test $?_OLD_VIRTUAL_PYTHONHOME != 0 && setenv PYTHONHOME $_OLD_VIRTUAL_PYTHONHOME:q && unset _OLD_VIRTUAL_PYTHONHOME; test $?_OLD_VIRTUAL_PROMPT != 0 && set prompt = $_OLD_VIRTUAL_PROMPT:q && unset _OLD_VIRTUAL_PROMPT; unsetenv VIRTUAL_ENV; unsetenv VIRTUAL_ENV_PROMPT; rehash; test "\!:*" != nondestructive && unalias deactivate'

    # Another one that is active ends here.
    deactivate nondestructive

    setenv VIRTUAL_ENV @ENV@
    setenv VIRTUAL_ENV_PROMPT @PROMPT@

    set _OLD_VIRTUAL_PATH = $PATH:q
    setenv PATH $VIRTUAL_ENV:q/bin:$PATH:q

    if ($?PYTHONHOME) then
        set _OLD_VIRTUAL_PYTHONHOME = $PYTHONHOME:q
        unsetenv PYTHONHOME
    endif

    if (! $?VIRTUAL_ENV_DISABLE_PROMPT && $?prompt) then
        set _OLD_VIRTUAL_PROMPT = $prompt:q
        set prompt = "("$VIRTUAL_ENV_PROMPT:q") "$prompt:q
    endif

    rehash
endif
unset _lopin_refused
