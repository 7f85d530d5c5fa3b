# SPDX-License-Identifier: Apache-2.0
"""The language of messages: by option and environment, whatever locales the machine has."""
import pytest

FRENCH = "commande inconnue"
ENGLISH = "unknown command"


@pytest.mark.parametrize("env, french", [
    ({"LANG": "fr_CA.UTF-8"}, True),
    ({"LANG": "fr_FR.ISO-8859-1"}, True),
    ({"LANG": "fr"}, True),
    ({"LANG": None}, False),
    ({"LANG": "en_CA.UTF-8"}, False),
    ({"LANG": "de_DE.UTF-8"}, False),
    ({"LANGUAGE": "fr"}, True),
    ({"LANGUAGE": "de:fr:en", "LANG": "de_DE.UTF-8"}, True),
    ({"LANGUAGE": "en", "LANG": "fr_CA.UTF-8"}, False),
    ({"LC_ALL": "C", "LANG": "fr_CA.UTF-8", "LANGUAGE": "fr"}, False),
    ({"LC_ALL": "fr_CA.UTF-8", "LANG": "en_CA.UTF-8"}, True),
    ({"LC_MESSAGES": "fr_CA.UTF-8", "LANG": "en_CA.UTF-8"}, True),
    ({"LC_MESSAGES": "en_CA.UTF-8", "LANG": "fr_CA.UTF-8"}, False),
    ({"LC_MESSAGES": "", "LANG": "fr_CA.UTF-8"}, True),
])
def test_environment(lopin, env, french):
    result = lopin("mop", env=env)
    assert (FRENCH if french else ENGLISH) in result.err
    assert "[usage]" in result.err


def test_option(lopin):
    assert FRENCH in lopin("--lang", "fr", "mop").err
    assert ENGLISH in lopin("--lang=en", "mop", env={"LANG": "fr_CA.UTF-8"}).err
    french = lopin("map", "--lang", "fr", "absent.py", "a").err
    assert "absent.py" in french and "[no-program]" in french and "essayer" not in french.split("\n")[0]


def test_a_whole_run_in_french(lopin):
    lopin.write("bad.py", "import sys\nif sys.argv[1] == 'b': raise ValueError('énergie')\n")
    result = lopin("map", "--local", "--lang", "fr", "bad.py", "a", "b")
    assert result.code == 1
    assert "jeux de données" in result.err and "[" not in result.err.split("\n")[0]
    for command in ("status", "report", "list", "help"):
        english, french = lopin(command), lopin(command, "--lang", "fr")
        assert english.code == french.code and english.out != french.out
    one, two = lopin("report", "--json").json(), lopin("report", "--json", "--lang", "fr").json()
    assert one == two
