def f():
    es = []
    for i in range(2):
        try:
            raise TypeError(i)
        except TypeError as e:
            es.append(e)
    raise ExceptionGroup("eg", es)
f()
