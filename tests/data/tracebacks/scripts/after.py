import atexit, sys
atexit.register(lambda: print("bye: all saved", file=sys.stderr))
assert 1 == 2
