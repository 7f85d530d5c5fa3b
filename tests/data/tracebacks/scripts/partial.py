import sys
print("partial", end="", flush=True)
raise LookupError("after text without newline")
