# SPDX-License-Identifier: Apache-2.0
"""What Lmod answers to the questions of tests/cli/spiders.py:

    python3 tests/oracle/spider.py SET > tests/cases/modules/SET/golden.json

SET: spider, or spider-tcl.
"""
import json
import pathlib
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "cli"))
import modules  # noqa: E402
import spiders  # noqa: E402

with tempfile.TemporaryDirectory() as folder:
    tree, home = pathlib.Path(folder) / "tree", pathlib.Path(folder) / "home"
    home.mkdir()
    modules.plant(tree, sys.argv[1])
    found = {question: spiders.ask([modules.LMOD, "bash"], question, tree, home, True) for question in spiders.QUESTIONS}
json.dump(found, sys.stdout, indent=1, sort_keys=True)
print()
