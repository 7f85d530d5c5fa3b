# SPDX-License-Identifier: Apache-2.0
"""lopin from Python: see lopin.threads."""

__version__ = "0.1.0"
