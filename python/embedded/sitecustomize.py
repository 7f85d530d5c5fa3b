# SPDX-License-Identifier: Apache-2.0
# The startup hook of lopin's tasks: what environment and affinity cannot say to a Python.
#
# Its folder is an entry of PYTHONPATH. It takes that entry off sys.path, does its work only in a
# task (LOPIN_TASK), and ends by importing the sitecustomize that would have been found without it.
# Short, as it is compiled at each start where no bytecode may be written: the work is guard.bin's.
# Invariant: CPython 3.6 to 3.14; of ours only the package lopin can be imported afterwards; whatever fails here
# is passed over, as a script must run as it would without us.
import os
import sys


def _start(folder):
    for stream in (sys.stdout, sys.stderr):  # a log shows a line when it is printed
        if hasattr(stream, "reconfigure") and not stream.isatty():
            stream.reconfigure(line_buffering=True)
    # Objects are laid out as guard.bin expects: not without the GIL, nor where all are traced.
    if "t" not in sys.abiflags and not hasattr(sys, "getobjects"):
        import _imp

        spec = type(sys.implementation)(name="_lopin_guard", origin=folder + "/guard.bin")
        module = _imp.create_dynamic(spec)
        _imp.exec_dynamic(module)
        module.watch()
        module.start()


_folder = os.path.dirname(__file__)
sys.path[:] = [entry for entry in sys.path if entry != _folder]
sys.path_importer_cache.pop(_folder, None)
for _entry in os.environ.get("LOPIN_PATH_BEHIND", "").split(os.pathsep):
    if _entry and _entry not in sys.path:
        sys.path.append(_entry)
if "LOPIN_TASK" in os.environ:
    if os.path.isdir(_folder + "/package"):
        sys.path.append(_folder + "/package")  # lopin.threads, unless an environment has its own
        if "LOPIN_FAST_THREADPOOLCTL" in os.environ and "t" not in sys.abiflags:
            sys.path.insert(0, _folder + "/package/lopin/fast")
    try:
        _start(_folder)
    except Exception:
        pass
del sys.modules["sitecustomize"]
import sitecustomize  # noqa: E402, F401  (its ImportError is site's, which expects it)
