def f():
    try:
        {}["a"]
    except KeyError as e:
        raise RuntimeError("no a") from e
f()
