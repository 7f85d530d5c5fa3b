# SPDX-License-Identifier: Apache-2.0
"""What spider, keyword and overview answer: of lopin and of Lmod 8.6, in one form."""
import json
import re
import subprocess

import modules

QUESTIONS = [
    "-t spider", "--show_hidden -t spider", "-t spider hdf5", "-t spider gcc", "-t spider py", "-t spider Python", "-t spider openmpi", "-t spider scipy", "-t spider group", "-t spider old", "-t spider nosuch",
    "-t spider python/9", "-r -t spider ^.*py.*$", "-r -t spider ^gcc$",
    "-t keyword storage", "-t keyword parallel", "-t keyword nosuch", "-t keyword file", "-t keyword notebooks compresses", "-t overview", "-t overview py",
    "spider hdf5/1.12.1", "spider hdf5/1.14.0", "spider hdf5-tools", "spider openmpi/4.1", "spider openmpi/4.0", "spider gcc/12", "spider gcc/13", "spider python/3.11.5", "spider alone", "spider blas",
    "spider numpy/1.24.2", "spider numpy/1.19.1", "spider pip/23.0", "spider scipy-stack/2023a", "spider broken", "spider StdEnv/2020", "spider zlib/1.2", "spider nosuch/1", "spider intel",
    "spider group/tools/one/1",
]


EXTENSIONS = {"matplotlib", "numpy", "pip", "scipy", "setuptools"}


def of_terse(text, question):
    """Names: of an overview how many versions each has. Where Lmod differs from itself it is brought into line: of a name with
    one version it shows all instead of a line, and its list of a keyword has every extension there is."""
    if "overview" in question:
        return sorted("%s %s" % pair for pair in re.findall(r"(\S+)\s+\((\d+)\)", text))
    lines = {re.sub(r"^\S+: (\S+/\S+)$", r"\1", line.strip()) for line in text.splitlines() if line.strip()}
    return sorted(line for line in lines if " " not in line and not line.startswith("-") and not line.endswith(":")
                  and not ("keyword" in question and line.split("/")[0] in EXTENSIONS))


def of_lmod(text):
    """{routes, direct, holders} of the text for one full name."""
    body = re.sub(r"\n +\n", "\n\n", text)
    routes = re.search(r"(?:is available to load|the following modules:)\.?\n\n?((?: {6}\S.*\n)+)", body)
    holders = re.search(r"provided by the following modules\..*\n\n((?:\n? {7}\S.*\n)+)", body)
    return {
        "routes": sorted(" ".join(line.split()) for line in routes.group(1).splitlines()) if routes else [],
        "direct": "can be loaded directly" in body,
        "holders": sorted({" ".join(line.split()) for line in holders.group(1).splitlines() if line.strip()}) if holders else [],
    }


def of_lopin(text):
    routes = re.search(r"loaded before(?: it)?:\n\n((?: {6}\S.*\n)+)", text)
    holders = re.search(r"has it:\n\n((?: {6}\S.*\n)+)", text)
    return {
        "routes": sorted(" ".join(line.split()) for line in routes.group(1).splitlines()) if routes and not holders else [],
        "direct": "It can be loaded as it is." in text,
        "holders": sorted({" ".join(line.split()) for line in holders.group(1).splitlines()}) if holders else [],
    }


def environment(tree, home):
    return {"PATH": "/usr/bin:/bin", "HOME": str(home), "MODULEPATH": "%s/Core" % tree, "LC_ALL": "C.UTF-8", "LMOD_PAGER": "none", "SITE_ARCH": "avx2"}


def ask(program, question, tree, home, is_lmod):
    done = subprocess.run(program + question.split(), env=environment(tree, home), capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    answer = {"rc": int(done.returncode != 0 or done.stdout.rstrip().endswith("false"))}
    if answer["rc"]:
        return answer
    if "-t " in question:
        answer["names"] = of_terse(done.stderr, question)
    else:
        answer.update(of_lmod(done.stderr) if is_lmod else of_lopin(done.stderr))
    return answer


def golden(which="spider"):
    return json.loads((modules.CASES / which / "golden.json").read_text())
