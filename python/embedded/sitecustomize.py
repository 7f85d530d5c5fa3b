# SPDX-License-Identifier: Apache-2.0
# The startup hook of lopin's tasks: what environment and affinity cannot say to a Python.
#
# Its folder is an entry of PYTHONPATH. It takes that entry off sys.path, does its work only in a
# task (LOPIN_TASK), and ends by importing the sitecustomize that would have been found without it.
# Invariant: CPython 3.6 to 3.14; nothing of ours can be imported afterwards; whatever fails here
# is passed over, as a script must run as it would without us.
import os
import sys


def _correct_cpu_count(threads):
    # Python >= 3.13 has PYTHON_CPU_COUNT. Pool() and the executors ask os.cpu_count() by attribute.
    def cpu_count():
        """
        Return the number of CPUs in the system; return None if indeterminable.
        """
        return min(len(os.sched_getaffinity(0)), threads)

    cpu_count.__module__ = "os"  # pickled by reference, as the one it stands for
    cpu_count.__qualname__ = "cpu_count"
    os.cpu_count = cpu_count


def _name_illegal_instructions():
    # The extension of lopin's environments: its handler says in which library. Not a module of anybody's.
    import _imp

    spec = type(sys.implementation)(name="_lopin_guard", origin=os.path.join(_folder, "guard.bin"))
    module = _imp.create_dynamic(spec)
    _imp.exec_dynamic(module)
    module.watch()


def _start():
    threads = os.environ.get("LOPIN_THREADS", "")
    if sys.version_info < (3, 13) and threads.isdigit() and int(threads) > 0:
        _correct_cpu_count(int(threads))
    for stream in (sys.stdout, sys.stderr):  # a log shows a line when it is printed
        if hasattr(stream, "reconfigure") and not stream.isatty():
            stream.reconfigure(line_buffering=True)


_folder = os.path.dirname(__file__)
sys.path[:] = [entry for entry in sys.path if entry != _folder]
sys.path_importer_cache.pop(_folder, None)
for _entry in os.environ.get("LOPIN_PATH_BEHIND", "").split(os.pathsep):
    if _entry and _entry not in sys.path:
        sys.path.append(_entry)
if "LOPIN_TASK" in os.environ:
    for _part in _start, _name_illegal_instructions:
        try:
            _part()
        except Exception:
            pass
del sys.modules["sitecustomize"]
import sitecustomize  # noqa: E402, F401  (its ImportError is site's, which expects it)
