# SPDX-License-Identifier: Apache-2.0
"""Every message is translated: none missing, fuzzy, left over or written past _(); French as it is typeset."""
import pathlib
import re
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
CATALOGUE = ROOT / "po" / "fr.po"
LITERAL = r'\s*"((?:[^"\\]|\\.)*)"'


def run(*words):
    return subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)


def entries():
    """(msgid, [translations]) of the catalogue, without its header."""
    for block in CATALOGUE.read_text(encoding="utf-8").split("\n\n")[1:]:
        found = {"msgid": "", "msgstr": []}
        for line in block.splitlines():
            match = re.match(r'(?:(msgid|msgid_plural|msgstr(?:\[\d\])?) )?"(.*)"$', line)
            if not match:
                continue
            if match.group(1):
                field = match.group(1)
            if field.startswith("msgstr"):
                if match.group(1):
                    found["msgstr"].append("")
                found["msgstr"][-1] += match.group(2)
            elif field == "msgid":
                found["msgid"] += match.group(2)
        if found["msgstr"]:
            yield found["msgid"], found["msgstr"]


def test_catalogue_holds_the_messages_of_the_sources(tmp_path):
    done = run("script/po", "--check", tmp_path)
    assert done.returncode == 0, done.stderr
    merged = (tmp_path / "fr.po").read_text(encoding="utf-8")
    assert merged == CATALOGUE.read_text(encoding="utf-8"), "run script/po, then translate what is new in po/fr.po"


@pytest.mark.parametrize("kind", ["--untranslated", "--only-fuzzy", "--only-obsolete"])
def test_nothing_is_left(kind):
    left = run("msgattrib", "--no-wrap", kind, CATALOGUE)
    assert left.returncode == 0, left.stderr
    assert re.findall(r"(?m)^(?:#~ )?msgid (.+)$", left.stdout)[1:] == []


def test_formats_agree():
    done = run("msgfmt", "--check", "-o", "/dev/null", CATALOGUE)
    assert done.returncode == 0, done.stderr


def test_no_message_past_the_translator():
    """A literal of words as the text of an error is wrapped in _()."""
    calls = {"err_set": 2, "err_errno": 3, "err_wrap": 1}
    found = []
    for path in sorted((ROOT / "src").rglob("*.c")):
        text = path.read_text()
        for name, before in calls.items():
            pattern = r"\b%s\s*\((?:[^,;\"]+,){%d}%s" % (name, before, LITERAL)
            for match in re.finditer(pattern, text):
                words = re.sub(r"%[-+ #0-9.*]*[hljzt]*[a-zA-Z]|\[[a-z-]+\]", "", match.group(1))
                if re.search(r"[a-z]{2}", words):
                    line = text.count("\n", 0, match.start()) + 1
                    found.append("%s:%d: %s" % (path.relative_to(ROOT), line, match.group(1)))
    assert found == []


@pytest.mark.parametrize("pattern, why", [
    (r" [:;!?»](?:\s|$)", "no-break space before : ; ! ? »"),
    (r"« |«(?! )\S", "no-break space after «"),
    (r"[a-zA-Zé]'[a-zA-Zéèêàâîôœ]", "apostrophe is ’"),
    (r"\.\.\.", "… is one character"),
], ids=["before", "after", "apostrophe", "dots"])
def test_french_typography(pattern, why):
    # In samples of commands, dots and quotes stand for themselves.
    wrong = [
        text for one, texts in entries() for text in texts
        if re.search(pattern, text) and not (re.search(pattern, one) and pattern == r"\.\.\.")
    ]
    assert wrong == [], why
